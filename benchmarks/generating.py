"""This project's `generate`: decode, draw, encode to JPEG."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from augment.datasets.dataset import Dataset
from augment.inference import plan_images
from augment.inference.plan_images import Generation, SplitGenerator, generate_plan
from augment.runtime import Runtime
from augment.workspace import Workspace


class OurGenerate:
    """The drawing loop of `augment generate` with its generator loaded once.

    pairs: (source, pose) image names of the workspace's training images; precision: "fp32" or "bf16" weights; cores:
    that the process may use, 0 for the benchmark's own; in_turn: read, generate and write one batch after the other.
    """

    def __init__(
        self,
        *,
        workspace: Path,
        checkpoint: Path,
        pairs: list[tuple[str, str]],
        precision: str,
        folder: Path,
        cores: int = 0,
        in_turn: bool = False,
    ) -> None:
        import torch

        self.in_turn = in_turn
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, range(cores))
        self.data, self.checkpoint, self.folder, self.runs = (
            Dataset.of(Workspace.find(workspace)),
            checkpoint,
            folder,
            0,
        )
        self.runtime = Runtime("cpu", precision, threads=1, progress=False)
        self.plan = pd.DataFrame(pairs, columns=["source", "pose"])
        self.plan["output"] = [f"{number:04d}_gen.jpg" for number in range(len(pairs))]
        self.plan["how"] = "pose"
        self.drawing = SplitGenerator(self.data, checkpoint, self.runtime)
        dtypes = {
            module.weight.dtype for module in self.drawing.generator.network.modules() if hasattr(module, "stride")
        }
        wanted = torch.bfloat16 if precision == "bf16" else torch.float32
        assert dtypes == {wanted}, f"the generator's weights are {dtypes}"

    def run(self) -> None:
        """Draw the whole plan into a new folder."""
        self.runs += 1
        place = self.folder / str(self.runs)
        place.mkdir(parents=True)
        with ExitStack() as patches:
            patches.enter_context(patch.object(plan_images, "SplitGenerator", lambda *_, **__: self.drawing))
            if self.in_turn:
                patches.enter_context(patch.object(plan_images, "overlapped", in_turn))
            generate_plan(
                self.data, self.plan, place / "images", Generation(self.checkpoint, "benchmark", self.runtime)
            )

    def result(self) -> Any:
        """The same images before JPEG, uint8 N x H x W x 3."""
        return np.asarray(self.drawing(self.plan["source"].tolist(), self.plan["pose"].tolist()))


def in_turn(
    items: Iterable[Any],
    read: Callable[[Any], Any],
    work: Callable[[Any, Any], Any],
    write: Callable[[Any, Any], None],
) -> None:
    """What `augment.workers.overlapped` does, one thing after the other."""
    for item in items:
        write(item, work(item, read(item)))
