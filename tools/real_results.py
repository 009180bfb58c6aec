"""The figures of Market-1501 in the documentation: `python -m tools.real_results FOLDER`.

FOLDER is the workspace of `augment demo FOLDER --data ... --preset market1501`, finished or stopped at any time.
`--authors-pairs FOLDER` adds what a workspace with the PATN authors' test pairs holds (`tools.authors_pairs`).
Writes docs/results/market1501.json, and from it alone the page beside it and the README's part; without folders, only
these.  No image and no feature of a person is written: numbers and curves are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from augment.artefacts.files import write_bytes, write_json, write_text
from augment.columns import markdown_table
from augment.workspace import Workspace
from patn.keypoints import JOINTS
from pipelines.demo.why import EXPLAINED, GAINS, correlation_sentences, why_lines
from pipelines.table5.findings import TERMS
from pipelines.table5.lines import as_summary
from pipelines.table5.plots import portion_plot
from pipelines.table5.rows import SCENES, row_title
from tools.authors_pairs import authors_pairs_part, measured_on_pairs
from tools.quoting import (
    NAMELESS,
    README,
    Record,
    escaped,
    figure,
    findings_markdown,
    gain_of,
    put_between,
    tables_markdown,
    text_of,
)
from tools.real_workspace import gathered

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE, PLOT = (Path("docs/results") / f"market1501{suffix}" for suffix in (".json", ".md", "-table5.png"))
START = "<!-- market1501 results -->"
SMALLEST = 0.1
PAIRS = "authors_pairs"
"""The results' key of what was measured on the authors' test pairs."""
BEST = f"ours-tuned-reduced{SCENES}"
"""The best row for who has M^R_p alone."""
CHOSEN = (
    "The settings of scenes and of tuning, and the length of `long`, were chosen on these test images, so those rows "
    "may be too good."
)
ONCE = (
    "These generators were trained once, so no deviation or interval says how much another training of them would "
    "change; those trained or tuned on M^R_p only are trained anew for every seed."
)
DEMO = "augment demo "
"""How the command begins that measures; single rows may be added by others."""
IN_README = ("none", "ours", BEST, f"long{SCENES}")
"""The rows of the README's table."""


def read_results(root: Path = ROOT) -> Record:
    """What docs/results/market1501.json holds, below `root`."""
    found: Record = json.loads((root / RESULTS).read_text(encoding="utf-8"))
    return found


def summary_of(results: Record) -> pd.DataFrame:
    """The summary of Table 5 that results hold."""
    return as_summary(results["lines"])


def short_table(summary: pd.DataFrame, only: Sequence[str] | None = None) -> str:
    """Rows at p = 0.1, plain and augmented, and what each gains, as Markdown; None takes all that are there."""
    lines = [[f"mAP in %, p = {SMALLEST:g}, equal updates (seeds)", "flip + crop", "+ random erasing + colour jitter"]]
    rows = summary[
        (summary["portion"] == SMALLEST) & (summary["length"] == "updates") & (summary["backbone"] == "small")
    ]
    for row in dict.fromkeys(rows["row"]):
        if only is not None and row not in only:
            continue
        own = [figure(summary, row, SMALLEST, ordinary) for ordinary in (False, True)]
        lines.append([escaped(row_title(row)), *map(text_of, own)])
        if row != "none":
            lines.append([f"{escaped(row_title(row))} - None [95 % interval]", *map(gain_of, own)])
    ceiling = [figure(summary, "none", 1.0, ordinary) for ordinary in (False, True)]
    lines.append(["all real images (p = 1)", *map(text_of, ceiling)])
    return markdown_table(lines)


def origin(results: Record) -> str:
    """By which commands, from which commits and where the results were made, in sentences."""
    if "caveat" in results:
        return str(results["caveat"])
    runs = results["runs"]
    commits = results["commits"]
    *others, last = commits
    named = f"commits {', '.join(others)} and {last}" if others else f"commit {last}"
    places = "; ".join(
        dict.fromkeys(f"{run['processor']}, {run['cores']} cores, {run['device']}, {run['precision']}" for run in runs)
    )
    added = "".join(f" A row was added by `{run['command']}`." for run in runs if not run["command"].startswith(DEMO))
    done, asked = results["cells"]
    return (
        f"Measured by `{runs[-1]['command']}` at {named} on {places}.{added} {done} of {asked} cells (one cell is one "
        "re-ID training) are finished; with the generators and sets that they need, they took "
        f"{results['hours']:.1f} hours, counted one task after the other."
    )


