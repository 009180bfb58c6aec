"""Pictures that stand in a data set twice where they may not: under two identities, or in both of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.workers import thread_map

SHOWN = 5
UNREADABLE = 0
PLACES = {"identities": "under two identities or more", "parts": "in both the training and the test part"}


def inspect_copies(table: pd.DataFrame, jobs: int) -> dict[str, list[list[str]]]:
    """Images whose files hold the same bytes; the same picture saved anew is not found.

    Args:
        table: columns name, path, pid and split; a file that cannot be read is left out.
        jobs: threads.

    Returns:
        Groups of `split/name`: `identities`, of two identities or more, junk and distractors left out; `parts`, in the
        training and the test part.
    """

    def mark(path: str) -> int:
        try:
            return int(fingerprint(Path(path)), 16)
        except (AugmentError, OSError):
            return UNREADABLE

    marks = pd.Series(np.fromiter(thread_map(mark, table["path"].tolist(), jobs), np.uint64, len(table)), table.index)
    copied = marks.duplicated(keep=False) & (marks != UNREADABLE)
    twice = table[copied].assign(mark=marks[copied])
    twice = twice.assign(part=twice["split"] == "train", image=twice["split"] + "/" + twice["name"])
    people = twice[twice["pid"] > 0]
    return {
        "identities": _groups(people, "pid"),
        "parts": _groups(twice, "part"),
    }


def _groups(copies: pd.DataFrame, by: str) -> list[list[str]]:
    """The images of each file that stands under more than one value of the column `by`."""
    return [sorted(group["image"]) for _, group in copies.groupby("mark", sort=False) if group[by].nunique() > 1]


def copies_said(copies: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """A sentence on each kind of copies that there is.

    Args:
        copies: as `inspect_copies` returns them.
    """
    return [
        f"{'1 picture is' if len(groups) == 1 else f'{len(groups)} pictures are'} {PLACES[kind]}: {_named(groups)}; "
        "take away what is wrong"
        for kind, groups in copies.items()
        if groups
    ]


def _named(groups: Sequence[Sequence[str]]) -> str:
    """The images of the first groups, and how many groups there are more."""
    more = f"; and {len(groups) - SHOWN} more (--json lists all)" if len(groups) > SHOWN else ""
    return "; ".join(" and ".join(group) for group in groups[:SHOWN]) + more
