"""Replacing the worst images of a generated set, by whom and in which pose they show, without making it smaller."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import Fingerprint
from augment.artefacts.files import write_csv
from augment.generation.plan import Chance, Pools, Sampling, random_pose
from augment.generation.planned_set import PlannedSet
from augment.images import load_images
from augment.inference.plan_images import COPY, Generation, generate_plan
from augment.poses.estimation import estimate_arrays
from augment.poses.estimators import SCORING, Choice
from augment.runtime import Runtime
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn.keypoints import keypoint_array
from patn.metrics.pckh import pckh
from reid.data.market1501 import FOLDERS

if TYPE_CHECKING:
    import torch

CRITERIA = ("identity", "pose")
CANDIDATES, SCORES = "candidates", "filter.csv"
CHUNK = 256


@dataclass(frozen=True)
class Filtering:
    """Which generated images are replaced.

    Every replaced image is the best of several others of its identity: another kept image, another pose; where none of
    them is better, it stays.

    Attributes:
        share: of the generated images that score worst, in (0, 1).
        by: criteria: "identity", the cosine of the image's re-ID feature to the centre of its identity's kept real
            images; "pose", the share of the target pose's joints that a pose estimator finds in the image (PCKh). Of
            both, each in standard deviations, added.
        tries: how many others are made of each.
        estimator: what finds the joints.
    """

    share: float
    by: tuple[str, ...] = CRITERIA
    tries: int = 4
    estimator: str = SCORING

    @property
    def columns(self) -> list[str]:
        """The columns of the criteria's values."""
        return [f"{name}_score" for name in self.by]

    @property
    def inputs(self) -> dict[str, Fingerprint]:
        """What a filtered set is made from beside the images: how the estimator works that finds the joints."""
        found = Choice(self.estimator).inputs if "pose" in self.by else {}
        return {f"estimator_{name}": Fingerprint(mark) for name, mark in found.items()}

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise AugmentError(f"filter {self.share}: must be a share of the generated images between 0 and 1")
        if not self.by or set(self.by) - set(CRITERIA):
            raise AugmentError(f"filter by {', '.join(self.by) or 'nothing'}: give {' or '.join(CRITERIA)}, or both")
        if self.tries < 1:
            raise AugmentError(f"filter tries {self.tries}: must be 1 or more")


class Judge:
    """Scores generated images of a set by the filtering's criteria.

    Args:
        planned: the set; identities are those of its kept images.
        filtering: says by which criteria.
        model: the file of the re-ID model, where they need one.
        runtime: where that runs.
    """

    def __init__(self, planned: PlannedSet, filtering: Filtering, model: Path | None, runtime: Runtime) -> None:
        self.size, self.filtering, self.poses = planned.data.size, filtering, planned.poses
        if model is not None:
            from augment.evaluation.identity_metric import Embedding, IdentityCentres  # loads torch

            self.embed = Embedding.load(model, runtime.torch_device())
            kept = planned.data.split("train").loc[planned.kept]
            self.centres = IdentityCentres.of(self.embed, kept, self.size)

    def scores(self, plan: pd.DataFrame, folder: Path) -> pd.DataFrame:
        """The criteria's values of a plan's images.

        Args:
            plan: of the set.
            folder: that holds its images.

        Returns:
            A row an image, NaN where one cannot be scored.
        """
        parts = [self._score(plan.iloc[start : start + CHUNK], folder) for start in range(0, len(plan), CHUNK)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=self.filtering.columns)

    def _score(self, plan: pd.DataFrame, folder: Path) -> pd.DataFrame:
        images = load_images([folder / name for name in plan["output"]], self.size)
        values: dict[str, Sequence[float] | Array] = {}
        if "identity" in self.filtering.by:
            own = self.centres.vectors[self.centres.rows(plan["pid"])]
            values["identity_score"] = (self.embed(images) * own).sum(dim=1).numpy()
        if "pose" in self.filtering.by:
            values["pose_score"] = self._pose_scores(images, plan["pose"].tolist())
        return pd.DataFrame(values).astype(float).round(6)

    def _pose_scores(self, images: torch.Tensor, names: Sequence[str]) -> list[float]:
        found = estimate_arrays(list(images.permute(0, 2, 3, 1).numpy()), self.filtering.estimator)
        wanted = keypoint_array(self.poses, names)
        return [pckh(wanted[i : i + 1], found[i : i + 1]).score for i in range(len(names))]


def total(scores: pd.DataFrame, scale: pd.DataFrame) -> Array:
    """The criteria added, each in standard deviations from its mean.

    Args:
        scores: a column a criterion; a missing value adds 0.
        scale: the scores whose mean and deviation are taken.
    """
    spread = scale.std(ddof=0).replace(0, 1)
    return ((scores - scale.mean()) / spread).fillna(0.0).sum(axis=1).to_numpy()


