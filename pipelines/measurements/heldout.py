"""A generator's images beside trivial ones, on identities it never saw; and contact sheets for the eye."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.pairs import identity_pairs
from augment.evaluation.measurement import mean_image
from augment.images import load_images, read_image
from augment.inference.generators import find_generator
from augment.inference.plan_images import SplitGenerator
from augment.inference.sheets import draw_skeleton, write_sheet
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array
from patn.pairs import write_pairs

if TYPE_CHECKING:
    import pandas as pd

SHEETS = {"heldout": "sheet-heldout.png", "training": "sheet-training.png"}
BATCH = 32


@dataclass(frozen=True)
class Heldout:
    """How a generator is measured on identities it never saw.

    Attributes:
        pairs: of test identities, measured.
        shown: how many of them a contact sheet shows.
        seed: by which they are sampled.

    Raises:
        AugmentError: where `shown` is not from 1 to `pairs`.
    """

    pairs: int = 400
    shown: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.shown <= self.pairs:
            raise AugmentError(f"{self.shown} examples of {self.pairs} pairs: each must be at least 1, examples fewer")


def heldout_name(generator: str) -> str:
    """The folder in `tables/` that holds a generator's measurement.

    Args:
        generator: its name.
    """
    return f"heldout-{generator}"


def measure_heldout(workspace: Workspace, generator: str, options: Heldout, runtime: Runtime) -> dict[str, Any]:
    """Mean SSIM of generated images, of copies of the condition image and of the mean training image.

    On pairs of gallery images of test identities (pid above 0), at the generator's own size. The three are compared
    with one data range of 255, so that a flat image is not measured with smaller constants than a sharp one; `paper`
    repeats them with the paper's range of each compared image. Writes the pairs and a contact sheet each of held-out
    and of training identities.

    Args:
        workspace: the workspace.
        generator: its name in the workspace.
        options: how many pairs.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        "generated", "copy" and "mean", the same below "paper", "count" (of the pairs) and "size".
    """
    checkpoint = find_generator(workspace, generator)
    folder = workspace.table_dir(heldout_name(generator))
    shown = workspace.images().query("split in ['train', 'gallery']")
    inputs = {
        "generator": fingerprint(checkpoint),
        "keypoints": keypoints_input(workspace, "train", "gallery"),
        "images": images_input(shown),
    }
    with artefact(
        folder, "heldout", asdict(options), inputs=inputs, seed=options.seed, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            heldout = identity_pairs(workspace, "gallery", options.pairs, options.seed)
            write_pairs(heldout, folder / "pairs.csv")
            drawing = SplitGenerator(Dataset.of(workspace), checkpoint, runtime, split="gallery")
            result = _compare(drawing, heldout, mean_image(Dataset.of(workspace), drawing.generator.size))
            _write_sheet(drawing, heldout[: options.shown], folder / SHEETS["heldout"])
            training = identity_pairs(workspace, "train", options.shown, options.seed)
            _write_sheet(
                SplitGenerator(Dataset.of(workspace), checkpoint, runtime), training, folder / SHEETS["training"]
            )
            run.finish(result)
        return run.result


def _compare(drawing: SplitGenerator, pairs: pd.DataFrame, mean: Array) -> dict[str, Any]:
    """Mean SSIM of the three candidates over the pairs, by each data range."""
    import torch

    from augment.evaluation.metrics import COPY, GENERATED, MEAN_IMAGE, Panels, Similarity

    metrics = {"255": Similarity(["ssim"], 255.0), "paper": Similarity(["ssim"], None)}
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        sources, targets = part["from"].tolist(), part["to"].tolist()
        real, copies = (
            load_images([drawing.paths[name] for name in names], drawing.generator.size) for names in (targets, sources)
        )
        generated, poses = drawing.at_own_size(sources, targets), torch.from_numpy(drawing.poses(targets))
        panels = Panels(real, generated, copies, poses, sources, targets, torch.from_numpy(mean)[None])
        for metric in metrics.values():
            metric.update(panels)
    names = {"generated": GENERATED, "copy": COPY, "mean": MEAN_IMAGE}
    figures = {scale: metric.rows() for scale, metric in metrics.items()}
    means = {
        scale: {name: round(rows[row]["ssim"], 4) for name, row in names.items()} for scale, rows in figures.items()
    }
    return {**means["255"], "paper": means["paper"], "count": len(pairs), "size": list(drawing.generator.size)}


def _write_sheet(drawing: SplitGenerator, pairs: pd.DataFrame, path: Path) -> None:
    """A contact sheet, a line an example: source, target pose, generated and real image."""
    sources, targets = pairs["from"].tolist(), pairs["to"].tolist()
    generated = drawing(sources, targets)
    poses = keypoint_array(drawing.keypoints, targets)
    lines = [
        [
            read_image(drawing.paths[source], drawing.generator.out),
            draw_skeleton(pose, drawing.generator.out),
            image,
            read_image(drawing.paths[target], drawing.generator.out),
        ]
        for source, target, pose, image in zip(sources, targets, poses, generated, strict=True)
    ]
    write_sheet(lines, path, ["source", "target pose", "generated", "real"])
