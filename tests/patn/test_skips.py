"""PATN with deformable skips: the published counts, boxes and warps against one image at a time, layers written out."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torch.nn import functional

from numerics.arrays import Array
from patn import DataError
from patn.baselines.published import weights_of
from patn.models.patn import PatBlock, pose_pair
from patn.models.segments import MARGINS, SEGMENTS, SegmentMotion, segment_boxes
from patn.models.skips import PatnSkips
from patn.models.warping import part_motion, warp
from patn.training.configuration import SKIPS_PRESETS, PatnTraining
from patn.training.objective import PatnObjective
from patn.training.perceptual import Perceptual
from patn.training.style import CROPS, segment_style
from tests.patn.kinds import standing

SIZE = (64, 32)


def poses() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(3)
    source, target = standing(5, SIZE, rng), standing(5, SIZE, rng)
    source[0, [5, 6]] = -1  # one joint of the left arm is not enough
    target[1, [0, 1, 14, 15, 16, 17]] = -1
    target[2] = source[2]
    return source, target


@pytest.mark.parametrize(
    ("blocks", "norm", "count"),
    [(6, "batch", 46_236_547), (6, "instance", 46_225_667), (9, "batch", 60_398_467)],
)
def test_it_has_the_published_number_of_weights(blocks: int, norm: str, count: int) -> None:
    with torch.device("meta"):
        assert weights_of(PatnSkips(blocks=blocks, norm=norm)) == count


def plain_box(
    pose: Sequence[Sequence[float]], segment: int, size: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """First (y, x) and the end, which is not part of it, or None."""
    joints = [pose[joint] for joint in SEGMENTS[segment] if pose[joint][0] != -1 and pose[joint][1] != -1]
    if len(joints) < 2:
        return None
    y, x = zip(*joints, strict=True)
    right, down = MARGINS[segment][0] * size[1] / 176, MARGINS[segment][1] * size[0] / 256
    first = (max(1.0, min(y) - down), max(1.0, min(x) - right))
    return first, (min(float(size[0]), max(y) + down), min(float(size[1]), max(x) + right))


def test_boxes_are_those_of_one_image_at_a_time() -> None:
    source, _ = poses()
    boxes, there = segment_boxes(source, SIZE)
    for index, pose in enumerate(source.tolist()):
        for segment in range(7):
            box = plain_box(pose, segment, SIZE)
            assert bool(there[index, segment]) == (box is not None)
            np.testing.assert_allclose(boxes[index, segment], np.zeros((2, 2)) if box is None else box, atol=1e-5)


def plain_warp(
    features: Array, source: Sequence[Sequence[float]], target: Sequence[Sequence[float]], ratio: int
) -> Array:
    """One segment, one pixel at a time."""
    channels, height, width = features.shape
    made = np.zeros((channels, height, width))
    for segment in range(7):
        here, there = plain_box(source, segment, SIZE), plain_box(target, segment, SIZE)
        if here is None or there is None:
            continue
        ends = [[int(v / ratio + 0.5) for v in corner] for corner in (*here, *there)]
        (sy0, sx0), (sy1, sx1), (ty0, tx0), (ty1, tx1) = ends
        if sy1 <= sy0 or sx1 <= sx0:  # too thin for features of this size; the original stops there
            continue
        for y in range(ty0, ty1):
            for x in range(tx0, tx1):
                v = sy0 + (y - ty0) / (ty1 - ty0 - 1) * (sy1 - sy0 - 1) if ty1 - ty0 > 1 else sy1 - 1
                u = sx0 + (x - tx0) / (tx1 - tx0 - 1) * (sx1 - sx0 - 1) if tx1 - tx0 > 1 else sx1 - 1
                top, left = min(int(v), height - 2), min(int(u), width - 2)
                fy, fx = v - top, u - left
                corners = features[:, top : top + 2, left : left + 2]
                weights = np.outer([1 - fy, fy], [1 - fx, fx])
                made[:, y, x] = np.maximum(made[:, y, x], (corners * weights).sum(axis=(1, 2)))
    return made


@pytest.mark.parametrize("ratio", [1, 2, 4])
def test_warps_are_those_of_one_pixel_at_a_time(ratio: int) -> None:
    source, target = poses()
    features = torch.rand(5, 2, SIZE[0] // ratio, SIZE[1] // ratio)
    made = SegmentMotion(source, target, SIZE).warp(features).numpy()
    for index in range(5):
        expected = plain_warp(features[index].numpy(), source[index].tolist(), target[index].tolist(), ratio)
        np.testing.assert_allclose(made[index], expected, atol=2e-5)


def test_places_are_exact_for_features_in_bfloat16() -> None:
    source, target = poses()
    features = torch.rand(5, 2, *SIZE).bfloat16()
    motion = SegmentMotion(source, target, SIZE)
    assert motion.warp(features).dtype == torch.bfloat16
    torch.testing.assert_close(motion.warp(features).float(), motion.warp(features.float()), atol=0.01, rtol=0)


def test_identical_poses_keep_the_body_and_drop_the_background() -> None:
    source, _ = poses()
    features = torch.rand(5, 2, *SIZE) + 0.1
    moved = SegmentMotion(source, source, SIZE).warp(features)
    kept = moved > 0
    torch.testing.assert_close(moved[kept], features[kept])
    assert 0.2 < kept.float().mean() < 0.9


@pytest.mark.parametrize("skips", ["segments", "affine"])
def test_forward_equals_layers_written_out(skips: str) -> None:
    torch.manual_seed(0)
    network = PatnSkips(blocks=2, width=2, norm="instance", sigma=2.0, skips=skips, decoder_blocks=1).eval()
    source, target = (pose[3:] for pose in poses())
    image = torch.rand(2, 3, *SIZE) * 2 - 1

    def moved(code: torch.Tensor) -> torch.Tensor:
        if skips == "affine":
            return warp(code, part_motion(source, target, SIZE))
        return SegmentMotion(source, target, SIZE).warp(code)

    with torch.no_grad():
        full = network.image_encoder[:4](image)
        half = network.image_encoder[4:7](full)
        image_code = quarter = network.image_encoder[7:](half)
        pose_code = network.pose_encoder(pose_pair(image, source, target, sigma=2.0))
        for index, block in enumerate(network.blocks):
            if index:
                pose_code = torch.cat([pose_code, image_code], 1)
            assert isinstance(block, PatBlock)
            pose_code = block.pose_path(pose_code)
            image_code = image_code + pose_code.sigmoid() * block.image_path(image_code)
        code = image_code
        for stage, skip in zip(network.decoder, (quarter, half, full), strict=True):
            code = torch.cat([code, moved(skip)], 1)
            code = (code + stage.get_submodule("0.path")(code)).relu()
            code = functional.instance_norm(stage.get_submodule("2")(code)).relu()
        code = functional.pad(code, (3, 3, 3, 3), mode="reflect")
        expected = torch.tanh(
            functional.conv2d(code, network.get_parameter("output.1.weight"), network.get_parameter("output.1.bias"))
        )
        torch.testing.assert_close(network(image, source, target), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("skips", "carried"), [("segments", False), ("affine", True)])
def test_no_gradient_goes_through_the_originals_skips(skips: str, carried: bool) -> None:
    network = PatnSkips(blocks=1, width=2, norm="instance", skips=skips, decoder_blocks=1).eval()
    image = torch.rand(5, 3, *SIZE, requires_grad=True)
    source, target = poses()
    codes: dict[str, torch.Tensor] = {}
    first, last = network.get_submodule("decoder.0.0"), network.get_submodule("decoder.2.0")
    first.register_forward_pre_hook(lambda _, given: codes.update(first=given[0]))
    last.register_forward_pre_hook(lambda _, given: codes.update(last=given[0]))
    network(image, source, target)
    for code in codes.values():
        through = code[:, code.shape[1] // 2 :]  # the second half is the skip
        (gradient,) = torch.autograd.grad(through.sum(), image, retain_graph=True, allow_unused=True)
        assert (gradient is not None and gradient.any().item()) == carried


@pytest.fixture
def vgg_like() -> Perceptual:
    torch.manual_seed(4)
    return Perceptual("tiny", [torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU())])


def plain_style(made: Array, wanted: Array, poses: torch.Tensor) -> float:
    """One image, segment, row and column at a time."""
    total = 0.0
    for segment, (rows, columns) in enumerate(CROPS):
        values = []
        for index, pose in enumerate(poses.tolist()):
            box = plain_box(pose, segment, SIZE)
            if box is None:
                continue
            (y0, x0), (y1, x1) = np.floor(box)
            grams = []
            for image in (made[index], wanted[index]):
                crop = np.zeros((len(image), rows, columns))
                for i in range(rows):
                    for j in range(columns):
                        v = y0 + (i + 0.5) * (y1 - y0) / rows - 0.5
                        u = x0 + (j + 0.5) * (x1 - x0) / columns - 0.5
                        if 0 <= v <= SIZE[0] - 1 and 0 <= u <= SIZE[1] - 1:
                            crop[:, i, j] = [map_coordinates(plane, [[v], [u]], order=1)[0] for plane in image]
                flat = crop.reshape(len(image), -1)
                grams.append(flat @ flat.T / crop.size)
            values.append(((grams[0] - grams[1]) ** 2).mean())
        total += np.mean(values) if values else 0.0
    return total


def test_style_is_that_of_one_segment_at_a_time(vgg_like: Perceptual) -> None:
    _, target = poses()
    target[3] = -1
    made, wanted = torch.rand(2, 5, 3, *SIZE)
    with torch.no_grad():
        distance, first, second = vgg_like.compare(made, wanted)
    assert distance == vgg_like(made, wanted)
    boxes, there = segment_boxes(target, SIZE)
    value = segment_style(first, second, boxes, there, SIZE).item()
    assert value == pytest.approx(plain_style(first.numpy(), second.numpy(), target), rel=1e-4)
    assert segment_style(first, first, boxes, there, SIZE) == 0
    assert segment_style(first, second, boxes, torch.zeros_like(there), SIZE) == 0


def test_the_style_term_is_part_of_the_generators_loss(vgg_like: Perceptual) -> None:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (4, 3, *SIZE), dtype=np.uint8))
    training = PatnTraining(
        generator="patn-skips",
        blocks=1,
        width=2,
        decoder_blocks=1,
        height=SIZE[0],
        width_px=SIZE[1],
        batch=2,
        steps=2,
        lambda_gan=0.0,
        lambda_style=3.0,
    )
    made = PatnObjective(
        training, images, standing(4, SIZE, rng), torch.tensor([[0, 1], [2, 3]]), seed=0, perceptual=vgg_like
    )
    losses = made.step(made.batch(0), 0)
    expected = 10 * losses["l1"] + 10 * losses["perceptual"] + 3 * losses["style"]
    torch.testing.assert_close(losses["loss_g"], expected)
    assert losses["style"] > 0


def test_the_deepfashion_preset_is_the_released_command() -> None:
    training = SKIPS_PRESETS["deepfashion"]
    assert (training.blocks, training.batch, training.gan, training.pool) == (6, 4, "bce", 0)
    assert (training.norm, training.discriminator_options()["norm"]) == ("batch", "instance")
    assert (training.lambda_l1, training.lambda_perceptual, training.lambda_style) == (1, 1, 10)
    assert training.steps == 700 * 4_000 // 4
    assert training.learning_rate(499 * 1_000 - 1) == training.lr
    assert training.learning_rate(699 * 1_000) == 0


def test_its_options_are_its_own() -> None:
    with pytest.raises(DataError, match="lambda_style is an option of generator 'patn-skips'; this one is 'patn'"):
        PatnTraining(lambda_style=1.0)
    with pytest.raises(DataError, match="skips is an option of generator 'patn-skips'; this one is 'patn'"):
        PatnTraining(skips="affine")
    training = PatnTraining(generator="patn-skips", skips="affine", cat=False, decoder_blocks=1)
    assert training.generator_options()["skips"] == "affine"
    assert {"generator", "skips", "cat", "decoder_blocks"} <= training.as_dict().keys()
    with pytest.raises(DataError, match="skips is 'none'"):
        PatnSkips(skips="none")
