"""Sentences say what the numbers carry and no more."""

import pandas as pd
import pytest

from pipelines.cells import Cell
from pipelines.findings import findings, verdict
from pipelines.results import FIELDS, MEASURES, summarise


def results(*lines):
    """Results of cells: (row, mAP of each seed, further fields)."""
    found = []
    for row, figures, fields in lines:
        for seed, figure in enumerate(figures):
            measures = {**dict.fromkeys(MEASURES, 0.0), "mAP": figure, "updates": 31 if "length" in fields else 306}
            found.append({**Cell(row, seed=seed, **fields).to_json(), **measures, "seconds": 1.0})
    return pd.DataFrame(found, columns=[*FIELDS, *MEASURES, "seconds"])


def sentences(*lines, histogram=None):
    return [finding.text for finding in findings(summarise(results(*lines)), histogram)]


def test_a_gain_in_every_seed_is_called_one():
    (text, *_) = sentences(("none", [10.0, 12.0, 12.0], {}), ("ours", [40.0, 44.0, 43.0], {}))
    assert text == "Plain: Ours beat None in all 3 seeds, +31.0 ± 1.0 (3 seeds)."


def test_a_gain_in_some_seeds_is_not_called_one():
    finding = verdict("p", "Here", [3.0, -1.0, 2.0])
    assert finding.good is False
    assert "2 of 3 seeds only" in finding.text
    assert "does not show that it helps" in finding.text


def test_a_loss_is_said_to_be_one():
    finding = verdict("p", "Here", [-3.0, -1.0])
    assert finding.good is False
    assert "did not help, -2.0 ± 1.4 (2 seeds)" in finding.text


def test_one_seed_makes_no_claim():
    finding = verdict("p", "Here", [30.0])
    assert finding.good is None
    assert "one seed carries no claim" in finding.text
    assert "did not help" in verdict("p", "Here", [-0.1]).text


@pytest.mark.parametrize(
    ("ours", "said"), [([20.0, 20.0], "not above that"), ([50.0, 50.0], "reached 50.0, above that")]
)
def test_ours_is_told_beside_ordinary_augmentation_alone(ours, said):
    lines = sentences(("none", [10.0, 10.0], {}), ("none", [40.0, 40.0], {"ordinary": True}), ("ours", ours, {}))
    assert any("moved None from 10.0 to 40.0" in text and said in text for text in lines)


def test_equal_epochs_are_told_beside_equal_updates():
    none = ("none", [10.0, 10.0], {})
    short = ("none", [3.0, 3.0], {"length": "epochs"})
    lines = sentences(none, short, ("ours", [30.0, 31.0], {}))
    (text,) = [line for line in lines if "length of training" in line]
    assert "None gets 31 updates and Ours 306" in text
    assert "+27.5 ± 0.7 (2 seeds) plain instead of +20.5 plain" in text


def test_the_gap_to_all_real_images_and_the_histogram_are_told():
    lines = sentences(
        ("none", [10.0], {}),
        ("ours", [40.0], {}),
        ("none", [70.0], {"portion": 1.0}),
        histogram={"mAP": 4.7, "centred": {"mAP": 9.1}},
    )
    assert any("Ours covers 50 % plain" in text for text in lines)
    assert any(
        "4.7 mAP on the whole image and 9.1 on stripes of its middle; a model trained on all real images reaches 70.0"
        in text
        for text in lines
    )


def test_nothing_run_says_nothing():
    assert sentences() == []


def test_a_control_that_did_not_help_is_said_not_to():
    lines = sentences(("none", [10.0, 10.0], {}), ("ours", [30.0, 30.0], {}), ("self", [9.0, 8.0], {}))
    (text,) = [line for line in lines if line.startswith("Self")]
    assert "-1.5 ± 0.7 (2 seeds) plain; Ours - None: +20.0 plain. It did not help plain." in text


def test_equal_lengths_are_not_told_apart():
    epochs = results(("none", [10.0], {"length": "epochs"}), ("none", [10.0], {}), ("ours", [30.0], {}))
    told = findings(summarise(epochs.assign(updates=14)))
    assert not any("length of training" in finding.text for finding in told)
