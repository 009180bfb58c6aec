"""The filter of generated images: what it replaces, that it never makes a set worse or smaller, that it resumes."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment import AugmentError
from augment.generation import filtering
from augment.generation.filtering import Filtering, total
from augment.generation.prepared_set import find_judge
from augment.poses.estimators import SCORING
from augment.workspace import Workspace
from tests.conftest import invoke, run

FILTER = ("generate", "--portion", "0.4", "--filter", "0.25")
JUDGE = ("reid-train", "--preset", "demo", "--portion", "0.4", "--epochs", "2")


def manifest(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "manifest.csv", keep_default_na=False)


def digests(folder: Path) -> dict[str, str]:
    files = [*sorted((folder / "bounding_box_train").iterdir()), folder / "manifest.csv", folder / "filter.csv"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def judged(people: Path) -> Path:
    run(people, *JUDGE)
    return people


def test_the_worst_are_replaced_by_better_ones_and_the_number_stays(judged: Path, trained: Path) -> None:
    plain = run(judged, "generate", "--portion", "0.4", "--generator", str(trained))
    made = run(judged, *FILTER, "--filter-by", "identity", "--generator", str(trained))
    before, after = (manifest(judged / result["folder"]) for result in (plain, made))
    assert set(before["name"]) == set(after["name"])
    generated = after[after["kind"] == "generated"]
    tried = generated[generated["judged"] != "good"]
    assert len(tried) == made["filtered"] + made["not_bettered"] == round(0.25 * len(generated))
    folders = {name: judged / result["folder"] / "bounding_box_train" for name, result in (("a", plain), ("b", made))}
    changed = {
        name for name in after["name"] if (folders["a"] / name).read_bytes() != (folders["b"] / name).read_bytes()
    }
    assert changed <= set(generated.loc[generated["judged"] == "replaced", "name"])
    untouched = generated[generated["judged"] == "good"]["identity_score"].astype(float)
    kept = generated[generated["judged"] == "kept"]["identity_score"].astype(float)
    assert kept.empty or kept.max() <= untouched.min()
    assert not (judged / made["folder"] / filtering.CANDIDATES).exists()


def test_a_filter_that_was_killed_ends_with_the_same_bytes(
    judged: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = (*FILTER, "--filter-by", "identity", "--generator", str(trained))
    whole = digests(judged / run(judged, *options)["folder"])
    for broken in ("write_csv", "shutil"):
        with monkeypatch.context() as patch:
            patch.setattr(filtering, broken, None)  # dies before, and after, what it decided is on disk
            assert invoke(judged, *options, "--name", f"killed-{broken}").exit_code == 1
        assert digests(judged / run(judged, *options, "--name", f"killed-{broken}")["folder"]) == whole


def test_a_filtered_set_with_a_file_missing_is_made_from_the_start(judged: Path, trained: Path) -> None:
    options = (*FILTER, "--filter-by", "identity", "--generator", str(trained))
    folder = judged / run(judged, *options)["folder"]
    whole = digests(folder)
    (folder / "run.json").unlink()
    next(iter(sorted((folder / "bounding_box_train").glob("*_gen.jpg")))).unlink()
    run(judged, *options)
    assert digests(folder) == whole


def test_a_set_that_another_estimator_filtered_is_refused_by_name(
    people: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = np.random.default_rng(0).uniform(0, 32, (1, 18, 2)).astype(np.float32)
    monkeypatch.setattr(filtering, "estimate_arrays", lambda images, _: np.repeat(points, len(images), axis=0))
    options = (*FILTER, "--filter-by", "pose", "--generator", str(trained))
    made = run(people, *options)
    assert run(people, *options) == made
    record = people / made["folder"] / "run.json"
    ours = record.read_text()
    record.write_text(ours.replace(f'"estimator": "{SCORING}"', '"estimator": "mediapipe"'))
    said = "was made with filter estimator mediapipe, not movenet-lightning; give the same, another --name, or --force"
    assert said in invoke(people, *options).stderr
    record.write_text(ours)
    monkeypatch.setattr("augment.poses.estimators.METHODS", {SCORING: "movenet, some other way"})
    refused = invoke(people, *options)
    assert refused.exit_code == 1
    assert "was made from other input: estimator_method movenet-lightning, closer at small people" in refused.stderr
    assert run(people, *options, "--force")["generated"] == made["generated"]


def test_a_judge_has_not_seen_what_was_taken_away(people: Path, trained: Path) -> None:
    workspace = Workspace.find(people)
    with pytest.raises(AugmentError, match=r"no model to judge by; run `augment reid-train --portion 0\.4"):
        find_judge(workspace, None, 0.4, 0)
    run(people, *JUDGE)
    run(people, "reid-train", "--preset", "demo", "--portion", "0.3", "--epochs", "1")
    run(people, "reid-train", "--preset", "demo", "--portion", "1.0", "--epochs", "1")
    assert find_judge(workspace, None, 0.4, 0).parent.name == "small-none-p0.4-s0"
    assert find_judge(workspace, None, 0.35, 0).parent.name == "small-none-p0.3-s0"
    for name, seed in (("small-none-p1.0-s0", 0), ("small-none-p0.4-s0", 1)):
        with pytest.raises(AugmentError, match=r"has seen images that portion 0\.4 removes"):
            find_judge(workspace, name, 0.4, seed)


def test_scores_are_added_in_standard_deviations() -> None:
    scale = pd.DataFrame({"identity_score": [0.0, 1.0], "pose_score": [0.2, 0.2]})
    scores = pd.DataFrame({"identity_score": [1.0, 0.5, np.nan], "pose_score": [0.3, np.nan, 0.1]})
    assert total(scores, scale) == pytest.approx([1.0 + 0.1, 0.0, -0.1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0.0},
        {"share": 1.0},
        {"share": 0.1, "by": ()},
        {"share": 0.1, "tries": 0},
        {"share": 0.1, "by": ("beauty",)},
    ],
)
def test_a_filter_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(AugmentError, match="filter"):
        Filtering(**wrong)  # type: ignore[arg-type]