def filter_set(
    planned: PlannedSet, filtering: Filtering, judge: Judge, folder: Path, generation: Generation
) -> pd.DataFrame:
    """Replace the worst images of a generated set.

    What is decided is written to `filter.csv` before anything is replaced, so that a killed run ends with the same
    choice, on a CPU with the same bytes.

    Args:
        planned: the set as it was generated.
        filtering: which images are replaced.
        judge: gives the scores.
        folder: of the set, whose bounding_box_train is changed.
        generation: which generator generates, and how.

    Returns:
        The plan of what is there, with a column a criterion, `candidate` (0: as planned, k: the k-th try) and `judged`:
        "good", "kept" (among the worst, and no try was better) or "replaced".
    """
    plan, target, candidates = planned.plan, folder / FOLDERS["train"], folder / CANDIDATES
    if not (folder / SCORES).is_file():
        generated = plan[plan["how"] != COPY].reset_index(drop=True)
        first = judge.scores(generated, target)
        order = np.argsort(total(first, first), kind="stable")
        worst = np.sort(order[: int(np.floor(len(generated) * filtering.share + 0.5))])
        others = alternatives(generated.iloc[worst], planned.pools, planned.sampling, filtering.tries, planned.seed)
        if generation.scenes is not None:
            others = others.assign(scene=generation.scenes.choose(others))
        generate_plan(planned.data, others, candidates, generation, planned.poses)
        decided = _decide(generated, first, worst, others, judge.scores(others, candidates), filtering.tries)
        write_csv(decided, folder / SCORES)
    decided = pd.read_csv(folder / SCORES, keep_default_na=False, na_values={name: [""] for name in filtering.columns})
    for row in decided[decided["judged"] == "replaced"].itertuples():
        better = candidates / _candidate(str(row.output), int(row.candidate))  # type: ignore[arg-type]
        if better.is_file():
            better.replace(target / str(row.output))
    shutil.rmtree(candidates, ignore_errors=True)
    copies = plan[plan["how"] == COPY].assign(candidate=0, judged="good")
    return pd.concat([decided, copies], ignore_index=True).sort_values("output", ignore_index=True)


def begin_again(plan: pd.DataFrame, folder: Path) -> None:
    """Delete a filtered set of which a file is missing: what was replaced there cannot be told from what was not.

    Args:
        plan: names the images, column output.
        folder: of the set.
    """
    target = folder / FOLDERS["train"]
    files = [target / str(name) for name in plan["output"]]
    if (folder / SCORES).is_file() and not all(path.is_file() for path in files):
        for path in files:
            path.unlink(missing_ok=True)
        (folder / SCORES).unlink()


def alternatives(worst: pd.DataFrame, pools: Pools, sampling: Sampling, tries: int, seed: int) -> pd.DataFrame:
    """Other rows for each row of a plan: a kept image of the identity and a pose, each sampled anew.

    Args:
        worst: the rows of the plan.
        pools: what can be sampled.
        sampling: how.
        tries: rows for each.
        seed: of the choice.
    """
    chance = Chance(random_stream(seed, Stream.FILTER_SOURCES), random_stream(seed, Stream.FILTER_POSES))
    rows = []
    for row in worst.itertuples():
        pid = int(row.pid)  # type: ignore[arg-type]
        for number in range(1, tries + 1):
            sources = pools.sources[pid]
            source = sources[int(chance.sources.integers(len(sources)))]
            pose = random_pose(source, pid, pools, sampling, chance.poses)
            rows.append((_candidate(str(row.output), number), pid, source, pose, "transfer"))
    return pd.DataFrame(rows, columns=["output", "pid", "source", "pose", "how"])


def _candidate(output: str, number: int) -> str:
    """The file name of a try."""
    return f"{Path(output).stem}-{number}.jpg"


def _decide(
    generated: pd.DataFrame, first: pd.DataFrame, worst: Array, others: pd.DataFrame, scores: pd.DataFrame, tries: int
) -> pd.DataFrame:
    """The plan after the filter: for each of the worst rows its best try, where that is better."""
    before, after = total(first, first)[worst], total(scores, first).reshape(-1, tries)
    best = after.argmax(axis=1)
    better = after[np.arange(len(worst)), best] > before
    planned = pd.concat([generated, first], axis=1).assign(candidate=0, judged="good")
    planned.loc[worst, "judged"] = "kept"
    taken = pd.concat([others, scores], axis=1).iloc[(np.arange(len(worst)) * tries + best)[better]]
    replaced = taken.assign(
        candidate=best[better] + 1, judged="replaced", output=generated["output"].to_numpy()[worst[better]]
    )
    rest = planned.drop(index=worst[better])
    decided: pd.DataFrame = pd.concat([rest, replaced], ignore_index=True).sort_values("output", ignore_index=True)
    return decided
