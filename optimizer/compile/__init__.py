"""Tables and rules become arrays: the only place where both are known."""
