"""What the numbers of Table 5 say, in sentences computed from them and from nothing else."""

from collections.abc import Iterator, Mapping
from statistics import mean, stdev
from typing import Any, NamedTuple

import pandas as pd

from pipelines.rows import UNSEEN

NAMES = {False: "plain", True: "augmented"}
TERMS = (
    "All at equal updates unless said otherwise. Plain: flip and crop. Augmented: random erasing and colour jitter "
    "too, on both sides of a comparison. Figures are mAP in percent, ± the standard deviation over seeds."
)
CONTROLS = {
    "self": "Self (each image redrawn in its own pose, no new pose)",
    "ours*": "Ours* (poses of kept images only)",
    UNSEEN: "Unseen (Ours with a generator that never saw these identities)",
}


class Finding(NamedTuple):
    """One sentence under a heading; `good` is False where something did not help, None where it is neither."""

    about: str
    text: str
    good: bool | None = None


def gain_text(gains: list[float]) -> str:
    """`+52.3 ± 1.2 (3 seeds)`, or one seed's without a deviation."""
    if len(gains) == 1:
        return f"{gains[0]:+.1f} (1 seed)"
    return f"{mean(gains):+.1f} ± {stdev(gains):.1f} ({len(gains)} seeds)"


def verdict(about: str, condition: str, gains: list[float]) -> Finding:
    """Whether Ours is above None: in every seed, in some, or in none; one seed is never called a result."""
    above, size = sum(gain > 0 for gain in gains), gain_text(gains)
    if above == 0:
        return Finding(about, f"{condition}: Ours did not help, {size} against None, above it in no seed.", False)
    if len(gains) == 1:
        return Finding(about, f"{condition}: Ours was above None, {size}; one seed carries no claim.")
    if above == len(gains):
        return Finding(about, f"{condition}: Ours beat None in all {len(gains)} seeds, {size}.", True)
    some = f"{condition}: Ours was above None in {above} of {len(gains)} seeds only, {size}"
    return Finding(about, f"{some}; this does not show that it helps.", False)


def findings(summary: pd.DataFrame, histogram: Mapping[str, Any] | None = None) -> list[Finding]:
    """All sentences on a summary of `pipelines.results.summarise`; `histogram` is that baseline's result."""
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


def _each(texts: dict[bool, str]) -> str:
    """`+3.5 plain, +1.2 augmented`: what was run of the two."""
    return ", ".join(f"{text} {NAMES[ordinary]}" for ordinary, text in texts.items())


def _gains(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours against None at equal updates, without and with ordinary augmentation."""
    for ordinary, name in NAMES.items():
        if gains := numbers.gains("ours", portion, ordinary):
            yield verdict(about, name.capitalize(), gains)


def _against_ordinary(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours alone beside the free alternative: ordinary augmentation alone."""
    ours, alone = numbers.mean("ours", portion, False), numbers.mean("none", portion, True)
    plain = numbers.mean("none", portion, False)
    if ours is not None and alone is not None and plain is not None:
        order = "above" if ours > alone else "not above"
        yield Finding(
            about,
            f"Random erasing and colour jitter alone, without any generated image, moved None from {plain:.1f} to "
            f"{alone:.1f}; plain Ours reached {ours:.1f}, {order} that.",
            None if ours > alone else False,
        )


def _length(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """What counting in epochs does to the comparison."""
    read, instead, given = {}, {}, (0, 0)
    for ordinary in NAMES:
        epochs, updates = numbers.gains("ours", portion, ordinary, "epochs"), numbers.gains("ours", portion, ordinary)
        if epochs and updates:
            none, ours = (numbers.updates(row, portion, ordinary, "epochs") for row in ("none", "ours"))
            if none < ours:
                given, read[ordinary], instead[ordinary] = (none, ours), gain_text(epochs), f"{mean(updates):+.1f}"
    if read:
        yield Finding(
            about,
            f"Counted in equal epochs, as the paper does, None gets {given[0]} updates and Ours {given[1]}: "
            f"Ours - None then reads {_each(read)} instead of {_each(instead)}. The difference is length of training, "
            "not generated images.",
        )


def _controls(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Self, Ours* and the unseen generator beside Ours."""
    for row, title in CONTROLS.items():
        gains = {o: values for o in NAMES if (values := numbers.gains(row, portion, o))}
        ours = {o: f"{mean(values):+.1f}" for o in gains if (values := numbers.gains("ours", portion, o))}
        if not gains or not ours:
            continue
        lost = [NAMES[ordinary] for ordinary, values in gains.items() if mean(values) <= 0]
        text = f"{title} - None: {_each({o: gain_text(values) for o, values in gains.items()})}"
        text += f"; Ours - None: {_each(ours)}"
        text += f". It did not help {' or '.join(lost)}." if lost else "."
        yield Finding(about, text, False if lost else None)


def _gap(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """The share of the way to all real images, where there is a way of at least one point."""
    full_texts, shares = {}, {}
    for ordinary in NAMES:
        none, ours = numbers.mean("none", portion, ordinary), numbers.mean("ours", portion, ordinary)
        full = numbers.mean("none", 1.0, ordinary)
        if none is not None and ours is not None and full is not None and full - none >= 1:
            full_texts[ordinary] = f"{full:.1f}"
            shares[ordinary] = f"{100 * (ours - none) / (full - none):.0f} %"
    if shares:
        yield Finding(
            about,
            f"The ceiling, all real images (p = 1), is {_each(full_texts)}; of the way there from None, Ours covers "
            f"{_each(shares)}.",
        )


def _baseline(numbers: _Numbers, histogram: Mapping[str, Any] | None, about: str) -> Iterator[Finding]:
    """Whether colours alone would solve the data."""
    best = max((m for o in NAMES if (m := numbers.mean("none", 1.0, o)) is not None), default=None)
    if histogram is not None:
        beside = "" if best is None else f"; a model trained on all real images reaches {best:.1f}"
        yield Finding(
            about,
            f"HSV colour histograms, which learn nothing, reach {histogram['mAP']:.1f} mAP on the whole image and "
            f"{histogram['centred']['mAP']:.1f} on stripes of its middle{beside}.",
        )
