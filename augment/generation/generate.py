"""M^A_p: a complete Market-1501 folder of the kept real images and of generated ones in place of those taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import Fingerprint, artefact, fingerprint
from augment.artefacts.files import write_csv
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import posed_names
from augment.datasets.reduced_set import keep_reduced, real_share
from augment.generation.advice import SET_NAMES
from augment.generation.augmented_set import AugmentedSet, Counts
from augment.generation.filtering import Filtering, Judge, begin_again, filter_set, find_judge
from augment.generation.integrity import data_inputs, refuse_altered, set_contents
from augment.generation.links import link_real
from augment.generation.manifest import MANIFEST, make_manifest, with_scores
from augment.generation.plan import Pools, Sampling, TargetPoses, make_plan
from augment.generation.scenes import COLUMN, Scenes
from augment.generation.target_poses import PoseBank, canonical_bank, file_bank, rare_bank
from augment.inference.generators import find_generator, recorded_place
from augment.inference.plan_images import Generation, generate_plan
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.keypoints import keypoint_array
from reid.data.market1501 import FOLDERS


@dataclass(frozen=True)
class PlannedSet:
    """What a generated set will be.

    Attributes:
        data: whose images it is made of.
        plan: a row an image to be generated.
        kept: names of the real images in it.
        pools: what could be sampled.
        scenes: backgrounds that generated people are put before, None for none.
    """

    data: Dataset
    plan: pd.DataFrame
    kept: list[str]
    pools: Pools
    scenes: Scenes | None = None


def plan_set(
    data: Dataset, reduced: Path, portion: float, seed: int, sampling: Sampling, pose_file: Path | None = None
) -> PlannedSet:
    """The plan of a generated set.

    Args:
        data: whose training images are kept and generated.
        reduced: the file that says which are kept, written where it does not.
        portion: p in (0, 1].
        seed: of split and plan.
        sampling: how sources and target poses are sampled.
        pose_file: holds the poses of `target_poses` "file".
    """
    train = data.train
    kept = keep_reduced(data.images, portion, seed, reduced)
    posed = posed_names(data, train["name"].tolist())
    keeps = set(kept)
    posed_kept = [name for name in posed if name in keeps]
    require_poses(data, posed_kept, portion)
    bank = _bank(data, sampling.target_poses, posed_kept, pose_file, seed)
    plan = make_plan(train, posed, kept, sampling, seed, bank)
    scenes = Scenes(data, posed_kept, seed, None if bank is None else bank.keypoints) if sampling.scenes else None
    if scenes is not None:
        plan = plan.assign(**{COLUMN: scenes.choose(plan)})
    pid_of = dict(zip(train["name"], train["pid"], strict=True))
    return PlannedSet(data, plan, kept, Pools(pid_of, sorted(posed), keeps, bank), scenes)


def require_poses(data: Dataset, posed: Sequence[str], portion: float) -> None:
    """Refuse kept images of which none has a pose, so that nothing can be generated from one.

    Args:
        data: whose images they are.
        posed: names of the training images with a pose.
        portion: p of the set.

    Raises:
        AugmentError: where there is none.
    """
    if not posed:
        raise AugmentError(
            f"{data.keypoints_file('train')}: none of the training images that ⟨portion⟩ {portion:g} keeps has "
            "both shoulders and both hips, so nothing can be generated from them; look at `augment check`"
        )


def _bank(data: Dataset, target_poses: str, posed: Sequence[str], file: Path | None, seed: int) -> PoseBank | None:
    """The poses that a sampling takes from elsewhere, None where it takes them from training images."""
    if (target_poses == TargetPoses.FILE) != (file is not None):
        raise AugmentError("poses of a file: give ⟨target_poses⟩ file together with ⟨pose_file⟩ FILE")
    if file is not None:
        return file_bank(file, data.size)
    if target_poses not in (TargetPoses.CANONICAL, TargetPoses.RARE):
        return None
    if not posed:
        raise AugmentError(f"target poses {target_poses}: no kept image has a pose; run `augment check`")
    points = keypoint_array(data.keypoints("train"), posed)
    return rare_bank(posed, points) if target_poses == TargetPoses.RARE else canonical_bank(posed, points, seed=seed)


def generate(
    workspace: Workspace,
    *,
    portion: float,
    seed: int = 0,
    generator: str | Path | None = None,
    sampling: Sampling | None = None,
    pose_file: Path | None = None,
    filtering: Filtering | None = None,
    judge: str | None = None,
    name: str | None = None,
    runtime: Runtime,
) -> AugmentedSet:
    """Make M^A_p.

    A finished set is skipped, an interrupted one goes on, on a CPU to the same bytes.

    Args:
        workspace: whose training images are kept and generated.
        portion: share p of the training images that is kept, in (0, 1].
        seed: of split and plan.
        generator: as of `find_generator`.
        sampling: how sources and target poses are sampled; None is the paper's Ours.
        pose_file: holds the poses of `target_poses` "file".
        filtering: which images are replaced by better ones; None for none.
        judge: the re-ID model that scores them, see `augment.generation.filtering.find_judge`.
        name: of the folder; None is that of `set_name`.
        runtime: device, number format, threads.

    Raises:
        AugmentError: for missing poses, generator or judge, or a folder made with other options.
    """
    sampling = sampling or Sampling()
    checkpoint = find_generator(workspace, generator)
    folder = workspace.generated_dir(name or set_name(sampling, filtering), portion, seed, sampling.ratio)
    data = Dataset.of(workspace)
    planned = plan_set(data, workspace.reduced_csv(portion, seed), portion, seed, sampling, pose_file)
    _refuse_empty(planned, folder)
    scores = filtering is not None and "identity" in filtering.by
    model = find_judge(workspace, judge, portion, seed) if scores else None
    options = _options(portion, sampling, filtering, runtime)
    inputs = _inputs(data, checkpoint, filtering, pose_file, model)
    generation = Generation(checkpoint, inputs["generator"], runtime, planned.scenes)
    with artefact(
        folder, "generated", options, inputs=inputs, seed=seed, force=runtime.force, wait=runtime.wait, named=True
    ) as run:
        if run.finished:
            return _unaltered(folder, run.recorded(AugmentedSet))
        plan = _make(planned, sampling, filtering, model, folder, generation, seed)
        made = AugmentedSet(
            folder=str(folder.relative_to(workspace.root)),
            place=runtime.place(),
            portion=portion,
            share=real_share(planned.data.images, portion),
            generator=recorded_place(workspace, checkpoint),
            contents=set_contents(folder),
            counts=Counts.count(plan, sampling, kept=len(planned.kept), real=len(planned.pools.pid_of)),
        )
        run.finish(made)
        return made


def _unaltered(folder: Path, made: AugmentedSet) -> AugmentedSet:
    """A finished set, whose images must be those that were made."""
    refuse_altered(folder, made.contents)
    return made


def _options(portion: float, sampling: Sampling, filtering: Filtering | None, runtime: Runtime) -> dict[str, object]:
    """What a set's record says was asked for; a number format only where it is not the usual one."""
    options = {"portion": portion, **asdict(sampling), "filter": None if filtering is None else asdict(filtering)}
    return {**options, "precision": runtime.precision} if runtime.generates_bf16 else options


