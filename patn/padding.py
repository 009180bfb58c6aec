"""Images of any size for networks that halve it several times: padded with white, and cut back."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from patn.keypoints import joints_present

WHITE = 1.0


class Padding:
    """Rows and columns that make a size divisible, shared between both sides.

    Args:
        size: (height, width) in pixels.
        multiple: what both sides are to be divisible by.

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
        """The images with white around.

        Args:
            images: B x C x height x width in [-1, 1].

        Returns:
            B x C x padded height x padded width.
        """
        sides = (self.left, self.right, self.top, self.bottom)
        return functional.pad(images, sides, value=WHITE) if any(sides) else images

    def keypoints(self, points: Tensor) -> Tensor:
        """The key points where they are in the padded image; missing ones stay missing.

        Args:
            points: B x 18 x 2 as (y, x) in pixels, missing = -1.

        Returns:
            The same shape.
        """
        if not (self.top or self.left):
            return points
        moved = points + points.new_tensor([self.top, self.left])
        return moved.where(joints_present(points)[..., None], points)

    def cut(self, images: Tensor) -> Tensor:
        """The inner part of padded images.

        Args:
            images: B x C x padded height x padded width.

        Returns:
            B x C x height x width.
        """
        return images[..., self.top : self.top + self.inner[0], self.left : self.left + self.inner[1]]
