"""All trained generators on the same test pairs, with attention masks, and people who walk; drawn once and kept."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError
from augment.artefacts.artefact import artefact, fingerprint, fingerprint_names, read_run
from augment.artefacts.files import write_bytes
from augment.datasets.inputs import images_input
from augment.datasets.pairs import evaluation_pairs
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from patn import DataError
from patn.keypoints import keypoint_array
from pipelines.report.generators import Trained, trained

logger = logging.getLogger(__name__)
PICTURE, MASKS, WALK = ".webp", "-masks.webp", "walk"
WALKERS, FRAMES = 3, 28
Pair = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    """Which test pairs are shown: of how many identities, at most how many of each, drawn by which seed."""

    people: int = 12
    each: int = 2
    seed: int = 0


@dataclass(frozen=True)
class Drawn:
    """What a generator drew: its name and title, its kind, pictures and mask strips of pairs of image names, its film.

    ends: what the first and last colour of the strips stand for; blocks: how many maps a strip has, 0 without masks.
    """

    name: str
    title: str
    kind: str
    blocks: int
    ends: tuple[float, float]
    pictures: dict[Pair, Path]
    masks: dict[Pair, Path]
    walk: Path | None


def drawn_dir(workspace: Workspace, name: str) -> Path:
    """Where the pictures of a generator are kept."""
    return workspace.table_dir("table5") / "generators" / name


def shown_pairs(workspace: Workspace, shown: Shown) -> pd.DataFrame:
    """Test pairs (from, to, pid) of random identities, sorted by identity: the same for all generators.

    They are taken from those that `augment patn-eval` measures.  Raises AugmentError where there are none.
    """
    pairs = evaluation_pairs(workspace)
    people = workspace.images().query("split == 'gallery'").set_index("name")["pid"]
    rng = random_stream(shown.seed, Stream.SHOWN_PAIRS)
    pairs = pairs.assign(pid=people.loc[pairs["from"]].to_numpy()).sample(frac=1, random_state=rng)
    kept = pairs[pairs["pid"].isin(pairs["pid"].unique()[: shown.people])]
    return kept.groupby("pid").head(shown.each).sort_values("pid", kind="stable", ignore_index=True)


def draw_pairs(workspace: Workspace, shown: Shown, runtime: Runtime) -> None:
    """Draw the pairs with each generator of the workspace that has not drawn them yet.

    What cannot be drawn is left out with a warning, so that the report is written all the same.
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
            logger.warning("nothing drawn by generator %s: %s", generator.name, error)


def _keep(workspace: Workspace, generator: Trained, pairs: pd.DataFrame, shown: Shown, runtime: Runtime) -> None:
    from augment.inference.video import film_ending

    checkpoint, folder = generator.checkpoint(workspace), drawn_dir(workspace, generator.name)
    gallery = workspace.images().query("split == 'gallery'")
    paths = gallery.set_index("name")["path"]
    files = pairs.assign(source=paths.loc[pairs["from"]].to_numpy(), target=paths.loc[pairs["to"]].to_numpy())
    poses = keypoint_array(workspace.keypoints("gallery"), [*pairs["from"], *pairs["to"]])
    options = {**asdict(shown), "size": list(workspace.size), "walk": FRAMES, "film": film_ending()}
    inputs = {
        "generator": fingerprint(checkpoint),
        "images": images_input(gallery[gallery["name"].isin([*pairs["from"], *pairs["to"]])]),
        "poses": fingerprint_names(map(str, poses.ravel().tolist())),
    }
    with artefact(folder, "drawn pairs", options, inputs=inputs, renew=True) as run:
        if not run.finished:
            logger.info("%s: drawing %d test pairs for the report", generator.name, len(pairs))
            run.finish(_draw(workspace, checkpoint, files, folder, runtime))


def _draw(
    workspace: Workspace, checkpoint: Path, pairs: pd.DataFrame, folder: Path, runtime: Runtime
) -> dict[str, Any]:
    """Write the pictures, mask strips and film of one generator; `source` and `target` in pairs are the files."""
    from PIL import Image

    from augment.inference.animation import Motion, animate
    from augment.inference.attention import MaskView, masks_of
    from augment.inference.redrawing import Redrawing, Request
    from augment.inference.video import film_ending
    from patn.checkpoints import read_metadata
    from patn.models.attention import has_masks
    from pipelines.report.pictures import webp

    work = Redrawing(Request(list(pairs["source"]), list(pairs["target"]), workspace, str(checkpoint), runtime=runtime))
    maps: list[Array] = []
    for number, (source, target) in enumerate(zip(work.sources, work.targets, strict=True)):
        if has_masks(work.generator.network):
            pixels, _, found = masks_of(work, source, target, MaskView())
            maps.append(found)
        else:
            pixels = work.draw(source, [target])[0]
        write_bytes(folder / f"{number:03d}{PICTURE}", webp(Image.fromarray(pixels)))
    result: dict[str, Any] = {"kind": read_metadata(checkpoint)["generator"], "blocks": 0, "ends": [0, 1]}
    result["pairs"] = pairs[["from", "to"]].to_numpy().tolist()
    if maps:
        result |= _write_masks(folder, maps, work.generator.out)
    walkers = pairs.drop_duplicates("pid")["source"].tolist()[:WALKERS]
    walk = Request(walkers, (), workspace, str(checkpoint), runtime=runtime)
    animate(walk, Motion(frames=FRAMES), folder / f"{WALK}{film_ending()}")
    return result


def _write_masks(folder: Path, maps: list[Array], size: tuple[int, int]) -> dict[str, Any]:
    """A strip of all blocks' maps for every pair; their colours span all of this generator's maps."""
    from PIL import Image

    from augment.inference.attention import paint, span
    from pipelines.report.pictures import webp

    ends = span(np.stack(maps), stretch=True)
    for number, blocks in enumerate(maps):
        strip = np.concatenate([paint(each, size, ends, "colour") for each in blocks], axis=1)
        write_bytes(folder / f"{number:03d}{MASKS}", webp(Image.fromarray(strip)))
    return {"blocks": len(maps[0]), "ends": list(ends)}


def _files(folder: Path, pairs: list[list[str]], ending: str) -> dict[Pair, Path]:
    """The file of every pair that has one of that ending."""
    paths = {(source, target): folder / f"{number:03d}{ending}" for number, (source, target) in enumerate(pairs)}
    return {pair: path for pair, path in paths.items() if path.is_file()}


def read_drawn(workspace: Workspace) -> list[Drawn]:
    """What the workspace's generators have drawn, in the order of `pipelines.report.generators.trained`."""
    found = []
    for generator in trained(workspace):
        folder = drawn_dir(workspace, generator.name)
        run = read_run(folder)
        if run is None:
            continue
        result, films = run["result"], sorted(folder.glob(f"{WALK}.*"))
        made, masks = (_files(folder, result["pairs"], ending) for ending in (PICTURE, MASKS))
        ends = (float(result["ends"][0]), float(result["ends"][1]))
        walk = films[0] if films else None
        kind, blocks = result["kind"], result["blocks"]
        found.append(Drawn(generator.name, generator.title, kind, blocks, ends, made, masks, walk))
    return found
