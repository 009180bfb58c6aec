"""Pictures that stand in a data set twice where they may not: under two identities, or in both of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from PIL import Image, ImageChops
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.images import open_image
from augment.plurals import counted
from augment.workers import thread_map
from numerics.arrays import Array
from numerics.images import upright_rgb
from reid.data.market1501 import Split

SHOWN = 5
UNREADABLE = 0
PLACES = {"identities": "under two identities or more", "parts": "in both the training and the test part"}
ROWS, COLUMNS = 16, 8
FLAT = 2.0
"""Standard deviation in grey levels of the small picture below which it shows too little to be told from others."""
FRAME = 12
"""Grey levels from the corner's up to which the edge of a picture is a frame, as of one that was padded."""
LITTLE = 0.1
"""Share of a picture up to which such an edge stays: saved anew it may end elsewhere."""
NEAR: Final = 6
"""Steps between neighbouring pixels, of 128, that may differ in a picture that was saved anew.

Measured on Market-1501: of 200 random images no more do in 194 saved as JPEG of quality 50, and in 187 at twice the
size and quality 60, but in 123 at half the size and in 96 without their outermost pixels. Of its 36,036 images no two
of other identities or of both parts are as near.
"""
BITS = np.array([byte.bit_count() for byte in range(256)], dtype=np.uint8)
AT_ONCE = 64
BANDS = 8
"""Pictures that differ in at most 6 of 128 places agree in two of eight bands of 16: those alone are compared."""


def inspect_copies(table: pd.DataFrame, jobs: int) -> dict[str, list[list[str]]]:
    """Images that show the same picture, whose files may differ in format, quality and size.

    Args:
        table: columns name, path, pid and split; a file that cannot be read is left out.
        jobs: threads.

    Returns:
        Groups of `split/name`: `identities`, of two identities or more, junk and distractors left out; `parts`, in the
        training and the test part.
    """
    marks = list(thread_map(_mark, table["path"].tolist(), jobs))
    pictures = pd.Series(_pictures(marks), table.index)
    readable = np.array([mark != UNREADABLE for mark, _ in marks], dtype=bool)
    twice = table[pictures.duplicated(keep=False) & readable].assign(picture=pictures)
    twice = twice.assign(part=twice["split"] == Split.TRAIN, image=twice["split"] + "/" + twice["name"])
    people = twice[twice["pid"] > 0]
    return {
        "identities": _groups(people, "pid"),
        "parts": _groups(twice, "part"),
    }


def _mark(path: str) -> tuple[int, bytes]:
    """What a file holds, and how its picture looks (see `_look`), empty for a flat one."""
    try:
        return int(fingerprint(Path(path)), 16), _look(path)
    except (AugmentError, OSError):
        return UNREADABLE, b""


def _look(path: str) -> bytes:
    """Where the picture, 16 x 9 pixels in grey, becomes brighter from left to right: 128 bits."""
    with open_image(path) as image:
        image.draft("RGB", (8 * (COLUMNS + 1), 8 * ROWS))  # a large JPEG is decoded small
        small = _unframed(upright_rgb(image).convert("L")).resize((COLUMNS + 1, ROWS), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.int16)
    return np.packbits(np.diff(grey, axis=1) > 0).tobytes() if grey.std() >= FLAT else b""


def _unframed(grey: Image.Image) -> Image.Image:
    """A grey picture without a frame of one grey, which says nothing of what is in it."""
    corner = Image.new("L", grey.size, grey.getpixel((0, 0)))
    box = ImageChops.difference(grey, corner).point(lambda level: 255 * (level > FRAME)).getbbox()
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) >= (1 - LITTLE) * grey.width * grey.height:
        return grey
    return grey.crop(box)


def _pictures(marks: Sequence[tuple[int, bytes]]) -> Array:
    """The number of the picture that each file shows: of equal bytes, or of looks that are near through others."""
    files = np.unique([mark for mark, _ in marks], return_inverse=True)[1]
    known = np.array([number for number, (_, look) in enumerate(marks) if look], dtype=np.int64)
    ends = [np.stack([np.arange(len(marks)), files + len(marks)])]
    if len(known):
        looks = np.frombuffer(b"".join(look for _, look in marks if look), np.uint8).reshape(len(known), -1)
        different, of = np.unique(looks, axis=0, return_inverse=True)
        first = known[np.unique(of, return_index=True)[1]]
        ends += [np.stack([known, first[of.ravel()]]), *(first[pair] for pair in _near(different))]
    one, other = np.concatenate(ends, axis=1)
    nodes = len(marks) + int(files.max(initial=-1)) + 1
    links = coo_array((np.ones(len(one)), (one, other)), shape=(nodes, nodes))
    numbers: Array = connected_components(links, directed=False)[1][: len(marks)]
    return numbers


def _near(looks: Array) -> Iterator[Array]:
    """The pairs of different looks (N x 16 bytes) that differ in at most `NEAR` bits, 2 x M; a pair may come twice."""
    bands = looks.view(np.uint16).astype(np.uint64)
    for a, b in combinations(range(BANDS), 2):
        keys = bands[:, a] << np.uint64(16) | bands[:, b]
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] + 1, append=keys[order[-1]] + 1))
        for place in np.flatnonzero(np.diff(bounds) > 1):
            members = order[bounds[place] : bounds[place + 1]]
            for start in range(0, len(members), AT_ONCE):  # thousands of studio pictures may share two bands
                ones, others = members[start : start + AT_ONCE], members[start:]
                differing = BITS[looks[ones][:, None] ^ looks[others][None]].sum(axis=2, dtype=np.int64)
                one, other = np.nonzero(np.triu(differing <= NEAR, 1))
                yield np.stack([ones[one], others[other]])


def _groups(copies: pd.DataFrame, by: str) -> list[list[str]]:
    """The images of each picture that stands under more than one value of the column `by`."""
    return [sorted(group["image"]) for _, group in copies.groupby("picture", sort=False) if group[by].nunique() > 1]


def copies_said(copies: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """A sentence on each kind of copies that there is.

    Args:
        copies: as `inspect_copies` returns them.
    """
    return [
        f"{counted(len(groups), 'picture is', 'pictures are')} {PLACES[kind]}: {_named(groups)}; remove what is wrong"
        for kind, groups in copies.items()
        if groups
    ]


def _named(groups: Sequence[Sequence[str]]) -> str:
    """The first images of the first groups, and how many there are more of both."""
    more = f"; and {len(groups) - SHOWN} more (--json lists all)" if len(groups) > SHOWN else ""
    return "; ".join(map(_first, groups[:SHOWN])) + more


def _first(group: Sequence[str]) -> str:
    """The first images of a group, and how many there are more."""
    more = [f"{len(group) - SHOWN} more"] if len(group) > SHOWN else []
    return " and ".join([*group[:SHOWN], *more])
