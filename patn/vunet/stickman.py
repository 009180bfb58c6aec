"""The pose as a picture of a stick man, drawn for all images at once by distances to line segments."""

import torch
from torch import Tensor

from patn.keypoints import joints_present

LINES = (
    # right side, channel 0: ankle to hip to shoulder to wrist
    ((10, 9), (9, 8), (8, 2), (2, 3), (3, 4)),
    # left side, channel 1
    ((13, 12), (12, 11), (11, 5), (5, 6), (6, 7)),
)
TORSO = (11, 8, 2, 5)  # left hip, right hip, right shoulder, left shoulder
NOSE, EYES, SHOULDERS = 0, (14, 15), (2, 5)
FAINT = 127 / 127.5 - 1  # the line from the shoulders to the nose


def stick_man(keypoints: Tensor, size: tuple[int, int]) -> Tensor:
    """A stick man on black, B x 3 x height x width float32 in [-1, 1].

    keypoints: B x 18 x 2 as (y, x) in pixels, missing = -1.  Channels: right side, left side, filled torso; the line
    from the shoulders' middle to the nose is in both sides, half as bright, the eyes' where nose and both eyes are
    there.  A line is drawn where both its ends are.  Its width is 3 pixels at a height of 128 (at least 1).
    Source: the released code; lines end square there and round here.
    """
    points = keypoints.double().flip(-1)  # as (x, y)
    seen = joints_present(keypoints)
    reach = max(3 * size[0] // 128, 1) / 2
    middle = points[:, SHOULDERS].mean(dim=1)
    face = seen[:, (NOSE, *EYES)].all(dim=1)
    neck = seen[:, (NOSE, *SHOULDERS)].all(dim=1)
    channels = []
    for side, eye in zip(LINES, EYES, strict=True):
        ends = torch.tensor([*side, (NOSE, eye)], device=points.device)
        drawn = seen[:, ends[:, 0]] & seen[:, ends[:, 1]]
        drawn[:, -1] &= face
        lines = _near(points[:, ends[:, 0]], points[:, ends[:, 1]], size, reach) & drawn[..., None, None]
        faint = _near(middle[:, None], points[:, NOSE, None], size, reach) & neck[:, None, None, None]
        channels.append(torch.where(lines.any(dim=1), 1.0, torch.where(faint[:, 0], FAINT, -1.0)))
    corners = points[:, TORSO]
    torso = _inside(corners, size) | _near(corners, corners.roll(-1, dims=1), size, 0.5).any(dim=1)
    torso &= seen[:, TORSO].all(dim=1)[:, None, None]
    channels.append(torch.where(torso, 1.0, -1.0))
    return torch.stack(channels, dim=1).float()


def _grid(size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """x along the last dimension, y along the one before."""
    x = torch.arange(size[1], dtype=torch.float64, device=device)
    return x, torch.arange(size[0], dtype=torch.float64, device=device)[:, None]


def _near(start: Tensor, end: Tensor, size: tuple[int, int], reach: float) -> Tensor:
    """Pixels at most `reach` from each segment, B x K x H x W booleans; start, end: B x K x 2 as (x, y)."""
    x, y = _grid(size, start.device)
    step = end - start
    step_x, step_y = step[..., 0, None, None], step[..., 1, None, None]
    from_x, from_y = x - start[..., 0, None, None], y - start[..., 1, None, None]
    length = (step_x.square() + step_y.square()).clamp(min=1e-12)
    along = ((from_x * step_x + from_y * step_y) / length).clamp(0, 1)
    return (from_x - along * step_x).square() + (from_y - along * step_y).square() <= reach**2


def _inside(corners: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels inside each polygon by the even-odd rule, B x H x W booleans; corners: B x K x 2 as (x, y)."""
    x, y = _grid(size, corners.device)
    x0, y0 = (corners[..., axis, None, None] for axis in (0, 1))  # B x K x 1 x 1
    x1, y1 = (corners.roll(-1, dims=1)[..., axis, None, None] for axis in (0, 1))
    crosses = (y0 > y) != (y1 > y)
    height = torch.where(y1 == y0, torch.ones_like(y0), y1 - y0)
    right = x < x0 + (y - y0) * (x1 - x0) / height
    return (crosses & right).sum(dim=1) % 2 == 1
