"""Benchmarks: families × phases × engines, side by side. ``python -m benchmarks`` prints the table."""
