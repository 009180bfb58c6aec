"""PATN with deformable skips: the published counts, boxes and warps against one image at a time, layers written out."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from patn import DataError
from patn.deform.warping import part_motion, warp
from patn.generator import pose_pair
from patn.published import weights_of
from patn.segments import MARGINS, SEGMENTS, SegmentMotion, segment_boxes
from patn.skips import PatnSkips
from patn.training import PRESETS, PatnTraining
from tests.patn.kinds import standing

SIZE = (64, 32)


def poses():
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
def test_it_has_the_published_number_of_weights(blocks, norm, count):
    with torch.device("meta"):
        assert weights_of(PatnSkips(blocks=blocks, norm=norm)) == count


def plain_box(pose, segment, size):
    """First and last (y, x), or None."""
    joints = [pose[joint] for joint in SEGMENTS[segment] if pose[joint][0] != -1 and pose[joint][1] != -1]
    if len(joints) < 2:
        return None
    y, x = zip(*joints, strict=True)
    right, down = MARGINS[segment][0] * size[1] / 176, MARGINS[segment][1] * size[0] / 256
    first = (max(0.0, min(y) - down), max(0.0, min(x) - right))
    return first, (min(size[0] - 1.0, max(y) + down), min(size[1] - 1.0, max(x) + right))


def test_boxes_are_those_of_one_image_at_a_time():
    source, _ = poses()
    boxes, there = segment_boxes(source, SIZE)
    for index, pose in enumerate(source.tolist()):
        for segment in range(7):
            box = plain_box(pose, segment, SIZE)
            assert bool(there[index, segment]) == (box is not None)
            np.testing.assert_allclose(boxes[index, segment], np.zeros((2, 2)) if box is None else box, atol=1e-5)


def plain_warp(features, source, target, ratio):
    """One segment, one pixel at a time."""
    channels, height, width = features.shape
    made = np.zeros((channels, height, width))
    for segment in range(7):
        here, there = plain_box(source, segment, SIZE), plain_box(target, segment, SIZE)
        if here is None or there is None:
            continue
        ends = [[min(round(v / ratio), length - 1) for v, length in zip(corner, (height, width), strict=True)]
                for corner in (*here, *there)]  # fmt: skip
        (sy0, sx0), (sy1, sx1), (ty0, tx0), (ty1, tx1) = ends
        for y in range(ty0, ty1 + 1):
            for x in range(tx0, tx1 + 1):
                v = sy0 + (y - ty0) / max(ty1 - ty0, 1) * (sy1 - sy0)
                u = sx0 + (x - tx0) / max(tx1 - tx0, 1) * (sx1 - sx0)
                top, left = min(int(v), height - 2), min(int(u), width - 2)
                fy, fx = v - top, u - left
                corners = features[:, top : top + 2, left : left + 2]
                weights = np.outer([1 - fy, fy], [1 - fx, fx])
                made[:, y, x] = np.maximum(made[:, y, x], (corners * weights).sum(axis=(1, 2)))
    return made


@pytest.mark.parametrize("ratio", [1, 2, 4])
def test_warps_are_those_of_one_pixel_at_a_time(ratio):
    source, target = poses()
    features = torch.rand(5, 2, SIZE[0] // ratio, SIZE[1] // ratio)
    made = SegmentMotion(source, target, SIZE).warp(features).numpy()
    for index in range(5):
        expected = plain_warp(features[index].numpy(), source[index].tolist(), target[index].tolist(), ratio)
        np.testing.assert_allclose(made[index], expected, atol=2e-5)


def test_places_are_exact_for_features_in_bfloat16():
    source, target = poses()
    features = torch.rand(5, 2, *SIZE).bfloat16()
    motion = SegmentMotion(source, target, SIZE)
    assert motion.warp(features).dtype == torch.bfloat16
    torch.testing.assert_close(motion.warp(features).float(), motion.warp(features.float()), atol=0.01, rtol=0)


def test_identical_poses_keep_the_body_and_drop_the_background():
    source, _ = poses()
    features = torch.rand(5, 2, *SIZE) + 0.1
    moved = SegmentMotion(source, source, SIZE).warp(features)
    kept = moved > 0
    torch.testing.assert_close(moved[kept], features[kept])
    assert 0.2 < kept.float().mean() < 0.9


@pytest.mark.parametrize("skips", ["segments", "affine"])
def test_forward_equals_layers_written_out(skips):
    torch.manual_seed(0)
    network = PatnSkips(blocks=2, width=2, norm="instance", sigma=2.0, skips=skips, decoder_blocks=1).eval()
    source, target = (pose[3:] for pose in poses())
    image = torch.rand(2, 3, *SIZE) * 2 - 1

    def moved(code):
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
            pose_code = block.pose_path(pose_code)
            image_code = image_code + pose_code.sigmoid() * block.image_path(image_code)
        code = image_code
        for stage, skip in zip(network.decoder, (quarter, half, full), strict=True):
            code = torch.cat([code, moved(skip)], 1)
            code = (code + stage[0].path(code)).relu()
            code = functional.instance_norm(stage[2](code)).relu()
        code = functional.pad(code, (3, 3, 3, 3), mode="reflect")
        expected = torch.tanh(functional.conv2d(code, *network.output[1].parameters()))
        torch.testing.assert_close(network(image, source, target), expected, rtol=1e-4, atol=1e-5)


def test_its_options_are_its_own():
    with pytest.raises(DataError, match="skips is an option of generator 'patn-skips'; this one is 'patn'"):
        PatnTraining(skips="affine")
    training = PatnTraining(generator="patn-skips", skips="affine", cat=False, decoder_blocks=1)
    assert training.generator_options()["skips"] == "affine"
    assert {"generator", "skips", "cat", "decoder_blocks"} <= training.as_dict().keys()
    assert "skips" not in PRESETS["market"].as_dict()
    with pytest.raises(DataError, match="skips is 'none'"):
        PatnSkips(skips="none")
