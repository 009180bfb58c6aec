"""Batch jobs on top of the tool: the demo, the paper's tables, the report, the grid of runs."""
