"""What rendered people are made of: surfaces with outward normals, fabrics, things in the way, scenery."""

from dataclasses import replace

import numpy as np
import pytest

from augment.pedestrians.bags import bag_parts
from augment.pedestrians.fabric import blend, edge, folds, paint, prints, straps, woven
from augment.pedestrians.garments import arm, leg, skirt, trunk
from augment.pedestrians.head import head_parts
from augment.pedestrians.identity import BACK, FRONT, WOVEN, Cloth, Identity, draw_identity
from augment.pedestrians.occluders import draw_occluder
from augment.pedestrians.scenery import noise, paint_scene
from augment.pedestrians.skeleton import FORE_L, FORE_R, HEAD, PELVIS, SPINE, rest_skeleton
from augment.pedestrians.surfaces import Part, Sampler, Surface, smoothstep
from numerics.arrays import Array

SAMPLER = Sampler(spacing=0.01)
RED, BLUE = (200.0, 10.0, 10.0), (10.0, 10.0, 200.0)


@pytest.fixture(scope="module")
def identity() -> Identity:
    """Plain red clothes without prints, straps or luggage."""
    drawn = draw_identity(np.random.default_rng(4))
    plain = Cloth(base=RED, second=BLUE, pattern="plain", size=0.1)
    return replace(
        drawn,
        top=plain,
        bottom=plain,
        top_front="none",
        top_back="none",
        bag="none",
        front_colour=BLUE,
        back_colour=BLUE,
        bag_colour=BLUE,
        sleeve_colour=RED,
        scarf=False,
        bag_side=1,
    )


@pytest.fixture(scope="module")
def tube() -> Surface:
    """An upright tube of radius 0.1 from the hips to the shoulders."""
    return SAMPLER.tube([(0.85, 0, 0, 0.1, 0.1), (0.45, 0, 0, 0.1, 0.1)])


def is_(colours: Array, colour: tuple[float, float, float]) -> Array:
    """Which points have exactly that colour."""
    same: Array = np.abs(colours - np.asarray(colour, np.float32)[:, None]).max(axis=0) < 1e-3
    return same


def test_a_step_is_smooth_between_its_ends_and_falls_where_they_are_swapped() -> None:
    rising = smoothstep(np.array([-1.0, 2.0, 2.5, 3.0, 9.0]), 2.0, 3.0)
    assert rising.tolist() == [0, 0, 0.5, 1, 1]
    assert smoothstep(np.array([2.25]), 2.0, 3.0)[0] == pytest.approx(3 * 0.25**2 - 2 * 0.25**3)
    assert smoothstep(np.array([2.0, 2.25, 3.0]), 3.0, 2.0) == pytest.approx([1, 1 - 0.15625, 0])


def test_a_balls_points_lie_on_the_ellipsoid_and_its_normals_point_outward() -> None:
    centre, radii = np.array([0.1, 0.5, -0.2]), np.array([0.2, 0.1, 0.15])
    ball = SAMPLER.ball((0.1, 0.5, -0.2), (0.2, 0.1, 0.15))
    places = (ball.positions.T - centre) / radii
    assert np.linalg.norm(places, axis=1) == pytest.approx(np.ones(len(places)), abs=0.01)
    outward = places / radii  # the gradient of the ellipsoid's equation
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    agreement = (outward * ball.normals.T).sum(axis=1)
    assert np.quantile(agreement, 0.02) > 0.95
    assert np.linalg.norm(ball.normals, axis=0) == pytest.approx(np.ones(len(places)), abs=1e-4)


def test_a_tubes_points_are_as_close_as_asked_and_know_their_angle(tube: Surface) -> None:
    x, y, z = tube.positions
    assert np.hypot(x, z) == pytest.approx(np.full(len(x), 0.1), abs=1e-3)
    assert (y.min(), y.max()) == pytest.approx((0.45, 0.85))
    assert np.cos(tube.angle) * 0.1 == pytest.approx(x, abs=1e-3)  # 0 is the person's left
    assert np.sin(tube.angle) * 0.1 == pytest.approx(z, abs=1e-3)  # pi / 2 the front
    ring = np.stack([x, y, z])[:, np.isclose(y, y.max())]
    assert np.linalg.norm(np.diff(ring, axis=1), axis=0).max() < 1.1 * SAMPLER.spacing
    assert np.diff(np.unique(y.round(6))).max() < 1.05 * SAMPLER.spacing
    assert len(Sampler(spacing=0.005).tube([(1, 0, 0, 0.1, 0.1), (0, 0, 0, 0.1, 0.1)]).angle) == pytest.approx(
        200 * 2 * np.pi * 0.1 * 0.95 / 0.005, rel=0.02
    )


