"""All trained generators on the same test pairs, with attention masks, and walks; generated once and kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint, fingerprint_names
from augment.artefacts.files import write_bytes
from augment.artefacts.records import read_run
from augment.datasets.dataset import Dataset
from augment.datasets.inputs import images_input
from augment.datasets.pairs import evaluation_pairs
from augment.inference.animation import Motion, animate
from augment.inference.attention import MaskView, masks_of, paint, span
from augment.inference.request import LoadedRequest, Request
from augment.inference.video import film_ending
from augment.results import Result, spread
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn import DataError
from patn.checkpoints import read_metadata
from patn.keypoints import keypoint_array
from patn.models.attention import has_masks
from pipelines.report.generators import Trained, trained
from pipelines.report.pictures import webp

logger = logging.getLogger(__name__)
PICTURE, MASKS, WALK = ".webp", "-masks.webp", "walk"
WALKERS, FRAMES = 3, 28
Pair = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    """Which test pairs are shown.

    Attributes:
        identities: of how many.
        each: at most how many of each.
        seed: by which they are sampled.
    """

    identities: int = 12
    each: int = 2
    seed: int = 0


@dataclass(frozen=True)
class GeneratorImages:
    """The images that a generator made for the report.

    Attributes:
        name: the generator's.
        title: a short one.
        kind: of `patn.generators.GENERATORS`.
        blocks: how many maps a strip has, 0 without masks.
        ends: what the first and last colour of the strips stand for.
        pictures: by pair of image names.
        masks: the strips by pair of image names.
        walk: the film, if there is one.
    """

    name: str
    title: str
    kind: str
    blocks: int
    ends: tuple[float, float]
    pictures: dict[Pair, Path]
    masks: dict[Pair, Path]
    walk: Path | None


@dataclass(frozen=True)
class Strips(Result):
    """The attention masks that a generator made for the report.

    Attributes:
        blocks: how many maps a strip has, 0 without masks.
        ends: what the first and last colour of the strips stand for.
    """

    blocks: int = 0
    ends: tuple[float, float] = (0, 1)


@dataclass(frozen=True)
class Kept(Result):
    """What is recorded of the images that a generator made for the report.

    Attributes:
        kind: of `patn.generators.GENERATORS`.
        strips: of its masks.
        pairs: names of the source and the target of each image.
    """

    kind: str
    strips: Strips = field(metadata=spread(Strips))
    pairs: Sequence[Pair]


def images_dir(workspace: Workspace, name: str) -> Path:
    """Where the pictures of a generator are kept.

    Args:
        workspace: the workspace.
        name: the generator's.
    """
    return workspace.table_dir("table5") / "generators" / name


def shown_pairs(workspace: Workspace, shown: Shown) -> pd.DataFrame:
    """Test pairs of random identities, the same for all generators.

    They are taken from those that `augment patn-eval` measures.

    Args:
        workspace: the workspace.
        shown: how many.

    Returns:
        Columns from, to, pid, sorted by identity.

    Raises:
        AugmentError: where there are none.
    """
    data = Dataset.of(workspace)
    pairs, identities = evaluation_pairs(data), data.split("gallery")["pid"]
    rng = random_stream(shown.seed, Stream.SHOWN_PAIRS)
    pairs = pairs.assign(pid=identities.loc[pairs["from"]].to_numpy()).sample(frac=1, random_state=rng)
    kept = pairs[pairs["pid"].isin(pairs["pid"].unique()[: shown.identities])]
    return kept.groupby("pid").head(shown.each).sort_values("pid", kind="stable", ignore_index=True)


def generate_pairs(workspace: Workspace, shown: Shown, runtime: Runtime) -> None:
    """Generate the pairs with each generator of the workspace that has not done so yet.

    What cannot be generated is left out with a warning, so that the report is written all the same.

    Args:
        workspace: the workspace.
        shown: which pairs.
        runtime: device, threads and precision, and whether finished work is made again.
    """
    generators = trained(workspace)
    if not generators:
        return
    try:
        pairs = shown_pairs(workspace, shown)
    except (AugmentError, DataError) as error:
        logger.warning("no generators side by side: %s", error)
        return
    for generator in generators:
        try:
            _keep(workspace, generator, pairs, shown, runtime)
        except (AugmentError, DataError) as error:
            logger.warning("nothing generated by %s: %s", generator.name, error)


def _keep(workspace: Workspace, generator: Trained, pairs: pd.DataFrame, shown: Shown, runtime: Runtime) -> None:
    checkpoint, folder = generator.checkpoint(workspace), images_dir(workspace, generator.name)
    data = Dataset.of(workspace)
    gallery, paths = data.split("gallery"), data.paths("gallery")
    files = pairs.assign(source=paths.loc[pairs["from"]].to_numpy(), target=paths.loc[pairs["to"]].to_numpy())
    poses = keypoint_array(data.keypoints("gallery"), [*pairs["from"], *pairs["to"]])
    options = {
        "people": shown.identities,
        "each": shown.each,
        "seed": shown.seed,
        "size": list(data.size),
        "walk": FRAMES,
        "film": film_ending(),
    }
    inputs = {
        "generator": fingerprint(checkpoint),
        "images": images_input(gallery[gallery["name"].isin([*pairs["from"], *pairs["to"]])]),
        "poses": fingerprint_names(map(str, poses.ravel().tolist())),
    }
    with artefact(folder, "drawn pairs", options, inputs=inputs, renew=True) as run:
        if not run.finished:
            logger.info("%s: generating %d test pairs for the report", generator.name, len(pairs))
            run.finish(_generate(workspace, checkpoint, files, folder, runtime))


def _generate(workspace: Workspace, checkpoint: Path, pairs: pd.DataFrame, folder: Path, runtime: Runtime) -> Kept:
    """Write the pictures, mask strips and film of one generator; `source` and `target` in pairs are the files."""
    from PIL import Image

    work = LoadedRequest(
        Request(list(pairs["source"]), list(pairs["target"]), workspace, str(checkpoint), runtime=runtime)
    )
    maps: list[Array] = []
    for number, (source, target) in enumerate(zip(work.sources, work.targets, strict=True)):
        if has_masks(work.generator.network):
            pixels, _, found = masks_of(work, source, target, MaskView())
            maps.append(found)
        else:
            pixels = work.generate(source, [target])[0]
        write_bytes(folder / f"{number:03d}{PICTURE}", webp(Image.fromarray(pixels)))
    strips = _write_masks(folder, maps, work.generator.out) if maps else Strips()
    walkers = pairs.drop_duplicates("pid")["source"].tolist()[:WALKERS]
    walk = Request(walkers, (), workspace, str(checkpoint), runtime=runtime)
    animate(walk, Motion(frames=FRAMES), folder / f"{WALK}{film_ending()}")
    names = list(zip(pairs["from"], pairs["to"], strict=True))
    return Kept(read_metadata(checkpoint).generator, strips, names)


def _write_masks(folder: Path, maps: list[Array], size: tuple[int, int]) -> Strips:
    """A strip of all blocks' maps for every pair; their colours span all of this generator's maps."""
    from PIL import Image

    ends = span(np.stack(maps), stretch=True)
    for number, blocks in enumerate(maps):
        strip = np.concatenate([paint(each, size, ends, "colour") for each in blocks], axis=1)
        write_bytes(folder / f"{number:03d}{MASKS}", webp(Image.fromarray(strip)))
    return Strips(len(maps[0]), ends)


def _files(folder: Path, pairs: Sequence[Pair], ending: str) -> dict[Pair, Path]:
    """The file of every pair that has one of that ending."""
    paths = {(source, target): folder / f"{number:03d}{ending}" for number, (source, target) in enumerate(pairs)}
    return {pair: path for pair, path in paths.items() if path.is_file()}


def read_images(workspace: Workspace) -> list[GeneratorImages]:
    """The images that the workspace's generators generated for the report.

    Args:
        workspace: the workspace.

    Returns:
        In the order of `pipelines.report.generators.trained`.
    """
    found = []
    for generator in trained(workspace):
        folder = images_dir(workspace, generator.name)
        run = read_run(folder)
        if run is None:
            continue
        kept, films = Kept.of(run.result), sorted(folder.glob(f"{WALK}.*"))
        made, masks = (_files(folder, kept.pairs, ending) for ending in (PICTURE, MASKS))
        walk = films[0] if films else None
        blocks, ends = kept.strips.blocks, kept.strips.ends
        found.append(GeneratorImages(generator.name, generator.title, kept.kind, blocks, ends, made, masks, walk))
    return found
