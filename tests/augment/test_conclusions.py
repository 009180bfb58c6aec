"""What a report on a workspace comes to: what is wrong, what is a note, and what is said when all is well."""

from dataclasses import replace

import pytest

from augment.check.conclusions import check_text, conclusions
from augment.check.report import IdentitiesChecked, ImagesChecked, KeypointsChecked, PairsChecked, Report
from augment.datasets.published import SetComparison
from augment.datasets.transparency import Transparency
from augment.poses.estimate import PoseCounts, PoseSummary
from augment.weights import FoundWeights

COUNTS = {
    **{"train": 1_200, "train identities": 50, "query": 20, "query identities": 10},
    **{"gallery": 300, "gallery identities": 10, "gallery distractors": 30, "gallery junk": 5},
}
PEOPLE = IdentitiesChecked(0, 50, 0, queries_matched=20, queries_unmatched=0, train_nobody=0)


def poses(train: PoseCounts | None = None, no_row: int = 0, no_pose: int = 0, no_torso: int = 0) -> KeypointsChecked:
    """Key points of 1520 images that lack some."""
    counts = train or PoseCounts(1_200, 0, 0, 0)
    return KeypointsChecked("csv", PoseSummary(1_520, no_row, no_pose, no_torso, {"train": counts}))


SOUND = Report(
    workspace="w",
    data="d",
    size=(128, 64),
    counts=COUNTS,
    layout="market1501",
    market1501=None,
    dataset=None,
    deepfashion=None,
    images=ImagesChecked(1_520, 0, ()),
    identities=PEOPLE,
    copies={},
    keypoints=poses(),
    pairs=None,
    weights=(),
    transparency=Transparency(),
)


def test_sound_data_has_neither_problems_nor_notes() -> None:
    assert conclusions(SOUND) == ([], [])
    assert SOUND.ok
    assert SOUND.as_dict()["ok"] is True
    assert replace(SOUND, keypoints=None).as_dict()["keypoints"] == {"source": None}


@pytest.mark.parametrize(
    ("people", "problem", "note"),
    [
        ({"queries_matched": 0, "queries_unmatched": 20}, "no query image has a gallery image of the same ident", ""),
        ({"queries_unmatched": 3}, "", "3 queries have no gallery image from another camera"),
        ({"train_nobody": 2}, "", "2 training images are of identity 0 or -1"),
        ({"train_single": 4}, "", "4 identities have one training image only"),
        ({"train_paired": 0}, "", "no identity has two training images"),
        ({"train_and_test": 5}, "", "5 identities are in both the training and the test part"),
    ],
)
def test_each_count_of_identities_has_its_sentence(people: dict[str, int], problem: str, note: str) -> None:
    problems, notes = conclusions(replace(SOUND, identities=replace(PEOPLE, **people)))
    for found, expected in ((problems, problem), (notes, note)):
        assert [expected in sentence for sentence in found] == ([True] if expected else [])


def test_five_unreadable_images_are_named_and_the_rest_counted() -> None:
    named = tuple(f"image {number}" for number in range(7))
    assert conclusions(replace(SOUND, images=ImagesChecked(0, 0, named[:5])))[0] == list(named[:5])
    problems, _ = conclusions(replace(SOUND, images=ImagesChecked(0, 0, named)))
    assert problems == [*named[:5], "2 more images are unreadable; --json lists them all"]


@pytest.mark.parametrize(
    ("trains", "tests", "problems"), [(True, True, 2), (False, True, 1), (True, False, 1), (False, False, 0)]
)
def test_parts_that_a_set_lacks_by_intention_are_no_problem(trains: bool, tests: bool, problems: int) -> None:
    empty = replace(
        SOUND,
        counts={**COUNTS, "train": 0},
        identities=replace(PEOPLE, queries_matched=0),
        dataset=SetComparison("set", 1, {}, trains, tests),
    )
    assert len(conclusions(empty)[0]) == problems


