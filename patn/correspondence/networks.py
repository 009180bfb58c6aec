"""The correspondence generator and its discriminator."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from patn import DataError
from patn.correspondence.carrying import attention_weights, carry, heads_apart, heads_joined
from patn.correspondence.pose_codes import PoseCode, reduced_maps
from patn.keypoints import JOINTS

HALF, QUARTER = 2, 4
SHARPNESS = 12.0  # of attention, before training


class Correspondence(nn.Module):
    """Shows a person in another pose by moving the condition image's pixels to where they belong.

    At a quarter of the size, attention between the target pose and the condition image finds for every place where its
    appearance comes from. The same weights move the image's own pixels, in blocks of 4 x 4, and its features at half
    the size. Every pixel of the result is a mixture of the moved images, one a head, and of a generated one; the
    decoder chooses the shares.
    Source: this project's own design; no publication.
    """

    def __init__(self, *, width: int = 32, blocks: int = 2, heads: int = 4, sigma: float = 6.0) -> None:
        """Initialise the weights from torch's global generator.

        Args:
            width: channels at half the size, a multiple of `heads`; four times as many at a quarter.
            blocks: attention blocks before the attention that moves pixels.
            heads: of every attention, and images that are moved.
            sigma: of the pose maps in pixels of the image.

        Raises:
            DataError: for a number that cannot be built.
        """
        super().__init__()
        self.options: dict[str, Any] = {"width": width, "blocks": blocks, "heads": heads, "sigma": sigma}
        if min(width, heads) < 1 or blocks < 0 or width % heads:
            raise DataError(
                f"a correspondence generator of width {width} with {heads} heads and {blocks} blocks cannot be built; "
                "width must be a multiple of the heads, both at least 1"
            )
        deep = QUARTER * width
        self.to_half = nn.Sequential(nn.Conv2d(3, width, 4, stride=2, padding=1), Residual(width))
        self.to_quarter = nn.Sequential(nn.Conv2d(width, deep, 4, stride=2, padding=1), Residual(deep))
        self.pose = PoseCode(deep, sigma)
        self.start = nn.Conv2d(3 * deep, deep, 1)
        self.blocks = nn.ModuleList(AttentionBlock(deep, heads) for _ in range(blocks))
        self.query, self.key = Projection(deep), Projection(deep)
        self.match = nn.Conv2d(deep, deep, 1)
        self.sharpness = nn.Parameter(torch.full((heads, 1, 1), SHARPNESS))
        self.upwards = nn.Conv2d(deep, width, 1)
        self.fuse = nn.Sequential(
            nn.Conv2d(3 * width + len(JOINTS), 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, width, 1),
        )
        self.mix = nn.Sequential(
            nn.Conv2d(width + 3 * heads + 3, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 3 + heads + 1, 3, padding=1),
        )

    def forward(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """The person of `image` in the target pose (see `patn.models.patn.Patn.forward`)."""
        return _mixture(*self._candidates(image, source_keypoints, target_keypoints))

    def with_carried(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> tuple[Tensor, Tensor]:
        """What the call returns, and the same of moved pixels alone: nothing in it is generated.

        Args:
            image: as of the call.
            source_keypoints: as of the call.
            target_keypoints: as of the call.

        Returns:
            Two images B x 3 x H x W in [-1, 1].
        """
        scores, pictures = self._candidates(image, source_keypoints, target_keypoints)
        return _mixture(scores, pictures), _mixture(scores[:, :-1], pictures[:, :-1])

    def with_masks(
        self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """What the call returns, and each candidate's share of it.

        Args:
            image: as of the call.
            source_keypoints: as of the call.
            target_keypoints: as of the call.

        Returns:
            The image, and B x 1 x H x W in (0, 1) each: the heads', then the generated candidate's.
        """
        scores, pictures = self._candidates(image, source_keypoints, target_keypoints)
        return _mixture(scores, pictures), list(scores.softmax(dim=1).split(1, dim=1))

    def correspondence(self, image: Tensor, source_keypoints: Tensor, target_keypoints: Tensor) -> Tensor:
        """Where every place of the result comes from, one map of the condition image a place and head.

        Args:
            image: as of the call.
            source_keypoints: as of the call.
            target_keypoints: as of the call.

        Returns:
            B x heads x places x places; rows are places of the result, columns of the condition image, both counted row
            by row at a quarter of the size. A row sums to 1.
        """
        check_size(image)
        return self._corresponding(image, source_keypoints, target_keypoints)[1].float()

    def _candidates(self, image: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Scores B x N x H x W and pictures B x N x 3 x H x W of all candidates: one a head, then the generated one."""
        check_size(image)
        half, weights, code = self._corresponding(image, source, target)
        size = (image.shape[-2], image.shape[-1])
        moved = carry(weights, image, QUARTER, shared=True)  # B x heads*3 x H x W
        features = carry(weights, half, HALF)  # B x width x H/2 x W/2
        poses = reduced_maps(target, size, HALF, self.options["sigma"])
        code = functional.interpolate(self.upwards(code), scale_factor=2.0)
        code = self.fuse(torch.cat([code, features, half.to(code), poses.to(code)], dim=1))  # H/2 x W/2
        code = functional.interpolate(code, scale_factor=2.0)
        mixed = self.mix(torch.cat([code, moved, image.to(code)], dim=1)).float()  # H x W
        generated, scores = mixed[:, :3].tanh(), mixed[:, 3:]
        return scores, torch.cat([moved.float(), generated], dim=1).unflatten(1, (-1, 3))

    def _corresponding(self, image: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features at half the size, the weights that carry them, and the target's code at a quarter."""
        size = (image.shape[-2], image.shape[-1])
        half = self.to_half(image)  # B x width x H/2 x W/2
        quarter = self.to_quarter(half)  # B x deep x H/4 x W/4
        here, there = self.pose(target, size), self.pose(source, size)
        seen = quarter + there
        code = self.start(torch.cat([here, there, quarter], dim=1))
        for block in self.blocks:
            code = block(code, seen)
        queries = self.query(code) + self.match(here)
        keys = self.key(seen) + self.match(there)  # one matrix for both poses: a body part finds itself
        heads = self.options["heads"]
        return half, attention_weights(heads_apart(queries, heads), heads_apart(keys, heads), self.sharpness), code


class Residual(nn.Module):
    """Two 3 x 3 convolutions added to what comes in."""

    def __init__(self, channels: int) -> None:
        """Of that many channels."""
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # at first it changes nothing

    def forward(self, code: Tensor) -> Tensor:
        """B x C x H x W to the same shape."""
        result: Tensor = code + self.second(self.first(self.norm(code)).relu())
        return result


class ChannelNorm(nn.Module):
    """Normalises over the channels of every place by itself, so that a batch or an image's size change nothing."""

    def __init__(self, channels: int) -> None:
        """Of that many channels."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, code: Tensor) -> Tensor:
        """B x C x H x W to the same shape."""
        weight, bias = self.weight.to(code.dtype), self.bias.to(code.dtype)
        return functional.layer_norm(code.permute(0, 2, 3, 1), weight.shape, weight, bias).permute(0, 3, 1, 2)


class Projection(nn.Sequential):
    """A norm and a matrix, the same for every place."""

    def __init__(self, channels: int) -> None:
        """Of that many channels, in and out."""
        super().__init__(ChannelNorm(channels), nn.Conv2d(channels, channels, 1))


class AttentionBlock(nn.Module):
    """The target's code looks at the condition image once, then at its own neighbourhood."""

    def __init__(self, channels: int, heads: int) -> None:
        """Of that many channels, a multiple of the heads."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (Projection(channels) for _ in range(3))
        self.sharpness = nn.Parameter(torch.full((heads, 1, 1), SHARPNESS))
        self.out = nn.Conv2d(channels, channels, 1)
        self.residual = Residual(channels)

    def forward(self, code: Tensor, seen: Tensor) -> Tensor:
        """The target's next code.

        Args:
            code: of the target, B x C x H x W.
            seen: of the condition image, as `code`.

        Returns:
            B x C x H x W.
        """
        parts = (self.query(code), self.key(seen), self.value(seen))
        queries, keys, values = (heads_apart(part, self.heads) for part in parts)
        found = (
            attention_weights(queries, keys, self.sharpness) @ values
        )  # the fused kernel's backward pass is slower on CPUs
        result: Tensor = self.residual(code + self.out(heads_joined(found, (code.shape[-2], code.shape[-1]))))
        return result


class CorrespondenceDiscriminator(nn.Module):
    """Scores patches of a candidate beside the target pose and the condition image at a quarter of its size.

    It does not see the condition image's pixels: where the generator leaves them as they are, a real image still
    differs by its own grain, which would give every generated one away.
    """

    def __init__(self, *, width: int = 32, sigma: float = 6.0) -> None:
        """Initialise the weights from torch's global generator.

        Args:
            width: channels at half the size; twice as many at a quarter.
            sigma: of the pose maps in pixels of the image.
        """
        super().__init__()
        self.sigma = sigma
        self.to_half = nn.Conv2d(3, width, 4, stride=2, padding=1)
        self.to_quarter = nn.Conv2d(width + len(JOINTS), 2 * width, 4, stride=2, padding=1)
        self.compare = nn.Conv2d(2 * width + 3, 2 * width, 3, padding=1)
        self.judge = nn.Conv2d(2 * width, 1, 1)

    def forward(self, candidate: Tensor, image: Tensor, target_keypoints: Tensor) -> Tensor:
        """One logit a place at a quarter of the size, above 0 for real.

        Args:
            candidate: B x 3 x H x W in [-1, 1].
            image: the condition image, as `candidate`.
            target_keypoints: as of the generator's call.

        Returns:
            B x 1 x H/4 x W/4.
        """
        size = (image.shape[-2], image.shape[-1])
        poses, small = reduced_maps(target_keypoints, size, HALF, self.sigma), functional.avg_pool2d(image, QUARTER)
        code = functional.leaky_relu(self.to_half(candidate), 0.2)  # B x width x H/2 x W/2
        code = functional.leaky_relu(self.to_quarter(torch.cat([code, poses.to(code)], dim=1)), 0.2)
        code = functional.leaky_relu(self.compare(torch.cat([code, small.to(code)], dim=1)), 0.2)
        scores: Tensor = self.judge(code)
        return scores


def _mixture(scores: Tensor, pictures: Tensor) -> Tensor:
    """B x 3 x H x W: the pictures, B x N x 3 x H x W, in the shares that their scores, B x N x H x W, give them."""
    return (scores.softmax(dim=1).unsqueeze(2) * pictures).sum(dim=1)


def check_size(image: Tensor) -> None:
    """Refuse an image whose sides are not divisible by 4 and at least 8.

    Args:
        image: B x 3 x H x W.

    Raises:
        DataError: for such an image.
    """
    height, width = image.shape[-2:]
    if height % QUARTER or width % QUARTER or min(height, width) < 2 * QUARTER:
        raise DataError(f"images are {height} x {width}; both sides must be divisible by 4 and at least 8")
