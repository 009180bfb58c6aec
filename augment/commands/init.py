"""`augment init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from augment.cli import emit, runtime, seed_or
from augment.commands.idle import note_idle_globals, refuse_idle, refuse_workspace, unless
from augment.datasets.create import Made, init_real, init_rendered, init_text
from augment.datasets.views import init_csv, init_set, init_tracks
from augment.layouts.kinds import DataLayout
from augment.layouts.torchreid_sets import SETS, SetChoice
from augment.layouts.tracks import TrackFilter
from augment.options import Finite
from augment.pedestrians import Pedestrians
from augment.workers import available_cores

RENDERED = ("identities", "test_identities", "images", "cameras", "clutter", "first_identity")


@click.command(short_help="Make a workspace on real images or on rendered pedestrians.")
@click.argument("root", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of real images, or a CSV file that lists them; never modified.  [default: pedestrians are rendered]",
)
@click.option(
    "--layout",
    type=click.Choice([each.value for each in DataLayout]),
    help="How --data is laid out: Market-1501, one sub-folder per identity, DeepFashion's In-shop img folder, a CSV "
    "file with columns path, identity, camera and split (the last two optional), or tracks in MOTChallenge's form.  "
    "[default: detected, except mot]",
)
@click.option(
    "--margin",
    type=Finite(0, 1),
    default=0.05,
    show_default=True,
    metavar="SHARE",
    help="With --layout mot: what is added to each side of a box, as a share of its height or width.",
)
@click.option(
    "--visibility",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    metavar="SHARE",
    help="With --layout mot: least visible share of a person, where the file says it.",
)
@click.option(
    "--min-height",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="PIXELS",
    help="With --layout mot: least height of a box.",
)
@click.option(
    "--spacing",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="FRAMES",
    help="With --layout mot: least number of frames between two images of a track.",
)
@click.option(
    "--dataset",
    type=click.Choice(tuple(SETS)),
    help="Read --data as this data set, with torchreid: its folder, as its owners ship it, or the folder around that.",
)
@click.option("--labeled", is_flag=True, help="With --dataset cuhk03: boxes drawn by hand.  [default: by a detector]")
@click.option("--classic", is_flag=True, help="With --dataset cuhk03: the 20 old splits.  [default: the new one]")
@click.option(
    "--split",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Which split, of a --dataset that has several.",
)
@click.option(
    "--size",
    type=click.IntRange(4, 2048),
    nargs=2,
    metavar="HEIGHT WIDTH",
    help="Working size in pixels.  [default: the training images' most common size, or 128 64]",
)
@click.option(
    "--test-share",
    type=Finite(0, 1),
    metavar="SHARE",
    help="With --layout folders, csv, mot, or deepfashion without lists: share of the identities kept for testing."
    "  [default: 0.5; deepfashion 0.077]",
)
@click.option(
    "--lists",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With --layout deepfashion: folder with the authors' train.lst and test.lst.  [default: looked for "
    "beside the data]",
)
@click.option(
    "--pairs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Train and test on the pairs in this file (header from,to); may be repeated.  [default: all pairs "
    "of one identity]",
)
@click.option("--identities", type=click.IntRange(1), help="Rendered training identities.  [default: 100]")
@click.option("--test-identities", type=click.IntRange(1), help="Rendered test identities.  [default: 80]")
@click.option("--images", type=click.IntRange(2), help="Rendered images per identity.  [default: 14]")
@click.option("--cameras", type=click.IntRange(2, 6), help="Rendered cameras.  [default: 6]")
@click.option("--clutter", type=Finite(0, 1), help="Strength of rendered backgrounds; 0: flat.  [default: 0.45]")
@click.option("--first-identity", type=click.IntRange(0), help="Number of the first rendered identity.  [default: 0]")
@click.option(
    "--seed", type=click.IntRange(0), help="Seed of rendering and of the split.  [default: the global one, or 0]"
)
@click.option("--jobs", type=click.IntRange(1), help="Processes or threads.  [default: all cores]")
def command(
    root: Path,
    data: Path | None,
    layout: str | None,
    dataset: str | None,
    size: tuple[int, int] | None,
    test_share: float | None,
    lists: Path | None,
    pairs: tuple[Path, ...],
    seed: int | None,
    jobs: int | None,
    **others: Any,
) -> None:
    """Make a workspace in DIR: on real images with --data, else on rendered pedestrians with exact key points.

    Says of every file below --data whether it was taken, and if not, why (passed_over.csv). If it is stopped or
    killed, the same command goes on.

    \b
    Example:
      augment init people --identities 4 --test-identities 3 --images 6
    """
    note_idle_globals("device", "precision")
    real = {"layout": layout, "dataset": dataset, "test_share": test_share, "lists": lists, "pairs": pairs or None}
    rendered = {name: others[name] for name in RENDERED}
    _refuse_mixed(data, rendered | real)
    _refuse_idle(data, layout, dataset)
    refuse_workspace("root")
    seed, jobs = seed_or(0) if seed is None else seed, jobs or available_cores()
    if data is None:
        result = _render(root, rendered, size, seed, jobs)
    elif dataset is not None:
        choice = SetChoice(dataset, others["split"], others["labeled"], others["classic"])
        result = init_set(root, data, choice, size=size, seed=seed)
    elif layout == DataLayout.MOT:
        filtering = TrackFilter(*(others[name] for name in ("margin", "visibility", "min_height", "spacing")))
        result = init_tracks(root, data, filtering, size=size, seed=seed, test_share=test_share)
    elif layout == DataLayout.CSV or not data.is_dir():
        result = init_csv(root, data, size=size, seed=seed, test_share=test_share)
    else:
        result = init_real(
            root,
            data,
            layout=layout,
            size=size,
            seed=seed,
            test_share=test_share,
            lists=lists,
            pairs=pairs,
            jobs=jobs,
            progress=runtime().progress,
        )
    emit(result, init_text(result))


def _render(root: Path, rendered: dict[str, Any], size: tuple[int, int] | None, seed: int, jobs: int) -> Made:
    """A workspace on rendered pedestrians, by the options that are theirs."""
    renamed = {"identities": "train_identities", "images": "images_per_identity"}
    given = {renamed.get(key, key): value for key, value in rendered.items() if value is not None}
    if rendered["images"] == 2:  # one query has to leave one gallery image
        given["queries_per_identity"] = 1
    if size is not None:
        given |= {"height": size[0], "width": size[1]}
    return init_rendered(root, Pedestrians(**given, seed=seed), jobs=jobs)


def _refuse_mixed(data: Path | None, options: dict[str, Any]) -> None:
    """Wrong usage: options of rendered pedestrians with --data, or of real images without it."""
    for name, value in options.items():
        if value is not None and (name in RENDERED) == (data is not None):
            word = "belongs to rendered pedestrians, not to --data" if data else "needs --data"
            raise click.UsageError(f"--{name.replace('_', '-')} {word}")


def _refuse_idle(data: Path | None, layout: str | None, dataset: str | None) -> None:
    """Wrong usage: options that are of another kind of --data; a file where a folder is wanted, and the reverse."""
    given = unless(dataset is None, "with --dataset, which says it")
    no_set = unless(dataset is not None, "without --dataset")
    file = unless(data is None or data.is_dir(), "with a CSV file")
    tracks = unless(layout == DataLayout.MOT, "without --layout mot")
    refuse_idle(dict.fromkeys(("layout", "test_share", "lists", "pairs"), given))
    refuse_idle(dict.fromkeys(("margin", "visibility", "min_height", "spacing"), tracks))
    refuse_idle(dict.fromkeys(("lists", "pairs"), unless(tracks, "with --layout mot")))
    refuse_idle(dict.fromkeys(("labeled", "classic", "split"), no_set) | {"lists": file, "pairs": file})
    wants_file = layout is not None and not DataLayout(layout).is_of_a_folder
    if data is not None and layout is not None and data.is_dir() == wants_file:
        raise click.UsageError(f"--layout {layout} is of a {'file' if wants_file else 'folder'}; --data {data} is none")
    if data is not None and layout is None and not data.is_dir() and (dataset or data.suffix.lower() != ".csv"):
        raise click.UsageError(f"--data {data} is a file; give a folder of images, or a CSV file that lists them")
