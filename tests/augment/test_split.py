import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import AugmentError
from augment.datasets.reduced_set import kept_count, real_share, reduced_set, share_text, standing_for, training_images


def people(counts: list[int]) -> pd.DataFrame:
    rows = [(f"{pid:04d}_c1s1_{k:06d}_01.jpg", pid, "train") for pid, n in enumerate(counts, 1) for k in range(n)]
    return pd.DataFrame(rows, columns=["name", "pid", "split"])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(1, 100), st.integers(0, 5))
def test_size_is_round_half_up_with_one_of_every_identity(counts: list[int], percent: int, seed: int) -> None:
    table = people(counts)
    kept = reduced_set(table, percent / 100, seed)
    wanted = int(np.floor(len(table) * (percent / 100) + 0.5))
    assert len(kept) == len(set(kept)) == max(wanted, len(counts))
    assert set(table.loc[table["name"].isin(kept), "pid"]) == set(table["pid"])


def test_market_1501_sizes_are_the_papers() -> None:
    counts = [18] * 169 + [17] * 582  # 751 identities, 12,936 images
    table = people(counts)
    assert len(table) == 12_936
    sizes = [len(reduced_set(table, p / 10, 0)) for p in range(1, 11)]
    assert sizes == [1_294, 2_587, 3_881, 5_174, 6_468, 7_762, 9_055, 10_349, 11_642, 12_936]


def test_sets_of_one_seed_are_nested_and_seeds_differ() -> None:
    table = people([14] * 20)
    sets = [set(reduced_set(table, p / 10, 3)) for p in range(1, 11)]
    assert all(small < large for small, large in itertools.pairwise(sets))
    assert set(reduced_set(table, 0.3, 4)) != sets[2]
    assert set(reduced_set(table.sample(frac=1, random_state=0), 0.3, 3)) == sets[2]


def test_junk_and_distractors_are_no_training_images() -> None:
    table = people([3, 3])
    odd = pd.DataFrame({"name": ["-1_c1s1_000000_00.jpg", "0000_c1s1_000000_00.jpg"], "pid": [-1, 0], "split": "train"})
    assert len(training_images(pd.concat([table, odd]))) == 6


@pytest.mark.parametrize("portion", [0, -0.1, 1.1])
def test_other_portions_are_refused(portion: float) -> None:
    with pytest.raises(AugmentError, match="must be above 0 and at most 1"):
        reduced_set(people([2]), portion, 0)


def test_with_two_images_an_identity_small_portions_are_one_set() -> None:
    table = people([2] * 8)
    kept = {portion: reduced_set(table, portion, 3) for portion in (0.1, 0.3, 0.5, 0.75, 0.99, 1.0)}
    assert kept[0.1] == kept[0.3] == kept[0.5]
    assert kept[0.99] == kept[1.0]
    shares = {portion: real_share(table, portion) for portion in kept}
    assert shares == {0.1: 0.5, 0.3: 0.5, 0.5: 0.5, 0.75: 0.75, 0.99: 1.0, 1.0: 1.0}
    assert standing_for(shares) == {0.1: 0.5, 0.3: 0.5, 0.5: 0.5, 0.75: 0.75, 0.99: 1.0, 1.0: 1.0}


def test_a_share_that_was_not_asked_for_is_said_with_its_reason() -> None:
    assert share_text(0.1, 0.5) == (
        "--portion 0.1 keeps 50 % of the training images: every identity keeps at least one image"
    )
    assert share_text(0.3, 0.3125).startswith("--portion 0.3 keeps 31.2 % of the training images")
    assert share_text(0.1, 0.10003) == ""


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.floats(0.01, 1.0))
def test_the_real_share_is_that_of_the_kept_images(counts: list[int], portion: float) -> None:
    table = people(counts)
    assert len(reduced_set(table, portion, 0)) == kept_count(table, portion)
    assert real_share(table, portion) == round(kept_count(table, portion) / len(table), 4)
