"""Generators compared at equal training time."""
