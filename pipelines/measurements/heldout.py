"""A generator's images beside trivial ones, on identities it never saw; and contact sheets for the eye."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input, keypoints_input
from augment.datasets.pairs import identity_pairs
from augment.evaluation.measurement import mean_image, panels
from augment.evaluation.protocol import PROTOCOLS
from augment.images import read_image
from augment.inference.generators import find_generator
from augment.inference.plan_images import SplitGenerator
from augment.inference.sheets import draw_skeleton, write_sheet
from augment.results import Result, part, spread
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.keypoints import keypoint_array
from patn.pairs import write_pairs

if TYPE_CHECKING:
    import pandas as pd

SHEETS = {"heldout": "sheet-heldout.png", "training": "sheet-training.png"}


@dataclass(frozen=True)
class Ssim(Result):
    """Mean SSIM to the real targets.

    Attributes:
        generated: of a generator's images.
        copy: of the condition images themselves.
        mean: of the mean training image.
    """

    generated: float
    copy: float
    mean: float


@dataclass(frozen=True)
class HeldoutSsim(Result):
    """What was measured on held-out identities.

    Attributes:
        ssim: with one data range of 255.
        paper: with the paper's range of each compared image.
        count: of the pairs.
        size: (height, width) in pixels, the generator's own.
    """

    ssim: Ssim = field(metadata=spread(Ssim))
    paper: Ssim = field(metadata=part(Ssim))
    count: int
    size: tuple[int, int]


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


def measure_heldout(workspace: Workspace, generator: str, options: Heldout, runtime: Runtime) -> HeldoutSsim:
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
    """
    checkpoint = find_generator(workspace, generator)
    folder = workspace.table_dir(heldout_name(generator))
    data = Dataset.of(workspace)
    shown = data.images.query("split in ['train', 'gallery']")
    inputs = {
        "generator": fingerprint(checkpoint),
        "keypoints": keypoints_input(data, "train", "gallery"),
        "images": images_input(shown),
    }
    with artefact(
        folder, "heldout", asdict(options), inputs=inputs, seed=options.seed, force=runtime.force, renew=True
    ) as run:
        if not run.finished:
            heldout = identity_pairs(data, "gallery", options.pairs, options.seed)
            write_pairs(heldout, folder / "pairs.csv")
            loaded = SplitGenerator(data, checkpoint, runtime, split="gallery")
            result = _compare(loaded, heldout, mean_image(data, loaded.generator.size))
            _write_sheet(loaded, heldout[: options.shown], folder / SHEETS["heldout"])
            training = identity_pairs(data, "train", options.shown, options.seed)
            _write_sheet(SplitGenerator(data, checkpoint, runtime), training, folder / SHEETS["training"])
            run.finish(result)
        return run.recorded(HeldoutSsim)


def _compare(loaded: SplitGenerator, pairs: pd.DataFrame, mean: Array) -> HeldoutSsim:
    """Mean SSIM of the three candidates over the pairs, by each data range."""
    from augment.evaluation.metrics import COPY, GENERATED, MEAN_IMAGE, Similarity  # loads torch

    whole, each = Similarity(["ssim"], 255.0), Similarity(["ssim"], None)
    for batch in panels(loaded, PROTOCOLS["clean"], pairs, mean, own_size=True):
        for metric in (whole, each):
            metric.update(batch)

    def means(metric: Similarity) -> Ssim:
        return Ssim(*(round(metric.rows()[row]["ssim"], 4) for row in (GENERATED, COPY, MEAN_IMAGE)))

    return HeldoutSsim(means(whole), means(each), len(pairs), loaded.generator.size)


def _write_sheet(loaded: SplitGenerator, pairs: pd.DataFrame, path: Path) -> None:
    """A contact sheet, a line an example: source, target pose, generated and real image."""
    sources, targets = pairs["from"].tolist(), pairs["to"].tolist()
    generated = loaded(sources, targets)
    poses = keypoint_array(loaded.keypoints, targets)
    lines = [
        [
            read_image(loaded.paths[source], loaded.generator.out),
            draw_skeleton(pose, loaded.generator.out),
            image,
            read_image(loaded.paths[target], loaded.generator.out),
        ]
        for source, target, pose, image in zip(sources, targets, poses, generated, strict=True)
    ]
    write_sheet(lines, path, ["source", "target pose", "generated", "real"])
