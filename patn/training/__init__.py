"""PATN's training: configuration, objective, losses."""
