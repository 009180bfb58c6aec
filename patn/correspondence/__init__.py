"""Correspondence: a generator that finds each place of the target in the condition image and moves pixels there."""
