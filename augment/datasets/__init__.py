"""Data sets: folders of images in any layout, read as one table of images; checks and pairs."""
