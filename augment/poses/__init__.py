"""Key points: estimated, read from files, checked, compared and smoothed."""
