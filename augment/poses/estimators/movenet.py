"""MoveNet on one person, a .tflite file run by LiteRT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from augment import AugmentError
from augment.poses.estimators.crops import COCO, CropEstimator
from augment.poses.estimators.frames import Frame, fitted, framed
from augment.poses.estimators.quiet import quiet
from augment.weights import given_file
from numerics.arrays import Array, Pixels

LEAST = 0.1
"""Joints with a lower score are missing."""
BODY = 0.3
"""Where the mean score of the 17 landmarks is lower, there is nobody: MoveNet always has a body."""
LOOKS = 3
"""How often it looks, at most, at who is small in a picture: it sees 192 x 192 pixels."""
WANTED = "a single-pose MoveNet (.tflite, lightning or thunder)"


class Movenet:
    """MoveNet, looking at a crop enlarged as far as it fits between black bars.

    Args:
        path: its file.

    Raises:
        AugmentError: where the runtime is not installed, and for a file that is no single-pose MoveNet.
    """

    def __init__(self, path: Path) -> None:
        self._interpreter: Any = _interpreter(path)
        self._input, self._output = (
            details[0] for details in (self._interpreter.get_input_details(), self._interpreter.get_output_details())
        )
        shape = tuple(int(length) for length in self._input["shape"])
        if len(shape) != 4 or shape[3] != 3 or tuple(self._output["shape"]) != (1, 1, 17, 3):
            raise AugmentError(f"{path}: another network than {WANTED}; give that as ⟨model⟩")
        self._size = shape[1], shape[2]

    def __call__(self, image: Pixels) -> Array:
        """Find the landmarks of a crop.

        Args:
            image: uint8 H x W x 3.

        Returns:
            17 x 3: (y, x) in its pixels and score in [0, 1].
        """
        frame = framed(image, self._size, fitted((image.shape[0], image.shape[1]), self._size), "black")
        self._interpreter.set_tensor(self._input["index"], frame.pixels[None].astype(self._input["dtype"]))
        self._interpreter.invoke()
        return decode(self._interpreter.get_tensor(self._output["index"]), frame)


def decode(output: Array, frame: Frame) -> Array:
    """Landmarks of a network's output, in the crop's pixels.

    Args:
        output: 1 x 1 x 17 x 3, shares (y, x) of the frame and score.
        frame: what the network saw.

    Returns:
        17 x 3: (y, x) and score.
    """
    found = np.asarray(output, dtype=np.float64)[0, 0]
    return np.column_stack([frame.crop_points(found[:, :2]), found[:, 2]])


def build(model: Path | None) -> CropEstimator:
    """The estimator of a MoveNet file.

    Args:
        model: the file; None is refused.

    Returns:
        The estimator.

    Raises:
        AugmentError: where the runtime or the file is missing, and for another file.
    """
    path = given_file(model, f"movenet needs {WANTED}")
    return CropEstimator(Movenet(path), COCO, least=LEAST, mirrored=True, body=BODY, looks=LOOKS)


def _interpreter(path: Path) -> Any:
    """The file, ready to run on one core."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise AugmentError(
            f"LiteRT cannot be imported ({error}); install it with `pip install augment-reid[poses]`"
        ) from error
    with quiet():
        try:
            interpreter = Interpreter(str(path), num_threads=1)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise AugmentError(f"{path}: no TensorFlow Lite file; give {WANTED} as ⟨model⟩") from error
    return interpreter
