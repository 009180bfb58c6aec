"""The verbs that are tortured, at toy size, and their run without a break."""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import shlex
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.torture.contents import contents
from tests.torture.processes import Ended, Process

VERBS: dict[str, str] = {
    "init": "init ROOT --identities 3 --test-identities 1 --images 6 --cameras 2 --size 64 32 --jobs 1",
    "poses": "poses --csv ROOT/data/keypoints/train.csv --csv ROOT/data/keypoints/query.csv "
    "--csv ROOT/data/keypoints/test.csv",
    "patn-train": "patn-train --preset demo --steps 6 --batch 2 --blocks 1 --perceptual none",
    "generate": "generate --portion 0.2",
    "reid-train": "reid-train --preset demo --backbone small --portion 0.2 --augmentation ours --epochs 4",
    "table5": "table5 --portions 0.2 --rows none,ours --seeds 1 --lengths updates --threads 1",
}
FRESH = (
    "from tests.torture.verbs import toy_sizes; toy_sizes(models={models});"
    "from augment.cli import augment; augment(prog_name='augment')"
)
LATE = (
    *("torchreid.reid.models", "torch._dynamo", "matplotlib.pyplot", "jinja2", "filelock", "tqdm", "safetensors.torch"),
)
NARROW, EPOCHS = 4, 3
"""Channels of the generator and its discriminators, and epochs of a re-ID model of the table."""
_numbers = itertools.count()


@dataclass(frozen=True)
class Whole:
    """What an unbroken run left in its workspace, and its CPU seconds and file events by verb."""

    contents: dict[str, bytes | str]
    cpu: dict[str, float]
    files: dict[str, int]


def words(verb: str, root: Path, *, quiet: bool = True) -> list[str]:
    """The command line of a verb of VERBS, or of any other words, in a workspace."""
    line = [word.replace("ROOT", str(root)) for word in shlex.split(VERBS.get(verb, verb))]
    place = [] if verb == "init" else ["--workspace", str(root)]
    return ["--device", "cpu", *(["--quiet"] if quiet else []), *place, *line]


def begin(verb: str, root: Path, *, quiet: bool = True, fresh: bool = False, die_at: int = 0) -> Process:
    """Start a verb, in an interpreter of its own if `fresh`; it says what it says to a file beside the workspace."""
    given, run = words(verb, root, quiet=quiet), _fresh if fresh else _forked
    return Process(lambda: run(given), root.parent / f"said-{next(_numbers)}.txt", die_at=die_at)


def _forked(given: list[str]) -> None:
    from augment.cli import augment

    augment.main(given, prog_name="augment")


def _fresh(given: list[str]) -> None:
    os.execv(sys.executable, [sys.executable, "-c", FRESH.format(models="table5" in given), *given])


def must(verb: str, root: Path) -> Ended:
    """Run a verb that has to succeed; raises RuntimeError where it does not."""
    ended = begin(verb, root).end()
    if ended.status != 0:
        raise RuntimeError(f"{verb} ended with {ended.status}: {ended.said}")
    return ended


def unbroken(root: Path) -> Whole:
    """Run all verbs once; the workspace's folder need not be there."""
    root.parent.mkdir(parents=True)
    ended = {verb: must(verb, root) for verb in VERBS}
    cpu, files = {verb: end.cpu for verb, end in ended.items()}, {verb: end.files for verb, end in ended.items()}
    return Whole(contents(root), cpu, files)


def toy_sizes(*, models: bool = True) -> None:
    """Make small what no option does: distractors and junk, the generator's width, epochs of the table's models, plots.

    models: False leaves the last two out, for verbs of new interpreters that have no use for a second's imports.
    """
    package, generators = (
        importlib.import_module(name) for name in ("augment.pedestrians", "patn.training.configuration")
    )
    vars(package)["Pedestrians"] = partial(package.Pedestrians, distractors=1, junk=1)
    generators.PRESETS["demo"] = replace(generators.PRESETS["demo"], width=NARROW, d_width=NARROW)
    if models:
        presets = importlib.import_module("reid.training").PRESETS
        presets["demo"] = replace(presets["demo"], epochs=EPOCHS)
        vars(importlib.import_module("pipelines.table5.plots"))["panels"] = lambda _: []  # of axes alone


def import_all() -> None:
    """Do once what every process would, so that forks need not: import everything, plot, compile the templates.

    What is there then is left alone by the garbage collector: one that looks at all of it copies it into the fork.
    """
    toy_sizes()
    import_modules()
    warm_up()
    gc.freeze()


def import_modules() -> None:
    """Import every module of the packages, and what they import late."""
    for package in ("augment", "patn", "reid", "pipelines"):
        folder = Path(importlib.import_module(package).__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            importlib.import_module(".".join(part for part in parts if part != "__init__"))
    for late in LATE:
        importlib.import_module(late)


def warm_up() -> None:
    """Compile the report's templates, plot an empty table, read the versions that results are recorded with."""
    import pandas as pd

    from augment.versions import versions
    from pipelines.report.page import environment
    from pipelines.table5.lines import SUMMARY
    from pipelines.table5.plots import portion_plot

    for name in environment().list_templates(extensions=["html", "css"]):
        environment().get_template(name)
    for form in ("png", "svg"):
        portion_plot(pd.DataFrame(columns=SUMMARY, dtype=float), form)
    versions()