def _inputs(
    data: Dataset, checkpoint: Path, filtering: Filtering | None, poses: Path | None, judge: Path | None
) -> dict[str, Fingerprint]:
    """Fingerprints of all that a set is made from, by name."""
    inputs = {"generator": fingerprint(checkpoint), **data_inputs(data)}
    inputs |= {name: fingerprint(path) for name, path in (("poses", poses), ("judge", judge)) if path is not None}
    return inputs | (filtering.inputs if filtering is not None else {})


def _refuse_empty(planned: PlannedSet, folder: Path) -> None:
    """Refuse a plan without an image to be generated; raises AugmentError."""
    if planned.plan.empty:
        raise AugmentError(
            f"{folder}: there is nothing to generate, {len(planned.kept)} of {len(planned.pools.pid_of)} images are "
            "kept; give a smaller ⟨portion⟩, ⟨ratio⟩ 2 with ⟨portion⟩ 1.0, or a larger ⟨per_identity⟩"
        )


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


def _make(
    planned: PlannedSet,
    sampling: Sampling,
    filtering: Filtering | None,
    model: Path | None,
    folder: Path,
    generation: Generation,
    seed: int,
) -> pd.DataFrame:
    """Link real images, generate the others, replace the worst, list all; returns the plan of what is there."""
    bank = None if planned.pools.bank is None else planned.pools.bank.keypoints
    link_real(planned.data, planned.kept, folder)
    if filtering is not None:
        begin_again(planned.plan, folder)
    generate_plan(planned.data, planned.plan, folder / FOLDERS["train"], generation, bank)
    plan = planned.plan
    if filtering is not None:
        poses = planned.data.keypoints("train")
        poses = poses if bank is None else pd.concat([poses, bank])
        judge = Judge(planned.data, filtering, planned.kept, model, generation, poses)
        plan = filter_set(planned.data, plan, planned.pools, sampling, filtering, judge, folder, generation, seed)
    manifest = make_manifest(plan, planned.kept, generation.mark)
    write_csv(with_scores(manifest, folder, planned.data.size), folder / MANIFEST)
    return plan
