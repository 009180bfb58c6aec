"""One self-contained HTML page of what a workspace holds; each part of the page is a function that may have nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from augment.artefacts.files import write_text
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.report.galleries import make_galleries
from pipelines.report.section import Section
from pipelines.table5.outputs import write_table5

if TYPE_CHECKING:
    from jinja2 import Environment

BASE = "page.css"
"""The style of what all parts have; every other sheet is of the component it is named after."""


@dataclass(frozen=True)
class Pictures:
    """What networks make for a report.

    Attributes:
        galleries: whether ranked galleries are made.
        identities: of how many test identities every generator generates images, 0 for none.
        seed: of which identities and pairs, None for the workspace's.
    """

    galleries: bool = True
    identities: int = 12
    seed: int | None = None


def write_report(workspace: Workspace, *, runtime: Runtime | None = None, pictures: Pictures | None = None) -> Path:
    """Write the files of tables/table5/ from the run.json files, then index.html from them.

    Args:
        workspace: the workspace.
        runtime: how networks are run for `pictures`; None shows only what is there already.
        pictures: what networks make, None is all; it is kept for the next report.

    Returns:
        The page's path.
    """
    from pipelines.report.sidebyside import Shown, generate_pairs  # loads torch

    pictures = pictures or Pictures()
    write_table5(workspace)
    if runtime is not None and pictures.galleries:
        make_galleries(workspace, runtime)
    if runtime is not None and pictures.identities:
        seed = workspace.seed if pictures.seed is None else pictures.seed
        generate_pairs(workspace, Shown(pictures.identities, seed=seed), runtime)
    return render_report(workspace)


def render_report(workspace: Workspace) -> Path:
    """Write tables/table5/index.html and return its path; the table's numbers are those of table5.json.

    The parts are `pipelines.report.sections.SECTIONS`, of which one may have nothing to show.  Every value is escaped;
    pictures are inside the page, and nothing is loaded.
    """
    from pipelines.report.sections import SECTIONS  # loads torch

    made = [section for make in SECTIONS if (section := make(workspace)) is not None]
    path = workspace.table_dir("table5") / "index.html"
    write_text(path, render_page(workspace.root.name, made))
    return path


def render_page(name: str, sections: list[Section]) -> str:
    """The page as HTML.  Its policy lets it run its own script and load nothing.

    Args:
        name: the workspace's.
        sections: in their order.
    """
    templates = files("pipelines.report") / "templates"
    script = (templates / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    sheets = [path.name for path in templates.iterdir() if path.name.endswith(".css")]
    return (
        environment()
        .get_template("page.html")
        .render(
            name=name,
            sections=sections,
            version=metadata.version("augment-reid"),
            script=script,
            digest=digest,
            sheets=sorted(sheets, key=lambda name: (name != BASE, name)),
        )
    )


@cache
def environment() -> Environment:
    """The templates of `pipelines/report/templates/`, compiled once a process; every value in them is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
