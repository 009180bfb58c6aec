"""Pose estimators by name: each is built by a call and finds one person's 18 joints in each of some images.

`ESTIMATORS[name](model)` returns an `Estimator`; what it needs is imported by that call, not before. `model` is the
file of `--model`, else the one that comes with this tool, else None. To add one, write a module with such a builder and
name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import augment
from augment import AugmentError
from augment.artefacts.artefact import fingerprint
from augment.weights import given_file

if TYPE_CHECKING:
    from numerics.arrays import Array


class Estimator(Protocol):
    """Finds the person in each image."""

    def __call__(self, images: Sequence[Array]) -> Array:
        """Find the joints of each image.

        Args:
            images: N arrays uint8 H x W x 3, RGB, of any sizes.

        Returns:
            float32 N x 18 x 2 as (y, x) in each image's own pixels, missing = -1, nobody = all -1.
        """


DEFAULT = "movenet"
"""The estimator that is taken where none is named."""
FAST = "movenet-lightning"
"""The one of the two that come with this tool that is less exact and takes a fifth of the time."""
SCORING = FAST
"""What scores generated images: it sees each of them and what they are compared with, so speed counts for more."""
_BUILTIN = Path(augment.__file__).parent / "builtin"
BUILTIN_MODELS: Mapping[str, Path] = MappingProxyType(
    {DEFAULT: _BUILTIN / "movenet-thunder.tflite", FAST: _BUILTIN / "movenet-lightning.tflite"}
)
"""Model files that come with this tool, taken where none is named."""
METHODS: Mapping[str, str] = MappingProxyType(
    {
        **{name: f"{name}, closer at small people, nobody below a mean score of 0.3" for name in (DEFAULT, FAST)},
        "mediapipe": "mediapipe, its landmark network first on upright crops",
    }
)
"""How estimators work that once worked in another way; mediapipe's with the weights in its wheel."""


@dataclass(frozen=True)
class Choice:
    """An estimator, and what it is given.

    Attributes:
        name: of `ESTIMATORS`.
        model: its model file; None for the one that comes with it.
    """

    name: str
    model: Path | None = None

    @classmethod
    def of(cls, estimator: str | Choice) -> Choice:
        """A choice, from a name too.

        Args:
            estimator: a choice, or a name.

        Returns:
            The choice itself, or that of the name without a model file.
        """
        return estimator if isinstance(estimator, Choice) else cls(estimator)

    @property
    def file(self) -> Path | None:
        """The model file that it is given, None where its package has one."""
        return self.model or BUILTIN_MODELS.get(self.name)

    @property
    def description(self) -> str:
        """How it works and with which file, in words."""
        marks = self.inputs
        file = f" (model {marks['model']})" if "model" in marks else ""
        return marks.get("method", self.name) + file

    @property
    def inputs(self) -> dict[str, str]:
        """What is recorded beside its name, so that what is made in one way is not mixed with what is in another.

        Raises:
            AugmentError: where its model file is missing.
        """
        marks: dict[str, str] = {}
        if self.file is not None:
            marks["model"] = fingerprint(given_file(self.file, f"{self.name} needs a model file"))
        if self.name in METHODS and (self.model is None or self.name in BUILTIN_MODELS):
            marks["method"] = METHODS[self.name]
        return marks


def _mediapipe(model: Path | None) -> Estimator:
    from augment.poses.estimators.mediapipe import build  # loads one estimator alone

    return build(model)


def _movenet(model: Path | None) -> Estimator:
    from augment.poses.estimators.movenet import build  # loads one estimator alone

    return build(model)


def _rtmpose(model: Path | None) -> Estimator:
    from augment.poses.estimators.rtmpose import build  # loads one estimator alone

    return build(model)


def _keypointrcnn(model: Path | None) -> Estimator:
    from augment.poses.estimators.keypointrcnn import build  # loads torch

    return build(model)


ESTIMATORS: Mapping[str, Callable[[Path | None], Estimator]] = MappingProxyType(
    {DEFAULT: _movenet, FAST: _movenet, "mediapipe": _mediapipe, "rtmpose": _rtmpose, "keypointrcnn": _keypointrcnn}
)


def build_estimator(chosen: str | Choice) -> Estimator:
    """Build an estimator.

    Args:
        chosen: a choice, or a name for one without a model file.

    Returns:
        The estimator.

    Raises:
        AugmentError: for an unknown name, and where the package or the model file is missing or another's.
    """
    choice = Choice.of(chosen)
    if choice.name not in ESTIMATORS:
        raise AugmentError(f"{choice.name}: no such pose estimator; there is {', '.join(ESTIMATORS)}")
    return ESTIMATORS[choice.name](choice.file)
