"""Tables 1 to 4."""
