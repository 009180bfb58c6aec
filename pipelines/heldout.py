"""A generator's images beside trivial ones, on identities it never saw; and contact sheets for the eye."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augment import AugmentError
from augment.artefact import artefact, fingerprint
from augment.generation import Drawing, find_generator
from augment.images import load_images, read_image
from augment.runtime import Runtime
from augment.sheets import draw_skeleton, write_sheet
from augment.split import training_images
from augment.workspace import Workspace
from patn.keypoints import keypoint_array
from patn.pairs import sample_pairs, training_pairs, write_pairs

if TYPE_CHECKING:
    import pandas as pd

SHEETS = {"heldout": "sheet-heldout.png", "training": "sheet-training.png"}
BATCH = 32


@dataclass(frozen=True)
class Heldout:
    """How many pairs of test identities are measured, how many of them a contact sheet shows, which are drawn."""

    pairs: int = 400
    shown: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.shown <= self.pairs:
            raise AugmentError(f"{self.shown} examples of {self.pairs} pairs: both must be at least 1, examples fewer")


def heldout_name(generator: str) -> str:
    """The folder in `tables/` that holds a generator's measurement."""
    return f"heldout-{generator}"


def measure_heldout(workspace: Workspace, generator: str, options: Heldout, runtime: Runtime) -> dict[str, Any]:
    """Mean SSIM of generated images, of copies of the condition image and of the mean training image.

    On pairs of gallery images of test identities (pid above 0), at the generator's own size.  The three are compared
    with one data range of 255, so that a flat image is not measured with smaller constants than a sharp one; `paper`
    repeats them with the paper's range of each compared image.  `count` is the number of pairs.
    Writes the pairs and a contact sheet each of held-out and of training identities.
    """
    checkpoint = find_generator(workspace, generator)
    folder = workspace.table_dir(heldout_name(generator))
    inputs = {"generator": fingerprint(checkpoint), "keypoints": workspace.keypoints_source() or ""}
    with artefact(folder, "heldout", asdict(options), inputs=inputs, seed=options.seed, force=runtime.force) as run:
        if not run.finished:
            heldout = identity_pairs(workspace, "gallery", options.pairs, options.seed)
            write_pairs(heldout, folder / "pairs.csv")
            drawing = Drawing(workspace, checkpoint, runtime, split="gallery")
            result = _compare(drawing, heldout, mean_image(workspace, drawing.size))
            _write_sheet(drawing, heldout[: options.shown], folder / SHEETS["heldout"])
            training = identity_pairs(workspace, "train", options.shown, options.seed)
            _write_sheet(Drawing(workspace, checkpoint, runtime), training, folder / SHEETS["training"])
            run.finish(result)
        return run.result


def identity_pairs(workspace: Workspace, split: str, count: int, seed: int) -> pd.DataFrame:
    """Up to `count` random pairs (from, to) of two images of one identity of a split; both have shoulders and hips.

    Raises AugmentError where no identity has two such images.
    """
    table = workspace.keypoints(split)
    images = workspace.images()
    images = images[(images["split"] == split) & (images["pid"] > 0) & images["name"].isin(table.index)]
    names = images["name"].tolist()
    pairs = training_pairs(names, images["pid"].to_numpy(), keypoint_array(table, names))
    if pairs.empty:
        raise AugmentError(f"{workspace.data}: no identity has two images with key points in split {split}")
    return sample_pairs(pairs, min(count, len(pairs)), seed)


def mean_image(workspace: Workspace, size: tuple[int, int]) -> np.ndarray:
    """The mean of all training images as uint8 3 x H x W: what a generator without input would draw at best."""
    paths = training_images(workspace.images())["path"].tolist()
    total = np.zeros((3, *size))
    for start in range(0, len(paths), 512):
        total += load_images(paths[start : start + 512], size).double().sum(dim=0).numpy()
    return np.round(total / len(paths)).astype(np.uint8)


def _compare(drawing: Drawing, pairs: pd.DataFrame, mean: np.ndarray) -> dict[str, Any]:
    """Mean SSIM of the three candidates over the pairs, both ways of scaling."""
    import torch

    from patn.ssim import ssim

    sums: dict[tuple[str, str], float] = {}
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        sources, targets = part["from"].tolist(), part["to"].tolist()
        real = load_images([drawing.paths[name] for name in targets], drawing.size)
        candidates = {
            "generated": drawing.at_own_size(sources, targets),
            "copy": load_images([drawing.paths[name] for name in sources], drawing.size),
            "mean": torch.from_numpy(mean).expand_as(real),
        }
        for name, images in candidates.items():
            for scale, data_range in (("255", 255.0), ("paper", None)):
                value = float(ssim(real, images, data_range).sum())
                sums[name, scale] = sums.get((name, scale), 0.0) + value
    means = {key: round(total / len(pairs), 4) for key, total in sums.items()}
    names = ("generated", "copy", "mean")
    return {
        **{name: means[name, "255"] for name in names},
        "paper": {name: means[name, "paper"] for name in names},
        "count": len(pairs),
        "size": list(drawing.size),
    }


def _write_sheet(drawing: Drawing, pairs: pd.DataFrame, path: Path) -> None:
    """A contact sheet, a line an example: source, target pose, generated and real image."""
    sources, targets = pairs["from"].tolist(), pairs["to"].tolist()
    generated = drawing(sources, targets)
    poses = keypoint_array(drawing.keypoints, targets)
    lines = [
        [
            read_image(drawing.paths[source], drawing.out),
            draw_skeleton(pose, drawing.out),
            image,
            read_image(drawing.paths[target], drawing.out),
        ]
        for source, target, pose, image in zip(sources, targets, poses, generated, strict=True)
    ]
    write_sheet(lines, path, ["source", "target pose", "generated", "real"])
