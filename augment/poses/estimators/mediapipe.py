"""mediapipe's BlazePose on small crops of persons: with the weights inside its wheel, or those of a .task file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from augment import AugmentError
from augment.poses.estimators.crops import CropEstimator, Landmarks, fills
from augment.poses.estimators.frames import Frame, framed
from augment.poses.estimators.quiet import quiet
from augment.weights import given_file
from numerics.arrays import Array, Pixels

HEIGHT = 512
"""Crops are enlarged to this height: the detector was made for persons of hundreds of pixels."""
PADDING = 0.25
"""Of the height, repeated edge pixels on all four sides: 99 % instead of 86 % of rendered persons are found."""
CONFIDENCE = 0.3
"""Of the detector; mediapipe's own is 0.5. Every crop is supposed to show a person, and 0.3 finds blurred and cut ones
too: 19 instead of 16 of 22 real photographs, two of the three well placed, and nobody new where there is nobody.
"""
VISIBILITY = 0.1
"""Joints that mediapipe thinks less likely to be visible are missing. That is low on purpose: an arm behind the body is
often placed well (of the rendered joints with a visibility from 0.1 to 0.5, 72 % are within half a head's size; of
those above 0.8, 93 %), and a generator makes a better image from a guessed elbow than from none.
"""
_SIDES = {0: 0, 1: 4, 2: 5, 3: 6, 7: 8, 9: 10} | {left: left + 1 for left in range(11, 33, 2)}
_OTHER_SIDE = _SIDES | {right: left for left, right in _SIDES.items()}
BLAZEPOSE = Landmarks(
    joints=(0, 0, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7),
    mirror=tuple(_OTHER_SIDE[landmark] for landmark in range(33)),
)
"""BlazePose's 33 landmarks: from 11 on odd numbers are left and the next even one is right."""
WANTED = "a pose landmarker of mediapipe (.task)"
SQUARE = 1.25
"""Side of the square around an upright crop's middle that the landmark network sees, in the crop's heights."""
GRAPH = """
input_stream: "picture"
input_stream: "square"
input_side_packet: "complexity"
output_stream: "landmarks"
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_stream: "IMAGE:picture"
  input_stream: "ROI:square"
  output_stream: "LANDMARKS:landmarks"
}
"""


class Landmarker:
    """mediapipe's landmark network without its detector, on a square around a crop's middle.

    It needs the folder of models that mediapipe's pose sets, so that has to be made before.
    """

    def __init__(self) -> None:
        import mediapipe
        from mediapipe.framework.formats.rect_pb2 import NormalizedRect
        from mediapipe.python import packet_creator, packet_getter

        self._image, self._square, self._packets = mediapipe.ImageFrame, NormalizedRect, packet_creator
        self._format, self._seen = mediapipe.ImageFormat.SRGB, 0
        self._found: list[Any] = []
        self._graph: Any = mediapipe.CalculatorGraph(graph_config=GRAPH)
        self._graph.observe_output_stream(
            "landmarks", lambda _, packet: self._found.append(packet_getter.get_proto(packet).landmark)
        )
        self._graph.start_run({"complexity": packet_creator.create_int(1)})

    def __call__(self, frame: Frame) -> Array | None:
        """Find the landmarks of a crop in its frame.

        Args:
            frame: the picture with the crop.

        Returns:
            33 x 3: (y, x) in the crop's pixels and visibility; None where the network is not sure of a person.
        """
        height, width = frame.pixels.shape[:2]
        side = SQUARE * frame.inner[0]
        square = self._square(x_center=0.5, y_center=0.5, width=side / width, height=side / height)
        picture = self._image(image_format=self._format, data=np.ascontiguousarray(frame.pixels))
        self._found.clear()
        self._seen += 1  # the graph's time, in which each picture has to come after the one before
        packets = {"picture": self._packets.create_image_frame(picture), "square": self._packets.create_proto(square)}
        for stream, packet in packets.items():
            self._graph.add_packet_to_input_stream(stream, packet.at(self._seen))
        self._graph.wait_until_idle()
        return decode(self._found[0], frame) if self._found else None


