"""One self-contained HTML page of what a workspace holds; each part of the page is a function that may have nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from augment.artefact import write_text
from augment.runtime import Runtime
from augment.workspace import Workspace


@dataclass(frozen=True)
class Section:
    """A part of the page: its title, its template in `pipelines/templates/`, what the template shows."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


def write_report(
    workspace: Workspace,
    sections: tuple[Callable[[Workspace], Section | None], ...] | None = None,
    *,
    runtime: Runtime | None = None,
) -> Path:
    """Write the files of tables/table5/ from the run.json files, then index.html from them; returns the page's path.

    sections: as in `render_report`.  runtime: how networks are run for the ranked galleries of a few models, which are
    kept for the next report; with None, only galleries that are there already are shown.
    """
    from pipelines.galleries import make_galleries
    from pipelines.outputs import write_table5

    write_table5(workspace)
    if runtime is not None:
        make_galleries(workspace, runtime)
    return render_report(workspace, sections)


def render_report(
    workspace: Workspace, sections: tuple[Callable[[Workspace], Section | None], ...] | None = None
) -> Path:
    """Write tables/table5/index.html and return its path; the table's numbers are those of table5.json.

    sections: functions that return a Section, or None where the workspace has nothing for it; default all of
    `pipelines.sections.SECTIONS`.  Every value is escaped; pictures are inside the page, and nothing is loaded.
    """
    from pipelines.sections import SECTIONS

    made = [
        section for make in (SECTIONS if sections is None else sections) if (section := make(workspace)) is not None
    ]
    path = workspace.table_dir("table5") / "index.html"
    write_text(path, render_page(workspace.root.name, made))
    return path


def render_page(name: str, sections: list[Section]) -> str:
    """The page as HTML; `name` is the workspace's."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("pipelines"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html")
    return page.render(name=name, sections=sections, version=metadata.version("augment-reid"))
