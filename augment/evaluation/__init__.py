"""Evaluation: image quality of generators, and re-ID models."""
