from collections import Counter

import pandas as pd
import pytest

from augment import AugmentError
from augment.datasets.reduced_set import reduced_set
from augment.generation.plan import Sampling, make_plan
from augment.generation.target_poses import PoseBank


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    rows = [(f"{pid:04d}_c{k % 3 + 1}s1_{k:06d}_01.jpg", pid, "train") for pid in range(1, 11) for k in range(10)]
    return pd.DataFrame(rows, columns=["name", "pid", "split"])


def pid(name: str) -> int:
    return int(name[:4])


def test_every_removed_image_is_replaced_under_its_own_name_in_its_own_pose(train: pd.DataFrame) -> None:
    kept = reduced_set(train, 0.3, 0)
    plan = make_plan(train, train["name"].tolist(), kept, Sampling(), 0)
    removed = sorted(set(train["name"]) - set(kept))
    assert plan["output"].tolist() == [name.replace(".jpg", "_gen.jpg") for name in removed]
    assert plan["pose"].tolist() == removed
    assert set(plan["source"]) <= set(kept)
    assert [pid(name) for name in plan["source"]] == plan["pid"].tolist() == [pid(name) for name in removed]
    assert len(kept) + len(plan) == len(train)


def test_sources_are_uniform_over_the_identitys_kept_images(train: pd.DataFrame) -> None:
    kept = [name for name in train["name"] if int(name[10:16]) < 4]
    drawn: Counter[str] = Counter()
    for seed in range(200):
        drawn.update(make_plan(train, train["name"].tolist(), kept, Sampling(), seed)["source"])
    expected = 200 * 60 / len(kept)
    assert set(drawn) == set(kept)
    assert sum((count - expected) ** 2 / expected for count in drawn.values()) < 75  # chi-square, 39 degrees, p < 0.001


@pytest.mark.parametrize(("target_poses", "pool"), [("reduced", "kept"), ("all", "all")])
def test_random_poses_come_from_their_pool_and_are_not_the_sources_own(
    train: pd.DataFrame, target_poses: str, pool: str
) -> None:
    kept = reduced_set(train, 0.2, 1)
    plan = make_plan(train, train["name"].tolist(), kept, Sampling(target_poses), 1)
    assert set(plan["pose"]) <= set(kept if pool == "kept" else train["name"])
    assert (plan["pose"] != plan["source"]).all()
    if pool == "all":
        assert set(plan["pose"]) - set(kept)


def test_own_poses_are_the_control_without_transfer(train: pd.DataFrame) -> None:
    plan = make_plan(train, train["name"].tolist(), reduced_set(train, 0.2, 1), Sampling("own"), 1)
    assert (plan["pose"] == plan["source"]).all()


def test_a_removed_image_without_pose_takes_another_of_its_identity_or_is_dropped(train: pd.DataFrame) -> None:
    kept = reduced_set(train, 0.3, 0)
    removed = sorted(set(train["name"]) - set(kept))
    posed = [name for name in train["name"] if name not in removed[:3]]
    plan = make_plan(train, posed, kept, Sampling(), 0).set_index("output")
    for name in removed[:3]:
        row = plan.loc[name.replace(".jpg", "_gen.jpg")]
        assert row["how"] == "other pose"
        assert row["pose"] in set(removed) & set(posed)
        assert pid(row["pose"]) == pid(name)
    assert len(make_plan(train, posed, kept, Sampling(missing="drop"), 0)) == len(removed) - 3


def test_sets_of_one_seed_share_their_sources(train: pd.DataFrame) -> None:
    kept = reduced_set(train, 0.3, 0)
    removed = sorted(set(train["name"]) - set(kept))
    posed = [name for name in train["name"] if name not in removed[::5]]
    ours, star, own, dropped = (
        make_plan(train, posed, kept, sampling, 0).set_index("output")["source"]
        for sampling in (Sampling(), Sampling("reduced"), Sampling("own"), Sampling(missing="drop"))
    )
    assert star.equals(ours)
    assert own.equals(ours)
    assert 0 < len(dropped) < len(ours)
    assert dropped.equals(ours.loc[dropped.index])


def test_an_identity_whose_kept_images_have_no_pose_is_filled_with_copies(train: pd.DataFrame) -> None:
    kept = reduced_set(train, 0.3, 0)
    posed = [name for name in train["name"] if pid(name) != 4 or name not in kept]
    plan = make_plan(train, posed, kept, Sampling(), 0)
    fourth = plan[plan["pid"] == 4]
    assert set(fourth["how"]) == {"copy"}
    assert set(fourth["source"]) <= set(kept)
    assert (fourth["pose"] == "").all()
    assert "copy" not in set(plan.loc[plan["pid"] != 4, "how"])


@pytest.mark.parametrize(("ratio", "extra"), [(2, 1), (3, 2)])
def test_ratios_add_images_with_every_real_one_as_source(train: pd.DataFrame, ratio: int, extra: int) -> None:
    names = train["name"].tolist()
    plan = make_plan(train, names, names, Sampling(ratio=ratio), 0)
    assert Counter(plan["source"]) == dict.fromkeys(names, extra)
    assert plan["output"].is_unique
    assert plan["output"].iloc[0] == names[0].replace(".jpg", "_gen1.jpg")
    with pytest.raises(AugmentError, match=r"use portion 1\.0"):
        make_plan(train, names, names[:50], Sampling(ratio=ratio), 0)


