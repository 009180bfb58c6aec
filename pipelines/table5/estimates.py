"""How long stages take: by what is finished in the workspace, else by a few steps that are timed on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from augment import AugmentError
from augment.artefacts.records import RunRecord, read_run
from augment.datasets.dataset import Dataset
from augment.datasets.reduced_set import reduced_set, training_images
from augment.generation.filtering import Filtering
from augment.inference.generators import find_generator
from augment.runtime import Runtime
from augment.training.loop import LAST, read_metrics
from augment.training.reid_data import UPDATES
from augment.workspace import Workspace, slug
from pipelines.table5.cells import Cell
from pipelines.table5.generators import OwnGenerator, ReducedGenerator, TunedGenerator
from pipelines.table5.probes import time_drawing, time_estimator, time_generator, time_training
from pipelines.table5.rows import row_of
from pipelines.table5.stages import GeneratedSet, Model, Stage, training_of
from reid.data.market1501 import Split

if TYPE_CHECKING:
    from patn.training.generator_training import GeneratorTraining

logger = logging.getLogger(__name__)
TIMING = "Timing a few steps on this machine: %s"
KIND = ("backbone", "height", "width", "batch")
MEASURED, TIMED = "measured", "timed"


@dataclass(frozen=True)
class Pace:
    """Seconds of one update or image, seconds that come once, and the source: finished work, or a few steps timed."""

    each: float
    once: float
    source: str


class Estimates:
    """Seconds that a workspace's stages take with `runtime` (its device, precision and threads).

    What is finished here, of the same backbone, size and batch, counts; of this device and precision if there is any,
    and on a CPU as if time went with one over the threads.

    Args:
        workspace: the workspace.
        runtime: device, precision and threads of the work.
        probe: whether a few steps may be timed where nothing is finished.
        planned: the trainings of generators that are not there yet, by name.

    Raises:
        AugmentError: where the workspace's images cannot be read.
    """

    def __init__(
        self,
        workspace: Workspace,
        runtime: Runtime,
        *,
        probe: bool,
        planned: Mapping[str, GeneratorTraining] | None = None,
    ) -> None:
        self.workspace, self.runtime, self.probe = workspace, runtime, probe
        self.planned = planned or {}
        self.data = Dataset.of(workspace)
        self.images = self.data.images
        self.full = len(training_images(self.images))
        self.here = {"precision": runtime.precision_name(), **runtime.place().as_dict()}
        self._paces: dict[Any, Pace | None] = {}
        self._generators: dict[str, tuple[float, float]] = {}
        self._poses: dict[str, float | None] = {}

    def pace(self, stage: Stage) -> Pace | None:
        """A stage's pace; None where it is not known.

        Args:
            stage: a generator, a generated set or a model.
        """
        key: Any = stage.row if isinstance(stage, GeneratedSet) else type(stage)
        if isinstance(stage, Model):
            training = training_of(stage.cell)
            key = tuple(getattr(training, name) for name in KIND)
        if key not in self._paces:
            self._paces[key] = self._measured(stage) or (self._timed(stage) if self.probe else None)
        return self._paces[key]

    def generator_seconds(self, name: str, training: GeneratorTraining) -> float | None:
        """What is still to be done of a generator's training.

        Args:
            name: in the workspace.
            training: its configuration.

        Returns:
            Seconds; None where its pace is not known.
        """
        folder = self.workspace.patn_dir(name)
        if read_run(folder) is not None:
            return 0.0
        left = training.steps - steps_done(folder / LAST)
        each = seconds_a_step(folder) or (self._generator_times(name, training)[0] if self.probe else None)
        return None if each is None else each * left

    def seconds_an_image(self, name: str) -> float | None:
        """How long a generator takes for one image.

        Args:
            name: in the workspace, or planned.

        Returns:
            Seconds; None where it is neither there nor planned.
        """
        if name in self.planned:
            return self._generator_times(name, self.planned[name])[1]
        try:
            checkpoint = find_generator(self.workspace, name)
        except AugmentError:
            return None
        logger.info(TIMING, f"images by the generator {name}")
        return time_drawing(self.workspace, checkpoint, self.runtime)

    def seconds_a_pose(self, estimator: str) -> float | None:
        """How long one process estimates the key points of an image.

        Args:
            estimator: its name.

        Returns:
            Seconds; None where the estimator is not installed.
        """
        if estimator not in self._poses:
            logger.info(TIMING, f"key points by {estimator}")
            try:
                self._poses[estimator] = time_estimator(self.workspace, estimator)
            except AugmentError:
                self._poses[estimator] = None
        return self._poses[estimator]

    def _generator_times(self, name: str, training: GeneratorTraining) -> tuple[float, float]:
        if name not in self._generators:
            logger.info(TIMING, f"training the generator {name or 'of Ours'}")
            self._generators[name] = time_generator(training, self.runtime)
        return self._generators[name]

    def seconds(self, stage: Stage) -> float | None:
        """What is still to be done of a stage.

        Args:
            stage: a generator, a generated set or a model.

        Returns:
            Seconds; None where its pace is not known.
        """
        pace = self.pace(stage)
        if pace is None:
            return None
        return pace.once + pace.each * max(0, self._units(stage) - self._units_done(stage))

    def _units(self, stage: Stage) -> int:
        """Updates of a training, images of a generated set."""
        if isinstance(stage, ReducedGenerator):
            like = self.planned.get(stage.like or "")
            return max(1, round(like.steps * stage.portion)) if like else stage.recipe(self.workspace)[0].steps
        if isinstance(stage, OwnGenerator | TunedGenerator):
            return stage.recipe(self.workspace)[0].steps
        if isinstance(stage, GeneratedSet):
            return max(0, self._set_size(stage) - len(reduced_set(self.images, stage.portion, stage.seed)))
        training = training_of(stage.cell)
        count = self.full if stage.cell.length == UPDATES else self._set_size(stage.cell)
        return training.epochs * max(1, count // training.batch)

    def _set_size(self, of: Cell | GeneratedSet) -> int:
        """About how many images a row's training set has; a ready-made folder counts as the full set."""
        row = row_of(of.row)
        if row.per_identity is not None:
            return row.per_identity * int(training_images(self.images)["pid"].nunique())
        if row.generates or row.repeat or row.folder is not None:
            return self.full * of.ratio
        return len(reduced_set(self.images, of.portion, of.seed))

    def _units_done(self, stage: Stage) -> int:
        folder = stage.folder(self.workspace)
        if isinstance(stage, GeneratedSet):
            return len([*(folder / "bounding_box_train").glob("*_gen*.jpg")])
        return steps_done(folder / LAST)

    def _measured(self, stage: Stage) -> Pace | None:
        """By finished work of the stage's kind."""
        if isinstance(stage, GeneratedSet):
            sets = self._finished("generated", lambda run: run.result.get("generated", 0) > 0)
            own = f"{slug(stage.images)}-p"
            others = [] if row_of(stage.row).filtered is not None else sets  # filtering takes longer than generating
            sets = [(folder, run) for folder, run in sets if folder.name.startswith(own)] or others
            each = [run.seconds / run.result["generated"] * self._scale(run) for _, run in sets]
            return Pace(median(each), 0.0, MEASURED) if each else None
        if isinstance(stage, ReducedGenerator):
            folder = self.workspace.patn_dir(stage.taught_by(self.workspace))
            run, pace = read_run(folder), seconds_a_step(folder)
            return Pace(pace * self._scale(run), 0.0, MEASURED) if run and pace else None
        if isinstance(stage, OwnGenerator | TunedGenerator):
            like = bool(stage.needs)  # with an identity term
            tuned = self._finished(
                "patn/table5", lambda run: "initial" in run.inputs and ("identity_model" in run.inputs) == like
            )
            paces = [pace * self._scale(run) for folder, run in tuned if (pace := seconds_a_step(folder)) is not None]
            return Pace(median(paces), 0.0, MEASURED) if paces else None
        training = training_of(stage.cell)
        models = self._finished("reid", lambda run: all(run.options.get(n) == getattr(training, n) for n in KIND))
        each = [pace * self._scale(run) for folder, run in models if (pace := seconds_a_step(folder)) is not None]
        once = [max(0.0, run.seconds - run.result["train_seconds"]) * self._scale(run) for _, run in models]
        return Pace(median(each), median(once), MEASURED) if each else None

    def _timed(self, stage: Stage) -> Pace | None:
        """By a few steps on this machine."""
        if isinstance(stage, GeneratedSet):
            each = self.seconds_an_image(stage.taught_by(self.workspace) or stage.drawn_by(self.workspace))
            filtering = self._filtering_seconds(stage)
            return None if each is None or filtering is None else Pace(each + filtering, 0.0, TIMED)
        if isinstance(stage, ReducedGenerator):
            like = self.planned.get(stage.like or "")
            return Pace(self._generator_times(stage.like or "", like)[0], 0.0, TIMED) if like else None
        if isinstance(stage, OwnGenerator | TunedGenerator):
            training = stage.recipe(self.workspace)[0]
            return Pace(self._generator_times(stage.generator(self.workspace), training)[0], 0.0, TIMED)
        logger.info(TIMING, stage.name)
        update, image = time_training(training_of(stage.cell), self.runtime)
        return Pace(update, image * int(self.images["split"].isin([Split.QUERY, Split.GALLERY]).sum()), TIMED)

    def _filtering_seconds(self, stage: GeneratedSet) -> float | None:
        """What judging an image and the candidates for its place takes, which is finding their poses."""
        share = row_of(stage.row).filtered
        if share is None:
            return 0.0
        filtering = Filtering(share)
        each = self.seconds_a_pose(filtering.estimator)
        return None if each is None else each * (1 + share * filtering.tries)

    def _finished(self, part: str, wanted: Callable[[RunRecord], bool]) -> list[tuple[Path, RunRecord]]:
        """Finished artefacts of a part of the workspace, those of this device and precision if there are any."""
        folders = sorted(folder for folder in (self.workspace.root / part).glob("*") if folder.is_dir())
        runs = [(folder, run) for folder in folders if (run := read_run(folder)) is not None and wanted(run)]
        return [(folder, run) for folder, run in runs if self._is_here(run.result)] or runs

    def _is_here(self, result: Mapping[str, Any]) -> bool:
        return all(result.get(name, self.here[name]) == self.here[name] for name in ("precision", "device"))

    def _scale(self, run: RunRecord) -> float:
        """What the times of a run are multiplied with: on a CPU its threads over ours."""
        where = {**self.here, **{name: run.result[name] for name in self.here if name in run.result}}
        return where["threads"] / self.here["threads"] if where["device"] == "cpu" else 1.0


def seconds_a_step(folder: Path) -> float | None:
    """The pace of a training.

    Args:
        folder: of its log, in which `seconds` starts anew where the training was continued.

    Returns:
        The median of its seconds a step, None where it has too few lines.
    """
    records = read_metrics(folder)
    paces = [
        (later["seconds"] - earlier["seconds"]) / (later["step"] - earlier["step"])
        for earlier, later in pairwise([{"step": 0, "seconds": 0.0}, *records])
        if later["seconds"] > earlier["seconds"] and later["step"] > earlier["step"]
    ]
    return median(paces) if paces else None


def steps_done(checkpoint: Path) -> int:
    """The steps that a training's checkpoint stands for.

    Args:
        checkpoint: its file.

    Returns:
        0 where there is none.
    """
    from safetensors import safe_open

    if not checkpoint.is_file():
        return 0
    with safe_open(checkpoint, framework="np") as file:
        return int(file.metadata()["step"])
