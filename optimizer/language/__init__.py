"""What planners write in the file: expressions, durations, windows, limits, sizes and ranges."""
