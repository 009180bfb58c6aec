"""Pose transfer between images of one person: key points, pairs, generators, discriminators, training, image quality.

The package knows nothing of re-ID or of workspaces: it is handed tables, tensors and paths.
The names in `__all__` are its entry points; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patn.checkpoints import load_generator as load_generator
    from patn.checkpoints import save_generator as save_generator
    from patn.generators import build_generator as build_generator
    from patn.heatmaps import heat_maps as heat_maps
    from patn.keypoints import keypoint_array as keypoint_array
    from patn.keypoints import keypoint_table as keypoint_table
    from patn.keypoints import read_keypoints as read_keypoints
    from patn.keypoints import scale_keypoints as scale_keypoints
    from patn.keypoints import write_keypoints as write_keypoints

_WHERE = {
    "build_generator": "patn.generators",
    "heat_maps": "patn.heatmaps",
    "keypoint_array": "patn.keypoints",
    "keypoint_table": "patn.keypoints",
    "load_generator": "patn.checkpoints",
    "read_keypoints": "patn.keypoints",
    "save_generator": "patn.checkpoints",
    "scale_keypoints": "patn.keypoints",
    "write_keypoints": "patn.keypoints",
}
"""The module of each function, which is imported when the function is first used."""
__all__ = ["DataError", "KeypointError", "WeightsError", *_WHERE]


def __getattr__(name: str) -> Any:
    """A name of `__all__`, imported now."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    """What there is, with what is not imported yet."""
    return sorted({*globals(), *_WHERE})


class DataError(Exception):
    """Something a user can correct: one sentence that names the file, what is wrong and what to do."""


class KeypointError(DataError):
    """Key points that are malformed, missing or of another number than 18."""


class WeightsError(DataError):
    """A weight file or checkpoint that cannot be used."""
