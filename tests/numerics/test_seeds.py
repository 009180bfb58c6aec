"""No two uses of a seed see the same numbers, and no generator is made elsewhere."""

import ast
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from numerics.seeds import Stream, random_stream, released_stream, stream_seed, torch_stream

ROOT = Path(__file__).parents[2]
PACKAGES = ("augment", "patn", "reid", "pipelines", "tools", "numerics")
MAKERS = {"default_rng", "SeedSequence", "RandomState", "Generator", "PCG64", "MT19937", "Philox"}
OURS = {"random_stream", "stream_seed", "torch_stream", "released_stream"}


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_all_streams_differ_with_and_without_steps(seed: int) -> None:
    keys = [(stream, *steps) for stream in Stream for steps in ((), (0,), (0, 0), (1,), (0, 1), (1, 0))]
    outputs = [random_stream(seed, *key).integers(2**63, size=8) for key in keys]
    for (one, first), (other, second) in combinations(zip(keys, outputs, strict=True), 2):
        assert not np.isin(first, second).any(), (one, other)
    numbers = [stream_seed(seed, *key) for key in keys]
    assert len(set(numbers)) == len(numbers)
    assert len({int(torch_stream(seed, *key).initial_seed()) for key in keys}) == len(keys)


def test_seeds_do_not_meet_in_other_streams() -> None:
    seen = {random_stream(seed, stream, step).bytes(16) for seed in range(8) for stream in Stream for step in range(8)}
    assert len(seen) == 64 * len(Stream)


def test_a_stream_is_numpys_spawned_child() -> None:
    child = np.random.SeedSequence(5).spawn(Stream.PAIR_BATCH + 1)[-1]  # its spawn key is the stream's number
    assert np.array_equal(random_stream(5, Stream.PAIR_BATCH).random(8), np.random.default_rng(child).random(8))
    grandchild = child.spawn(4)[3]
    assert np.array_equal(random_stream(5, Stream.PAIR_BATCH, 3).random(8), np.random.default_rng(grandchild).random(8))
    grandchild = np.random.SeedSequence(5).spawn(Stream.PAIR_BATCH + 1)[-1].spawn(4)[3]
    assert stream_seed(5, Stream.PAIR_BATCH, 3) == grandchild.generate_state(1)[0]


def test_torchs_generator_begins_where_the_streams_number_says() -> None:
    expected = torch.Generator().manual_seed(stream_seed(3, Stream.IMAGE_CHANGES, 7))
    found = torch_stream(3, Stream.IMAGE_CHANGES, 7)
    assert torch.equal(torch.rand(4, generator=found), torch.rand(4, generator=expected))


def test_the_released_pairs_are_of_pandas_seed_0() -> None:
    rows = pd.Series(range(100))
    assert rows.sample(20, random_state=released_stream()).equals(rows.sample(20, random_state=0))


@pytest.mark.parametrize("step", [-1, 2**32])
def test_a_step_that_would_be_another_streams_is_refused(step: int) -> None:
    with pytest.raises(ValueError, match="PLAN_POSES: must be from 0"):
        random_stream(0, Stream.PLAN_POSES, step)


def generators_made(source: str) -> Iterator[str]:
    """The calls of a module that make or seed a generator from anything but a stream."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(name.name == "random" for name in node.names):
            yield f"line {node.lineno}: import random"
        if isinstance(node, ast.ImportFrom) and node.module in ("torch", "numpy.random"):
            yield from (f"line {node.lineno}: import {name.name}" for name in node.names if name.name in MAKERS)
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        from_stream = any(call_of_ours(argument) for argument in node.args)
        if name.rsplit(".", 1)[-1] in MAKERS - {name} or name.startswith("np.random."):
            yield f"line {node.lineno}: {name}"
        if name.endswith("manual_seed") and not from_stream:
            yield f"line {node.lineno}: {name}"
        states = [word.value for word in node.keywords if word.arg == "random_state"]
        if any(isinstance(state, ast.Constant) or "seed" in ast.unparse(state) for state in states):
            yield f"line {node.lineno}: random_state of {name}"


def call_of_ours(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in OURS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("rng = np.random.default_rng((seed, 1))", True),
        ("torch.manual_seed(seed)", True),
        ("torch.Generator().manual_seed(stream_seed(0, Stream.PLAN_POSES))", True),
        ("table.sample(frac=1, random_state=0)", True),
        ("table.sample(frac=1, random_state=shown.seed)", True),
        ("np.random.shuffle(rows)", True),
        ("from torch import Generator", True),
        ("network = Generator(checkpoint)", False),
        ("torch.manual_seed(stream_seed(seed, Stream.REID_WEIGHTS))", False),
        ("table.sample(frac=1, random_state=rng)", False),
        ("def pick(rng: np.random.Generator) -> int: return rng.integers(3)", False),
    ],
)
def test_what_counts_as_a_generator_made(line: str, found: bool) -> None:
    assert bool(list(generators_made(line))) is found


def test_no_generator_is_made_elsewhere() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 200
    made = {
        f"{path.relative_to(ROOT)}, {call}"
        for path in files
        if path != ROOT / "numerics" / "seeds.py"
        for call in generators_made(path.read_text(encoding="utf-8"))
    }
    assert not made
