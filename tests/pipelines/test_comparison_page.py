"""The page on generators at equal time: its tables and sentences come from the record's figures alone."""

from dataclasses import replace

import pytest

from augment.runtime import Place
from pipelines.comparison.page import (
    filled,
    page,
    points,
    quality_lines,
    reid_lines,
    setting,
    training_lines,
    verdict,
)
from pipelines.comparison.record import Compared, Identities, Machine, Record, ReidLine, Speed, Trained
from pipelines.table5.spread import spread


def compared(name: str, ssim: float, perceptual: str = "vgg19:conv1_2", **figures: float) -> Compared:
    """A generator of some figures."""
    training = Trained(1234, 9872, 8, 9.96, 2_345_678, {"loss_g": 1.0}, perceptual, "fp32", 1)
    return Compared(name, training, {"ssim": ssim, **figures}, Speed(1_200_000, 0.5, 321.6))


def reid(
    row: str, figures: list[float], none: list[float], portion: float = 0.3, *, ordinary: bool = False
) -> ReidLine:
    """A row of mAP by seed, and None's beside it; None itself has no gains."""
    gains = [a - b for a, b in zip(figures, none, strict=False)] if row != "none" else []
    mean, gain = spread(figures), spread(gains)
    known = [value if value == value else None for value in (mean.std, gain.mean, gain.low, gain.high)]
    by_seed = {str(seed): figure for seed, figure in enumerate(figures)}
    return ReidLine(
        row,
        portion,
        ordinary,
        mean.count,
        mean.mean,
        known[0],
        0.0,
        by_seed,
        gains,
        known[1],
        known[2],
        known[3],
        306.0,
    )


NONE = [20.0, 21.0, 22.0]
RECORD = Record(
    comparison={"preset": "demo", "minutes": 10, "seeds": 3, "portion": 0.3, "ordinary": [False, True]},
    machine=Machine("A processor", 2, "fp32", Place("cpu", 1), {"torch": "2.8.0"}),
    people=Identities(7, 120, {"train": 1_440, "query": 60, "gallery": 300}),
    size=(128, 64),
    pairs=400,
    generators=(
        compared("patn", 0.71, lpips=0.123456),
        compared("vunet", 0.65),
        compared("deform", 0.5, "resnet50:layer2"),
    ),
    others={"copy": {"ssim": 0.6}, "mean image": {"ssim": 0.65, "l1": 0.25}, "real": {"identity": 0.9876}},
    missing=("lpips", "ds"),
    notes={},
    reid=(
        reid("none", NONE, NONE),
        reid("none", [70.0, 71.0, 72.0], NONE, 1.0),
        reid("ours*", [30.0, 31.5, 32.0], NONE),
        reid("vunet", [25.0, 20.5, 29.0], NONE),
        reid("deform", [20.1, 21.2, 30.0], NONE),
        reid("none", [40.0, 41.0, 42.0], NONE, ordinary=True),
        reid("ours*", [40.5], [41.0], ordinary=True),
        reid("ours*", [90.0, 90.0, 90.0], NONE, 1.0, ordinary=True),
    ),
)


def test_a_record_comes_back_from_its_json() -> None:
    found = Record.of(RECORD.as_dict())
    assert found.as_dict() == RECORD.as_dict()
    assert found.generators == RECORD.generators
    assert found.machine == RECORD.machine
    assert RECORD.as_dict()["generators"][0]["lpips"] == 0.123456


def test_a_generator_above_a_trivial_image_is_one_with_a_higher_ssim() -> None:
    copy, mean, *_ = verdict(RECORD)
    assert copy == "Above the copy of the condition image in SSIM (0.600): patn, vunet. Not: deform."
    assert mean == "Above the mean training image in SSIM (0.650): patn. Not: vunet, deform."
    all_above = replace(RECORD, generators=RECORD.generators[:1])
    assert verdict(all_above)[0].endswith("(0.600): patn.")


def test_a_row_helps_where_every_seed_and_the_interval_are_above_none() -> None:
    """`deform` is above None in each seed with an interval that holds 0, `vunet` not in each seed."""
    _, _, plain, both = verdict(RECORD)
    assert plain.startswith("Re-ID with flip and crop, above None in every seed and with an interval above 0: ")
    assert plain.endswith("above 0: Ours\\*. Not: vunet, deform.")
    assert both.startswith("Re-ID with random erasing and colour jitter too")
    assert both.endswith("above 0: none. Not: Ours\\*.")  # one seed below; that of p = 1 does not count
    ten = [23.9, *(30.0 + number / 10 for number in range(9))]  # one seed of ten below None's 24
    one_below = replace(RECORD, reid=(reid("ours", ten, [24.0] * 10),))
    assert (one_below.reid[0].gain_low or 0) > 0
    assert verdict(one_below)[2].endswith("above 0: none. Not: Ours.")
    lost = replace(RECORD, reid=(reid("ours", [1.0, 2.0, 3.0], NONE),))
    assert verdict(lost)[2].endswith("above 0: none. Not: Ours.")


