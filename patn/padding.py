"""Images of any size for networks that halve it several times: padded with white, and cut back."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from patn.keypoints import joints_present

WHITE = 1.0


class Padding:
    """Rows and columns that make a size divisible by `multiple`, shared between both sides.

    Source: PATN's authors pad DeepFashion's 256 x 176 the same way.
    """

    def __init__(self, size: Sequence[int], multiple: int) -> None:
        height, width = size
        missing = [-height % multiple, -width % multiple]
        self.top, self.left = missing[0] // 2, missing[1] // 2
        self.bottom, self.right = missing[0] - self.top, missing[1] - self.left
        self.inner = (height, width)
        self.size = (height + missing[0], width + missing[1])

    def image(self, images: Tensor) -> Tensor:
        """B x C x H x W with white around."""
        sides = (self.left, self.right, self.top, self.bottom)
        return functional.pad(images, sides, value=WHITE) if any(sides) else images

    def keypoints(self, points: Tensor) -> Tensor:
        """B x 18 x 2 as (y, x) where they are in the padded image; missing ones stay missing."""
        if not (self.top or self.left):
            return points
        moved = points + points.new_tensor([self.top, self.left])
        return moved.where(joints_present(points)[..., None], points)

    def cut(self, images: Tensor) -> Tensor:
        """The inner part of padded images."""
        return images[..., self.top : self.top + self.inner[0], self.left : self.left + self.inner[1]]
