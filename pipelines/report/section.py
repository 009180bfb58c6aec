"""A part of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Section:
    """A part of the page: its title, its template in `pipelines/report/templates/`, what the template shows.

    people: the identities whose pictures have `data-person`, by which the reader of the page may pick.
    """

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    people: tuple[int, ...] = ()
