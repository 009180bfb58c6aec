"""What the demo prints at its end on real images."""

from __future__ import annotations

from augment.workspace import Workspace
from pipelines.demo.real import RealDemo
from pipelines.demo.real_presets import RealPreset
from pipelines.demo.text import finding_lines
from pipelines.demo.why import why_table, why_text
from pipelines.table5.findings import TERMS
from pipelines.table5.outputs import read_table5
from pipelines.table5.results import declared
from pipelines.table5.text import terminal


def real_text(workspace: Workspace, preset: RealPreset, result: RealDemo) -> str:
    """Table 5, what it shows, what the generated images are like, time, and last the report's path.

    Args:
        workspace: the workspace.
        preset: what was asked for.
        result: as of `run_real`.
    """
    summary = read_table5(workspace)
    lines = [terminal(summary), "", TERMS, *finding_lines(summary)]
    lines += ["", why_text(why_table(workspace, declared(workspace), summary, preset.ours))]
    return "\n".join([*lines, "", f"{result.minutes:.1f} minutes in all", "", str(result.report)])
