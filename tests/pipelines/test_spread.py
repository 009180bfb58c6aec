"""Spread, paired differences and gaps closed, against scipy's own tests and figures worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.table5.spread import differences, excludes_zero, gaps_closed, spread

FIGURES = st.lists(st.floats(0, 100), min_size=2, max_size=8)


@given(FIGURES, st.integers(0, 2**31))
def test_interval_of_differences_is_the_paired_t_tests(ours: list[float], seed: int) -> None:
    none = np.random.default_rng(seed).uniform(0, 100, len(ours))
    found = spread(list(np.subtract(ours, none)))
    expected = stats.ttest_rel(ours, none).confidence_interval(0.95)
    assert found.mean == pytest.approx(np.mean(ours) - np.mean(none), abs=1e-9)
    assert found.std == pytest.approx(np.std(np.subtract(ours, none), ddof=1), abs=1e-9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)


def test_interval_of_three_seeds_by_hand() -> None:
    found = spread([1.0, 2.0, 3.0])  # deviation 1, t(2) = 4.303
    assert (found.low, found.high) == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)), abs=1e-3)


def test_one_value_has_neither_deviation_nor_interval_and_none_has_nothing() -> None:
    one = spread([5.0])
    assert (one.count, one.mean) == (1, 5.0)
    assert all(math.isnan(value) for value in (one.std, one.low, one.high))
    assert not excludes_zero(one.low, one.high)
    assert spread([]).count == 0
    assert math.isnan(spread([]).mean)


@given(FIGURES)
def test_an_interval_excludes_zero_where_the_t_test_is_significant(values: list[float]) -> None:
    found = spread(values)
    with np.errstate(all="ignore"):
        p = stats.ttest_1samp(values, 0).pvalue if found.std > 1e-9 else math.nan
    if abs(p - 0.05) > 1e-6:
        assert excludes_zero(found.low, found.high) == (p < 0.05)


def test_differences_leave_out_seeds_that_one_side_lacks() -> None:
    assert differences({"0": 5.0, "1": 7.0, "2": 9.0}, {"0": 1.0, "2": 2.0}) == {"0": 4.0, "2": 7.0}


def test_gap_closed_is_a_share_of_each_seeds_own_gap() -> None:
    shares = gaps_closed({"0": 60.0, "1": 30.0, "2": 50.0}, {"0": 20.0, "1": 40.0, "2": 1.0}, {"0": 100.0, "1": 50.0})
    assert shares == {"0": 0.5, "1": -1.0}


@pytest.mark.parametrize("ceiling", [{"0": 90.0, "1": 40.0}, {"0": 90.0, "1": 39.0}])
def test_there_is_no_gap_where_none_reaches_the_ceiling_in_some_seed(ceiling: dict[str, Any]) -> None:
    assert gaps_closed({"0": 60.0, "1": 60.0}, {"0": 20.0, "1": 40.0}, ceiling) == {}
