"""What analysts ask of a plan."""
