"""Why, and why not: from what a run left, without solving."""
