"""A part of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        template: in `pipelines/report/templates/`.
        identities: those whose pictures have `data-identity`, by which the reader of the page may pick.
        context: what the template shows.
    """

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    identities: tuple[int, ...] = ()
