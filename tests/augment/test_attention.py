from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from augment.images import load_images
from augment.inference.attention import paint, span
from augment.workspace import Workspace
from numerics.arrays import Array
from patn.checkpoints import load_generator, save_generator
from patn.generators import build_generator
from patn.heatmaps import heat_maps
from patn.keypoints import keypoint_array, scale_keypoints
from patn.models.patn import PatBlock, Patn
from tests.conftest import invoke, run


@pytest.fixture
def names(people: Path) -> list[str]:
    return [str(name) for name in Workspace.find(people).keypoints("train").index[:4]]


def expected_maps(people: Path, trained: Path, source: str, target: str) -> Array:
    """Means of the masks from the blocks' own layers, called one after the other: blocks x 16 x 8."""
    workspace, network = Workspace.find(people), load_generator(trained)
    assert isinstance(network, Patn)
    image = load_images([workspace.data / "bounding_box_train" / source], (64, 32)).float() / 127.5 - 1
    points = scale_keypoints(keypoint_array(workspace.keypoints("train"), [source, target]), (128, 64), (64, 32))
    poses = torch.from_numpy(points.astype(np.float32))
    with torch.inference_mode():
        maps = torch.cat([heat_maps(poses[:1], (64, 32), sigma=3.0), heat_maps(poses[1:], (64, 32), sigma=3.0)], dim=1)
        image_code, pose_code = network.image_encoder(image), network.pose_encoder(maps)
        found = []
        for block in network.blocks:
            assert isinstance(block, PatBlock)
            features = block.pose_path(pose_code)
            found.append(torch.sigmoid(features).mean(dim=1)[0])
            image_code = image_code + torch.sigmoid(features) * block.image_path(image_code)
            pose_code = torch.cat([features, image_code], dim=1)
    return torch.stack(found).numpy()


def test_the_masks_are_those_of_the_blocks(people: Path, trained: Path, names: list[str], tmp_path: Path) -> None:
    out, values = tmp_path / "masks.png", tmp_path / "masks.npy"
    result = run(
        people,
        "attention",
        names[0],
        "--pose",
        names[2],
        "-o",
        str(out),
        "--values",
        str(values),
        "--generator",
        str(trained),
    )
    expected = expected_maps(people, trained, names[0], names[2])
    maps = np.load(values)
    assert maps.shape == (1, 4, 16, 8)
    np.testing.assert_allclose(maps[0], expected, atol=1e-5)
    assert result["blocks"] == [1, 2, 3, 4]
    assert result["strips"][0]["means"] == pytest.approx(expected.mean(axis=(1, 2)), abs=1e-4)
    picture = np.asarray(Image.open(out))
    assert picture.shape[1] == 7 * (128 + 4) - 4  # condition, pose, generated, four maps at twice the size
    assert np.array_equal(picture[16:272, 3 * 132 : 3 * 132 + 128], paint(maps[0, 0], (256, 128), (0, 1), "colour"))
    with Image.open(out) as image:
        assert "generated" in image.getexif()[0x010E]


def test_one_block_and_one_channel_can_be_asked_for(
    people: Path, trained: Path, names: list[str], tmp_path: Path
) -> None:
    base = ("-o", str(tmp_path / "m.png"), "--generator", str(trained))
    values = tmp_path / "one.npy"
    line = ("attention", names[0], names[1], "--pose", names[2], *base, "--values", str(values))
    result = run(people, *line, "--block", "2", "--channels", "5", "--colours", "grey", "--stretch")
    assert (result["blocks"], result["channels"], len(result["strips"])) == ([2], 5, 2)
    maps = np.load(values)
    assert maps.shape == (2, 1, 16, 8)
    assert result["colours"] == pytest.approx(np.percentile(maps, [1, 99]), abs=1e-3)
    first = (tmp_path / "m.png").read_bytes()
    run(people, *line, "--block", "2", "--channels", "5", "--colours", "grey", "--stretch")
    assert (tmp_path / "m.png").read_bytes() == first
    for options, words in ((("--block", "5"), "has blocks 1 to 4"), (("--channels", "64"), "channels 0 to 63")):
        failed = invoke(people, *line, *options)
        assert failed.exit_code == 1
        assert words in failed.stderr
    assert invoke(people, *line, "--channels", "none").exit_code == 2


def test_a_generator_without_masks_is_one_sentence(people: Path, names: list[str], tmp_path: Path) -> None:
    path = tmp_path / "resnet.safetensors"
    save_generator(path, build_generator("resnet", {"blocks": 1, "width": 4}), "resnet", {"size": [64, 32]})
    line = ("attention", names[0], "--pose", names[1], "-o", str(tmp_path / "m.png"), "--generator", str(path))
    result = invoke(people, *line)
    assert result.exit_code == 1
    assert "resnet.safetensors: this generator has no attention masks" in result.stderr
    assert not (tmp_path / "m.png").exists()


def test_colours_span_zero_to_one_with_a_half_in_the_middle() -> None:
    maps = np.array([[[0.0, 0.5, 1.0]]], np.float32)
    assert span(maps, stretch=False) == (0.0, 1.0)
    grey = paint(maps[0], (1, 3), (0.0, 1.0), "grey")[0, :, 0].tolist()
    assert grey == [0, 128, 255]
    blue, middle, red = paint(maps[0], (1, 3), (0.0, 1.0), "colour")[0].astype(int)
    assert blue[2] > blue[0] + 100
    assert red[0] > red[2] + 100
    assert np.ptp(middle) < 20
    assert paint(maps[0], (2, 6), (0.0, 1.0), "grey")[:, 1, 0].tolist() == [32, 32]  # bilinear: a quarter of 0.5
