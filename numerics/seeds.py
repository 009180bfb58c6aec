"""Random streams by name: the one place where a generator is made from a seed.

A stream is numpy's PCG64 from `SeedSequence(seed, spawn_key=(stream, *steps))`: a spawn key lengthens the hashed words,
so that a stream without a step, with step 0 and with two of them all differ.  A tuple given as entropy is padded with
zeros instead: `default_rng((seed, 1))` and `default_rng((seed, 1, 0))` are one stream.

What shares a stream is paired by the seed on purpose: every row of Table 5 keeps the same images, has the same sources
and begins with the same weights, and every kind of generator sees the same pairs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, unique
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

_WORD = 2**32


@unique
class Stream(IntEnum):
    """Every use of randomness; behind it what its steps are.  Numbers stay: another one is another data set."""

    BUILTIN_IDENTITY = (
        1  # identity of those that the built-in generator was trained on: nobody in any rendered data set
    )
    RENDERED_VISITS = 2  # identity: which cameras see it; of the built-in generator's people: identity, visit
    RENDERED_IMAGE = 3  # identity, image
    BUILTIN_CAMERA = 4  # visit
    FOLDER_SPLIT = 5
    DEEPFASHION_SPLIT = 6
    AGREEMENT_SAMPLE = 7
    DATASET_SPLITS = 8  # torchreid's own random splits
    RENDERED_IDENTITY = 9  # identity
    RENDERED_CAMERA = 70  # camera

    REDUCED_SET = 10
    REPEATED_IMAGES = 11
    PLAN_SOURCES = 12
    PLAN_POSES = 13
    FILTER_SOURCES = 14
    FILTER_POSES = 15
    CANONICAL_POSES = 16
    SCENES = 17  # a key of the image, see augment.generation.scenes

    EVALUATION_PAIRS = 20
    IDENTITY_PAIRS = 21
    SHEET_PAIRS = 22
    SHOWN_PAIRS = 23

    GENERATOR_WEIGHTS = 30
    GENERATOR_NOISE = 31  # step: dropout and latent noise
    PAIR_BATCH = 32  # step
    IMAGE_BATCH = 33  # step
    IMAGE_POOL = 34  # step, pool
    VUNET_START_BATCH = 35  # batch
    VUNET_START_NOISE = 36
    PERCEPTUAL_SCALES = 37
    MIRRORED_PAIRS = 38  # step

    REID_WEIGHTS = 40
    REID_NOISE = 41  # step: dropout
    TRAINING_ORDER = 42  # epoch
    IMAGE_CHANGES = 43  # step: crop, flip, colour jitter, erasing
    VALIDATION_IDENTITIES = 44

    STUDY_PICTURES = 50
    STUDY_SEQUENCE = 51  # volunteer

    TIMED_POSES = 60


def random_stream(seed: int, stream: Stream, *steps: int) -> np.random.Generator:
    """The generator of a stream, or of one of its steps; a function of (seed, stream, steps) alone.

    Args:
        seed: at least 0.
        stream: what it is for.
        steps: numbers below 2^32, as many as the stream has.

    Returns:
        numpy's PCG64 generator at the start of that stream.

    Raises:
        ValueError: for a step that is negative or too large.

    Example:
        >>> first, again = (random_stream(0, Stream.PAIR_BATCH, 7).integers(1000) for _ in range(2))
        >>> bool(first == again)
        True
    """
    return np.random.default_rng(_sequence(seed, stream, steps))


def stream_seed(seed: int, stream: Stream, *steps: int) -> int:
    """A whole number from a stream, for what takes no numpy generator (torch, scikit-learn).

    Args:
        seed: as of `random_stream`.
        stream: as of `random_stream`.
        steps: as of `random_stream`.

    Returns:
        A number from 0 to 2^32 - 1.

    Raises:
        ValueError: as `random_stream`.
    """
    return int(_sequence(seed, stream, steps).generate_state(1)[0])


def torch_stream(seed: int, stream: Stream, *steps: int) -> torch.Generator:
    """A generator of torch on the CPU, as `random_stream` is one of numpy.

    Args:
        seed: as of `random_stream`.
        stream: as of `random_stream`.
        steps: as of `random_stream`.

    Returns:
        A new generator, seeded with `stream_seed`.

    Raises:
        ValueError: as `random_stream`.
    """
    import torch

    return torch.Generator().manual_seed(stream_seed(seed, stream, *steps))


def released_stream() -> np.random.RandomState:
    """The generator that the released code samples its pairs with: numpy's Mersenne twister, seed 0."""
    return np.random.RandomState(0)


def _sequence(seed: int, stream: Stream, steps: tuple[int, ...]) -> np.random.SeedSequence:
    if any(not 0 <= step < _WORD for step in steps):
        raise ValueError(f"steps {steps} of {stream.name}: must be from 0 to 2^32 - 1")  # a larger one is two words
    return np.random.SeedSequence(seed, spawn_key=(int(stream), *(int(step) for step in steps)))


@contextmanager
def global_streams(seed: int, stream: Stream) -> Iterator[None]:
    """Inside it, Python's and numpy's global generators follow from a stream; afterwards they are as they were.

    For code of others that takes random numbers from nowhere else.

    Args:
        seed: as of `random_stream`.
        stream: as of `random_stream`.
    """
    states = random.getstate(), np.random.get_state()
    random.seed(stream_seed(seed, stream))
    np.random.seed(stream_seed(seed, stream))
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
