"""What the stages of Table 5 need of the data: the first that cannot be made is refused, and nothing is read twice."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reid
from augment import AugmentError
from augment.artefacts.files import write_json
from augment.datasets.reduced_set import reduced_set
from augment.inference import generators
from augment.workspace import Workspace
from patn.generators import kind_of
from patn.keypoints import keypoint_table, write_keypoints
from pipelines.table5 import requirements
from pipelines.table5.cells import Cell
from pipelines.table5.generators import OwnGenerator, ReducedGenerator, TunedGenerator
from pipelines.table5.requirements import Requirements, refuse_unknown
from pipelines.table5.stages import GeneratedSet, Model, Stage

TRAIN = [f"{pid:04d}_c{place % 2 + 1}s1_{place:06d}_00.jpg" for pid in (1, 2, 3) for place in range(4)]
TEST = ["0004_c2s1_000001_00.jpg", "0005_c2s1_000001_00.jpg"]
QUERY = ["0004_c1s1_000001_00.jpg"]
NONE, OURS = Model(Cell("none", portion=0.5)), Model(Cell("ours", portion=0.5))
SET = OURS.needs[0]
OWN = OwnGenerator(kind_of("patn").preset("demo"), seed=0)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Empty files with the names of three training identities of four images, and of two test identities."""
    monkeypatch.setattr(generators, "BUILTIN_FOLDER", tmp_path / "none")
    for folder, names in (("bounding_box_train", TRAIN), ("bounding_box_test", TEST), ("query", QUERY)):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / "data" / folder / name).touch()
    pose(tmp_path, TRAIN)
    return Workspace.create(tmp_path, {"data": "data"})


def pose(root: Path, names: Sequence[str]) -> None:
    """Give those training images all joints, and the others none."""
    (root / "data" / "keypoints").mkdir(exist_ok=True)
    joints = np.tile(np.arange(36.0).reshape(18, 2), (len(TRAIN), 1, 1))
    joints[[name not in names for name in TRAIN]] = -1
    write_keypoints(keypoint_table(TRAIN, joints), root / "data" / "keypoints" / "train.csv")


def finish(workspace: Workspace, name: str) -> None:
    """Let a generator be finished."""
    record = {"seed": 0, "options": {}, "inputs": {}, "versions": {}, "result": {}}
    write_json(workspace.patn_dir(name) / "run.json", record)


def test_models_of_real_images_need_no_generator_and_sets_do(workspace: Workspace) -> None:
    Requirements(workspace).check([NONE])
    with pytest.raises(AugmentError, match="no trained generator; run `augment patn-train`"):
        Requirements(workspace).check([SET, OURS])
    finish(workspace, "mine")
    Requirements(workspace).check([SET, OURS])


def test_a_generator_that_is_trained_with_them_need_not_be_there(workspace: Workspace) -> None:
    own = GeneratedSet("ours", 0.5, 1, 0, OWN)
    Requirements(workspace).check([OWN, own])
    Requirements(workspace).check([own, OWN])
    with pytest.raises(AugmentError, match="no finished generator of that name"):
        Requirements(workspace).check([ReducedGenerator("patn", 0.5, 0)])
    Requirements(workspace).check([OWN, ReducedGenerator("patn", 0.5, 0)])
    with pytest.raises(AugmentError, match="no built-in generator"):
        Requirements(workspace).check([TunedGenerator()])


def test_models_need_images_to_rank_and_generators_do_not(workspace: Workspace) -> None:
    (workspace.data / "query" / QUERY[0]).unlink()
    Requirements(workspace).check([OWN])
    with pytest.raises(AugmentError, match="query: no query image, so nothing can be evaluated"):
        Requirements(workspace).check([OWN, NONE])


