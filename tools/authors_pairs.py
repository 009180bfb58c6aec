"""Generators on the PATN authors' own test pairs, beside the paper's Table 1.

The pairs are taken over by `augment init --pairs market-pairs-test.csv`, and measured there by `augment patn-eval`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.artefacts.records import read_run
from augment.columns import markdown_table
from augment.evaluation.image_quality import ImageQuality
from augment.results import Result
from augment.workspace import Workspace
from pipelines.paper import TABLE1

METRICS = ("ssim", "mask-ssim", "pckh")
TRIVIAL = {"copy": "copy of the condition image", "mean image": "mean training image"}
PAPERS = {
    "PATN": "Ours",
    "Deform": "Siarohin et al. * (Deform)",
    "VUNet": "Esser et al. * (VUNet)",
    "PG2": "Ma et al. * (PG2)",
}
"""Rows of the paper's table that were measured by its authors on these pairs, by method."""
PAPERS_COLUMNS = {"ssim": 0, "mask-ssim": 2, "pckh": 5}
ABOUT = (
    "The {pairs:,} test pairs of the PATN authors' file. Their PATN was trained at 128 x 64 pixels for about 90,000 "
    "steps on a GPU, the generators measured here for minutes on one core. A generator of 64 x 32 pixels is enlarged "
    "to 128 x 64 before it is measured. Enlarged images are smooth, and SSIM favours smooth images: equal SSIM does "
    "not mean equal images. PCKh is by movenet-lightning, another estimator than the paper's, so compare it among our "
    "rows only. `patn` and `long` are the generators of the rows Ours and long, `tuned` and `tuned-p0.1-s0` those of "
    "Ours, built-in tuned, and of the same on M^R_p only; `patn128` and `corr128` were trained at the full size."
)
"""What the part says first."""


@dataclass(frozen=True)
class OnAuthorsPairs(Result):
    """A generator on these pairs.

    Attributes:
        generator: its name.
        kind: of `patn.generators.GENERATORS`.
        start: the generator it was trained on from; "fresh weights" without one.
        size: (height, width) of its images in pixels.
        steps: of training.
        minutes: of training.
        pairs: how many were measured.
        rows: figures by row (`generated`, `copy`, `mean image`) and metric.
    """

    generator: str
    kind: str
    start: str
    size: tuple[int, int]
    steps: int
    minutes: float
    pairs: int
    rows: Mapping[str, Mapping[str, float]]


def measured_on_pairs(workspace: Workspace) -> list[dict[str, Any]]:
    """The generators of a workspace with their largest evaluation by the paper's protocol.

    Args:
        workspace: which holds the authors' pairs.

    Returns:
        An `OnAuthorsPairs` each, as a dictionary, by SSIM.
    """
    found = []
    for path in workspace.generators():
        trained = read_run(path.parent)
        runs = [run for folder in path.parent.glob("eval-paper-test-*") if (run := read_run(folder)) is not None]
        if trained is None or not runs:
            continue
        quality = max((ImageQuality.of(run.result) for run in runs), key=lambda one: one.pairs)
        rows = {
            row: {metric: figures[metric] for metric in METRICS if metric in figures}
            for row, figures in quality.rows.items()
            if row == "generated" or row in TRIVIAL
        }
        options, result = trained.options, trained.result
        found.append(
            OnAuthorsPairs(
                generator=path.parent.name,
                kind=options["generator"],
                start=result.get("initial") or "fresh weights",
                size=(options["height"], options["width_px"]),
                steps=result["steps"],
                minutes=round(result["train_seconds"] / 60, 1),
                pairs=quality.pairs,
                rows=rows,
            )
        )
    return [one.as_dict() for one in sorted(found, key=lambda one: one.rows["generated"]["ssim"])]


def authors_pairs_part(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The part of the page.

    Args:
        records: as of `measured_on_pairs`.

    Returns:
        One text, or none where nothing was measured.
    """
    generators = [OnAuthorsPairs.of(record) for record in records]
    if not generators:
        return []
    lines = [["images", "training", "SSIM", "mask-SSIM", "PCKh"]]
    for one in generators:
        training = f"{one.kind} from {one.start}, {one.size[0]} x {one.size[1]}, {one.steps:,} steps"
        lines.append([f"`{one.generator}`", f"{training}, {one.minutes:.1f} minutes", *_figures(one.rows["generated"])])
    for row, title in TRIVIAL.items():
        lines.append([title, "-", *_figures(generators[0].rows.get(row, {}))])
    for method, row in PAPERS.items():
        paper = {metric: TABLE1[row][column] for metric, column in PAPERS_COLUMNS.items()}
        lines.append([f"paper: {method}", "128 x 64", *_figures(paper)])
    title = "## On the authors' test pairs, beside the paper's Table 1"
    about = ABOUT.format(pairs=generators[0].pairs)
    return [f"{title}\n\n{about}\n\n{markdown_table(lines)}"]


def _figures(figures: Mapping[str, float | None]) -> list[str]:
    values = [figures.get(metric) for metric in METRICS]
    return ["-" if value is None else f"{value:.3f}" for value in values]
