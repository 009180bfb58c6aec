"""Sentences say what the numbers carry and no more."""

from typing import Any

import numpy as np
import pytest

from pipelines.table5.findings import Finding, findings, verdict
from pipelines.table5.results import summarise
from pipelines.table5.rows import row_of
from pipelines.table5.spread import spread
from tests.pipelines.summaries import Line, results


def sentences(*lines: Line, histogram: dict[str, Any] | None = None) -> list[str]:
    return [finding.text for finding in findings(summarise(results(*lines)), histogram)]


def judged(gains: list[float]) -> Finding:
    return verdict("p", "Here", spread(gains), sum(gain > 0 for gain in gains))


def test_a_gain_in_every_seed_with_an_interval_above_zero_is_called_one() -> None:
    (text, *_) = sentences(("none", [10.0, 12.0, 12.0], {}), ("ours", [40.0, 44.0, 43.0], {}))
    assert text == "Plain: Ours beat None in each of 3 seeds, with an interval above 0: +31.0 [+28.5, +33.5] (3 seeds)."


def test_a_gain_in_every_seed_whose_interval_holds_zero_is_not_called_one() -> None:
    finding = judged([0.5, 1.0, 6.0])  # t = 1.42 with 2 degrees of freedom: p = 0.29
    assert finding.good is None
    assert "in each of 3 seeds" in finding.text
    assert "chance is not ruled out" in finding.text
    assert "beyond" not in finding.text


def test_a_gain_in_some_seeds_is_not_called_one() -> None:
    finding = judged([3.0, -1.0, 2.0])
    assert finding.good is False
    assert "2 of 3 seeds only" in finding.text
    assert "does not show that it helps" in finding.text


def test_a_gain_whose_interval_excludes_zero_with_a_seed_below_is_not_called_one() -> None:
    gains = [-0.1, *np.linspace(4, 6, 9)]
    assert spread(gains).low > 0
    assert judged(gains).good is False


def test_a_loss_is_said_to_be_one() -> None:
    finding = judged([-3.0, -1.0])
    assert finding.good is False
    assert "did not help, -2.0 [-14.7, +10.7] (2 seeds)" in finding.text
    assert "lost to None in each of 3 seeds, with an interval below 0" in judged([-3.0, -3.1, -3.2]).text


def test_one_seed_makes_no_claim() -> None:
    finding = judged([30.0])
    assert finding.good is None
    assert "one seed carries no claim" in finding.text
    assert "(1 seed)" in finding.text
    assert "did not help" in judged([-0.1]).text


@pytest.mark.parametrize(("ours", "said"), [([20.0, 21.0], "-19.5 ["), ([50.0, 51.0], "+10.5 [")])
def test_ours_is_told_beside_ordinary_augmentation_alone(ours: list[float], said: str) -> None:
    lines = sentences(("none", [10.0, 10.0], {}), ("none", [40.0, 40.0], {"ordinary": True}), ("ours", ours, {}))
    (text,) = [line for line in lines if line.startswith("Random erasing")]
    assert "moved None from 10.0 ± 0.0 (2) to 40.0 ± 0.0 (2)" in text
    assert said in text


def test_the_kept_images_repeated_are_told_beside_ours() -> None:
    lines = sentences(("none", [10.0, 11.0], {}), ("repeat", [12.0, 12.0], {}), ("ours", [30.0, 31.0], {}))
    (text,) = [line for line in lines if line.startswith("The kept images repeated")]
    assert "reach 12.0 ± 0.0 (2) plain; Ours minus that: +18.5 [" in text


@pytest.mark.parametrize("row", ["reduced", "filtered:0.3", "smoothed", "weighted", "theirs", "mine=a/{p}"])
def test_every_other_row_is_told_against_none_and_ours(row: str) -> None:
    lines = sentences(("none", [10.0, 10.0], {}), ("ours", [30.0, 30.0], {}), (row, [33.0, 33.0], {}))
    (text,) = [line for line in lines if " - Ours: " in line]
    assert text.startswith(f"{row_of(row).title} ({row_of(row).meaning}) - None: ")
    assert "- None: +23.0 [+23.0, +23.0] (2 seeds) plain" in text
    assert " - Ours: +3.0 [+3.0, +3.0] (2 seeds) plain." in text


