"""The demo's figures in the documentation: `python -m tools.demo_results FOLDER` after `augment demo FOLDER`.

Writes docs/results/demo.md with its two pictures, and the part of the README between its two markers, which quotes it.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from augment.artefacts.files import write_text
from augment.artefacts.records import RunRecord, read_run
from augment.columns import markdown_table
from augment.workspace import Workspace
from pipelines.measurements.heldout import SHEETS, heldout_name
from pipelines.table5.findings import TERMS
from pipelines.table5.outputs import read_table5
from pipelines.table5.row_generators import own_generator
from pipelines.table5.rows import SCENES, row_title
from tools.quoting import (
    NAMELESS,
    README,
    Record,
    figure,
    findings_markdown,
    gain_of,
    put_between,
    tables_markdown,
    text_of,
)
from tools.real_results import beside_rendered, read_results

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/results/demo.md")
PLOT, SHEET = "demo-table5.png", "demo-sheet.png"
START = "<!-- demo results -->"
MEANINGS = {
    "none": "None: the kept real images",
    "self": "Self: and generated images in the kept images' own poses",
    "ours": "Ours: and generated images in the removed images' poses",
    f"ours{SCENES}": "Ours, in scenes: the same before other kept images' backgrounds",
    "ours*": "Ours\\*: and generated images in poses of kept images only",
}
OURS = "ours"
CEILING = "all real images (p = 1)"
CELLS_OF_100 = 50
"""How many characters a bar of 100 percent has."""


def short_table(summary: pd.DataFrame, portion: float) -> str:
    """The rows at the smallest share of real images, plain and augmented, as Markdown."""
    head = f"mAP in %, p = {portion:g}, equal updates (seeds)"
    lines = [[head, "flip + crop", "+ random erasing + colour jitter"]]
    for row, title in MEANINGS.items():
        own = [figure(summary, row, portion, both) for both in (False, True)]
        lines.append([title, *map(text_of, own)])
        if row in (OURS, f"{OURS}{SCENES}"):
            gained = f"{row_title(row)} - None, paired by seed [95 % interval]"
            lines.append([gained, *map(gain_of, own)])
    lines.append([CEILING, *(text_of(figure(summary, "none", 1.0, both)) for both in (False, True))])
    return markdown_table(lines)


def bars(summary: pd.DataFrame, portion: float) -> str:
    """None, Ours and all real images, plain, as bars of characters, which show wherever a README is shown."""
    shown = {
        "None": figure(summary, "none", portion, False),
        "Ours": figure(summary, OURS, portion, False),
        "Ours, in scenes": figure(summary, f"{OURS}{SCENES}", portion, False),
        "all real images": figure(summary, "none", 1.0, False),
    }
    lines = [f"mAP in percent at p = {portion:g}, flip + crop, equal updates"]
    for name, line in shown.items():
        if line is not None:
            lines.append(f"{name:<16}{line.mAP_mean:>6.1f}  {'█' * round(line.mAP_mean * CELLS_OF_100 / 100)}")
    return "\n".join(lines)


def origin(run: RunRecord) -> str:
    """Which run it is, in a clause."""
    return f"seed {run.seed}, commit {run.versions.get('commit', 'unknown')}"


def readme_part(summary: pd.DataFrame, run: RunRecord) -> str:
    """What stands between the README's markers."""
    portion = float(summary["portion"].min())
    return f"""
`make demo`, {origin(run)}. The settings were chosen on other identities (seed 1), those of scenes on Market-1501.
The generator has seen the removed images, as in the paper; [the study](docs/results/study.md) has one that has not.

```text
{bars(summary, portion)}
```

{short_table(summary, portion)}

[The demo](docs/results/demo.md) has pictures and every figure; [Results](docs/results/index.md) lists all measurements.
"""


def page(summary: pd.DataFrame, run: RunRecord, histogram: Record | None, real: Record) -> str:
    """docs/results/demo.md; `real`: the results on real people, see `tools.real_results`."""
    result = run.result
    ssim = result["ssim"]
    pose = ""
    if "pose" in result:
        found, pckh = result["pose"]["found"], result["pose"]["pckh"]
        estimator = result["pose"].get("estimator", NAMELESS)
        pose = f" {estimator} finds a person in {100 * found:.1f} % of the rendered images; PCKh@0.5 {pckh:.3f}."
    return f"""# The demo

{beside_rendered(summary, real)}

Written by `python -m tools.demo_results`; do not edit. `make demo`, {origin(run)}. The settings
were chosen on other identities (seed 1), those of scenes on Market-1501. The generator was trained once, so no
deviation or interval says how much another training of it would change.

![mAP over the share of real images]({PLOT})

Source, target pose, generated and real image of identities that the generator never saw:

![source, target pose, generated and real image]({SHEET})

SSIM on such identities: generated {ssim["generated"]:.3f}, copied condition image {ssim["copy"]:.3f}, mean training
image {ssim["mean"]:.3f}.{pose}

## What it shows

{TERMS}

{findings_markdown(summary, histogram)}

## Every figure

{tables_markdown(summary)}"""


def finished(workspace: Workspace) -> tuple[RunRecord, pd.DataFrame, Record | None]:
    """The run of a finished demo, its summary, and what colour histograms reach where that was measured.

    Args:
        workspace: of the demo.

    Raises:
        SystemExit: where it is not finished.
    """
    run, summary = read_run(workspace.table_dir("demo")), read_table5(workspace)
    if run is None or summary.empty:
        raise SystemExit(f"{workspace.root}: holds no finished demo; run `augment demo` first")
    histogram = read_run(workspace.table_dir("histogram"))
    return run, summary, None if histogram is None else histogram.result


def copy_pictures(workspace: Workspace, folder: Path, plot: str, sheet: str) -> None:
    """Copy a demo's plot and its sheet of generated images.

    Args:
        workspace: of the demo.
        folder: where to.
        plot: the copy's name.
        sheet: the copy's name.
    """
    shutil.copyfile(workspace.table_dir("table5") / "table5.png", folder / plot)
    shutil.copyfile(workspace.table_dir(heldout_name(own_generator(workspace))) / SHEETS["heldout"], folder / sheet)


def publish(workspace: Workspace, root: Path = ROOT) -> None:
    """Write page, pictures and the README's part below `root` from a finished demo.

    Raises:
        SystemExit: where the demo is not finished.
    """
    run, summary, histogram = finished(workspace)
    copy_pictures(workspace, (root / PAGE).parent, PLOT, SHEET)
    real = read_results()
    write_text(root / PAGE, page(summary, run, histogram, real))
    put_between(root / README, START, readme_part(summary, run))


def publish_folder(about: str, publish: Callable[[Workspace], None]) -> None:
    """What the command of a page does: publish the folder that is named.

    Args:
        about: the module's docstring.
        publish: what writes the page of a workspace.
    """
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of a finished demo")
    publish(Workspace.find(parser.parse_args().folder))


if __name__ == "__main__":
    publish_folder(__doc__ or "", publish)
