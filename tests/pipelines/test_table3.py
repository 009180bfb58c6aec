from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from augment.study.answers import Answers
from pipelines.tables.table3 import sensitivity, share, wilson
from tests.conftest import run

PICTURES = pd.DataFrame({"file": [f"pictures/{i}.jpg" for i in range(40)], "kind": ["real", "generated"] * 20})


def judge(answers: Answers, errors: dict[str, int], upto: int | None = None, ms: float = 800) -> None:
    """A new volunteer who errs on so many counted pictures of each kind, and on every one of the practice."""
    token = answers.add_volunteer(PICTURES, images=20, practice=4, seed=1)
    left = dict(errors)
    table = answers.judgements()
    own = table[table["volunteer"] == table["volunteer"].max()]
    for row in own.to_dict("records")[:upto]:
        where = answers.progress(token)
        assert where is not None
        assert where.now is not None
        wrong = row["practice"] or left[row["kind"]] > 0
        left[row["kind"]] -= not row["practice"]
        other = {"real": "generated", "generated": "real"}
        answers.shown(token, where.now.id, 1000)
        answers.answer(token, where.now.id, other[row["kind"]] if wrong else row["kind"], ms)


@pytest.fixture
def answers(people: Path) -> Answers:
    (people / "study" / "patn").mkdir(parents=True)
    return Answers(people / "study" / "patn")


def test_shares_are_of_the_images_that_counted(people: Path, answers: Answers) -> None:
    errors = [(3, 8), (1, 6), (5, 11)]
    for real, generated in errors:
        judge(answers, {"real": real, "generated": generated})
    (row,) = run(people, "table3")["rows"]
    table = answers.judgements()
    shown = table[~table["practice"]]["kind"].value_counts()
    assert row["volunteers"] == 3
    assert row["judged"] == 3 * 36
    assert row["r2g"]["percent"] == pytest.approx(100 * 9 / shown["real"])
    assert row["g2r"]["percent"] == pytest.approx(100 * 25 / shown["generated"])
    assert (row["left_out"], row["late"], row["badly_timed"]) == (0, 0, 0)


def test_volunteers_who_stop_are_left_out_unless_asked_for(people: Path, answers: Answers) -> None:
    judge(answers, {"real": 2, "generated": 2}, ms=3500)
    judge(answers, {"real": 9, "generated": 9}, upto=30)
    (row,) = run(people, "table3")["rows"]
    assert (row["volunteers"], row["left_out"], row["judged"], row["late"]) == (1, 1, 36, 36)
    assert row["r2g"]["wilson"]  # one person
    (row,) = run(people, "table3", "--unfinished")["rows"]
    assert (row["volunteers"], row["left_out"], row["judged"]) == (2, 0, 36 + 26)


def test_without_answers_it_says_how_to_come_by_them(people: Path) -> None:
    made = run(people, "table3")
    assert made["rows"] == []
    assert "augment study" in made["notes"][-1]


def test_the_papers_figures_stand_beside_and_all_judgements_are_written(people: Path, answers: Answers) -> None:
    judge(answers, {"real": 2, "generated": 5})
    made = run(people, "table3")
    assert {row["model"]: (row["r2g"], row["g2r"]) for row in made["paper"]} == {
        "paper: Ma et al. (PG2)": (11.2, 5.5),
        "paper: Siarohin et al. (Deform)": (22.67, 50.24),
        "paper: Ours": (32.23, 63.47),
    }
    folder = people / "tables" / "table3"
    written = pd.read_csv(folder / "judgements.csv")
    counted = written[~written["practice"]]
    assert (counted["answer"] != counted["kind"]).sum() == 7
    assert set(written["study"]) == {"patn"}
    assert "32.23" in (folder / "table3.md").read_text()
    assert pd.read_csv(folder / "table3.csv")["model"].tolist()[-1] == "patn (here)"


def test_with_equally_many_images_each_the_interval_is_the_t_interval_of_the_mean_share() -> None:
    wrong = [12, 20, 9, 31, 17]
    rates = np.array(wrong) / 50
    low, high = stats.t.interval(0.95, 4, loc=rates.mean(), scale=stats.sem(rates))
    found = share(wrong, [50] * 5)
    assert not found.wilson
    assert (found.percent, found.low, found.high) == pytest.approx((100 * rates.mean(), 100 * low, 100 * high))


def test_volunteers_of_one_mind_do_not_make_an_interval_of_no_width() -> None:
    expected = stats.binomtest(0, 100).proportion_ci(method="wilson")
    found = share([0, 0], [50, 50])
    assert found.wilson
    assert (found.low, found.high) == pytest.approx((100 * expected.low, 100 * expected.high))


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (3, 10), (50, 50), (16, 47)])
def test_wilsons_interval_is_scipys(hits: int, count: int) -> None:
    expected = stats.binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits, count) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_dprime_is_zero_for_guesses_and_grows_with_the_eye() -> None:
    assert sensitivity((25, 50), (25, 50)) == pytest.approx(0)
    hit, alarm = 1 - 5.5 / 51, 10.5 / 51
    assert sensitivity((10, 50), (5, 50)) == pytest.approx(stats.norm.ppf(hit) - stats.norm.ppf(alarm))