@pytest.mark.parametrize(
    ("stage", "posed", "said"),
    [
        (GeneratedSet("ours", 0.5, 1, 0, OWN), [], r"none of the training images that ⟨?portion⟩? 0.5 keeps"),
        (OWN, TRAIN[::4], "no identity has two training images with a pose"),
        (TunedGenerator(0.5, 0), TRAIN[::4], r"no identity has two .* that ⟨?portion⟩? 0.5 keeps"),
    ],
    ids=["set", "own", "tuned"],
)
def test_what_is_generated_or_learnt_needs_poses(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, stage: Stage, posed: list[str], said: str
) -> None:
    monkeypatch.setattr(requirements, "require_generator", lambda *_: None)
    Requirements(workspace).check([stage])
    pose(workspace.root, posed)
    with pytest.raises(AugmentError, match=said):
        Requirements(workspace).check([stage])


def test_poses_of_removed_images_make_no_set(workspace: Workspace) -> None:
    kept = reduced_set(workspace.images(), 0.5, 0)
    own = GeneratedSet("ours", 0.5, 1, 0, OWN)
    pose(workspace.root, [name for name in TRAIN if name not in kept])
    with pytest.raises(AugmentError, match="none of the training images that"):
        Requirements(workspace).check([OWN, own])
    pose(workspace.root, [*(name for name in TRAIN if name not in kept), kept[0]])
    Requirements(workspace).check([OWN, own])


def test_one_identity_is_nothing_to_tell_apart(workspace: Workspace) -> None:
    for name in TRAIN[4:]:
        (workspace.data / "bounding_box_train" / name).unlink()
    with pytest.raises(AugmentError, match="shows one training identity only"):
        Requirements(workspace).check([NONE])


def counted(patch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """The calls of a function that requirements are looked at with."""
    calls: list[tuple[Any, ...]] = []
    real: Callable[..., Any] = getattr(requirements, name)

    def counts(*given: Any) -> Any:
        calls.append(given[1:])
        return real(*given)

    patch.setattr(requirements, name, counts)
    return calls


def test_each_thing_is_read_once_for_any_number_of_stages(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(workspace, "mine")
    sampled, ranked, posed = (counted(monkeypatch, name) for name in ("reduced_set", "test_images", "posed_names"))
    started: list[Model] = []
    monkeypatch.setattr(Model, "start", lambda model: started.append(model))
    models = [Model(Cell(row, portion=p, seed=seed)) for row in ("none", "ours") for p in (0.5, 1.0) for seed in (0, 1)]
    sets = [model.needs[0] for model in models if model.needs and model.cell.portion < 1]
    needed = Requirements(workspace)
    for _ in range(2):
        needed.check([*sets, *models])
    assert sorted(sampled) == [(0.5, 0), (0.5, 1), (1.0, 0), (1.0, 1)]
    assert (len(ranked), len(posed), len(started)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("cell", "error", "said"),
    [
        (Cell("none", backbone="resnet51"), reid.DataError, "resnet51"),
        (Cell("none", preset="demos"), reid.DataError, "demos"),
        (Cell("theirs"), AugmentError, "no finished generator of that name; rows are none, "),
        (Cell("mine=/nowhere/at/all"), AugmentError, "/nowhere/at/all"),
    ],
)
def test_a_row_backbone_or_preset_that_does_not_exist_is_refused(
    workspace: Workspace, cell: Cell, error: type[Exception], said: str
) -> None:
    refuse_unknown(workspace, [NONE, OURS])
    with pytest.raises(error, match=said):
        refuse_unknown(workspace, [NONE, Model(cell)])


def test_rows_by_kind_by_the_built_in_generator_or_by_a_folder_begun_are_known(workspace: Workspace) -> None:
    workspace.patn_dir("mine").mkdir(parents=True)
    refuse_unknown(workspace, [Model(Cell(row)) for row in ("resnet", "ours-builtin", "unseen", "mine", "filled:8")])


def test_weights_of_a_network_that_has_none_are_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"nothing")
    with pytest.raises((AugmentError, reid.DataError, reid.WeightsError)):
        refuse_unknown(workspace, [Model(Cell("none"), weights=file)])
