"""What the numbers of Table 5 say, in sentences computed from them and from nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from augment.training.reid_data import EPOCHS, UPDATES
from pipelines.table5.cells import BLOCK, Block
from pipelines.table5.lines import Line, lines_of
from pipelines.table5.rows import row_of
from pipelines.table5.spread import Spread, differences, spread
from pipelines.table5.text import column_title, spread_text

NAMES = {False: "plain", True: "with erasing + jitter"}
"""How sentences name the augmentation of real and generated images alike, without and with random erasing + jitter."""
TRAININGS = {False: "in plain training", True: "in training with erasing + jitter"}
"""The same, as the place where something did not help."""
TERMS = (
    "All at equal updates unless said otherwise. Plain: flip and crop. With erasing + jitter: random erasing and "
    "colour jitter too, on both sides of a comparison. Figures are mAP in percent, ± the standard deviation over seeds "
    "(their number); differences are paired by seed, with the 95 % t interval of their mean in brackets. One seed "
    "carries no claim."
)


class Finding(NamedTuple):
    """One sentence under a heading; `good` is False where something did not help, None where it is neither."""

    about: str
    text: str
    good: bool | None = None


def gain_text(gain: Spread) -> str:
    """`+52.3 [+49.1, +55.5] (3 seeds)`, or one seed's without an interval.

    Args:
        gain: paired differences.
    """
    if gain.count == 1:
        return f"{gain.mean:+.1f} (1 seed)"
    return f"{gain.mean:+.1f} [{gain.low:+.1f}, {gain.high:+.1f}] ({gain.count} seeds)"


def verdict(about: str, condition: str, gain: Spread, above: int) -> Finding:
    """Whether Ours is above None: in every seed and by its interval, in some seeds, or in none; one seed is no result.

    Args:
        about: the heading.
        condition: the setting in words.
        gain: the paired differences.
        above: in how many seeds they are above 0.
    """
    size, seeds = gain_text(gain), gain.count
    if above == 0 and gain.high < 0:
        lost = f"{condition}: Ours lost to None in each of {seeds} seeds, with an interval below 0: {size}."
        return Finding(about, lost, False)
    if above == 0:
        return Finding(about, f"{condition}: Ours did not help, {size} against None, above it in no seed.", False)
    if seeds == 1:
        return Finding(about, f"{condition}: Ours was above None, {size}; one seed carries no claim.")
    if above < seeds:
        some = f"{condition}: Ours was above None in {above} of {seeds} seeds only, {size}"
        return Finding(about, f"{some}; this does not show that it helps.", False)
    if gain.low > 0:
        beat = f"{condition}: Ours beat None in each of {seeds} seeds, with an interval above 0: {size}."
        return Finding(about, beat, True)
    near = f"{condition}: Ours was above None in each of {seeds} seeds, {size}, but the interval contains 0"
    return Finding(about, f"{near}: chance is not ruled out.")


def findings(summary: pd.DataFrame, histogram: Mapping[str, Any] | None = None) -> list[Finding]:
    """All sentences on a summary.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
        histogram: the result of that baseline.
    """
    found: list[Finding] = []
    alike = [name for name in BLOCK if name != "ordinary"]
    groups: Iterable[tuple[Any, pd.DataFrame]] = summary.groupby(alike, sort=False, dropna=False)
    for key, part in groups:
        numbers = _Numbers(part[part["ratio"] == 1])
        backbone, preset, scratch = key
        name = Block(backbone, preset, scratch, ordinary=False).training
        for portion in numbers.portions:
            about = f"{column_title(portion, 1, numbers.share(portion))}, {name}"
            for tell in (_gains, _repeat, _length, _against_ordinary, _others, _gap):
                found += tell(numbers, portion, about)
        found += _on_top(part, f"on top of all real images, {name}")
        found += _baseline(numbers, histogram, f"without generated images, {name}")
    return found


class _Numbers:
    """Figures and gains of one backbone, looked up by row, portion, augmentation and length."""

    def __init__(self, part: pd.DataFrame) -> None:
        self.portions = sorted(portion for portion in part["portion"].unique() if portion < 1)
        self.rows = [str(row) for row in part["row"].drop_duplicates()]
        self._lines = {(line.row, line.portion, bool(line.ordinary), line.length): line for line in lines_of(part)}

    def share(self, portion: float) -> float:
        """The share of the real images that is really kept, nan where that is not recorded."""
        shares = [line.share for (_, own, *_), line in self._lines.items() if own == portion]
        return float(np.nanmedian(shares)) if pd.notna(shares).any() else float("nan")

    def line(self, row: str, portion: float, ordinary: bool, length: str = UPDATES) -> Line | None:
        """The summary's line, None where nothing was run."""
        return self._lines.get((row, portion, ordinary, length))

    def figure(self, row: str, portion: float, ordinary: bool, length: str = UPDATES) -> str | None:
        """`82.0 ± 0.8 (3)`, the mAP over seeds; None where nothing was run."""
        line = self.line(row, portion, ordinary, length)
        return None if line is None else spread_text(line.mAP)

    def gain(self, row: str, portion: float, ordinary: bool, length: str = UPDATES) -> Spread | None:
        """mAP minus None's of the same seeds; None where there is no such seed."""
        line = self.line(row, portion, ordinary, length)
        return None if line is None or not line.gains else line.gain

    def between(self, first: tuple[str, float, bool], second: tuple[str, float, bool]) -> Spread | None:
        """The paired difference of two trainings of equal updates, each (row, portion, ordinary)."""
        lines = self.line(*first), self.line(*second)
        if lines[0] is None or lines[1] is None:
            return None
        found = spread(list(differences(lines[0].by_seed, lines[1].by_seed).values()))
        return found if found.count else None