def test_a_plan_follows_from_its_seed(train: pd.DataFrame) -> None:
    kept = reduced_set(train, 0.3, 0)
    plans = [make_plan(train, train["name"].tolist(), kept, Sampling(), seed) for seed in (0, 0, 1)]
    assert plans[0].equals(plans[1])
    assert not plans[0].equals(plans[2])


def test_double_suffixes_are_taken_off(train: pd.DataFrame) -> None:
    table = pd.DataFrame({"name": ["0001_c1s1_000001_01.jpg", "0001_c1s1_000002_01.jpg.jpg"], "pid": [1, 1]})
    plan = make_plan(table, table["name"].tolist(), ["0001_c1s1_000001_01.jpg"], Sampling(), 0)
    assert plan["output"].tolist() == ["0001_c1s1_000002_01_gen.jpg"]


TWINS = [
    *(f"0001_c1s1_{shot}.{ending}" for shot in range(4) for ending in ("jpg", "png", "jpg.jpg", "JPG")),
    "0001_c1s1_9.bmp",
]


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(ratio=3), Sampling("all", per_identity=40)])
@pytest.mark.parametrize("portion", [0.1, 0.5, 1.0])
def test_images_whose_names_differ_in_their_endings_alone_give_different_names(
    sampling: Sampling, portion: float
) -> None:
    table = pd.DataFrame({"name": TWINS, "pid": 1, "split": "train"})
    kept = TWINS if sampling.ratio > 1 else reduced_set(table, portion, 0)
    outputs = make_plan(table, TWINS, kept, sampling, 0)["output"].tolist()
    assert len({*outputs, *TWINS}) == len(outputs) + len(TWINS)
    expected = {1: len(TWINS) - len(kept), 3: 2 * len(TWINS)}[sampling.ratio]
    assert len(outputs) == (expected if sampling.per_identity is None else 40 - len(kept))


def test_the_image_named_jpg_gives_the_plain_name_whatever_else_is_there() -> None:
    table = pd.DataFrame({"name": TWINS, "pid": 1})
    plan = make_plan(table, TWINS, TWINS[1:2], Sampling(), 0).set_index("pose")["output"]
    assert plan["0001_c1s1_1.jpg"] == "0001_c1s1_1_gen.jpg"
    assert plan["0001_c1s1_1.png"] == "0001_c1s1_1.png_gen.jpg"
    assert plan["0001_c1s1_9.bmp"] == "0001_c1s1_9_gen.jpg"


def test_a_real_image_under_the_name_of_a_generated_one_is_refused() -> None:
    names = ["0001_c1s1_1.jpg", "0001_c1s1_1_gen.jpg", "0001_c1s1_2.jpg"]
    table = pd.DataFrame({"name": names, "pid": 1})
    with pytest.raises(AugmentError, match=r"0001_c1s1_1_gen\.jpg: would be the name of a generated image"):
        make_plan(table, names, names[2:], Sampling(), 0)
    assert make_plan(table, names, names[:1], Sampling(), 0)["output"].is_unique


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_poses": "theirs"},
        {"ratio": 4},
        {"missing": "guess"},
        {"per_identity": 1},
        {"per_identity": 4, "ratio": 2},
    ],
)
def test_wrong_sampling_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(AugmentError, match="must be"):
        Sampling(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("target_poses", ["removed", "reduced", "all", "own"])
def test_identities_are_filled_from_their_kept_images(train: pd.DataFrame, target_poses: str) -> None:
    kept = reduced_set(train, 0.3, 0)
    plan = make_plan(train, train["name"].tolist(), kept, Sampling(target_poses, per_identity=5), 0)
    having = Counter(pid(name) for name in kept)
    assert Counter(plan["pid"]) == {one: 5 - count for one, count in having.items() if count < 5}
    assert set(plan["source"]) <= set(kept)
    assert (plan["pid"] == plan["source"].map(pid)).all()
    assert plan["output"].is_unique
    if target_poses == "removed":
        assert (plan["pose"].map(pid) == plan["pid"]).all()
        assert not set(plan["pose"]) & set(kept)


def test_a_bank_gives_the_poses(train: pd.DataFrame) -> None:
    bank = PoseBank(("a", "b"), (0.2, 0.8))
    plan = make_plan(train, train["name"].tolist(), reduced_set(train, 0.1, 0), Sampling("rare"), 0, bank)
    share = (plan["pose"] == "b").mean()
    assert set(plan["pose"]) == {"a", "b"}
    assert 0.65 < share < 0.95


@pytest.mark.parametrize("ratio", [2, 3])
def test_at_ratios_beyond_one_ours_and_ours_star_are_one_plan(train: pd.DataFrame, ratio: int) -> None:
    names = train["name"].tolist()
    ours, star = (make_plan(train, names, names, Sampling(poses, ratio), 5) for poses in ("removed", "reduced"))
    pd.testing.assert_frame_equal(ours, star)
    assert not ours.equals(make_plan(train, names, names, Sampling("removed", ratio), 6))
