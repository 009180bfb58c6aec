"""The order of names by the numbers in them: frame2 before frame10."""

from __future__ import annotations

import re
from pathlib import PurePath

_NUMBERS = re.compile("([0-9]+)")


def natural_key(path: str | PurePath) -> tuple[tuple[list[tuple[int, str]], str], ...]:
    """A sort key: folder by folder, digits count as numbers; equal numbers go by characters.

    >>> sorted(["frame10", "frame2", "frame02", "frame1"], key=natural_key)
    ['frame1', 'frame02', 'frame2', 'frame10']

    Args:
        path: or a name.
    """
    return tuple((_pieces(part), part) for part in PurePath(path).parts)


def _pieces(name: str) -> list[tuple[int, str]]:
    """Text and numbers by turns: the odd pieces of a split at digits are the digits."""
    pieces = _NUMBERS.split(name)
    return [(int(piece), "") if place % 2 else (-1, piece) for place, piece in enumerate(pieces)]
