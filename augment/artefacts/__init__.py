"""Artefacts: folders with a `run.json`, their locks, and files written by rename."""
