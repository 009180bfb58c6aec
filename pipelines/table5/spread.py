"""Figures over seeds: mean, deviation and 95 % interval; differences and closed gaps, paired by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """A few values of one figure: how many, their mean and sample deviation (n - 1), the ends of the mean's interval.

    What too few values cannot give is NaN: the mean of none, the deviation and the interval of fewer than two.
    """

    count: int
    mean: float = math.nan
    std: float = math.nan
    low: float = math.nan
    high: float = math.nan


def spread(values: Sequence[float]) -> Spread:
    """Mean, deviation and 95 % interval of values that stand for independent repetitions, one a seed.

    The interval is Student's t: mean ± t(n - 1) · deviation / √n, where t is 12.7 for two values and 4.3 for three; of
    differences paired by seed it is the paired t interval.  It takes the values to be about normal.
    A bootstrap is not offered, as with three seeds it would not be honest: its interval never leaves the range of the
    values, and n values lie all on one side of the true median with probability 2 ** (1 - n), so that it would hold it
    at most 75 times in 100 where it promises 95; six values are the fewest with which it could.

    Args:
        values: one a seed.
    """
    if not values:
        return Spread(0)
    centre = fmean(values)
    if len(values) == 1:
        return Spread(1, centre)
    from scipy.special import stdtrit

    deviation = stdev(values)
    half = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * deviation / math.sqrt(len(values))
    return Spread(len(values), centre, deviation, centre - half, centre + half)


def differences(figures: Mapping[str, float], base: Mapping[str, float]) -> dict[str, float]:
    """`figures` minus `base` for every seed that both have, in the order of `figures`.

    Args:
        figures: by seed.
        base: by seed.
    """
    return {seed: figure - base[seed] for seed, figure in figures.items() if seed in base}


def gaps_closed(
    figures: Mapping[str, float], base: Mapping[str, float], ceiling: Mapping[str, float]
) -> dict[str, float]:
    """The share of the way from `base` to `ceiling` that `figures` covers, for every seed that all three have.

    1 is all of it; below 0 and above 1 are possible.

    Args:
        figures: by seed.
        base: by seed.
        ceiling: by seed.

    Returns:
        Empty where `base` reaches the ceiling in one of these seeds: there is no gap then, and the seeds left would be
        the ones chosen for having one.
    """
    seeds = [seed for seed in figures if seed in base and seed in ceiling]
    if any(base[seed] >= ceiling[seed] for seed in seeds):
        return {}
    return {seed: (figures[seed] - base[seed]) / (ceiling[seed] - base[seed]) for seed in seeds}


def excludes_zero(low: float, high: float) -> bool:
    """Whether an interval lies on one side of 0.

    Args:
        low: its lower end.
        high: its upper end.

    Returns:
        False for one that is not known (NaN).
    """
    return low > 0 or high < 0
