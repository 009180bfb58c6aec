"""Person re-identification on top of torchreid: the Market-1501 folder, backbones, training protocol, ranking.

The package knows nothing of generators or of workspaces: it is handed tables, tensors and paths.
The names in `__all__` are its entry points; each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reid.checkpoints import load_model as load_model
    from reid.checkpoints import save_model as save_model
    from reid.data.market1501 import read_market1501 as read_market1501
    from reid.data.market1501 import torchreid_dataset as torchreid_dataset
    from reid.evaluation.ranking import Ranking as Ranking
    from reid.evaluation.ranking import evaluate as evaluate
    from reid.evaluation.ranking import nearest as nearest
    from reid.evaluation.ranking import rank as rank
    from reid.features import extract_features as extract_features
    from reid.models.backbones import build_model as build_model

_WHERE = {
    "Ranking": "reid.evaluation.ranking",
    "build_model": "reid.models.backbones",
    "evaluate": "reid.evaluation.ranking",
    "extract_features": "reid.features",
    "load_model": "reid.checkpoints",
    "nearest": "reid.evaluation.ranking",
    "rank": "reid.evaluation.ranking",
    "read_market1501": "reid.data.market1501",
    "save_model": "reid.checkpoints",
    "torchreid_dataset": "reid.data.market1501",
}
"""The module of each function, which is imported when the function is first used."""
__all__ = ["DataError", "BrokenLink", "WeightsError", *_WHERE]


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


class BrokenLink(DataError):
    """A link in a folder of images that leads to no file."""


class WeightsError(DataError):
    """A weight file or checkpoint that cannot be used."""
