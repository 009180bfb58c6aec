"""The paper's numbers, pinned against independent sums and the differences it is quoted for."""

import pytest

from pipelines.paper import PORTIONS, TABLE4, TABLE5, paper_backbone, table4, table5


@pytest.mark.parametrize(
    ("backbone", "gains"),
    [
        ("resnet50", [43.4, 26.9, 15.0, 6.3, 4.1, 2.1, 0.9, 0.6, 1.0, 0.0]),
        ("inception", [36.6, 27.0, 19.7, 13.2, 8.8, 6.3, 2.6, 1.7, 2.1, 0.0]),
    ],
)
def test_gains_are_those_the_paper_is_quoted_for(backbone: str, gains: list[float]) -> None:
    figures = [(table5(backbone, "ours", p), table5(backbone, "none", p)) for p in PORTIONS]
    own = [ours - none for ours, none in figures if ours is not None and none is not None]
    assert own == pytest.approx(gains, abs=1e-9)


def test_rows_sum_to_the_printed_ones() -> None:
    sums = {key: sum(value for value in numbers if value is not None) for key, numbers in TABLE5.items()}
    assert sums == pytest.approx(
        {
            ("inception", "none"): 360.9,
            ("inception", "ours"): 592.6,
            ("resnet50", "none"): 496.6,
            ("resnet50", "vunet"): 701.6,
            ("resnet50", "deform"): 714.6,
            ("resnet50", "ours"): 727.9,
            ("resnet50", "ours*"): 725.8,
        }
    )


@pytest.mark.parametrize(
    ("cell", "figure"),
    [
        (("resnet50", "none", 0.1, 1), 9.2),
        (("resnet50", "ours", 0.1, 1), 52.6),
        (("resnet50", "ours*", 0.4, 1), 57.3),
        (("resnet50", "deform", 1.0, 3), 64.6),
        (("inception", "ours", 1.0, 2), 56.6),
        (("inception", "none", 1.0, 2), None),
        (("inception", "ours*", 0.1, 1), None),
        (("resnet50", "ours", 0.15, 1), None),
        (("resnet50", "ours", 0.5, 2), None),
        (("resnet50", "self", 0.1, 1), None),
    ],
)
def test_looked_up_by_row_portion_and_ratio(cell: tuple[str, str, float, int], figure: float | None) -> None:
    assert table5(*cell) == figure


def test_a_backbone_the_paper_lacks_stands_beside_resnet50() -> None:
    assert [paper_backbone(name) for name in ("small", "inception", "resnet50")] == [
        "resnet50",
        "inception",
        "resnet50",
    ]


def test_table_4_has_the_figures_it_is_quoted_for() -> None:
    assert table4("patn9", "market")["SSIM"] == 0.311
    assert table4("resnet9", "market")["PCKh"] == 0.87
    assert table4("patn13", "deepfashion") == {"SSIM": 0.776, "IS": 3.440, "DS": 0.970, "PCKh": 0.96}
    assert table4("no-resd-literal", "market") == {}
    columns = list(zip(*TABLE4.values(), strict=True))
    sums = [2.751, 29.876, 7.25, 34.26, 6.38, 8.14, 6.926, 28.88, 8.604, 8.35]
    assert [sum(column) for column in columns] == pytest.approx(sums)
    assert max(TABLE4, key=lambda row: TABLE4[row][1]) == "no-add"  # the best IS on Market-1501
