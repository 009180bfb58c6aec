"""Sample sheets: the same held-out pairs, generated again and again while a generator is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment import AugmentError
from augment.datasets.dataset import Dataset
from augment.images import load_images, to_uint8
from augment.inference.sheets import draw_skeleton, write_sheet
from numerics.seeds import Stream, random_stream
from patn.keypoints import keypoint_array, scale_keypoints
from patn.pairs import sample_pairs, training_pairs
from reid.data.market1501 import Split, of_identities

if TYPE_CHECKING:
    import torch

SHEET_PAIRS = 8


class HeldOut:
    """A few pairs of identities that training never sees: images uint8, key points in the images' pixels."""

    def __init__(self, source: torch.Tensor, target: torch.Tensor, poses: tuple[torch.Tensor, torch.Tensor]) -> None:
        self.source, self.target = source, target
        self.source_keypoints, self.target_keypoints = poses


def held_out_pairs(data: Dataset, size: tuple[int, int]) -> HeldOut | None:
    """Pairs of two images of one test identity, sampled evenly; None where the gallery has no key points or no pair.

    Args:
        data: whose gallery they are of.
        size: (height, width) in pixels of the images returned; key points are scaled to it.
    """
    import torch

    try:
        keypoints = data.keypoints("gallery")
    except AugmentError:
        return None
    gallery = of_identities(data.images, Split.GALLERY)
    gallery = gallery[gallery["name"].isin(keypoints.index)]
    names = gallery["name"].tolist()
    pairs = training_pairs(names, gallery["pid"].tolist(), keypoint_array(keypoints, names))
    if pairs.empty:
        return None
    pairs = sample_pairs(pairs, min(SHEET_PAIRS, len(pairs)), random_stream(0, Stream.SHEET_PAIRS))
    path_of = gallery.set_index("name")["path"]
    loaded, poses = {}, {}
    for side in ("from", "to"):
        loaded[side] = load_images([path_of[name] for name in pairs[side]], size, jobs=1)
        scaled = scale_keypoints(keypoint_array(keypoints, pairs[side].tolist()), data.size, size)
        poses[side] = torch.from_numpy(np.asarray(scaled, np.float32))
    return HeldOut(loaded["from"], loaded["to"], (poses["from"], poses["to"]))


class SampleSheet:
    """Generates the same held-out pairs every time: source, target pose, generated, target."""

    def __init__(self, network: torch.nn.Module, device: torch.device, pairs: HeldOut | None) -> None:
        self.network, self.device, self.pairs = network, device, pairs

    def __call__(self, path: Path) -> None:
        """Write the sheet to `path`; nothing where there are no held-out pairs."""
        import torch

        if self.pairs is None:
            return
        network, device, pairs = self.network, self.device, self.pairs
        network.eval()
        with torch.inference_mode():
            condition = (pairs.source.float() / 127.5 - 1).to(device)
            generated = network(condition, pairs.source_keypoints.to(device), pairs.target_keypoints.to(device))
        network.train()
        rows = [
            images.permute(0, 2, 3, 1).cpu().numpy() for images in (pairs.source, to_uint8(generated), pairs.target)
        ]
        size = (pairs.source.shape[2], pairs.source.shape[3])
        skeletons = [draw_skeleton(pose, size) for pose in pairs.target_keypoints.numpy()]
        columns = [
            [source, skeleton, made, target]
            for source, skeleton, made, target in zip(rows[0], skeletons, rows[1], rows[2], strict=True)
        ]
        write_sheet(columns, path, ["source", "target pose", "generated", "target"])