def test_trainings_are_told_in_minutes_millions_and_images_a_second() -> None:
    header, patn, *others = training_lines(RECORD.generators)
    assert len(others) == 2
    told = dict(zip(header, patn, strict=True))
    assert told == {
        "generator": "patn",
        "minutes": "10.0",
        "updates": "1,234",
        "batch": "8",
        "images seen": "9,872",
        "weights, M": "2.35",
        "used to generate, M": "1.20",
        "images/s": "322",
    }


def test_quality_has_the_metrics_that_any_row_has_and_dashes_for_the_rest() -> None:
    assert quality_lines(RECORD) == [
        ["images", "SSIM", "L1", "LPIPS", "identity"],
        ["patn", "0.710", "-", "0.123", "-"],
        ["vunet", "0.650", "-", "-", "-"],
        ["deform", "0.500", "-", "-", "-"],
        ["copy of the condition image", "0.600", "-", "-", "-"],
        ["mean training image", "0.650", "0.250", "-", "-"],
        ["the real target", "-", "-", "-", "0.988"],
    ]


def test_reid_lines_have_both_augmentations_side_by_side() -> None:
    header, *lines = reid_lines(RECORD.reid, 0.3)
    assert header == ["row", "mAP, flip + crop", "minus None", "mAP, + random erasing + colour jitter", "minus None"]
    by_title = {line[0]: line[1:] for line in lines}
    assert by_title["None"] == ["21.0 ± 1.0 (3)", "-", "41.0 ± 1.0 (3)", "-"]
    gain = spread([10.0, 10.5, 10.0])
    assert by_title["Ours\\*"][1] == f"+10.2 [+{gain.low:.1f}, +{gain.high:.1f}] (3)"
    assert by_title["Ours\\*"][2:] == ["40.5 (1)", "-0.5 (1)"]
    assert by_title["vunet"][2:] == ["-", "-"]
    assert [line[1] for line in lines if line[0] == "all real images (p = 1)"] == ["71.0 ± 1.0 (3)", "-"]


def test_with_one_augmentation_it_has_columns_of_its_own_alone() -> None:
    plain = [line for line in RECORD.reid if not line.ordinary]
    assert reid_lines(plain, 0.3)[0] == ["row", "mAP, flip + crop", "minus None"]
    assert {len(line) for line in reid_lines(plain, 0.3)} == {3}


def test_lines_at_another_share_are_left_out() -> None:
    titles = [line[0] for line in reid_lines([reid("none", NONE, NONE, 0.5), reid("ours", NONE, NONE)], 0.3)]
    assert titles == ["row", "Ours"]


def test_the_setting_names_identities_time_machine_and_who_had_which_perceptual_term() -> None:
    said = setting(RECORD)
    assert said.startswith("120 rendered identities, 1,440 training images (seed 7;")
    assert "10 minutes of processor time" in said
    assert "A processor, 2 cores, of which one was used, fp32 training, torch 2.8.0." in said
    assert said.endswith("Perceptual term: vgg19 for patn, vunet; resnet50 for deform.")


def test_paragraphs_are_filled_without_breaking_words() -> None:
    text = " ".join(["non-breaking"] * 40)
    assert filled(text).replace("\n", " ") == text
    assert max(map(len, filled(text).splitlines())) <= 120
    assert points(["a", text]).splitlines()[:2] == ["- a", f"- {' '.join(['non-breaking'] * 9)}"]
    assert all(line.startswith(("- ", "  ")) for line in points(["a", text]).splitlines())


@pytest.mark.parametrize(("ordinary", "option"), [([False, True], True), ([False], False)])
def test_the_page_has_the_command_that_makes_it_the_remarks_and_what_is_missing(
    ordinary: list[bool], option: bool
) -> None:
    record = replace(RECORD, comparison={**RECORD.comparison, "ordinary": ordinary}, remarks=("A remark.",))
    found = page(record)
    augmentation = " --each-augmentation" if option else ""
    assert f"compared --minutes 10 --seeds 3{augmentation} --page docs/results" in found
    assert "- A remark.\n" in found
    assert "see `augment info`): LPIPS, ds." in found
    assert "A share p = 0.3 of the images" in found
    assert "Not measured" not in page(replace(record, missing=()))
