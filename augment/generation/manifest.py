"""The manifest of a generated set: which files are real and which generated, from what, by what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from augment.images import load_images
from augment.inference.plan_images import COPY
from numerics.arrays import Array
from reid.data.market1501 import FOLDERS

if TYPE_CHECKING:
    import torch

MANIFEST = "manifest.csv"


def make_manifest(plan: pd.DataFrame, kept: Sequence[str], mark: str) -> pd.DataFrame:
    """One row a file: name, kind (real, generated, copy), source, pose, generator fingerprint; scene; the filter's.

    Args:
        plan: as it was carried out.
        kept: names of the real images.
        mark: the generator's fingerprint.
    """
    real = pd.DataFrame({"name": list(kept), "kind": "real", "source": list(kept), "pose": "", "generator": ""})
    made = pd.DataFrame(
        {
            "name": plan["output"],
            "kind": np.where(plan["how"] == COPY, "copy", "generated"),
            "source": plan["source"],
            "pose": plan["pose"],
            "generator": np.where(plan["how"] == COPY, "", mark),
        }
    )
    further = ("scene", "identity_score", "pose_score", "candidate", "judged")
    made = made.assign(**{column: plan[column] for column in further if column in plan})
    return pd.concat([real, made], ignore_index=True).sort_values("name", ignore_index=True)


def with_scores(manifest: pd.DataFrame, folder: Path, size: tuple[int, int]) -> pd.DataFrame:
    """The manifest with each file's sharpness: the mean absolute gradient of its grey values, in [0, 1].

    Args:
        manifest: as of `make_manifest`.
        folder: of the set.
        size: (height, width) in pixels at which it is measured.
    """
    paths = [folder / FOLDERS["train"] / name for name in manifest["name"]]
    sharp = [sharpness(load_images(paths[start : start + 512], size)) for start in range(0, len(paths), 512)]
    return manifest.assign(sharpness=np.concatenate(sharp).round(5) if sharp else [])


def sharpness(images: torch.Tensor) -> Array:
    """Mean absolute difference of horizontal and vertical neighbours of the grey image, per image, in [0, 1].

    Blurred images score low; the gain in re-ID follows this more than SSIM.

    Args:
        images: uint8 N x 3 x H x W.

    Returns:
        N values.
    """
    grey = images.float().mean(dim=1) / 255
    down, right = grey.diff(dim=1).abs().mean(dim=(1, 2)), grey.diff(dim=2).abs().mean(dim=(1, 2))
    return ((down + right) / 2).numpy()
