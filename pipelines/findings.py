"""What the numbers of Table 5 say, in sentences computed from them and from nothing else."""

from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any, NamedTuple

import pandas as pd

from pipelines.rows import UNSEEN


class Finding(NamedTuple):
    """One sentence under a heading; `good` is False where something did not help, None where it is neither."""

    about: str
    text: str
    good: bool | None = None


def gain_text(gains: list[float]) -> str:
    """`+52.3 ± 1.2 mAP (mean of 3 seeds)`, or one seed's without a deviation."""
    if len(gains) == 1:
        return f"{gains[0]:+.1f} mAP (1 seed)"
    return f"{mean(gains):+.1f} ± {stdev(gains):.1f} mAP (mean of {len(gains)} seeds)"


def verdict(about: str, condition: str, gains: list[float]) -> Finding:
    """Whether Ours is above None: in every seed, in some, or in none; one seed is never called a result."""
    above, size = sum(gain > 0 for gain in gains), gain_text(gains)
    if above == 0:
        return Finding(about, f"{condition}, Ours did not help: {size} against None, above it in no seed.", False)
    if len(gains) == 1:
        return Finding(about, f"{condition}, Ours was above None: {size}; one seed carries no claim.")
    if above == len(gains):
        return Finding(about, f"{condition}, Ours beat None in all {len(gains)} seeds: {size}.", True)
    some = f"{condition}, Ours was above None in {above} of {len(gains)} seeds only: {size}"
    return Finding(about, f"{some}; this does not show that it helps.", False)


def findings(summary: pd.DataFrame, histogram: float | None = None) -> list[Finding]:
    """All sentences on a summary of `pipelines.results.summarise`; `histogram` is that baseline's mAP in percent."""
    found: list[Finding] = []
    for key, part in summary[summary["ratio"] == 1].groupby(["backbone", "preset", "scratch"], sort=False):
        numbers = _Numbers(part)
        for portion in numbers.portions:
            about = f"p = {portion:g}, {key[0]}"
            for tell in (_gains, _against_ordinary, _length, _controls, _gap):
                found += tell(numbers, portion, about)
        found += _baseline(numbers, histogram, f"without generated images, {key[0]}")
    return found


class _Numbers:
    """Means and gains of one backbone, looked up by row, portion, ordinary augmentation and length."""

    def __init__(self, part: pd.DataFrame) -> None:
        self.portions = sorted(portion for portion in part["portion"].unique() if portion < 1)
        self._lines: dict[tuple[str, float, bool, str], dict[Any, Any]] = {
            (line["row"], line["portion"], bool(line["ordinary"]), line["length"]): line
            for line in part.to_dict("records")
        }

    def mean(self, row: str, portion: float, ordinary: bool, length: str = "updates") -> float | None:
        """The mean mAP over seeds, None where nothing was run."""
        line = self._lines.get((row, portion, ordinary, length))
        return None if line is None else float(line["mAP_mean"])

    def gains(self, row: str, portion: float, ordinary: bool, length: str = "updates") -> list[float]:
        """mAP minus None's of the same seeds; empty where there is none."""
        line = self._lines.get((row, portion, ordinary, length))
        return [] if line is None else list(line["gains"])

    def updates(self, row: str, portion: float, ordinary: bool, length: str) -> int:
        """How many updates a training got."""
        return int(self._lines[row, portion, ordinary, length]["updates"])


def _under(ordinary: bool) -> str:
    return "with random erasing and colour jitter on both sides" if ordinary else "with flip and crop only"


def _gains(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours against None at equal updates, without and with ordinary augmentation."""
    for ordinary in (False, True):
        if gains := numbers.gains("ours", portion, ordinary):
            yield verdict(about, f"At equal updates, {_under(ordinary)}", gains)


def _against_ordinary(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours alone beside the free alternative: ordinary augmentation alone."""
    ours, alone = numbers.mean("ours", portion, False), numbers.mean("none", portion, True)
    plain = numbers.mean("none", portion, False)
    if ours is not None and alone is not None and plain is not None:
        order = "above" if ours > alone else "not above"
        yield Finding(
            about,
            f"Random erasing and colour jitter alone, without any generated image, moved None from {plain:.1f} to "
            f"{alone:.1f} mAP; Ours without them reached {ours:.1f}, {order} that.",
            None if ours > alone else False,
        )


def _length(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """What counting in epochs does to the comparison."""
    for ordinary in (False, True):
        epochs, updates = numbers.gains("ours", portion, ordinary, "epochs"), numbers.gains("ours", portion, ordinary)
        if not epochs or not updates:
            continue
        given = [numbers.updates(row, portion, ordinary, "epochs") for row in ("none", "ours")]
        if given[0] < given[1]:
            yield Finding(
                about,
                f"At equal epochs (the paper), {_under(ordinary)}, None gets {given[0]} updates and Ours {given[1]}, "
                f"and Ours - None reads {gain_text(epochs)} instead of {gain_text(updates)}: the difference between "
                "the two is length of training, not generated images.",
            )


CONTROLS = {
    "self": "Self (each image redrawn in its own pose, no new pose)",
    "ours*": "Ours* (poses of kept images only)",
    UNSEEN: "Ours with a generator that never saw these identities",
}


def _controls(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Self, Ours* and the unseen generator beside Ours."""
    for row, title in CONTROLS.items():
        for ordinary in (False, True):
            gains, ours = numbers.gains(row, portion, ordinary), numbers.gains("ours", portion, ordinary)
            if gains and ours:
                yield Finding(
                    about,
                    f"At equal updates, {_under(ordinary)}, {title} minus None is {gain_text(gains)}; "
                    f"Ours minus None is {gain_text(ours)}.",
                    None if mean(gains) > 0 else False,
                )


def _gap(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """The share of the way to all real images."""
    for ordinary in (False, True):
        none, ours = numbers.mean("none", portion, ordinary), numbers.mean("ours", portion, ordinary)
        full = numbers.mean("none", 1.0, ordinary)
        if none is not None and ours is not None and full is not None and full > none:
            yield Finding(
                about,
                f"All real images (p = 1) reach {full:.1f} mAP {_under(ordinary).removesuffix(' on both sides')}; Ours "
                f"goes from {none:.1f} to {ours:.1f}, {100 * (ours - none) / (full - none):.0f} % of that gap.",
            )


def _baseline(numbers: _Numbers, histogram: float | None, about: str) -> Iterator[Finding]:
    """Whether colours alone would solve the data."""
    best = max((m for o in (False, True) if (m := numbers.mean("none", 1.0, o)) is not None), default=None)
    if histogram is not None:
        beside = "" if best is None else f"; a model trained on all real images reaches {best:.1f}"
        yield Finding(about, f"An HSV colour histogram, which learns nothing, reaches {histogram:.1f} mAP{beside}.")
