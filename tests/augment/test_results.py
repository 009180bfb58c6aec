"""Results as JSON objects and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from augment import AugmentError
from augment.results import Result, spread


@dataclass(frozen=True)
class Half(Result):
    score: float
    best: float | None


@dataclass(frozen=True)
class Whole(Result):
    name: str
    started_from: str | None = None
    own: Half = field(kw_only=True, metadata=spread(Half))
    other: Half = field(kw_only=True, metadata=spread(Half, "_other"))
    sizes: Mapping[str, tuple[int, int]] = field(kw_only=True)
    part: Half = field(kw_only=True)


WHOLE = Whole("a", own=Half(1.0, 2.0), other=Half(3.0, None), sizes={"x": (4, 5)}, part=Half(6.0, 7.0))


def test_fields_are_keys_in_their_order_and_spread_ones_stand_among_them() -> None:
    assert json.dumps(WHOLE.as_dict()) == json.dumps(
        {
            "name": "a",
            "score": 1.0,
            "best": 2.0,
            "score_other": 3.0,
            "best_other": None,
            "sizes": {"x": [4, 5]},
            "part": {"score": 6.0, "best": 7.0},
        }
    )


def test_a_record_gives_the_value_again() -> None:
    record = json.loads(json.dumps({**WHOLE.as_dict(), "started_from": "b", "unknown": 1}))
    read = Whole.of(record)
    assert (read.name, read.started_from, read.own, read.other) == ("a", "b", WHOLE.own, WHOLE.other)
    assert read.sizes == {"x": (4, 5)}
    assert list(read.as_dict())[:2] == ["name", "started_from"]


def test_a_record_without_a_key_is_refused() -> None:
    record = {key: value for key, value in WHOLE.as_dict().items() if key != "sizes"}
    with pytest.raises(AugmentError, match="says nothing of sizes"):
        Whole.of(record)
