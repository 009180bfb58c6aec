"""PATN's networks and their parts."""