def test_equal_epochs_are_told_beside_equal_updates() -> None:
    none: Line = ("none", [10.0, 10.0], {})
    short = ("none", [3.0, 3.0], {"length": "epochs"})
    lines = sentences(none, short, ("ours", [30.0, 31.0], {}))
    (text,) = [line for line in lines if "length of training" in line]
    assert "None gets 31 updates and Ours 306" in text
    assert "+27.5 [+21.1, +33.9] (2 seeds) plain instead of +20.5 [+14.1, +26.9] (2 seeds) plain" in text


def test_the_gap_to_all_real_images_and_the_histogram_are_told() -> None:
    lines = sentences(
        ("none", [10.0], {}),
        ("ours", [40.0], {}),
        ("none", [70.0], {"portion": 1.0}),
        histogram={"mAP": 4.7, "centred": {"mAP": 9.1}},
    )
    assert any("Ours covers 50 % (1) plain." in text for text in lines)
    (colours,) = [text for text in lines if text.startswith("HSV")]
    assert "4.7 mAP on the whole image and 9.1 on stripes of its middle" in colours
    assert "a model trained on all real images reaches 70.0 (1)." in colours


def test_images_added_to_all_real_ones_are_told_at_every_ratio() -> None:
    full, twice = {"portion": 1.0}, {"portion": 1.0, "ratio": 2}
    lines = sentences(("none", [70.0, 72.0], full), ("ours", [71.0, 73.0], twice), ("filled:9", [70.0, 70.0], full))
    assert "Ours, ratio 2 - None: +1.0 [+1.0, +1.0] (2 seeds) plain." in lines
    assert "Filled to 9 - None: -1.0 [-13.7, +11.7] (2 seeds) plain. It did not help in plain training." in lines


def test_nothing_run_says_nothing() -> None:
    assert sentences() == []


def test_a_control_that_did_not_help_is_said_not_to() -> None:
    lines = sentences(("none", [10.0, 10.0], {}), ("ours", [30.0, 30.0], {}), ("self", [9.0, 8.0], {}))
    (text,) = [line for line in lines if line.startswith("Self")]
    assert "- None: -1.5 [-7.9, +4.9] (2 seeds) plain; Self - Ours: -21.5 [-27.9, -15.1] (2 seeds) plain" in text
    assert text.endswith("It did not help in plain training.")


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (9.0, " It did not help in plain training or in training with erasing + jitter."),
        (11.0, " It did not help in training with erasing + jitter."),
    ],
)
def test_where_a_control_did_not_help_is_told_apart_by_augmentation(plain: float, said: str) -> None:
    added = {"ordinary": True}
    lines = sentences(("none", [10.0], {}), ("self", [plain], {}), ("none", [20.0], added), ("self", [20.0], added))
    (text,) = [line for line in lines if line.startswith("Self")]
    assert text.endswith(f"with erasing + jitter.{said}")


def test_equal_lengths_are_not_told_apart() -> None:
    epochs = results(("none", [10.0], {"length": "epochs"}), ("none", [10.0], {}), ("ours", [30.0], {}))
    told = findings(summarise(epochs.assign(updates=14)))
    assert not any("length of training" in finding.text for finding in told)


def test_where_none_is_already_at_the_ceiling_no_share_is_told() -> None:
    none: Line = ("none", [70.0, 75.0], {})
    full = ("none", [71.0, 74.0], {"portion": 1.0})
    (text,) = [line for line in sentences(none, full, ("ours", [72.0, 76.0], {})) if line.startswith("The ceiling")]
    assert "None is already there in some seed, plain, so there is no gap to close." in text
    assert "covers" not in text