def larger_portions(summary: pd.DataFrame) -> str:
    """What the README's rows gain where more real images are kept, a sentence for each p; empty where none was run."""
    sentences = []
    for portion in sorted(part for part in set(summary["portion"]) if SMALLEST < part < 1):
        gains = []
        for row in IN_README[1:]:
            plain, augmented = (gain_of(figure(summary, row, portion, ordinary)) for ordinary in (False, True))
            if (plain, augmented) != ("-", "-"):
                gains.append(f"{escaped(row_title(row))} adds {plain} and {augmented}")
        if gains:
            plain, augmented = (text_of(figure(summary, "none", portion, ordinary)) for ordinary in (False, True))
            sentences.append(
                f"At p = {portion:g}, None has {plain} with flip + crop and {augmented} with random erasing + colour "
                f"jitter too; {'; '.join(gains)}."
            )
    return " ".join(sentences)


def other_networks(summary: pd.DataFrame) -> str:
    """What the README's rows gain at the smallest p with other networks than `small`, a sentence for each."""
    sentences = []
    for backbone in sorted(set(summary["backbone"]) - {"small"}):
        own = summary[summary["backbone"] == backbone].assign(backbone="small")
        none, *others = (figure(own, row, SMALLEST, False) for row in IN_README)
        gains = [
            f"{escaped(row_title(row))} adds {gain_of(line)}"
            for row, line in zip(IN_README[1:], others, strict=True)
            if line is not None
        ]
        if none is not None and gains:
            sentences.append(
                f"With `{backbone}` in place of `small` and flip + crop, None has {text_of(none)} at p = {SMALLEST:g}; "
                f"{'; '.join(gains)}."
            )
    return " ".join(sentences)


def readme_part(results: Record) -> str:
    """What stands between the README's markers."""
    return f"""
{short_table(summary_of(results), IN_README)}

The re-ID network is `small`, from random weights, at 64 x 32 pixels. Ours is by `{ours_of(results)}`. `long` is the \
built-in generator, tuned on all training images for longer. These two have seen the removed images and were trained \
once, so no deviation or interval says how much another training of them would change. A generator tuned on M^R_p only \
has not seen them, and is trained anew for every seed. [In scenes](docs/explanation/scenes.md) puts each generated \
person before another kept image's background, in the colours of that image's camera. {CHOSEN}
{" ".join(filter(None, [other_networks(summary_of(results)), larger_portions(summary_of(results))]))}
[Market-1501](docs/results/market1501.md) has every figure. {origin(results)}
"""


