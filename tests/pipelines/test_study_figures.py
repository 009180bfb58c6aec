"""Table 3's figures of judgements that are written here: who counts, which pictures, and what is said."""

import math

import pandas as pd
import pytest

from pipelines.tables.table3 import (
    NOTE,
    PaperRow,
    Share,
    StudyRow,
    StudyTable,
    notes,
    sensitivity,
    share,
    study_row,
    terminal,
    wilson,
)

Judged = tuple[str, str, str | None]
"""Volunteer, kind of the picture, answer."""


def judgements(*judged: Judged, practice: int = 0, shown: float = 1000, took: float = 800) -> pd.DataFrame:
    """Judgements of which the first so many are of the practice."""
    table = pd.DataFrame(judged, columns=["volunteer", "kind", "answer"])
    return table.assign(practice=[place < practice for place in range(len(table))], shown_ms=shown, answer_ms=took)


def test_errors_are_counted_by_kind_over_the_volunteers() -> None:
    row = study_row(
        "mine",
        judgements(
            ("a", "real", "generated"),  # the practice, which does not count
            ("a", "real", "generated"),
            ("a", "real", "real"),
            ("a", "generated", "generated"),
            ("b", "real", "real"),
            ("b", "real", "real"),
            ("b", "generated", "real"),
            practice=1,
        ),
        False,
    )
    assert (row.model, row.volunteers, row.judged, row.left_out) == ("mine (here)", 2, 6, 0)
    assert row.r2g == share([1, 0], [2, 2])
    assert row.g2r == share([0, 1], [1, 1])
    assert row.dprime == sensitivity((1, 4), (1, 2))


def test_who_stopped_counts_with_what_was_answered_where_that_is_asked_for() -> None:
    table = judgements(
        ("a", "real", "real"),
        ("a", "generated", "generated"),
        ("b", "real", "generated"),
        ("b", "generated", None),
    )
    whole = study_row("m", table, False)
    assert (whole.volunteers, whole.judged, whole.left_out) == (1, 2, 1)
    assert whole.r2g == share([0], [1])
    every = study_row("m", table, True)
    assert (every.volunteers, every.judged, every.left_out) == (2, 3, 0)
    assert every.r2g == share([0, 1], [1, 1])
    assert every.g2r == share([0], [1])


def test_without_an_answer_or_without_pictures_of_a_kind_there_is_no_figure() -> None:
    nobody = study_row("m", judgements(("a", "real", None)), True)
    assert (nobody.volunteers, nobody.judged, nobody.left_out) == (0, 0, 1)
    assert (nobody.r2g, nobody.g2r, nobody.dprime) == (None, None, None)
    real = study_row("m", judgements(("a", "real", "real")), False)
    assert real.r2g is not None
    assert (real.g2r, real.dprime) == (None, None)


@pytest.mark.parametrize(("took", "late"), [(2999.0, 0), (3000.0, 0), (3001.0, 2), (math.nan, 0)])
def test_answers_are_late_after_three_seconds_and_count(took: float, late: int) -> None:
    row = study_row("m", judgements(("a", "real", "real"), ("a", "generated", "real"), took=took), False)
    assert (row.late, row.judged) == (late, 2)


@pytest.mark.parametrize(
    ("shown", "wrong"), [(1000.0, 0), (950.0, 0), (1050.0, 0), (949.0, 1), (1051.0, 1), (math.nan, 1)]
)
def test_a_second_is_a_second_within_fifty_milliseconds_if_it_was_measured(shown: float, wrong: int) -> None:
    assert study_row("m", judgements(("a", "real", "real"), shown=shown), False).badly_timed == wrong


def test_a_share_is_of_all_images_together_and_its_interval_stays_in_0_to_100() -> None:
    uneven = share([1, 0], [1, 9])
    assert uneven.percent == pytest.approx(10)
    assert (uneven.low, uneven.wilson) == (0.0, False)
    assert 10 < uneven.high <= 100
    all_wrong = share([9, 10], [10, 10])
    assert (all_wrong.percent, all_wrong.high) == (pytest.approx(95), 100.0)
    one = share([3], [10])
    low, high = wilson(3, 10)
    assert one == Share(30.0, 100 * low, 100 * high, wilson=True)


def row(**changes: object) -> StudyRow:
    values: dict[str, object] = {"model": "m (here)", "volunteers": 2, "judged": 9, "dprime": 0.126}
    values |= {"r2g": Share(25.04, 10.0, 40.06, False), "g2r": None, "late": 0, "badly_timed": 0, "left_out": 0}
    return StudyRow(**{**values, **changes})  # type: ignore[arg-type]


def test_only_what_happened_is_said_of_a_study() -> None:
    assert notes([row()]) == [NOTE]
    assert notes([row(left_out=2, badly_timed=4), row(model="n (here)", late=1)])[1:] == [
        "m (here): 2 volunteers did not finish and are left out; "
        "4 pictures were not measured to be shown for 1000 ± 50 ms.",
        "n (here): 1 answer came more than 3 s after the picture.",
    ]
    for rows in ([], [row(volunteers=0, left_out=1)]):
        assert notes(rows)[1] == "No volunteer has finished a study here yet; `augment study` shows one."
    assert len(notes([row(volunteers=0), row()])) == 1


def test_the_table_has_the_papers_rows_first_and_marks_wilsons_intervals() -> None:
    studies = [
        row(),
        row(model="n (here)", r2g=Share(0.0, 0.0, 3.7, True), g2r=Share(50.0, 40.0, 60.0, False), dprime=None),
    ]
    made = StudyTable(studies, [PaperRow("paper: Ours", 32.23, 63.5)], ["a note"], "tables/table3")
    assert [line.split("  ")[0] for line in terminal(made).splitlines()] == [
        "model",
        "paper: Ours",
        "m (here)",
        "n (here)",
        "",
        "a note",
    ]
    cells = [[cell for cell in line.split("  ") if cell] for line in terminal(made).splitlines()]
    assert [cell.strip() for cell in cells[1]] == ["paper: Ours", "-", "-", "32.23", "63.5", "-"]
    assert [cell.strip() for cell in cells[2]] == ["m (here)", "2", "9", "25.0 [10.0, 40.1]", "-", "0.13"]
    assert [cell.strip() for cell in cells[3]] == ["n (here)", "2", "9", "0.0 [0.0, 3.7] w", "50.0 [40.0, 60.0]", "-"]
    assert made.as_dict()["rows"][1]["r2g"] == {"percent": 0.0, "low": 0.0, "high": 3.7, "wilson": True}
    assert made.as_dict()["paper"] == [{"model": "paper: Ours", "r2g": 32.23, "g2r": 63.5}]
