"""Table 2, size and speed: the paper's figures, the same weights counted in three ways, and this machine's speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from augment.artefact import write_csv, write_text
from augment.columns import aligned, markdown_table
from augment.generator_bench import Candidate, measure, recipe_options
from augment.runtime import Runtime
from augment.workspace import Workspace
from patn.complexity import complexity
from patn.published import PublishedCount
from pipelines.paper import TABLE2

SIZE = (256, 176)


@dataclass(frozen=True)
class Method:
    """A method of Table 2: its title, what the paper counted of it, and the weights that redraw an image."""

    title: str
    published: PublishedCount
    transfer: int


METHODS: dict[str, Method] = {
    "pg2": Method("PG2 (Ma et al.)", PublishedCount(122_103_235 + 12_696_067, 10_896_257, optimizer=True), 134_799_302),
    "deform": Method("Deform (Siarohin et al.)", PublishedCount(82_080_611), 82_080_611),
    "vunet": Method(
        "VUNet (Esser et al.)", PublishedCount(47_272_966, without_gradient=1_230_848, optimizer=True), 12_308_998
    ),
}
"""Of the other methods at 256 x 256, from their layer lists; VUNet leaves out the network of its prior."""
FOOTNOTE = """\
Weights in millions.  "As the paper counts": PG2 = 3 x (both generators + discriminator) and VUNet = weights + 2 x
(weights that learn), which are whole training checkpoints with Adam's two moments; Deform and PATN are the bare
generator.  Compare the columns "generator" (like for like) and "used to redraw".  The weights of PG2, Deform and VUNet
are counted from their layer lists at 256 x 256.  The paper's frames per second are of a Titan Xp on DeepFashion; ours
are of this machine, random images of 256 x 176."""
HEAD = ("method", "paper", "as the paper counts", "generator", "used to redraw", "paper fps", "here")


def table2(runtime: Runtime, *, speed: bool = True, batch: int = 1) -> list[dict[str, Any]]:
    """One record a method: "method", "title", the paper's "paper_millions" and "paper_fps"; counts of weights
    "as_in_the_paper", "generator", "transfer"; and "images_per_second" of PATN here, None for the others.

    batch: images at a time, the paper's (presumably) by default.  runtime.precision "bf16" draws with bfloat16 weights.
    """
    records = [_record(name, method.title, method.published, method.transfer) for name, method in METHODS.items()]
    options = recipe_options("patn", SIZE)
    counts = complexity("patn", options, SIZE)
    ours = _record("patn", "PATN, 9 blocks", PublishedCount(counts.parameters), counts.transfer_parameters)
    if speed:
        measured = measure(Candidate("patn", "patn", options, SIZE), runtime, batch, seconds=3.0)
        ours["images_per_second"] = measured["images_per_second"]
    return [*records, ours]


def _record(name: str, title: str, published: PublishedCount, transfer: int) -> dict[str, Any]:
    millions, fps = TABLE2[name]
    return {
        "method": name, "title": title, "paper_millions": millions, "as_in_the_paper": published.as_in_the_paper,
        "generator": published.generator, "transfer": transfer, "paper_fps": fps, "images_per_second": None,
    }  # fmt: skip


def write(records: Sequence[Mapping[str, Any]], how: str, workspace: Workspace) -> str:
    """Write table2.csv and table2.md into the workspace's tables; returns the folder."""
    folder = workspace.table_dir("table2")
    write_csv(pd.DataFrame(list(records)), folder / "table2.csv")
    table = markdown_table([HEAD, *map(_cells, records)])
    write_text(folder / "table2.md", f"{table}\n\n{FOOTNOTE}{how}\n")
    return str(folder)


def terminal(records: Sequence[Mapping[str, Any]], how: str) -> str:
    """The table for a terminal."""
    return f"{aligned([HEAD, *map(_cells, records)])}\n\n{FOOTNOTE}{how}"


def _cells(record: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (f"{record[key] / 1e6:.2f}" for key in ("as_in_the_paper", "generator", "transfer"))
    here = record["images_per_second"]
    speeds = (f"{record['paper_fps']:.2f}", "-" if here is None else f"{here:.2f}")
    return (record["title"], f"{record['paper_millions']:.2f}", *counts, *speeds)