def page(results: Record) -> str:
    """docs/results/market1501.md."""
    summary = summary_of(results)
    parts = [
        "# Market-1501",
        "Written by `python -m tools.real_results`; do not edit.",
        origin(results),
        f"Real images. The re-ID model is `small`, trained from random weights at 64 x 32 pixels, as in the demo. Ours "
        f"is by `{ours_of(results)}`, which saw the removed images in its training. [Rows of Table "
        f"5](../reference/rows.md) says what each row is. {CHOSEN}",
        short_table(summary),
        larger_portions(summary),
        other_networks(summary),
        f"![mAP over the share of real images]({PLOT.name})",
        f"## What it shows\n\n{TERMS}\n\n{findings_markdown(summary)}",
        *_generator_part(results),
        *_why(results),
        *authors_pairs_part(results.get(PAIRS, ())),
        *_poses(results),
        f"## Every figure\n\n{tables_markdown(summary)}",
        *_missing(results),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _missing(results: Record) -> list[str]:
    """What was asked for and is not finished, a line for each p, backbone and way to count."""
    rows: dict[str, list[str]] = {}
    for cells in results.get("missing", []):
        row, _, of = cells.rpartition(", p = ")
        rows.setdefault(f"p = {of}", []).append(row)
    lines = [f"- {of}: {escaped('; '.join(dict.fromkeys(named)))}" for of, named in rows.items()]
    return ["## Not run, for want of time\n\n" + "\n".join(lines)] if lines else []


def _generator_part(results: Record) -> list[str]:
    made = results.get("generators", [])
    if not made:
        return []
    lines = [["generator", "starts from", "size in pixels", "steps", "minutes of training"]]
    for one in made:
        height, width = one["size"]
        minutes = f"{one['train_seconds'] / 60:.1f}"
        lines.append([one["name"], one["start"], f"{height} x {width}", f"{one['steps']:,}", minutes])
    about = (
        f"Trained on all training pairs, those of removed images included. {ONCE} Minutes are of the clock, with other "
        "work running."
    )
    return [f"## The generators\n\n{about}\n\n{markdown_table(lines)}"]


def _why(results: Record) -> list[str]:
    """What the images of each row's generator are like, beside what they gain."""
    table = pd.DataFrame(results.get("why", []))
    if table.empty:
        return []
    numbers = [name for name in table if name not in ("row", "generator", "pairs")]
    table = table.astype(dict.fromkeys(numbers, float)).dropna(subset=[*GAINS], how="all")
    lines = [[escaped(cell) for cell in line] for line in why_lines(table)]
    sentences = [f"- {sentence}" for sentence in correlation_sentences(table)]
    return ["\n\n".join(["## Why", EXPLAINED, markdown_table(lines), "\n".join(sentences)])]


def _poses(results: Record) -> list[str]:
    """How far the pose estimator agrees with the authors' key points."""
    poses = results.get("poses")
    if not poses:
        return []
    lines = [["joint", "given", "found", "PCKh@0.5", "median pixels"]]
    for name in JOINTS:
        joint = poses["joints"][name]
        found, right = (_percent(joint[key]) for key in ("found", "pckh"))
        lines.append(
            [name, str(joint["given"]), found, right, "-" if joint["pixels"] is None else str(joint["pixels"])]
        )
    estimator = poses.get("estimator", NAMELESS)
    said = (
        f"Of {poses['images']:,} training images, {_percent(poses['given'])} have key points in the PATN authors' "
        f"files, {_percent(poses['found'])} by {estimator}, and {_percent(poses['both'])} by both. In these, left and "
        f"right are exchanged in {_percent(poses['swapped'])}, PCKh@0.5 is {_percent(poses['pckh'])} and the median "
        f"distance is {poses['pixels']} pixels. [Pose estimators](../how-to/own-estimator.md) has other estimators and "
        "settings."
    )
    return [f"## The pose estimator on real crops\n\n{said}\n\n{markdown_table(lines)}"]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def ours_of(results: Record) -> str:
    """The generator of Ours, by name: the first that was trained for the measurement."""
    made = results.get("generators") or [{"name": "patn"}]
    return str(made[0]["name"])


def beside_rendered(demo: pd.DataFrame, results: Record) -> str:
    """That rendered pedestrians are easy: what Ours gains there and what the same configuration gains on real ones."""
    real, gains = summary_of(results), []
    for summary, row in ((demo, "ours"), (real, "ours"), (demo, f"ours{SCENES}"), (real, BEST)):
        portion = float(summary["portion"].min())
        own = [figure(summary, row, portion, ordinary) for ordinary in (False, True)]
        gains.append(f"{gain_of(own[0])} plain and {gain_of(own[1])} with erasing + jitter")
    scenes = "[scenes](../explanation/scenes.md)"
    return (
        f"Rendered pedestrians are easy. Here Ours - None is {gains[0]}, and {gains[2]} in {scenes}. On real images "
        f"the same re-ID training gives {gains[1]} mAP with Ours by {ours_of(results)}, and {gains[3]} in scenes with "
        "the built-in generator tuned on M^R_p alone ([Market-1501](market1501.md)). Plain is flip + crop; "
        "erasing + jitter adds random erasing and colour jitter."
    )


def publish(root: Path = ROOT, workspace: Workspace | None = None, authors_pairs: Workspace | None = None) -> None:
    """Write results, page, plot and the README's part below `root`; without workspaces, from the results there.

    Args:
        root: of the repository.
        workspace: of the measurement; what it holds takes the place of what the results say.
        authors_pairs: with the authors' test pairs; as `workspace`, for these.
    """
    results = read_results(root) if (root / RESULTS).is_file() else {}
    if workspace is not None:
        results = {**gathered(workspace), **{key: results[key] for key in (PAIRS,) if key in results}}
    if authors_pairs is not None:
        results = {**results, PAIRS: measured_on_pairs(authors_pairs)}
    write_json(root / RESULTS, results)
    write_bytes(root / PLOT, portion_plot(summary_of(results)))
    write_text(root / PAGE, page(results))
    put_between(root / README, START, readme_part(results))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the documentation's part of a measurement on real images; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.real_results", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="workspace of the measurement")
    parser.add_argument("--authors-pairs", type=Path, help="workspace with the PATN authors' test pairs")
    given = parser.parse_args(arguments)
    folders = (given.folder, given.authors_pairs)
    workspace, pairs = (None if folder is None else Workspace.find(folder) for folder in folders)
    publish(workspace=workspace, authors_pairs=pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
