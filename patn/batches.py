"""Training batches: pairs of images of one identity with their key points, a function of (seed, step)."""

import torch
from torch import Tensor

from numerics.seeds import Stream, random_stream
from patn import DataError


class PairBatches:
    """The training images on the device, and batches of pairs of them.

    Args:
        images: N x 3 x H x W uint8.
        keypoints: N x 18 x 2 float32 as (y, x) in pixels, missing = -1.
        pairs: P x 2 long, indices into `images`: condition and target, two images of one identity.
        size: (height, width) in pixels that the images must have.
        count: pairs a step.
        seed: of the batches.
        device: where the images are kept.

    Raises:
        DataError: for images of another size, or for no pairs.
    """

    def __init__(
        self,
        images: Tensor,
        keypoints: Tensor,
        pairs: Tensor,
        *,
        size: tuple[int, int],
        count: int,
        seed: int,
        device: torch.device,
    ) -> None:
        if tuple(images.shape[-2:]) != size:
            raise DataError(
                f"images are {images.shape[-2]} x {images.shape[-1]}; this configuration is for {size[0]} x {size[1]}"
            )
        if len(pairs) == 0:
            raise DataError("there is no pair to train on; an identity needs at least two images with key points")
        self.count = count
        self.seed = seed
        self.images = images.to(device).contiguous(memory_format=torch.channels_last)
        self.keypoints = keypoints.to(device, torch.float32)
        self.pairs = pairs.to(device)

    def sample(self, step: int) -> dict[str, Tensor]:
        """Random pairs, with replacement, a function of (seed, step).

        Args:
            step: from 0.

        Returns:
            "image" and "target", B x 3 x H x W in [-1, 1]; "image_keypoints" and "target_keypoints", B x 18 x 2.
        """
        rng = random_stream(self.seed, Stream.PAIR_BATCH, step)
        sampled = torch.from_numpy(rng.integers(len(self.pairs), size=self.count)).to(self.pairs.device)
        source, target = self.pairs[sampled].unbind(1)
        return {
            "image": self.normalised(source),
            "image_keypoints": self.keypoints[source],
            "target": self.normalised(target),
            "target_keypoints": self.keypoints[target],
        }

    def normalised(self, indices: Tensor) -> Tensor:
        """The images at these places.

        Args:
            indices: B places among the images.

        Returns:
            B x 3 x H x W in [-1, 1].
        """
        return self.images[indices].float().div_(127.5).sub_(1)
