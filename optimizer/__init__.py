"""contactopt."""
