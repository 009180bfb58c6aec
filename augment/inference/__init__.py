"""A trained generator at work: transfer, attention masks, animation, sheets, speed."""
