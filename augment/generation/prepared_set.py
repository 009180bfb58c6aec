"""What a generated set is asked to be, and all that it is made from, looked up in a workspace once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from augment import AugmentError, Misuse
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.generation.advice import SET_NAMES
from augment.generation.filtering import Filtering
from augment.generation.plan import Sampling, TargetPoses
from augment.generation.planned_set import PlannedSet, plan_set
from augment.inference.generators import find_generator, make_generator, names_builtin, seeded
from augment.plurals import counted
from augment.workspace import REAL_ONLY, Workspace


@dataclass(frozen=True, kw_only=True)
class SetRequest:
    """What a generated set is asked to be.

    Attributes:
        portion: share p of the training images that is kept, in (0, 1].
        seed: of split and plan.
        generator: as of `find_generator`.
        sampling: how sources and target poses are sampled; usually the paper's Ours.
        pose_file: holds the poses of `target_poses` "file".
        filtering: which images are replaced by better ones; None for none.
        judge: the re-ID model that scores them, see `find_judge`.
        name: of the folder; None is that of `set_name`.

    Raises:
        Misuse: for a ratio of a reduced set, and for a file of poses without `target_poses` "file" or the reverse.
    """

    portion: float
    seed: int = 0
    generator: str | Path | None = None
    sampling: Sampling = field(default_factory=Sampling)
    pose_file: Path | None = None
    filtering: Filtering | None = None
    judge: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.sampling.ratio > 1 and self.portion < 1:
            raise Misuse(f"⟨ratio⟩ {self.sampling.ratio}: adds to the whole training set; use ⟨portion⟩ 1.0")
        if (self.sampling.target_poses == TargetPoses.FILE) != (self.pose_file is not None):
            raise Misuse("poses of a file: give ⟨target_poses⟩ file together with ⟨pose_file⟩ FILE")


@dataclass(frozen=True)
class PreparedSet:
    """A generated set that is ready to be made.

    Attributes:
        request: what it is asked to be.
        planned: the images.
        generator: the file of what generates them.
        judge: the file of the model that scores them, None where none is needed.
        folder: where it is made.
    """

    request: SetRequest
    planned: PlannedSet
    generator: Path
    judge: Path | None
    folder: Path


def prepare_set(workspace: Workspace, request: SetRequest) -> PreparedSet:
    """Look up all that a generated set is made from, and plan it.

    Args:
        workspace: whose training images are kept and generated.
        request: what it is asked to be.

    Raises:
        AugmentError: for missing poses, generator or judge, and where there is nothing to generate.
    """
    portion, seed, sampling, filtering = request.portion, request.seed, request.sampling, request.filtering
    generator = find_generator(workspace, request.generator)
    folder = workspace.generated_dir(request.name or set_name(sampling, filtering), portion, seed, sampling.ratio)
    reduced = workspace.reduced_csv(portion, seed)
    planned = plan_set(Dataset.of(workspace), reduced, portion, seed, sampling, request.pose_file)
    if planned.plan.empty:
        raise AugmentError(
            f"{folder}: there is nothing to generate, {len(planned.kept)} of "
            f"{counted(len(planned.pools.pid_of), 'image is', 'images are')} "
            "kept; give a smaller ⟨portion⟩, ⟨ratio⟩ 2 with ⟨portion⟩ 1.0, or a larger ⟨per_identity⟩"
        )
    judged = filtering is not None and "identity" in filtering.by
    judge = find_judge(workspace, request.judge, portion, seed) if judged else None
    return PreparedSet(request, planned, generator, judge, folder)


def set_name(sampling: Sampling, filtering: Filtering | None = None) -> str:
    """The name of a generated set in the workspace: the paper's row, and what is done beyond it.

    Args:
        sampling: how sources and target poses are sampled.
        filtering: what is replaced, None for nothing.
    """
    name = SET_NAMES[sampling.target_poses]
    if sampling.per_identity is not None:
        name += f"-k{sampling.per_identity}"
    if sampling.scenes:
        name += "-scenes"
    return f"{name}-filtered" if filtering is not None else name


def reduced_generator(workspace: Workspace, kind: str | None, portion: float, seed: int) -> str:
    """The name of the generator that was trained inside M^R_p; it need not be there.

    Args:
        workspace: the workspace.
        kind: of generator, default patn.
        portion: p of the set.
        seed: of the split.

    Raises:
        AugmentError: for the built-in generator, and where that name's was trained on other images.
    """
    from patn.checkpoints import read_metadata  # loads torch

    if kind is not None and names_builtin(kind):
        raise Misuse(f"⟨generator⟩ {kind}: was not trained inside M^R_p; leave ⟨generator_data⟩ reduced out")
    name = f"{kind or 'patn'}-p{portion}-s{seed}"
    file = workspace.generator_file(name)
    recorded = read_metadata(file).extra if file.is_file() else {}
    if "training" in recorded and (recorded["training"].get("portion"), recorded.get("seed")) != (portion, seed):
        raise AugmentError(
            f"{file.parent}: was trained on images that ⟨portion⟩ {portion} removes; run "
            f"`{make_generator(workspace.layout, workspace.seed, name)} --force`, or leave ⟨generator_data⟩ reduced out"
        )
    return name


def find_judge(workspace: Workspace, name: str | None, portion: float, seed: int) -> Path:
    """The re-ID model that says which identity an image shows.

    It must not have seen what M^R_p leaves out: real images only, of the same seed, at most `portion`.

    Args:
        workspace: the workspace.
        name: below `reid/`; None: the one trained on the most of M^R_p and nothing else.
        portion: p of the set.
        seed: of the split.

    Raises:
        AugmentError: for another model, or where there is none.
    """
    models = workspace.reid_models() if name is None else [workspace.model_file(name)]
    found = []
    for model in models:
        run = read_run(model.parent)
        if run is None:
            continue
        blind = run.options.get("augmentation") == REAL_ONLY and run.options.get("seed") == seed
        if blind and run.options.get("portion", 2.0) <= portion:
            found.append((run.options["portion"], run.result["updates"], model))
    if found:
        return max(found)[2]
    command = f"{seeded(seed, workspace.seed)} reid-train --portion {portion} --length updates"
    if name is not None:
        raise AugmentError(
            f"{models[0].parent}: has seen images that portion {portion} removes, or is not trained; "
            f"run `{command}` and leave ⟨judge⟩ out"
        )
    raise AugmentError(f"{workspace.models_dir}: no model to judge by; run `{command}`, or ⟨by --filter-by⟩ pose")
