"""PG2's networks against the published counts, its inputs against one image at a time, its two stages."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation, binary_erosion

from numerics.arrays import Array
from patn import DataError
from patn.baselines.pg2.inputs import body_masks, discs
from patn.baselines.pg2.networks import Coarse, ImageDiscriminator, Pg2, Refine
from patn.baselines.pg2.objective import Pg2Objective
from patn.baselines.pg2.training import PRESETS, Pg2Training
from patn.baselines.published import weights_of
from patn.complexity import published_count
from patn.keypoints import JOINTS, LIMBS
from tests.patn.kinds import objective, people, standing, steps, tiny

SIZE = (64, 32)


@pytest.mark.parametrize(
    ("size", "width", "coarse", "refine", "discriminator"),
    [
        ((256, 256), 128, 122_103_235, 12_696_067, 10_896_257),
        ((128, 64), 128, 70_795_075, 6_058_883, 4_324_737),
        ((256, 176), 128, 121_183_683, 12_696_067, None),
        ((128, 64), 32, 4_728_835, 381_155, None),
    ],
)
def test_networks_have_the_published_numbers_of_weights(
    size: tuple[int, int], width: int, coarse: int, refine: int, discriminator: int | None
) -> None:
    with torch.device("meta"):
        network = Pg2(width=width, height=size[0], width_px=size[1])
        assert (weights_of(network.coarse), weights_of(network.refine)) == (coarse, refine)
        if discriminator is not None:
            assert weights_of(ImageDiscriminator(size=size)) == discriminator


def test_the_paper_counts_three_times_the_whole_checkpoint() -> None:
    published = published_count("pg2", {"height": 256, "width_px": 256}, (256, 256))
    assert published.as_in_the_paper == 3 * 145_695_559


def test_discs_are_those_of_one_pixel_at_a_time() -> None:
    keypoints = standing(4, SIZE, np.random.default_rng(0))
    keypoints[0, 4] = torch.tensor([-3.0, 5.0])  # outside the image: the disc's edge is seen
    made = discs(keypoints, SIZE, 4.0)
    expected = np.full((4, 18, *SIZE), -1.0)
    for image, joint in np.ndindex(4, 18):
        y, x = keypoints[image, joint].tolist()
        if y != -1 and x != -1:
            for row, column in np.ndindex(*SIZE):
                if (row - y) ** 2 + (column - x) ** 2 <= 16:
                    expected[image, joint, row, column] = 1
    np.testing.assert_array_equal(made.numpy(), expected)


def plain_mask(pose: list[list[float]], size: tuple[int, int], radius: float) -> Array:
    """The released rule, one disc at a time, closed by scipy."""
    mask, (rows, columns) = np.zeros(size, dtype=bool), np.mgrid[: size[0], : size[1]]
    for a, b in LIMBS:
        if -1 in pose[a] or -1 in pose[b]:
            continue
        pieces = max(int(math.dist(pose[a], pose[b]) / radius), 1)
        for number in range(pieces + 1):
            y, x = (int(p + (q - p) * number / pieces) for p, q in zip(pose[a], pose[b], strict=True))
            mask |= (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    closed: Array = binary_erosion(binary_dilation(mask, np.ones((5, 5))), np.ones((5, 5)), border_value=1)
    return closed


@pytest.mark.parametrize(("size", "radius"), [((128, 64), 4.0), ((256, 176), 4.0), (SIZE, 2.0), ((32, 16), 1.5)])
def test_the_bodys_mask_is_that_of_one_disc_at_a_time(size: tuple[int, int], radius: float) -> None:
    keypoints = standing(4, size, np.random.default_rng(0))
    keypoints[:2] = keypoints[:2].round()
    keypoints[0, 4] = torch.tensor([-3.0, 2.0])  # outside the image: the disc's edge is seen
    keypoints[1, 3] = keypoints[1, 2]  # an upper arm without length
    made = body_masks(keypoints, size, radius)
    expected = np.array([plain_mask(pose, size, radius) for pose in keypoints.double().numpy()])
    np.testing.assert_array_equal(made[:, 0].bool().numpy(), expected)
    assert 0.1 < made.mean() < 0.6


def test_a_joint_without_a_limb_is_not_in_the_mask() -> None:
    keypoints = torch.full((1, 18, 2), -1.0)
    keypoints[0, 4] = torch.tensor([30.0, 10.0])  # a wrist alone
    assert body_masks(keypoints, SIZE).sum() == 0
    keypoints[0, 3] = keypoints[0, 4]
    assert body_masks(keypoints, SIZE).sum() == 49  # the disc of radius 4; the closing adds nothing


def test_half_of_the_pairs_are_mirrored_with_their_poses() -> None:
    images, keypoints, pairs = people()
    made = Pg2Objective(tiny("pg2", batch=400), images, keypoints, pairs, seed=1)
    shown, plain = made.batch(3), made.batches.sample(3)
    mirrored = (shown["image"] != plain["image"]).flatten(1).any(dim=1)
    assert mirrored.float().mean().item() == pytest.approx(0.5, abs=5 * 0.5 / 400**0.5)
    for name, values in plain.items():
        assert torch.equal(shown[name][~mirrored], values[~mirrored])
    for side in ("image", "target"):
        assert torch.equal(shown[side][mirrored], plain[side][mirrored].flip(3))
        poses = zip(shown[f"{side}_keypoints"][mirrored], plain[f"{side}_keypoints"][mirrored], strict=True)
        for pose, original in poses:
            for joint, name in enumerate(JOINTS):
                other = JOINTS.index(name.replace("left", "L").replace("right", "left").replace("L", "right"))
                y, x = original[other].tolist()
                assert pose[joint].tolist() == ([-1, -1] if y == -1 else [y, pytest.approx(15 - x)])
    again = made.batch(3)
    assert all(torch.equal(again[name], values) for name, values in shown.items())
    assert not torch.equal(shown["image"], made.batch(4)["image"])


def test_the_coarse_image_goes_through_sixty_four_numbers() -> None:
    torch.manual_seed(0)
    network = Coarse(width=4, levels=3, size=SIZE)
    assert network.coarsest == (16, 8)
    assert (network.shrink.out_features, network.grow.out_features) == (64, 4 * 16 * 8)
    code = torch.rand(2, 21, *SIZE)
    c = network
    levels = [c.encoder[0](c.stem(code))]
    for level in (1, 2):
        levels.append(c.encoder[level](c.downs[level - 1](levels[-1])))
    up = c.grow(c.shrink(levels[2].flatten(1))).view(2, 4, 16, 8)
    for step in range(3):
        up = torch.cat([up, levels[2 - step]], 1)
        up = up + c.decoder[step].get_submodule("path")(up)
        if step < 2:
            up = c.ups[step](up.repeat_interleave(2, 2).repeat_interleave(2, 3))
    torch.testing.assert_close(network(code), c.output(up))


@pytest.mark.parametrize("finest_skip", [True, False])
def test_the_finest_skip_can_be_left_out(finest_skip: bool) -> None:
    torch.manual_seed(0)
    network = Refine(width=4, levels=2, finest_skip=finest_skip)
    c, code = network, torch.rand(2, 6, 8, 4)
    fine = c.encoder[0](c.stem(code))
    coarse = c.encoder[1](c.downs[0](fine))
    up = c.decoder[0](torch.cat([coarse, coarse], 1))
    up = up.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = c.output(c.decoder[1](torch.cat([up, fine], 1) if finest_skip else up))
    torch.testing.assert_close(network(code), expected)


def test_an_untrained_refinement_adds_nothing() -> None:
    torch.manual_seed(0)
    network = Pg2(width=4, height=64, width_px=32)
    images = torch.rand(2, 3, *SIZE) * 2 - 1
    keypoints = standing(2, SIZE, np.random.default_rng(0))
    assert torch.equal(network(images, keypoints, keypoints), network.generate_coarse(images, keypoints))
    with pytest.raises(DataError, match="this PG2 is for 64 x 32"):
        network(images[..., :16], keypoints, keypoints)


def test_the_condition_pose_does_not_matter() -> None:
    torch.manual_seed(0)
    network = Pg2(width=4, height=64, width_px=32)
    images = torch.rand(2, 3, *SIZE) * 2 - 1
    keypoints = standing(2, SIZE, np.random.default_rng(0))
    assert torch.equal(network(images, keypoints, keypoints), network(images, keypoints.flip(0), keypoints))
    assert not torch.equal(network(images, keypoints, keypoints), network(images, keypoints, keypoints.flip(0)))


def test_first_the_coarse_network_learns_then_the_others() -> None:
    made = objective(tiny("pg2", steps=4, coarse_steps=2))
    assert isinstance(made, Pg2Objective)

    def state() -> dict[str, dict[str, torch.Tensor]]:
        generator = made.networks["generator"]
        parts = {name: generator.get_submodule(name) for name in ("coarse", "refine")} | {"d": made.networks["d"]}
        return {name: {key: value.clone() for key, value in part.state_dict().items()} for name, part in parts.items()}

    def changed(before: dict[str, dict[str, torch.Tensor]], after: dict[str, dict[str, torch.Tensor]]) -> set[str]:
        return {name for name in before if any((before[name][key] != after[name][key]).any() for key in before[name])}

    states = [state()]
    terms = []
    for step in range(4):
        terms.append(set(steps(made, range(step, step + 1))))
        states.append(state())
    assert [changed(*pair) for pair in pairwise(states)] == [
        {"coarse"},
        {"coarse"},
        {"refine", "d"},
        {"refine", "d"},
    ]
    assert terms == [{"loss_g", "l1"}] * 2 + [{"loss_g", "l1", "gan", "d"}] * 2


def test_losses_count_the_person_twice_and_copies_as_fakes() -> None:
    training = tiny("pg2", steps=2, coarse_steps=0, lambda_gan=0.5, lambda_l1=3.0)
    assert isinstance(training, Pg2Training)
    made = objective(training)
    batch = made.batch(0)
    generator, discriminator = made.networks["generator"], made.networks["d"]
    with torch.no_grad():
        fake = generator(batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        difference = (fake - batch["target"]).abs()
        mask = body_masks(batch["target_keypoints"], (32, 16), training.radius)
        wanted = difference.mean() + (difference * mask).mean()
        scores = discriminator(torch.cat([batch["target"], batch["image"], fake])).sigmoid()
        real, copy, generated = scores.double().chunk(3)
        gan = -generated.log().mean()
        d = -real.log().mean() / 2 - (1 - copy).log().mean() / 4 - (1 - generated).log().mean() / 4
    losses = steps(made, range(1))
    assert losses["l1"] == pytest.approx(wanted.item(), rel=1e-5)
    assert losses["gan"] == pytest.approx(gan.item(), rel=1e-4)
    assert losses["loss_g"] == pytest.approx(3 * wanted.item() + 0.5 * gan.item(), rel=1e-4)
    assert losses["d"] == pytest.approx(d.item(), rel=1e-4)


def test_presets_are_the_released_recipe() -> None:
    market, fashion = PRESETS["market"], PRESETS["deepfashion"]
    assert (market.coarse_steps, market.steps, market.batch, market.lambda_l1) == (22_000, 36_000, 16, 10)
    assert (fashion.coarse_steps, fashion.steps, fashion.batch) == (30_000, 50_000, 8)
    assert (fashion.lambda_l1, fashion.lambda_gan) == (50, 0.5)
    assert {market.learning_rate(step) for step in (0, 20_000, 35_999)} == {2e-5}
    assert market.of_steps(3_600).coarse_steps == 2_200


@pytest.mark.parametrize("name", ["pg2", "deform"])
def test_a_discriminator_has_a_learning_rate_of_its_own(name: str) -> None:
    own = {"coarse_steps": 0} if name == "pg2" else {}
    made = objective(tiny(name, lr=1e-3, lr_d_factor=0.25, steps=4, **own))
    steps(made, range(1))
    rates = {key: optimizer.param_groups[0]["lr"] for key, optimizer in made.optimizers.items()}
    assert rates.pop("d") == pytest.approx(2.5e-4)
    assert set(rates.values()) == {1e-3}
    with pytest.raises(DataError, match="lr_d_factor is 0"):
        tiny(name, lr_d_factor=0.0)


@pytest.mark.parametrize("fields", [{"radius": 0.0}, {"coarse_steps": -1}, {"lambda_perceptual": 1.0}])
def test_a_field_without_sense_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=next(iter(fields))):
        replace(Pg2Training(), **fields)


def test_people_of_these_tests_have_a_body() -> None:
    _, keypoints, _ = people()
    assert body_masks(keypoints, (32, 16), 2.0).mean() > 0.05
