"""Every generator by its name; a generator is one call: `generator(image, source_keypoints, target_keypoints)`."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from patn import DataError
from patn.generator import Patn
from patn.resnet import Resnet


def _patn(options: Mapping[str, Any]) -> nn.Module:
    return Patn(**options)


def _resnet(options: Mapping[str, Any]) -> nn.Module:
    return Resnet(**options)


GENERATORS: dict[str, Callable[[Mapping[str, Any]], nn.Module]] = {"patn": _patn, "resnet": _resnet}


def build_generator(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A new generator; `options` are its constructor's arguments, as its `.options` holds them.

    Raises DataError for an unknown name or option.
    """
    if name not in GENERATORS:
        raise DataError(f"there is no generator {name!r}; use one of {', '.join(sorted(GENERATORS))}")
    try:
        return GENERATORS[name](options)
    except TypeError as error:
        raise DataError(f"generator {name!r} cannot be built from the options {dict(options)}: {error}") from error
