"""Body segments as upright boxes, and feature maps moved box by box from one pose to another."""

import torch
from torch import Tensor
from torch.nn import functional

from patn.keypoints import joints_present

SEGMENTS = (
    (0, 1, 14, 15, 16, 17),  # head
    (5, 6, 7),  # left arm
    (2, 3, 4),  # right arm
    (1, 2, 5, 8, 11),  # belly
    (11, 12, 13),  # left leg
    (8, 9, 10),  # right leg
    (8, 11),  # hip
)
MARGINS = ((5, 10), (5, 10), (5, 10), (5, 5), (5, 5), (5, 5), (10, 20))
"""Of each segment, (x, y) in pixels of an image of 256 x 176."""
_MARGIN_SIZE = (256, 176)


def segment_boxes(keypoints: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Boxes of the segments, and which are there.

    A box holds the present joints of its segment and a margin, from pixel 1 on and inside the image, and its end is not
    part of it; a segment with fewer than two joints is not there.

    Args:
        keypoints: B x 18 x 2 as (y, x) in pixels of an image of `size`, missing = -1.
        size: (height, width) in pixels.

    Returns:
        B x 7 x 2 x 2 as ((first y, x), (end y, x)) in pixels, and B x 7 booleans.

    Source: branch PATN_Fine of the released code.
    """
    points, seen = keypoints.double(), joints_present(keypoints)
    margins = torch.tensor(MARGINS, dtype=torch.float64, device=points.device).flip(1)  # 7 x 2 as (y, x)
    margins = margins * torch.tensor(size, device=points.device) / torch.tensor(_MARGIN_SIZE, device=points.device)
    most = torch.tensor(size, dtype=torch.float64, device=points.device)
    firsts, lasts, there = [], [], []
    for joints in SEGMENTS:
        own, present = points[:, joints], seen[:, joints, None]
        firsts.append(torch.where(present, own, torch.inf).amin(dim=1))
        lasts.append(torch.where(present, own, -torch.inf).amax(dim=1))
        there.append(present.sum(dim=(1, 2)) >= 2)
    found = torch.stack(there, dim=1)
    starts, stops = torch.stack(firsts, dim=1) - margins, torch.stack(lasts, dim=1) + margins
    corners = torch.stack([starts.clamp(min=1), torch.minimum(stops, most)], dim=2)
    return torch.where(found[..., None, None], corners, 0.0), found


class SegmentMotion:
    """How the segments move from the condition pose to the target pose.

    Args:
        source: B x 18 x 2 key points of the condition image as (y, x) in pixels of `size`, missing = -1.
        target: those of the target image.
        size: (height, width) of the images in pixels.
    """

    def __init__(self, source: Tensor, target: Tensor, size: tuple[int, int]) -> None:
        self.size = size
        (self.source, here), (self.target, there) = (segment_boxes(pose, size) for pose in (source, target))
        self.moves = here & there

    def warp(self, features: Tensor) -> Tensor:
        """Features of the condition image, moved.

        Each segment's box, rounded to whole features, is stretched onto its box in the target pose, bilinearly, the
        middles of its outermost features onto theirs; where boxes overlap the larger value counts, elsewhere it is 0.

        Args:
            features: B x C x h x w; h and w are the image's size, divided by one number.

        Returns:
            The same shape.
        """
        batch, channels, *lengths = features.shape
        ratio = self.size[0] // lengths[0]
        places, inside, moves = [], [], self.moves
        for axis, length in enumerate(lengths):
            source, target = ((box[:, :, :, axis, None] / ratio + 0.5).floor() for box in (self.source, self.target))
            (from_first, from_end), (first, end) = source.unbind(dim=2), target.unbind(dim=2)  # B x 7 x 1 each
            moves = moves & (from_end > from_first)[..., 0]
            place = torch.arange(length, dtype=torch.float64, device=features.device)
            inside.append((place >= first) & (place < end))
            share = (place - first) / (end - first - 1)  # one row alone takes the last
            share = torch.where(end - first > 1, share, 1.0)
            places.append((2 * (from_first + share * (from_end - 1 - from_first)) + 1) / length - 1)
        y, x = places[0][..., :, None], places[1][..., None, :]  # B x 7 x h x 1 and B x 7 x 1 x w
        grid = torch.stack(torch.broadcast_tensors(x, y), dim=-1).clamp(-2, 2).flatten(1, 2).float()
        sampled = functional.grid_sample(features.float(), grid, padding_mode="border", align_corners=False)
        sampled = sampled.to(features.dtype).view(batch, channels, len(SEGMENTS), *lengths)
        shown = inside[0][..., :, None] & inside[1][..., None, :] & moves[..., None, None]  # B x 7 x h x w
        return torch.where(shown[:, None], sampled, 0.0).amax(dim=2)
