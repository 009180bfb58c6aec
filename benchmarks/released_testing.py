"""The released test loop: one pair at a time, autograd's graph built, five panels to a PNG."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torchvision.transforms import functional

from benchmarks.networks import released_generator
from numerics.arrays import Array
from patn.keypoints import LIMBS


def joint_map(keypoints: Array, size: tuple[int, int], sigma: float = 6.0) -> Array:
    """The released heat map of one pose, height x width x 18 float32: a grid and an exponential for every joint."""
    maps = np.zeros((*size, len(keypoints)), dtype=np.float32)
    for joint, (y, x) in enumerate(keypoints):
        if y == -1 or x == -1:
            continue
        across, down = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
        maps[..., joint] = np.exp(-((down - y) ** 2 + (across - x) ** 2) / (2 * sigma**2))
    return maps


def stored_maps(paths: list[Path]) -> Tensor:
    """Maps from their files, N x 18 x height x width, in NCHW.

    Loaded and turned as by the released loader, and copied, as its model does with every input.
    """
    views = [torch.from_numpy(np.load(path)).float().transpose(2, 0).transpose(2, 1) for path in paths]
    return torch.stack(views, out=torch.empty(len(views), *views[0].shape))


class ReleasedTest:
    """Load, `test()`, draw the panels, save, for every pair.

    images, maps: image files, and a folder of their maps as `NAME.npy`.  pairs: (condition, target) names.
    checkpoint: as `benchmarks.networks.save_released` writes it.
    The skeletons are drawn more simply than the released code does, which favours this side.
    """

    def __init__(
        self,
        *,
        images: dict[str, str],
        maps: Path,
        pairs: list[tuple[str, str]],
        checkpoint: Path,
        blocks: int,
        width: int,
        folder: Path,
    ) -> None:
        self.images, self.maps, self.pairs, self.folder = images, maps, pairs, folder
        state = {key.removeprefix("model."): value for key, value in torch.load(checkpoint).items()}
        self.network = released_generator(blocks, width)
        lacking, extra = self.network.load_state_dict(state, strict=False)
        assert not extra
        assert all(key.endswith("num_batches_tracked") for key in lacking)
        self.network.eval()
        folder.mkdir(parents=True)
        self.made: list[Array] = []

    def run(self) -> None:
        """All pairs once."""
        self.made = []
        for condition, target in self.pairs:
            sample = self.load(condition, target)
            fake = self.network(sample["P1"], torch.cat([sample["BP1"], sample["BP2"]], dim=1))
            panels = [
                image(sample["P1"]),
                skeleton(sample["BP1"]),
                image(sample["P2"]),
                skeleton(sample["BP2"]),
                image(fake),
            ]
            Image.fromarray(np.concatenate(panels, axis=1)).save(self.folder / f"{condition}___{target}_vis.png")
            self.made.append(panels[-1])

    def result(self) -> Any:
        """The generated images of the last run, uint8 N x H x W x 3."""
        return np.stack(self.made)

    def load(self, condition: str, target: str) -> dict[str, Tensor]:
        """One sample as a batch of one: images in [-1, 1] and maps."""
        sample = {}
        for number, name in (("1", condition), ("2", target)):
            picture = functional.to_tensor(Image.open(self.images[name]).convert("RGB"))
            sample[f"P{number}"] = functional.normalize(picture, [0.5] * 3, [0.5] * 3).unsqueeze(0)
            sample[f"BP{number}"] = stored_maps([self.maps / f"{name}.npy"])
        return sample


def image(batch: Tensor) -> Array:
    """The first image of a batch in [-1, 1] as uint8 H x W x 3."""
    values = batch[0].detach().float().numpy()
    return ((np.transpose(values, (1, 2, 0)) + 1) / 2.0 * 255.0).astype(np.uint8)


def skeleton(maps: Tensor, threshold: float = 0.1) -> Array:
    """A map's joints, found at its channels' peaks, and their limbs on black."""
    values = np.transpose(maps[0].numpy(), (1, 2, 0))
    peaks = np.where(np.logical_and(values == values.max(axis=(0, 1)), values > threshold))
    places = {int(joint): (int(x), int(y)) for y, x, joint in zip(*peaks, strict=True)}
    canvas = Image.new("RGB", (values.shape[1], values.shape[0]))
    draw = ImageDraw.Draw(canvas)
    for first, second in LIMBS:
        if first in places and second in places:
            draw.line([places[first], places[second]], fill=(255, 0, 85))
    for x, y in places.values():
        draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=(0, 255, 85))
    return np.asarray(canvas)