def test_a_box_fills_its_half_sizes_and_no_more() -> None:
    centre, half = np.array([0.3, 0.2, 0.1]), np.array([0.05, 0.08, 0.03])
    box = SAMPLER.box((0.3, 0.2, 0.1), (0.05, 0.08, 0.03))
    reach = np.abs(box.positions.T - centre).max(axis=0)
    assert (reach <= half + 1e-6).all()
    assert reach == pytest.approx(half, rel=0.12)


def test_part_of_a_surface_keeps_what_belongs_together(tube: Surface) -> None:
    upper = tube.subset(tube.positions[1] > 0.7)
    assert 0 < len(upper.angle) < len(tube.angle)
    assert upper.positions.shape == upper.normals.shape == (3, len(upper.angle))
    assert np.cos(upper.angle) == pytest.approx(upper.normals[0], abs=0.02)


def test_blending_takes_the_share_of_one_colour() -> None:
    mixed = blend(paint(3, RED), BLUE, np.array([0.0, 0.25, 1.0]))
    assert pytest.approx(np.array([RED, [152.5, 10, 57.5], BLUE])) == mixed.T
    assert paint(3, RED).shape == (3, 3)
    assert edge(np.array([0.4, 0.5, 0.6]), 0.5) == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize(
    ("pattern", "share"),
    [("plain", 0), ("rings", 0.5), ("pinstripes", 0.4), ("check", 0.5), ("dots", 0.085 * np.pi), ("diagonal", 0.45)],
)
def test_a_pattern_covers_its_share_and_closes_around_the_tube(pattern: str, share: float) -> None:
    fine = Sampler(spacing=0.003).tube([(0.85, 0, 0, 0.1, 0.1), (0.45, 0, 0, 0.1, 0.1)])
    cloth = Cloth(base=RED, second=BLUE, pattern=pattern, size=0.1)
    blue = is_(woven(cloth, fine, 0.1), BLUE)
    assert blue.mean() == pytest.approx(share, abs=0.04)
    turned = replace(fine, angle=fine.angle + np.float32(2 * np.pi))
    assert (is_(woven(cloth, turned, 0.1), BLUE) != blue).mean() < 0.03


def test_halves_are_parted_by_height(tube: Surface) -> None:
    colours = woven(Cloth(base=RED, second=BLUE, pattern="halves", size=0.1), tube, 0.1)
    assert (is_(colours, BLUE) == (tube.positions[1] > 0.7)).all()
    assert set(WOVEN) == {"plain", "rings", "pinstripes", "check", "halves", "dots", "diagonal"}


@pytest.mark.parametrize("name", sorted({*FRONT, *BACK}))
def test_prints_are_on_the_side_that_they_belong_to(tube: Surface, identity: Identity, name: str) -> None:
    front, back = tube.normals[2] > 0.05, tube.normals[2] < -0.05
    if name in FRONT:
        blue = is_(prints(replace(identity, top_front=name), tube, paint(len(front), RED)), BLUE)
        assert not (blue & ~front).any()
        assert blue.any() == (name != "none")
    if name in BACK:
        blue = is_(prints(replace(identity, top_back=name), tube, paint(len(back), RED)), BLUE)
        assert not (blue & ~back).any()
        assert blue.any() == (name != "none")


@pytest.mark.parametrize(("bag", "both_sides"), [("none", None), ("hand", None), ("backpack", True), ("tote", False)])
def test_straps_belong_to_what_is_carried(tube: Surface, identity: Identity, bag: str, both_sides: bool | None) -> None:
    x = tube.positions[0]
    blue = is_(straps(replace(identity, bag=bag), tube, paint(len(x), RED)), BLUE)
    assert blue.any() == (both_sides is not None)
    if both_sides is not None:
        assert (x[blue] > 0).any()  # the bag's side is the left
        assert (x[blue] < 0).any() == both_sides


def test_folds_change_brightness_by_their_strength_around_1(tube: Surface) -> None:
    weak, strong = (folds(tube, np.random.default_rng(1), strength) for strength in (0.05, 0.1))
    assert (strong - 1) == pytest.approx(2 * (weak - 1), abs=1e-5)
    assert np.abs(weak - 1).max() <= 4 * 0.05 / 2 + 1e-6
    assert weak.std() > 0.01


