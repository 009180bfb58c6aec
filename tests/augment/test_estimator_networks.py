"""movenet, rtmpose and keypointrcnn through the public adapter, on networks that see dots in place of joints."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torchvision.models import detection

from augment import AugmentError
from augment.cli import augment
from augment.poses import estimators
from augment.poses.estimators import BUILTIN_MODELS, Choice, build_estimator
from augment.poses.estimators.rtmpose import MEAN, STD
from numerics.arrays import Array
from patn.keypoints import JOINTS
from tests.conftest import invoke

PARTS = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
"""Of the dotted people, downwards below the nose: their right at the smaller x, as of who faces the camera."""


def dotted(height: int = 128, width: int = 64) -> tuple[Array, dict[str, tuple[int, int]]]:
    """A black crop with a white dot at each joint, and the dots' places (y, x); no neck."""
    columns = np.random.default_rng(height).integers(4, width // 2 - 4, (len(PARTS), 2))
    places = {"nose": (6, width // 2)}
    for number, (part, (right, left)) in enumerate(zip(PARTS, columns, strict=True)):
        row = 6 + (number + 1) * (height - 12) // len(PARTS)
        places |= {f"right_{part}": (row, int(right)), f"left_{part}": (row, width // 2 + int(left))}
    image = np.zeros((height, width, 3), np.uint8)
    for y, x in places.values():
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return image, places


def dots(picture: Array) -> Array:
    """COCO's landmarks in a picture of dots: 17 x 2 centres (y, x), the pixels' own at half pixels."""
    _, _, _, centres = cv2.connectedComponentsWithStats((picture[..., 0] > 120).astype(np.uint8))
    found = centres[1:][np.argsort(centres[1:, 1])][:, ::-1] + 0.5
    assert len(found) == 17, "every dot is seen once"
    pairs = [pair[np.argsort(-pair[:, 1])] for pair in found[1:].reshape(8, 2, 2)]  # left, at the larger x, is first
    return np.concatenate([found[:1], *pairs])


def assert_found(chosen: Choice, within: float) -> None:
    """The estimator finds the dots of crops of several sizes, and the neck between the shoulders."""
    crops = [dotted(), dotted(160, 60), dotted(90, 90)]
    joints = build_estimator(chosen)([image for image, _ in crops])
    assert joints.dtype == np.float32
    for found, (_, places) in zip(joints, crops, strict=True):
        places["neck"] = tuple(np.mean([places["right_shoulder"], places["left_shoulder"]], axis=0))
        np.testing.assert_allclose(found, [places[name] for name in JOINTS], atol=within)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A model file that the runtimes of these tests take for any network."""
    path = tmp_path / "model.bin"
    path.write_bytes(b"network")
    return path


class Interpreter:
    """LiteRT's interpreter of a MoveNet that sees dots."""

    shapes = ((1, 192, 192, 3), (1, 1, 17, 3))

    def __init__(self, path: str, num_threads: int) -> None:
        if Path(path).read_bytes() != b"network":
            raise ValueError("Model provided has model identifier 'netw', should be 'TFL3'")
        self.picture = np.empty(0)

    def allocate_tensors(self) -> None:
        pass

    def get_input_details(self) -> list[dict[str, Any]]:
        return [{"index": 3, "shape": np.array(self.shapes[0], np.int32), "dtype": np.uint8}]

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{"index": 7, "shape": np.array(self.shapes[1], np.int32)}]

    def set_tensor(self, index: int, picture: Array) -> None:
        assert (index, picture.dtype, picture.shape) == (3, np.uint8, self.shapes[0])
        self.picture = picture

    def invoke(self) -> None:
        self.found = np.column_stack([dots(self.picture[0]) / 192, np.full(17, 0.7)]).astype(np.float32)

    def get_tensor(self, index: int) -> Array:
        assert index == 7
        return self.found[None, None]


def give_litert(monkeypatch: pytest.MonkeyPatch, interpreter: type[Interpreter]) -> None:
    module = ModuleType("ai_edge_litert.interpreter")
    module.Interpreter = interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert", ModuleType("ai_edge_litert"))
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", module)


def test_movenet_finds_the_dots_where_they_are(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_litert(monkeypatch, Interpreter)
    assert_found(Choice("movenet", file), within=0.4)


def test_without_a_file_movenet_takes_the_built_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []

    class Remembered(Interpreter):
        def __init__(self, path: str, num_threads: int) -> None:
            taken.append(path)

    give_litert(monkeypatch, Remembered)
    build_estimator("movenet")
    assert taken == [str(BUILTIN_MODELS["movenet"])]
    assert Choice("movenet").inputs == Choice("movenet", BUILTIN_MODELS["movenet"]).inputs


def test_an_installation_without_the_built_in_movenet_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimators, "BUILTIN_MODELS", {"movenet": tmp_path / "movenet-thunder.tflite"})
    with pytest.raises(
        AugmentError, match=r"movenet-thunder\.tflite: there is no such file; movenet needs a single-pose"
    ):
        build_estimator("movenet")


def test_a_lite_model_of_another_network_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Classifier(Interpreter):
        shapes = ((1, 224, 224, 3), (1, 1000))  # type: ignore[assignment]

    give_litert(monkeypatch, Classifier)
    with pytest.raises(AugmentError, match=r"model\.bin: another network than a single-pose MoveNet"):
        build_estimator(Choice("movenet", file))
    file.write_bytes(b"text")
    with pytest.raises(AugmentError, match=r"model\.bin: no TensorFlow Lite file"):
        build_estimator(Choice("movenet", file))


class Session:
    """onnxruntime's session of an RTMPose that sees dots."""

    landmarks = 17
    size = (256, 192)

    def __init__(self, path: str, options: object, providers: list[str]) -> None:
        if Path(path).read_bytes() != b"network":
            raise RuntimeError("Protobuf parsing failed.")

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input", shape=["batch", 3, *self.size])]

    def get_outputs(self) -> list[SimpleNamespace]:
        height, width = self.size
        return [SimpleNamespace(shape=["batch", self.landmarks, 2 * bins]) for bins in (width, height)]

    def run(self, names: None, inputs: dict[str, Array]) -> tuple[Array, Array]:
        picture = inputs["input"]
        assert (picture.dtype, picture.shape) == (np.float32, (1, 3, *self.size))
        found = dots(picture[0].transpose(1, 2, 0) * STD + MEAN) - 0.5  # bins count from the first pixel's centre
        axes = []
        for axis in (1, 0):
            bins = np.zeros((1, self.landmarks, 2 * self.size[axis]), np.float32)
            bins[0, np.arange(17), np.rint(2 * found[:, axis]).astype(int)] = 0.5 + 0.2 * axis
            axes.append(bins)
        return axes[0], axes[1]


def give_onnxruntime(monkeypatch: pytest.MonkeyPatch, session: type[Session]) -> None:
    module = ModuleType("onnxruntime")
    module.InferenceSession = session  # type: ignore[attr-defined]
    module.SessionOptions = SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "onnxruntime", module)


@pytest.mark.parametrize("landmarks", [17, 133])
def test_rtmpose_finds_the_dots_where_they_are(landmarks: int, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_onnxruntime(monkeypatch, type("Bodies", (Session,), {"landmarks": landmarks}))
    assert_found(Choice("rtmpose", file), within=0.4)


def test_an_onnx_model_of_another_network_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_onnxruntime(monkeypatch, type("Hands", (Session,), {"landmarks": 21}))
    with pytest.raises(AugmentError, match=r"model\.bin: another network than an RTMPose body network"):
        build_estimator(Choice("rtmpose", file))
    file.write_bytes(b"text")
    with pytest.raises(AugmentError, match=r"model\.bin: no ONNX file that runs here"):
        build_estimator(Choice("rtmpose", file))


class TwoPeople(torch.nn.Module):
    """Keypoint R-CNN that sees the dots, and a fainter person elsewhere; nobody in a black crop."""

    def __init__(self, **_: object) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(2))

    def forward(self, images: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        picture = (images[0] * 255).permute(1, 2, 0).numpy()
        people = [dots(picture)] if picture.any() else []
        points = torch.tensor(np.array([person[:, ::-1] for person in people]).reshape(-1, 17, 2)).float()
        other = points * 0.5
        return [
            {
                "scores": torch.tensor([0.3, 0.9])[: 2 * len(people)],
                "keypoints": torch.cat([torch.cat([other, points]), torch.ones(2 * len(people), 17, 1)], dim=2),
                "keypoints_scores": torch.full((2 * len(people), 17), 4.0),
            }
        ]


def test_keypointrcnn_takes_the_surest_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "keypointrcnn_resnet50_fpn", TwoPeople)
    chosen = Choice("keypointrcnn", tmp_path / "weights.pth")
    torch.save(TwoPeople().state_dict(), tmp_path / "weights.pth")
    assert_found(chosen, within=1e-4)
    assert (build_estimator(chosen)([np.zeros((128, 64, 3), np.uint8)]) == -1).all()
    torch.save({"fc.weight": torch.zeros(3)}, tmp_path / "weights.pth")
    with pytest.raises(AugmentError, match=r"weights\.pth: no weights of torchvision's keypointrcnn_resnet50_fpn"):
        build_estimator(chosen)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("movenet", "ai_edge_litert.interpreter", "poses"), ("rtmpose", "onnxruntime", "rtmpose")],
)
def test_without_the_package_one_sentence_says_what_to_install(
    name: str, package: str, extra: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(AugmentError, match=rf"cannot be imported .*pip install augment-reid\[{extra}\]"):
        build_estimator(Choice(name, file))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rtmpose", r"rtmpose needs an RTMPose body network .*name the file with model"),
        ("keypointrcnn", r"keypointrcnn_resnet50_fpn_coco-fc266e95\.pth .*name it with model"),
    ],
)
def test_without_a_model_file_one_sentence_says_which(
    name: str, said: str, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(AugmentError, match=said):
        build_estimator(name)
    done = invoke(people, "poses", "--estimator", name, "--model", str(tmp_path / "none.bin"), "--jobs", "1")
    assert done.exit_code == 1
    assert "none.bin: there is no such file" in done.stderr


def test_a_model_file_while_importing_is_wrong_usage(people: Path, rendered: Path, file: Path) -> None:
    csv = str(rendered / "keypoints" / "train.csv")
    options = ["--workspace", str(people), "poses", "--csv", csv, "--model", str(file)]
    done = CliRunner().invoke(augment, options)
    assert done.exit_code == 2
    assert "--model has no effect with --csv" in done.stderr
