"""What the demo prints at its end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from augment.artefacts.records import read_run
from augment.workspace import Workspace
from pipelines.demo.run import Demo
from pipelines.table5.findings import TERMS, findings
from pipelines.table5.outputs import read_table5
from pipelines.table5.text import terminal


def demo_text(root: Path, result: Demo) -> str:
    """Table 5, what it shows, SSIM and poses, time, and last the report's path.

    Args:
        root: of the workspace.
        result: as of `run_demo`.
    """
    workspace = Workspace.find(root)
    summary = read_table5(workspace)
    histogram = read_run(workspace.table_dir("histogram"))
    lines = [terminal(summary), "", TERMS]
    lines += finding_lines(summary, None if histogram is None else histogram.result)
    lines += [
        "",
        f"SSIM on held-out identities: generated {result.ssim.generated:.3f}, "
        f"copied condition image {result.ssim.copy:.3f}, mean training image {result.ssim.mean:.3f}",
    ]
    if result.pose is not None:
        found, pckh = result.pose.found, result.pose.pckh
        lines.append(
            f"{result.pose.estimator} finds a person in {100 * found:.1f} % of the rendered images; PCKh@0.5 {pckh:.3f}"
        )
    lines += [f"{result.minutes:.1f} minutes in all", "", str(result.report)]
    return "\n".join(lines)


def finding_lines(summary: pd.DataFrame, histogram: Mapping[str, Any] | None = None) -> list[str]:
    """The findings of a summary (see `pipelines.table5.findings`), each under its heading.

    Args:
        summary: as of `pipelines.table5.results.summarise`.
        histogram: the result of that baseline.
    """
    lines, about = [], ""
    for finding in findings(summary, histogram):
        if finding.about != about:
            about = finding.about
            lines.append(f"{about}:")
        lines.append(f"  - {finding.text}")
    return lines
