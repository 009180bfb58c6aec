"""The tool: workspaces, reduced and generated training sets, training of generators and re-ID, the command line.

The names in `__all__` are the calls of a notebook; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from augment.fields import as_fields

if TYPE_CHECKING:
    from augment.api.generators import find_generator as find_generator
    from augment.api.generators import generate_images as generate_images
    from augment.api.generators import generate_set as generate_set
    from augment.api.generators import train_generator as train_generator
    from augment.api.rankings import Evaluation as Evaluation
    from augment.api.rankings import evaluate_reid as evaluate_reid
    from augment.api.rankings import rank_features as rank_features
    from augment.api.rankings import test_images as test_images
    from augment.api.rankings import train_reid as train_reid
    from augment.api.workspaces import make_workspace as make_workspace
    from augment.api.workspaces import open_workspace as open_workspace
    from augment.poses.estimate import estimate_poses as estimate_poses
    from augment.poses.estimate import import_poses as import_poses
    from augment.runtime import Runtime as Runtime
    from augment.workspace import Workspace as Workspace

_WHERE = {
    "Evaluation": "augment.api.rankings",
    "Runtime": "augment.runtime",
    "Workspace": "augment.workspace",
    "estimate_poses": "augment.poses.estimate",
    "evaluate_reid": "augment.api.rankings",
    "find_generator": "augment.api.generators",
    "generate_images": "augment.api.generators",
    "generate_set": "augment.api.generators",
    "import_poses": "augment.poses.estimate",
    "make_workspace": "augment.api.workspaces",
    "open_workspace": "augment.api.workspaces",
    "rank_features": "augment.api.rankings",
    "test_images": "augment.api.rankings",
    "train_generator": "augment.api.generators",
    "train_reid": "augment.api.rankings",
}
"""The module of each call, which is imported when the call is first used."""
__all__ = ["AugmentError", "Busy", "Different", "Misuse", *_WHERE]


def __getattr__(name: str) -> Any:
    """A name of `__all__`, imported now."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    """What there is, with the calls that are not imported yet."""
    return sorted({*globals(), *_WHERE})


class AugmentError(Exception):
    """Something a user can correct: one sentence that names the file, what is wrong and what to do.

    `str` of it names fields (`portion 0.3`); the command line names options, see `augment.fields`.
    """

    @property
    def marked(self) -> str:
        """The sentence as it was raised, its fields marked: for the sentence of an error around this one."""
        return super().__str__()

    def __str__(self) -> str:
        return as_fields(self.marked)


class Misuse(AugmentError):
    """Choices that do not go together, or that there are not, whatever the data is: wrong usage on the command line."""


class Busy(AugmentError):
    """Another process is at work on an artefact, and the caller would rather do something else than wait."""


class Different(AugmentError):
    """An artefact was made otherwise than is asked for now: what differs, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy

    @property
    def marked(self) -> str:
        """What differs and what to do, fields marked."""
        return f"{self.what}; {self.remedy}"