def _each(texts: Mapping[bool, str]) -> str:
    """`+3.5 plain, +1.2 with erasing + jitter`: what was run of the two."""
    return ", ".join(f"{text} {NAMES[ordinary]}" for ordinary, text in texts.items())


def _gains(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours against None at equal updates, without and with random erasing + colour jitter."""
    for ordinary, name in NAMES.items():
        gain, line = numbers.gain("ours", portion, ordinary), numbers.line("ours", portion, ordinary)
        if gain is not None and line is not None:
            yield verdict(about, name.capitalize(), gain, sum(value > 0 for value in line.gains))


def _repeat(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """The control of length alone: the kept images repeated until there are as many as in the full set."""
    repeated = {o: text for o in NAMES if (text := numbers.figure("repeat", portion, o)) is not None}
    left = {
        o: gain_text(gain)
        for o in repeated
        if (gain := numbers.between(("ours", portion, o), ("repeat", portion, o))) is not None
    }
    if repeated:
        text = f"The kept images repeated to the full set's size reach {_each(repeated)}"
        yield Finding(about, f"{text}; Ours minus that: {_each(left)}." if left else f"{text}.")


def _against_ordinary(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Ours alone beside the free alternative: random erasing + colour jitter alone."""
    plain, alone = numbers.figure("none", portion, False), numbers.figure("none", portion, True)
    gain = numbers.between(("ours", portion, False), ("none", portion, True))
    if plain is not None and alone is not None and gain is not None:
        yield Finding(
            about,
            f"Random erasing and colour jitter alone, without any generated image, moved None from {plain} to {alone}; "
            f"plain Ours reached {numbers.figure('ours', portion, False)}, {gain_text(gain)} against that.",
            None if gain.mean > 0 else False,
        )


def _length(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """What counting in epochs does to the comparison."""
    read, instead, given = {}, {}, (0, 0)
    for ordinary in NAMES:
        epochs = numbers.gain("ours", portion, ordinary, EPOCHS)
        updates = numbers.gain("ours", portion, ordinary)
        if epochs is not None and updates is not None:
            lines = [numbers.line(row, portion, ordinary, EPOCHS) for row in ("none", "ours")]
            none, ours = (0 if line is None else int(line.updates) for line in lines)
            if none < ours:
                given, read[ordinary], instead[ordinary] = (none, ours), gain_text(epochs), gain_text(updates)
    if read:
        yield Finding(
            about,
            f"Counted in equal epochs, as the paper does, None gets {given[0]} updates and Ours {given[1]}: "
            f"Ours - None then reads {_each(read)} instead of {_each(instead)}. The difference comes from the "
            "length of training, not from generated images.",
        )


def _others(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """Every other row against None, and against Ours."""
    for row in numbers.rows:
        gains = {o: gain for o in NAMES if (gain := numbers.gain(row, portion, o)) is not None}
        if row in ("none", "ours") or row_of(row).repeat or not gains:
            continue
        title, meaning = row_of(row).title, row_of(row).meaning
        text = f"{title} ({meaning}) - None: {_each({o: gain_text(gain) for o, gain in gains.items()})}"
        ours = {
            o: gain for o in gains if (gain := numbers.between((row, portion, o), ("ours", portion, o))) is not None
        }
        if ours:
            text += f"; {title} - Ours: {_each({o: gain_text(gain) for o, gain in ours.items()})}"
        lost = _lost(gains)
        yield Finding(about, f"{text}.{lost}", False if lost else None)


def _lost(gains: Mapping[bool, Spread]) -> str:
    """A sentence on the trainings in which a mean gain is not above 0; empty where there is none."""
    lost = [TRAININGS[ordinary] for ordinary, gain in gains.items() if gain.mean <= 0]
    return f" It did not help {' or '.join(lost)}." if lost else ""


def _gap(numbers: _Numbers, portion: float, about: str) -> Iterator[Finding]:
    """The share of the way to all real images, for the seeds that have both ends of it."""
    full = {o: text for o in NAMES if (text := numbers.figure("none", 1.0, o)) is not None}
    shares, there = {}, []
    for ordinary in full:
        line = numbers.line("ours", portion, ordinary)
        if line is not None and line.gaps:
            shares[ordinary] = spread_text(line.gap, percent=True)
        elif line is not None and numbers.between(("none", portion, ordinary), ("none", 1.0, ordinary)) is not None:
            there.append(NAMES[ordinary])
    if shares or there:
        text = f"The ceiling, all real images (p = 1), is {_each(full)}"
        text += f"; of the way there from None, Ours covers {_each(shares)}" if shares else ""
        if there:
            text += f"; None is already there in some seed, {' and '.join(there)}, so there is no gap to close"
        yield Finding(about, f"{text}.")


def _on_top(part: pd.DataFrame, about: str) -> Iterator[Finding]:
    """What images added to all real ones bring, at every ratio."""
    added = part[(part["portion"] == 1) & (part["length"] == UPDATES) & (part["gains"].map(len) > 0)]
    for (row, ratio), lines in added.groupby(["row", "ratio"], sort=False):
        gains = {bool(line.ordinary): line.gain for line in lines_of(lines)}
        place = "" if ratio == 1 else f", ratio {ratio}"
        lost = _lost(gains)
        text = f"{row_of(str(row)).title}{place} - None: {_each({o: gain_text(gain) for o, gain in gains.items()})}"
        yield Finding(about, f"{text}.{lost}", False if lost else None)


def _baseline(numbers: _Numbers, histogram: Mapping[str, Any] | None, about: str) -> Iterator[Finding]:
    """Whether colours alone would solve the data."""
    full = [(line.mAP_mean, o) for o in NAMES if (line := numbers.line("none", 1.0, o)) is not None]
    if histogram is not None:
        best = numbers.figure("none", 1.0, max(full)[1]) if full else None
        beside = "" if best is None else f"; a model trained on all real images reaches {best}"
        yield Finding(
            about,
            f"HSV colour histograms, which learn nothing, reach {histogram['mAP']:.1f} mAP on the whole image and "
            f"{histogram['centred']['mAP']:.1f} on stripes of its middle{beside}.",
        )
