"""The demo: the whole job on rendered pedestrians."""
