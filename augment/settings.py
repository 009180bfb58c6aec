"""`augment.toml`: where a workspace's images are, their working size, the seed, and defaults of options."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augment import AugmentError

SETTINGS = "augment.toml"
LARGEST_SEED = 2**32 - 1
SIDES = (4, 2048)
"""The least and the largest height and width in pixels."""


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of an `augment.toml`.

    Args:
        path: of the file.

    Raises:
        AugmentError: for broken TOML, a missing `data`, and a size or seed that is none.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise AugmentError(f"{path}: not readable as TOML, it is not UTF-8 ({error.reason}); save it so") from error
    except (OSError, ValueError, RecursionError) as error:
        raise AugmentError(f"{path}: not readable as TOML ({error}); correct or remove it") from error
    data, size, seed = settings.get("data"), settings.get("size", [128, 64]), settings.get("seed", 0)
    if not isinstance(data, str) or not data or "\0" in data:
        raise AugmentError(f'{path}: does not say where images are; add a line data = "FOLDER"')
    if not (isinstance(size, list) and len(size) == 2 and all(_whole(side, *SIDES) for side in size)):
        raise AugmentError(f"{path}: size is {size!r}; write height and width in pixels, as size = [128, 64]")
    if not _whole(seed, 0, LARGEST_SEED):
        raise AugmentError(f"{path}: seed is {seed!r}; write a whole number from 0 to {LARGEST_SEED}")
    return settings


def _whole(value: object, least: int, largest: int) -> bool:
    return type(value) is int and least <= value <= largest


def format_settings(settings: Mapping[str, Any]) -> str:
    """Settings as TOML: plain keys first, then one table per command.

    Args:
        settings: text, numbers, and lists of these; a mapping of them is a command's.
    """
    plain = [f"{key} = {_toml(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    tables = [
        "\n".join([f"\n[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())])
        for name, table in settings.items()
        if isinstance(table, Mapping)
    ]
    return "\n".join([*plain, *tables]) + "\n"


def _toml(value: object) -> str:
    """A string, number, truth value or list of them in TOML, which is JSON but for two kinds of characters."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
