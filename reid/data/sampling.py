"""Which training images a step sees: a function of (seed, step), so that a resumed training sees the same.

torchreid's samplers use Python's and numpy's global generators, a whole epoch at a time, and cannot start in the middle
of one.
"""

from __future__ import annotations

import numpy as np

from numerics.arrays import Array
from numerics.seeds import Stream, random_stream
from reid import DataError


class Sampler:
    """Batches of indices into a training set; `passes` of them are a pass over it.

    Args:
        labels: int64 N, the identities.
        batch: images a step.
        instances: None shuffles; a number K makes every batch of batch / K identities with K images each.
        seed: of the order.

    Raises:
        DataError: for a batch that K does not divide.
    """

    def __init__(self, labels: Array, *, batch: int, instances: int | None, seed: int):
        if instances is not None and (instances < 1 or batch % instances):
            raise DataError(f"instances is {instances}; it must divide batch {batch}")
        self.labels, self.size, self.instances, self.seed = labels, batch, instances, seed
        self.passes = max(1, len(labels) // batch)
        self._epoch, self._batches = -1, np.empty((0, batch), dtype=np.int64)

    def indices(self, step: int) -> Array:
        """The images of a step.

        Args:
            step: from 0.

        Returns:
            `batch` indices into the training set.
        """
        epoch, position = divmod(step, self.passes)
        if epoch != self._epoch:
            rng = random_stream(self.seed, Stream.TRAINING_ORDER, epoch)
            self._epoch = epoch
            if self.instances is None:
                self._batches = shuffled(len(self.labels), self.size, self.passes, rng)
            else:
                identities = self.size // self.instances
                self._batches = identity_batches(self.labels, identities, self.instances, self.passes, rng)
        batch: Array = self._batches[position]
        return batch


def shuffled(count: int, size: int, batches: int, rng: np.random.Generator) -> Array:
    """A shuffle of a set's images, cut into batches; its end is left out.

    A set smaller than a batch gives one, filled up with further shuffles.

    Args:
        count: images of the set.
        size: images a batch.
        batches: how many whole ones there are, at least one.
        rng: of the order.

    Returns:
        `batches` x `size` indices.
    """
    order = np.concatenate([rng.permutation(count) for _ in range(-(-size // count))])
    whole: Array = order[: batches * size].reshape(batches, size)
    return whole


def identity_batches(labels: Array, identities: int, instances: int, batches: int, rng: np.random.Generator) -> Array:
    """Batches of a few identities with the same number of images each.

    Every identity's images are shuffled and cut into groups of `instances`, an identity with fewer repeats its own; the
    rest of the division is left out. Batches take the groups in random order, an identity once a batch, and a new round
    begins where too few identities are left. So images are seen about equally often, generated ones like real ones.
    Where there are fewer than `identities`, each is in a batch as equally often as possible.

    Args:
        labels: int64 N, the identity of each image.
        identities: how many a batch has (P).
        instances: images of each (K).
        batches: how many batches.
        rng: of the order.

    Returns:
        `batches` x (identities * instances) indices.

    Source: P x K batches of Hermans et al. 2017, with images rather than identities sampled evenly, as Luo et al. 2019.
    """
    order = np.argsort(labels, kind="stable")
    images = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    queue: list[tuple[int, Array]] = []
    rows = []
    for _ in range(batches):
        row: list[Array] = []
        while len(row) < identities:
            wanted = min(identities - len(row), len(images))
            if len({identity for identity, _ in queue}) < wanted:
                queue = queue + _round(images, instances, rng)
            taken, queue = _take(queue, wanted)
            row += taken
        rows.append(np.concatenate(row))
    return np.stack(rows)


def _round(images: list[Array], instances: int, rng: np.random.Generator) -> list[tuple[int, Array]]:
    """(identity, group of images) for all groups of all identities, in random order."""
    groups = []
    for identity, own in enumerate(images):
        own = rng.permutation(own)
        if len(own) < instances:
            own = np.resize(own, instances)  # repeats from the start
        for start in range(0, len(own) - instances + 1, instances):
            groups.append((identity, own[start : start + instances]))
    return [groups[index] for index in rng.permutation(len(groups))]


def _take(queue: list[tuple[int, Array]], wanted: int) -> tuple[list[Array], list[tuple[int, Array]]]:
    """The first groups of `wanted` different identities, and the queue without them."""
    taken: dict[int, Array] = {}
    left = []
    for position, (identity, group) in enumerate(queue):
        if len(taken) == wanted:
            left += queue[position:]
            break
        if identity in taken:
            left.append((identity, group))
        else:
            taken[identity] = group
    return list(taken.values()), left