@pytest.mark.parametrize(
    ("keypoints", "problem"),
    [
        (poses(no_pose=1_520), "no image has a joint"),
        (poses(PoseCounts(1_200, 0, 0, 1_200), no_torso=1_200), "no training image shows both shoulders and both hips"),
        (poses(PoseCounts(1_200, 0, 0, 1_199), no_torso=1_199), ""),
        (poses(PoseCounts(0, 0, 0, 0)), ""),
        (replace(poses(), impossible=("they lie",)), "key points (csv): they lie"),
    ],
    ids=["nobody", "no torso", "one torso", "no training images", "impossible"],
)
def test_key_points_that_are_of_no_use_are_a_problem(keypoints: KeypointsChecked, problem: str) -> None:
    problems, _ = conclusions(replace(SOUND, keypoints=keypoints))
    assert [problem in sentence for sentence in problems] == ([True] if problem else [])


def test_what_key_points_lack_is_a_note_with_what_to_run() -> None:
    lacking = poses(no_row=1, no_pose=2, no_torso=3)
    assert conclusions(replace(SOUND, keypoints=lacking))[0] == []
    assert conclusions(replace(SOUND, keypoints=lacking))[1] == [
        "1 image has no row in the key point files: run `augment poses --force`",
        "2 images have no pose",
        "3 images lack a shoulder or hip and give no pairs",
    ]
    exact = replace(lacking, source="exact", odd=("it is odd",))
    assert conclusions(replace(SOUND, keypoints=exact))[1][:2] == [
        "key points: it is odd",
        "1 image has no row in the key point files: run `augment poses`",
    ]
    assert conclusions(replace(SOUND, keypoints=None))[1] == ["no key points yet: run `augment poses`"]


def test_counts_of_market1501_are_compared_and_named() -> None:
    other = replace(SOUND, market1501={"train": [12_000, 12_936]})
    assert conclusions(other)[1] == ["train: 12,000 where Market-1501 has 12,936"]
    assert "all counts are Market-1501's" in check_text(replace(SOUND, market1501={}))
    assert "Market-1501" not in check_text(SOUND)


def test_deepfashion_has_pairs_and_test_images_in_place_of_queries() -> None:
    fashion = replace(
        SOUND,
        layout="deepfashion",
        identities=replace(PEOPLE, queries_matched=0),
        deepfashion={"gallery": [4_000, 4_038]},
        pairs=PairsChecked(101_966, 8_000, ()),
    )
    problems, notes = conclusions(fashion)
    assert problems == []
    assert notes[0].startswith("DeepFashion: generators can be trained and evaluated")
    assert notes[1:] == [
        "test: 4,000 where the authors' lists have 4,038",
        "8,000 test pairs where the paper has 8,570",
    ]
    text = check_text(fashion)
    assert "test:     300 images of 10 identities" in text
    assert "pairs: 101,966 for training, 8,000 for testing" in text
    assert "query" not in text


def test_the_text_ends_with_whether_all_is_there() -> None:
    weights = (
        FoundWeights("one", "one.pth", "ab", "LPIPS", "/somewhere/one.pth"),
        FoundWeights("two", "two.pth", "cd", "FID", None),
    )
    lines = check_text(replace(SOUND, weights=weights, notes=("a note",))).splitlines()
    assert lines == [
        "Workspace w: images d, working size 128 x 64",
        "training: 1,200 images of 50 identities",
        "query:    20 images of 10 identities",
        "gallery:  300 images, among them 30 distractors and 5 junk",
        "key points: csv",
        "weights: one.pth /somewhere/one.pth",
        "weights: two.pth is not there, and needed only for FID; `augment info` says where to put it",
        "note: a note",
        "everything needed is there",
    ]
    wrong = check_text(replace(SOUND, problems=("it broke",), keypoints=None)).splitlines()
    assert wrong[-3:] == ["key points: none", "WRONG: it broke", "something needed is wrong"]