class Wheel:
    """mediapipe pose, full model (complexity 1, the only one in the wheel).

    An upright crop is supposed to show one person from top to bottom: the landmark network looks at it first. The
    detector, which misses many people in small crops, looks at all else, and where that network finds nobody who fills
    the crop: with that bound, nobody new is found in 400 of Market-1501's distractors and 332 pictures without a
    person; without it, 21 and 2 new ones are.

    Raises:
        AugmentError: where mediapipe is not installed, or has no weights in its wheel (from 0.10.30 on).
    """

    def __init__(self) -> None:
        with quiet():
            try:
                from mediapipe.python.solutions import pose
            except ImportError as error:
                raise AugmentError(
                    f"the weights inside mediapipe cannot be imported ({error}); install "
                    f"`pip install augment-reid[mediapipe]`, give {WANTED} as ⟨model⟩, or give key points as a CSV file"
                ) from error
            self._pose: Any = pose.Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=CONFIDENCE)
            self._pose.process(np.zeros((HEIGHT, HEIGHT, 3), np.uint8))  # its threads start, and say so, only now
            self._landmarker = Landmarker()

    def __call__(self, image: Pixels) -> Array | None:
        """Find the landmarks of a crop.

        Args:
            image: uint8 H x W x 3.

        Returns:
            33 x 3: (y, x) in its pixels and visibility; None where nobody is found.
        """
        frame = prepare(image)
        with quiet():
            if image.shape[0] > image.shape[1]:
                first = self._landmarker(frame)
                if first is not None and fills(first, image.shape[0]):
                    return first
            found = self._pose.process(frame.pixels).pose_landmarks
        return None if found is None else decode(found.landmark, frame)


class Task:
    """The pose landmarker of a .task file, by mediapipe's newer interface.

    Args:
        path: the file.

    Raises:
        AugmentError: where mediapipe is not installed, and for a file that is no pose landmarker.
    """

    def __init__(self, path: Path) -> None:
        with quiet():
            try:
                import mediapipe
                from mediapipe.tasks.python import BaseOptions, vision
            except ImportError as error:
                raise AugmentError(f"mediapipe cannot be imported ({error}); `pip install mediapipe`") from error
            options = vision.PoseLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(path)), min_pose_detection_confidence=CONFIDENCE
            )
            try:
                self._landmarker: Any = vision.PoseLandmarker.create_from_options(options)
            except (ValueError, RuntimeError) as error:
                raise AugmentError(f"{path}: another file than {WANTED}; give that as ⟨model⟩") from error
        self._picture: Any = mediapipe

    def __call__(self, image: Pixels) -> Array | None:
        """Find the landmarks of a crop.

        Args:
            image: uint8 H x W x 3.

        Returns:
            33 x 3: (y, x) in its pixels and visibility; None where nobody is found.
        """
        frame = prepare(image)
        picture = self._picture.Image(image_format=self._picture.ImageFormat.SRGB, data=frame.pixels)
        with quiet():
            found = self._landmarker.detect(picture).pose_landmarks
        return decode(found[0], frame) if found else None


def prepare(image: Pixels) -> Frame:
    """The crop at 512 pixels height inside a frame of its own edge pixels, 128 wide.

    Args:
        image: uint8 H x W x 3.

    Returns:
        The picture and the way back.
    """
    inner = HEIGHT, max(1, round(HEIGHT * image.shape[1] / image.shape[0]))
    padding = round(PADDING * HEIGHT)
    return framed(image, (inner[0] + 2 * padding, inner[1] + 2 * padding), inner, "edge")


def decode(marks: Any, frame: Frame) -> Array:
    """Landmarks of mediapipe's marks, in the crop's pixels.

    Args:
        marks: 33 of them, each with y and x as shares of the frame, and visibility.
        frame: what mediapipe saw.

    Returns:
        33 x 3: (y, x) and visibility.
    """
    values = np.array([(mark.y, mark.x, mark.visibility) for mark in marks], dtype=np.float64)
    return np.column_stack([frame.crop_points(values[:, :2]), values[:, 2]])


def build(model: Path | None) -> CropEstimator:
    """The estimator of mediapipe.

    Args:
        model: a .task file; None for the weights in the wheel.

    Returns:
        The estimator.

    Raises:
        AugmentError: where mediapipe or these weights are missing, and for another file.
    """
    network = Wheel() if model is None else Task(given_file(model, f"mediapipe takes {WANTED}"))
    return CropEstimator(network, BLAZEPOSE, least=VISIBILITY)
