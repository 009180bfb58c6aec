"""Tests of Table 5's models on data sets that they were not trained on: which there are, and running them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from augment import AugmentError, Misuse
from augment.artefacts.artefact import artefact, fingerprint
from augment.artefacts.records import RunRecord, read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, size_input
from augment.evaluation.overlap import overlap_said, shared_images
from augment.evaluation.reid import evaluate_saved, test_images
from augment.runtime import Runtime
from augment.workspace import Workspace, slug
from pipelines.table5.cells import Cell
from pipelines.table5.results import is_finished

logger = logging.getLogger(__name__)
FOLDER = "other"
SHARED, IMAGES = "training_images_among_them", "test_images"
"""Of a test's figures: how many of the images are training images of the workspace, and how many there are."""


def other_workspaces(workspace: Workspace, folders: Sequence[str]) -> dict[str, Workspace]:
    """The workspaces in folders by their names; models are tested on their queries and galleries.

    Raises:
        AugmentError: for a folder that is no workspace, has no test images or is this workspace, and for two of one
            name.
    """
    found: dict[str, Workspace] = {}
    for folder in folders:
        other = Workspace.find(Path(folder))
        other.require_reid("table5 --test-on")
        test_images(Dataset.of(other))
        name = slug(other.root.name)
        if other.root == workspace.root:
            raise AugmentError(
                f"⟨folders --test-on⟩ {folder}: is this workspace, on which every model is tested; leave it out"
            )
        if name in found and found[name].root == other.root:
            raise Misuse(f"⟨folders --test-on⟩ {folder}: is given twice; leave one out")
        if name in found:
            raise AugmentError(
                f"⟨folders --test-on⟩ {folder}: is named as {found[name].root}; rename one of the folders"
            )
        found[name] = other
    return found


@dataclass(frozen=True)
class OtherData:
    """The query and gallery images of another workspace.

    Attributes:
        name: the workspace's.
        data: its images.
    """

    name: str
    data: Dataset

    @cached_property
    def images(self) -> int:
        """How many there are."""
        return len(test_images(self.data))

    @cached_property
    def inputs(self) -> Mapping[str, str]:
        """What a test on them is made from, beside the model."""
        marks = {"test_images": images_input(test_images(self.data))}
        return {**marks, "size": size_input(self.data.size, self.data.root)}


@dataclass(frozen=True)
class OtherTest:
    """The test of a cell's model on another data set.

    Attributes:
        cell: the cell.
        other: the data set's name.
    """

    cell: Cell
    other: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"test {self.cell.name} on {self.other}"

    def folder(self, workspace: Workspace) -> Path:
        """Where its figures are."""
        return tests_dir(workspace) / self.other / self.cell.name

    def record(self, workspace: Workspace) -> RunRecord | None:
        """What was found; None where the model was not tested since it was trained."""
        tested, trained = read_run(self.folder(workspace)), read_run(workspace.reid_dir(self.cell.name))
        return None if tested is None or trained is None or tested.started < trained.started else tested

    def figures(self, workspace: Workspace) -> Mapping[str, Any] | None:
        """The measures that were found; None as of `record`."""
        found = self.record(workspace)
        return None if found is None else found.result

    def is_finished(self, workspace: Workspace, other: OtherData) -> bool:
        """Whether the model was tested on the data set as both are now.

        Args:
            workspace: the model's.
            other: the data set.
        """
        found = self.record(workspace)
        return found is not None and all(found.inputs.get(name) == mark for name, mark in other.inputs.items())


def overlaps(workspace: Workspace, name: str, cells: Sequence[Cell]) -> str:
    """What is known of whether a data set is new to the models of cells, as a sentence; empty where nothing is.

    Args:
        workspace: the models'.
        name: the data set's.
        cells: whose tests on it count.
    """
    found = [OtherTest(cell, name).figures(workspace) for cell in cells]
    known = [(each[SHARED], each[IMAGES]) for each in found if each is not None and SHARED in each]
    return overlap_said(name, *max(known)) if known else ""


def tests_dir(workspace: Workspace) -> Path:
    """Where the figures are, a folder a data set and in it one a cell."""
    return workspace.table_dir("table5") / FOLDER


def tested_on(workspace: Workspace) -> list[str]:
    """The names of the data sets that models were tested on."""
    folder = tests_dir(workspace)
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def evaluate_on_others(
    workspace: Workspace, cells: Sequence[Cell], others: Mapping[str, Workspace], runtime: Runtime
) -> None:
    """Test the finished models of cells on other workspaces, each model once on each as long as neither changes.

    Args:
        workspace: the models'.
        cells: those whose models are tested.
        others: the other workspaces by name.
        runtime: device, threads and precision.
    """
    found = [OtherData(name, Dataset.of(other)) for name, other in others.items()]
    trained = Dataset.of(workspace)
    shared = {other.name: shared_images(trained, other.data) for other in found}
    for other in found:
        if shared[other.name]:
            logger.warning("%s", overlap_said(other.name, shared[other.name], other.images))
    for cell in cells:
        if is_finished(workspace, cell):
            for other in found:
                _test(workspace, cell, other, shared[other.name], runtime)


def _test(workspace: Workspace, cell: Cell, other: OtherData, shared: int, runtime: Runtime) -> None:
    model, folder = workspace.model_file(cell.name), OtherTest(cell, other.name).folder(workspace)
    inputs = {"model": fingerprint(model), **other.inputs}
    with artefact(folder, "reid-test", {}, inputs=inputs, renew=True) as run:
        if not run.finished:
            logger.info("%s: is tested on %s", cell.name, other.name)
            figures = evaluate_saved(other.data, model, None, folder, runtime).as_dict()
            run.finish({**figures, SHARED: shared, IMAGES: other.images})