@pytest.mark.parametrize(
    ("bag", "side", "bone", "count"),
    [
        ("none", 1, None, 0),
        ("backpack", 1, SPINE, 1),
        ("shoulder", -1, PELVIS, 1),
        ("tote", 1, SPINE, 3),
        ("hand", 1, FORE_L, 3),
        ("hand", -1, FORE_R, 3),
    ],
)
def test_bags_hang_on_the_bone_and_side_that_carry_them(
    identity: Identity, bag: str, side: int, bone: int | None, count: int
) -> None:
    carried = replace(identity, bag=bag, bag_side=side)
    parts = bag_parts(SAMPLER, carried, rest_skeleton(identity.body))
    assert len(parts) == count
    assert all(part.bones == (bone,) for part in parts)
    if bag == "backpack":
        assert parts[0].surface.positions[2].max() < 0
    elif parts:
        assert all((np.sign(part.surface.positions[0]) == side).all() for part in parts)


def whole(parts: list[Part]) -> None:
    """Assert of each part that colours are in range, that its points have their bones' weights and unit normals."""
    for part in parts:
        count = part.surface.positions.shape[1]
        assert count > 0
        assert part.colours.shape == (3, count)
        assert part.colours.min() >= 0
        assert part.colours.max() < 300  # folds brighten; the camera clips
        assert np.isfinite(part.surface.positions).all()
        if part.weights is not None:
            assert part.weights.shape == (len(part.bones), count)
            assert part.weights.sum(axis=0) == pytest.approx(np.ones(count), abs=1e-5)
            assert part.weights.min() >= 0


@pytest.mark.parametrize("number", range(6))
def test_every_part_of_a_body_is_where_the_skeleton_has_it(number: int) -> None:
    rng = np.random.default_rng(number)
    identity = draw_identity(rng)
    skeleton = rest_skeleton(identity.body)
    whole([trunk(SAMPLER, identity, rng), *skirt(SAMPLER, identity, skeleton, rng)])
    for side in (1, -1):
        limbs = [*arm(SAMPLER, identity, skeleton, side, rng), *leg(SAMPLER, identity, skeleton, side, rng)]
        whole(limbs)
        assert all(np.sign(np.median(part.surface.positions[0])) == side for part in limbs)
    head = head_parts(SAMPLER, identity)
    whole(head)
    assert all(HEAD in part.bones for part in head)
    assert max(part.surface.positions[1].max() for part in head) == pytest.approx(1, abs=0.06)  # a stature


def test_a_sleeve_ends_where_the_identity_says(identity: Identity) -> None:
    skeleton, rng = rest_skeleton(identity.body), np.random.default_rng(0)
    for sleeve in (0.0, 0.5, 1.0):
        limb, hand = arm(SAMPLER, replace(identity, sleeve=sleeve), skeleton, 1, rng)
        cuff = skeleton.shoulder - sleeve * (skeleton.shoulder - skeleton.wrist)
        bare = is_(limb.colours, identity.skin)
        y = limb.surface.positions[1]
        assert bare[y < cuff - 0.005].all()
        assert not bare[y > cuff + 0.005].any()
        assert is_(hand.colours, identity.skin).all()


def test_occluders_are_rare_cover_what_they_paint_and_leave_the_given_picture() -> None:
    picture = np.full((64, 32, 3), 118.0, np.float32)
    counts = {}
    for clutter in (0.0, 1.0):
        covers = []
        for seed in range(400):
            painted, cover = draw_occluder(picture, clutter, np.random.default_rng(seed))
            assert (painted[~cover] == 118).all()
            assert cover.any() or painted is picture
            covers.append(cover.any())
        counts[clutter] = np.mean(covers)
    assert (picture == 118).all()
    assert counts[0.0] == pytest.approx(0.06, abs=0.035)
    assert counts[1.0] == pytest.approx(0.18, abs=0.055)


@pytest.mark.parametrize("kind", range(6))
def test_a_scene_without_clutter_is_one_colour_near_the_shared_grey(kind: int) -> None:
    scenes = [paint_scene(np.random.default_rng(kind), kind, (72, 160), clutter) for clutter in (0.0, 1.0)]
    for scene in scenes:
        assert (scene.shape, scene.dtype) == ((72, 160, 3), np.float32)
        assert 0 <= scene.min() <= scene.max() <= 255
    assert np.ptp(scenes[0], axis=(0, 1)).max() < 1e-3
    assert scenes[1].std() > 10
    middles = [scene.mean(axis=(0, 1)) - 122 for scene in scenes]
    assert middles[0] == pytest.approx(0.3 * middles[1], abs=3)  # clipping moves the mean of a strong scene


def test_noise_of_larger_cells_changes_more_slowly() -> None:
    fine, coarse = (noise(np.random.default_rng(0), (60, 90), cell) for cell in (2, 15))
    assert fine.shape == coarse.shape == (60, 90)
    steps = [np.abs(np.diff(each, axis=1)).mean() / each.std() for each in (fine, coarse)]
    assert steps[0] > 4 * steps[1]
