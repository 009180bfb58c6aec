"""Results of commands: values that become JSON objects, and come back from the records that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

from augment import AugmentError

R = TypeVar("R", bound="Result")


@dataclass(frozen=True)
class Result:
    """A value whose fields are the keys of a JSON object, in their order.

    A field with the default None is left out while it is None. One with the metadata of `spread` stands in the object
    as its own fields; one with that of `part` is an object of its own, or a list of such, and is read back as its kind.
    """

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value is None and each.default is None:
                continue
            if "spread" in each.metadata:
                found |= {key + each.metadata["suffix"]: item for key, item in value.as_dict().items()}
            else:
                found[each.name] = _plain(value)
        return found

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """The value of a JSON object that `as_dict` made.

        Args:
            record: the object; keys that are no field's are passed over.

        Raises:
            AugmentError: where a key is missing.
        """
        given: dict[str, Any] = {}
        for each in fields(cls):
            if "spread" in each.metadata:
                given[each.name] = each.metadata["spread"].of(_without(record, each.metadata["suffix"]))
            elif each.name in record:
                given[each.name] = _read(record[each.name], each.metadata.get("kind"))
            elif each.default is not None:
                raise AugmentError(f"says nothing of {each.name}; make it again with ⟨force⟩")
        return cls(**given)


def spread(kind: type[Result], suffix: str = "") -> Mapping[str, Any]:
    """The metadata of a field whose own fields stand among those of its Result, their names with a suffix.

    Args:
        kind: the class of its value.
        suffix: what is added to the names of its fields.
    """
    return {"spread": kind, "suffix": suffix}


def part(kind: type[Result]) -> Mapping[str, Any]:
    """The metadata of a field whose value, or each of whose values, is a Result.

    Args:
        kind: their class.
    """
    return {"kind": kind}


def _read(value: object, kind: type[Result] | None) -> object:
    """A value from JSON, its lists tuples, its objects of a kind where one is given."""
    if kind is None or value is None:
        return _frozen(value)
    return kind.of(value) if isinstance(value, dict) else tuple(kind.of(each) for each in _list(value))


def _list(value: object) -> list[Any]:
    """A list from JSON; raises AugmentError for anything else."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, dict) for each in value):
        raise AugmentError("holds something else than this version writes; make it again with ⟨force⟩")
    return list(value)


def _without(record: Mapping[str, Any], suffix: str) -> Mapping[str, Any]:
    """The keys of a record that end with a suffix, without it."""
    return {key.removesuffix(suffix): value for key, value in record.items() if key.endswith(suffix)}


def _plain(value: object) -> object:
    """A value as JSON has it: objects are dicts, sequences lists."""
    if isinstance(value, Result):
        return value.as_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _frozen(value: object) -> object:
    """A value from JSON whose lists are tuples."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
