"""The history of fake images that the discriminators are shown."""

import numpy as np
import torch
from torch import Tensor


class ImagePool:
    """Earlier fakes, from which a batch of new ones is mixed.

    Rule, an image at a time: while the pool is not full, keep and return the new one; afterwards, with probability one
    half, return a random kept one and keep the new one in its place, else return the new one.

    Args:
        size: images that it holds; 0 switches it off.

    Source: released code.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: Tensor | None = None  # count x C x H x W
        self.count = 0

    def query(self, images: Tensor, rng: np.random.Generator) -> Tensor:
        """New images mixed with the kept ones, as the state and `rng` alone say.

        Args:
            images: B x C x H x W, no gradient.
            rng: numpy's generator.

        Returns:
            B x C x H x W.
        """
        if self.size == 0:
            return images
        if self.images is None:
            self.images = _room(self.size, images)
        mixed = images.clone()
        for index in range(len(images)):
            if self.count < self.size:
                self.images[self.count] = images[index]
                self.count += 1
            elif rng.random() < 0.5:
                kept = int(rng.integers(self.size))
                mixed[index] = self.images[kept]
                self.images[kept] = images[index]
        return mixed

    def state(self) -> dict[str, Tensor]:
        """The kept images as {"images": count x C x H x W}; empty before the first query."""
        return {} if self.images is None else {"images": self.images[: self.count].contiguous()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned.

        Args:
            state: the kept images; those beyond `size` are dropped.
        """
        self.images, self.count = None, 0
        if "images" in state and self.size > 0:
            kept = state["images"][: self.size]
            self.count = len(kept)
            self.images = _room(self.size, kept)
            self.images[: self.count] = kept


def _room(size: int, images: Tensor) -> Tensor:
    """Space for `size` images, laid out as the networks want them (swapping is then plain copying)."""
    return images.new_zeros(size, *images.shape[1:]).contiguous(memory_format=torch.channels_last)
