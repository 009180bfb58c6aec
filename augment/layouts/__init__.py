"""Folders as their owners ship them, read as one Market-1501 view."""
