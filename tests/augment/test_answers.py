"""A study's answers: what a volunteer sees, in which order, and what is kept of it."""

from pathlib import Path

import pandas as pd
import pytest

from augment import AugmentError
from augment.study.answers import ANSWERS, Answers, Progress, sequence

PICTURES = pd.DataFrame(
    [(f"{kind[0]}{number}.png", kind) for kind in ("real", "generated") for number in range(9)],
    columns=["file", "kind"],
)


def test_a_sequence_has_as_many_of_each_kind_none_twice_and_shuffled() -> None:
    found = sequence(PICTURES, 5, 3, 1)
    assert len({file for file, _ in found}) == 10
    assert [kind for _, kind in found].count("real") == 5
    assert all(file.startswith(kind[0]) for file, kind in found)
    kinds = {tuple(kind for _, kind in sequence(PICTURES, 5, 3, number)) for number in range(20)}
    assert len(kinds) == 20
    assert sequence(PICTURES, 5, 3, 1) == found
    assert sequence(PICTURES, 5, 4, 1) != found


def test_every_picture_is_as_likely_to_be_seen() -> None:
    seen = [sequence(PICTURES, 6, 0, number) for number in range(200)]
    counts = pd.Series([file for pictures in seen for file, _ in pictures]).value_counts()
    assert len(counts) == 18
    assert counts.between(100, 167).all()  # 133 expected; deviation 6.7
    assert 65 < sum(pictures[0][1] == "real" for pictures in seen) < 135


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(tmp_path)


def moment(progress: Progress | None) -> tuple[int, int, int]:
    """Pictures done, all, and for practice."""
    assert progress is not None
    return progress.done, progress.total, progress.practice


def test_a_volunteer_goes_on_with_the_picture_after_the_last_answer(answers: Answers) -> None:
    token = answers.add_volunteer(PICTURES, 2, 1, seed=0)
    expected = sequence(PICTURES, 2, 0, 1)
    assert answers.count() == 1
    for done in range(4):
        progress = answers.progress(token)
        assert moment(progress) == (done, 4, 1)
        assert progress is not None
        assert progress.now is not None
        assert (progress.next is None) is (done == 3)
        assert answers.picture(progress.now.id) == expected[done][0]
        answers.begin(token, progress.now.id)
        assert answers.picture(progress.now.id) is None
        begun = answers.progress(token)
        assert begun is not None
        assert begun.now is not None
        assert (begun.now.id, begun.now.seen) == (progress.now.id, True)
        answers.answer(token, progress.now.id, "real", 900.0)
    last = answers.progress(token)
    assert moment(last) == (4, 4, 1)
    assert last is not None
    assert (last.now, last.next) == (None, None)
    assert answers.progress("stranger") is None


def test_the_first_answer_and_time_stay(answers: Answers) -> None:
    token = answers.add_volunteer(PICTURES, 1, 0, seed=0)
    progress = answers.progress(token)
    assert progress is not None
    assert progress.now is not None
    for kind, time in (("generated", 500.0), ("real", 100.0)):
        answers.shown(token, progress.now.id, time + 1)
        answers.answer(token, progress.now.id, kind, time)
    row = answers.judgements().iloc[0]
    assert (row["answer"], row["answer_ms"], row["shown_ms"]) == ("generated", 500.0, 501.0)


def test_nobody_answers_for_another(answers: Answers) -> None:
    one, other = (answers.add_volunteer(PICTURES, 1, 0, seed=0) for _ in range(2))
    progress = answers.progress(one)
    assert progress is not None
    assert progress.now is not None
    answers.answer(other, progress.now.id, "real", 1.0)
    assert answers.judgements()["answer"].isna().all()


def test_judgements_are_in_the_order_of_volunteers_and_pictures(answers: Answers, tmp_path: Path) -> None:
    tokens = [answers.add_volunteer(PICTURES, 2, 3, seed=8) for _ in range(2)]
    progress = Answers(tmp_path).progress(tokens[1])
    assert progress is not None
    assert progress.now is not None
    answers.answer(tokens[1], progress.now.id, "real", 1.0)
    table = Answers(tmp_path).judgements()
    expected = [(number, *seen) for number in (1, 2) for seen in sequence(PICTURES, 2, 8, number)]
    assert list(zip(table["volunteer"], table["file"], table["kind"], strict=True)) == expected
    assert table["position"].tolist() == [0, 1, 2, 3] * 2
    assert table["practice"].tolist() == [True, True, True, False] * 2
    assert table["answer"].notna().tolist() == [False] * 4 + [True] + [False] * 3


def test_before_anybody_came_the_table_is_empty(answers: Answers) -> None:
    assert answers.count() == 0
    assert answers.judgements().empty


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_text("no database, but long enough to be looked at" * 30)
    with pytest.raises(AugmentError, match=r"answers\.sqlite: cannot be used"):
        Answers(tmp_path)
