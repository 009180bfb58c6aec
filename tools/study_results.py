"""The study's figures in the documentation: `python -m tools.study_results FOLDER` after the study in that folder.

It writes the parts of docs/results/study.md between markers and the page's pictures. What figures mean is said around
them, by hand.
"""

from __future__ import annotations

from pathlib import Path

from augment.workspace import Workspace
from tools.demo_results import ROOT, copy_pictures, finished, publish_folder
from tools.quoting import findings_markdown, put_between, tables_markdown

PAGE = Path("docs/results/study.md")
PLOT, SHEET = "study-table5.png", "study-sheet.png"
FINDINGS, TABLES = "<!-- study findings -->", "<!-- study tables -->"


def publish(workspace: Workspace, root: Path = ROOT) -> None:
    """Write the page's parts and pictures below `root`.

    Args:
        workspace: of the study.
        root: of the repository.

    Raises:
        SystemExit: where the study is not finished.
    """
    _, summary, histogram = finished(workspace)
    copy_pictures(workspace, (root / PAGE).parent, PLOT, SHEET)
    put_between(root / PAGE, FINDINGS, findings_markdown(summary, histogram))
    put_between(root / PAGE, TABLES, tables_markdown(summary))


if __name__ == "__main__":
    publish_folder(__doc__ or "", publish)
