"""Table 2, size and speed: the paper's figures, the same weights counted in three ways, and this machine's speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from augment.artefacts.files import write_csv, write_text
from augment.columns import aligned, markdown_table
from augment.inference.benchmark import Candidate, measure, recipe_options
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.complexity import complexity, published_count
from pipelines.paper import TABLE2

SIZE = (256, 176)
SQUARE = (256, 256)


@dataclass(frozen=True)
class Method:
    """A method of Table 2.

    Attributes:
        title: in words.
        options: of the network that the paper counted.
        size: of its images, (height, width) in pixels.
    """

    title: str
    options: Mapping[str, Any]
    size: tuple[int, int] = SQUARE


METHODS: dict[str, Method] = {
    "pg2": Method("PG2 (Ma et al.)", {"height": 256, "width_px": 256}),
    "deform": Method("Deform (Siarohin et al.)", {"levels": 7}),
    "vunet": Method("VUNet (Esser et al.)", {"scales": 7, "crop_factor": 2}),
    "patn": Method("PATN, 9 blocks", {"norm": "instance"}, SIZE),
}
"""By the names of `patn.generators.GENERATORS`."""


@dataclass(frozen=True)
class Size:
    """Size and speed of a method of Table 2.

    Attributes:
        method: its name.
        title: in words.
        paper_millions: the paper's count of weights.
        as_in_the_paper: weights, counted as the paper does.
        generator: weights of the generator.
        transfer: weights that are used to generate.
        paper_fps: the paper's frames a second.
        images_per_second: here, None where it was not timed.
    """

    method: str
    title: str
    paper_millions: float
    as_in_the_paper: int
    generator: int
    transfer: int
    paper_fps: float
    images_per_second: float | None

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


FOOTNOTE = """\
Weights in millions.  "As the paper counts": PG2 = 3 x (both generators + discriminator) and VUNet = weights + 2 x
(weights that learn), which are whole training checkpoints with Adam's two moments; Deform and PATN are the bare
generator.  Compare the columns "generator" (like for like) and "used to generate"; VUNet generates without its prior.
The weights of PG2, Deform and VUNet are those of this tool's networks at 256 x 256, of VUNet with the layers of the
released graph that nothing reaches.  The paper's frames per second are of a Titan Xp on DeepFashion; ours are of this
machine, random images of 256 x 176, padded where a method has to."""
HEAD = ("method", "paper", "as the paper counts", "generator", "used to generate", "paper fps", "here")


def table2(runtime: Runtime, *, speed: bool = True, batch: int = 1) -> list[Size]:
    """Size and speed of the paper's methods.

    Args:
        runtime: its precision "bf16" generates with bfloat16 weights.
        speed: whether this machine's is measured.
        batch: images at a time, the paper's (presumably) by default.

    Returns:
        One a method.
    """
    sizes = []
    for name, method in METHODS.items():
        published = published_count(name, method.options, method.size)
        millions, fps = TABLE2[name]
        candidate = Candidate(name, name, recipe_options(name, SIZE), SIZE)
        timed = measure(candidate, runtime, batch, seconds=3.0).images_per_second if speed else None
        used = complexity(name, method.options, method.size).transfer_parameters
        counts = (published.as_in_the_paper, published.generator, used)
        sizes.append(Size(name, method.title, millions, *counts, fps, timed))
    return sizes


def write(sizes: Sequence[Size], how: str, workspace: Workspace) -> str:
    """Write table2.csv and table2.md into the workspace's tables.

    Args:
        sizes: as of `table2`.
        how: what is said of the machine, after the footnote.
        workspace: the workspace.

    Returns:
        The folder.
    """
    folder = workspace.table_dir("table2")
    write_csv(pd.DataFrame([size.as_dict() for size in sizes]), folder / "table2.csv")
    table = markdown_table([HEAD, *map(_cells, sizes)])
    write_text(folder / "table2.md", f"{table}\n\n{FOOTNOTE}{how}\n")
    return str(folder)


def terminal(sizes: Sequence[Size], how: str) -> str:
    """The table for a terminal.

    Args:
        sizes: as of `table2`.
        how: what is said of the machine, after the footnote.
    """
    return f"{aligned([HEAD, *map(_cells, sizes)])}\n\n{FOOTNOTE}{how}"


def _cells(size: Size) -> tuple[str, ...]:
    counts = (f"{weights / 1e6:.2f}" for weights in (size.as_in_the_paper, size.generator, size.transfer))
    here = size.images_per_second
    speeds = (f"{size.paper_fps:.2f}", "-" if here is None else f"{here:.2f}")
    return (size.title, f"{size.paper_millions:.2f}", *counts, *speeds)
