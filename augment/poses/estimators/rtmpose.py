"""RTMPose and others of its kind: a SimCC model file (.onnx) of bodies, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augment import AugmentError
from augment.poses.estimators.crops import COCO, CropEstimator
from augment.poses.estimators.frames import fitted, framed
from augment.weights import given_file
from numerics.arrays import Array, Pixels

LEAST = 0.3
"""Joints with a lower score are missing: the score from which mmpose's own pictures show a joint."""
SPLIT = 2.0
"""Bins a pixel, in both directions."""
SHARE = 0.8
"""Of the input that the crop fills: it was trained on boxes enlarged by 1.25."""
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
BODIES = (17, 26, 133)
"""Landmarks of body networks; COCO's 17 are the first of each."""
WANTED = "an RTMPose body network with SimCC outputs (.onnx, 17, 26 or 133 landmarks)"


class Rtmpose:
    """RTMPose, looking at a crop in the middle of a black frame.

    Args:
        path: its file.

    Raises:
        AugmentError: where the runtime is not installed, and for a file that is no such network.
    """

    def __init__(self, path: Path) -> None:
        self._session: Any = _session(path)
        given, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._input = given[0].name
        shape = given[0].shape
        sized = len(shape) == 4 and all(isinstance(length, int) for length in shape[2:])
        self._size = (shape[2], shape[3]) if sized else (0, 0)
        bins = [output.shape[2] if len(output.shape) == 3 else None for output in outputs]
        landmarks = {output.shape[1] for output in outputs if len(output.shape) == 3}
        if not sized or bins != [self._size[1] * SPLIT, self._size[0] * SPLIT] or not landmarks <= set(BODIES):
            raise AugmentError(f"{path}: another network than {WANTED}; give that as ⟨model⟩")

    def __call__(self, image: Pixels) -> Array:
        """Find the landmarks of a crop.

        Args:
            image: uint8 H x W x 3.

        Returns:
            17 x 3: (y, x) in its pixels and score.
        """
        frame = framed(image, self._size, fitted((image.shape[0], image.shape[1]), self._size, SHARE), "black")
        pixels = ((frame.pixels - np.array(MEAN)) / np.array(STD)).astype(np.float32)
        along_x, along_y = self._session.run(None, {self._input: pixels.transpose(2, 0, 1)[None]})
        found = decode(along_x, along_y)[: len(COCO.mirror)]
        centres = (found[:, :2] + 0.5) / np.array(self._size)
        return np.column_stack([frame.crop_points(centres), found[:, 2]])


def decode(along_x: Array, along_y: Array) -> Array:
    """Landmarks of SimCC outputs.

    Args:
        along_x: 1 x K x bins, SPLIT bins a pixel.
        along_y: the same downwards.

    Returns:
        K x 3: (y, x) in pixels of the network's input, and the smaller of both maxima as score.
    """
    axes = [np.asarray(bins[0], dtype=np.float64) for bins in (along_y, along_x)]
    places = np.stack([bins.argmax(axis=1) / SPLIT for bins in axes], axis=1)
    return np.column_stack([places, np.minimum(*(bins.max(axis=1) for bins in axes))])


def build(model: Path | None) -> CropEstimator:
    """The estimator of an RTMPose file.

    Args:
        model: the file; None is refused.

    Returns:
        The estimator.
    """
    return CropEstimator(Rtmpose(given_file(model, f"rtmpose needs {WANTED}")), COCO, least=LEAST, mirrored=True)


def _session(path: Path) -> Any:
    """The file, ready to run on one core."""
    try:
        import onnxruntime
    except ImportError as error:
        raise AugmentError(
            f"onnxruntime cannot be imported ({error}); install it with `pip install augment-reid[rtmpose]`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers: Sequence[str] = ["CPUExecutionProvider"]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its own classes have no common base but this
        raise AugmentError(f"{path}: no ONNX file that runs here; give {WANTED} as ⟨model⟩") from error
