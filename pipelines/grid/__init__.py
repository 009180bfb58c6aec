"""Scheduler: runs tasks in worker processes or on Ray, in the order of what needs what."""
