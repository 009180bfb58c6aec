"""`augment poses --compare`: an estimator's agreement with key points that are there, joint by joint."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from augment.cli import augment
from augment.poses import comparison
from augment.poses.comparison import compare_keypoints, swapped
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import JOINTS, MIRROR, MISSING, keypoint_array, read_keypoints, write_keypoints
from tests.conftest import invoke, run

NECK, LEFT_WRIST = JOINTS.index("neck"), JOINTS.index("left_wrist")


@pytest.fixture(scope="module")
def bodies(rendered: Path) -> Array:
    """Exact joints of rendered people, as floats."""
    table = read_keypoints(rendered / "keypoints" / "train.csv")
    return keypoint_array(table, table.index).astype(np.float64)


def test_figures_are_those_of_a_hand_count() -> None:
    given = np.tile(np.stack([np.arange(18) * 6.0, 20 + np.arange(18) % 3 * 4.0], axis=1), (4, 1, 1))
    given[3] = MISSING  # the file finds nobody
    found = given.copy()
    found[2] = MISSING  # the estimator finds nobody
    found[3] = given[0]
    found[0, NECK] += (3, 4)
    found[1, LEFT_WRIST] = MISSING
    result = compare_keypoints(given, found)
    assert (result.images, result.given, result.found, result.both) == (4, 0.75, 0.75, 0.5)
    neck, wrist = result.joints["neck"], result.joints["left_wrist"]
    assert (neck.given, neck.found, neck.pixels) == (2, 1.0, 2.5)  # the middle of 0 and 5
    assert (wrist.given, wrist.found, wrist.pckh, wrist.pixels) == (2, 0.5, 0.5, 0.0)
    assert result.pckh == pytest.approx(34 / 36, abs=1e-4)  # 4 pixels are half of the head's 8, not less
    assert result.swapped == 0


def test_exchanged_sides_are_seen_as_such(bodies: Array) -> None:
    frontal = bodies[np.abs(bodies[:, 2, 1] - bodies[:, 5, 1]) > 6]
    noise = np.random.default_rng(0).normal(0, 0.5, frontal.shape) * (frontal != MISSING)
    assert len(frontal) >= 5
    assert swapped(frontal, frontal[:, list(MIRROR)] + noise).all()
    assert not swapped(frontal, frontal + noise).any()
    assert not swapped(np.full((1, 18, 2), MISSING), frontal[:1]).any()


def test_the_sample_is_estimated_and_compared_by_name(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = Workspace.find(people).keypoints("train")
    seen: list[str] = []

    def shifted(paths: list[str], estimator: str, size: tuple[int, int], jobs: int) -> Array:
        seen[:] = [Path(path).name for path in paths]
        points = keypoint_array(exact, seen).astype(np.float64)
        return np.where(points == MISSING, MISSING, points + np.array([0, 3]))

    monkeypatch.setattr(comparison, "estimate_sample", shifted)
    csv = people / "given.csv"
    write_keypoints(exact.iloc[::2], csv)
    before = sorted(people.rglob("*"))
    result = run(people, "poses", "--compare", str(csv), "--sample", "10")
    assert (result["images"], result["given"], result["found"], result["pixels"]) == (10, 1.0, 1.0, 3.0)
    assert set(seen) <= set(exact.index[::2])
    assert sorted(people.rglob("*")) == before
    everything = run(people, "poses", "--compare", str(csv))
    assert everything["images"] == len(exact.iloc[::2])


def test_a_file_of_test_images_is_refused_in_one_sentence(people: Path) -> None:
    write_keypoints(Workspace.find(people).keypoints("gallery"), people / "test.csv")
    done = invoke(people, "poses", "--compare", str(people / "test.csv"))
    assert done.exit_code == 1
    assert "no row is of a training image" in done.stderr


def test_comparing_while_importing_is_wrong_usage(people: Path, rendered: Path) -> None:
    csv = str(rendered / "keypoints" / "train.csv")
    done = CliRunner().invoke(augment, ["--workspace", str(people), "poses", "--csv", csv, "--compare", csv])
    assert done.exit_code == 2
    assert "--compare has no effect with --csv" in done.stderr
