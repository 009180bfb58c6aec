"""The one adapter of all pose estimators, on networks whose findings are known."""

import numpy as np
import pytest

from augment.poses.estimators.crops import COCO, CropEstimator, fills
from numerics.arrays import Array


def noise(height: int, width: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_mirrored_look_has_its_sides_put_right_and_counts_by_its_score() -> None:
    """A network that is sure of what it sees, and in the mirrored crop 3 pixels too low and half as sure."""
    person = np.column_stack([np.random.default_rng(0).uniform(20, 40, (17, 2)), np.full(17, 0.8)])
    image = noise(64, 64)

    def network(picture: Array) -> Array:
        if np.array_equal(picture, image):
            return person.copy()
        seen = person[list(COCO.mirror)]
        return np.column_stack([seen[:, 0] + 3, 63 - seen[:, 1], np.full(17, 0.4)])

    straight, mean = (
        CropEstimator(network, COCO, least=0.1, mirrored=mirrored)([image])[0] for mirrored in (False, True)
    )
    np.testing.assert_allclose(mean, straight + np.array([1, 0]), atol=1e-4)


def test_who_is_seen_in_one_look_only_is_there_and_who_is_seen_in_none_is_not() -> None:
    person = np.column_stack([np.full((17, 2), 30.0), np.ones(17)])
    bright = np.zeros((64, 64, 3), np.uint8)
    bright[:, :32] = 255

    def network(picture: Array) -> Array | None:
        return person.copy() if picture[0, -1, 0] else None  # only in the mirror image of `bright`

    estimate = CropEstimator(network, COCO, least=0.1, mirrored=True)
    found = estimate([bright, np.zeros_like(bright)])
    np.testing.assert_allclose(found[0], np.tile([30, 33], (18, 1)), atol=1e-4)
    assert (found[1] == -1).all()
    assert estimate([]).shape == (0, 18, 2)


def test_a_body_whose_landmarks_score_low_on_the_average_is_nobody() -> None:
    """A network that is as sure of each landmark as the picture is bright, and not at all of the nose."""
    places = np.random.default_rng(0).uniform(0, 60, (17, 2))

    def network(picture: Array) -> Array:
        scores = np.full(17, picture.mean() / 100)
        scores[0] = 0
        return np.column_stack([places, scores])

    pictures = [np.full((64, 64, 3), grey, np.uint8) for grey in (31, 32)]  # means of 0.292 and 0.301
    sure, unsure = CropEstimator(network, COCO, least=0.1, body=0.3)(pictures[::-1])
    assert (unsure == -1).all()
    np.testing.assert_allclose(sure[2], places[6], atol=1e-4)
    assert (CropEstimator(network, COCO, least=0.1)(pictures) >= 0).any(axis=(1, 2)).all()


class Near:
    """A network that sees a dotted person better the more of the picture she fills, and says what it looked at."""

    def __init__(self, person: Array, picture: Array) -> None:
        self.person, self.picture, self.looks = person, picture, list[tuple[int, int]]()

    def __call__(self, part: Array) -> Array:
        """The part's place in the picture is in its first pixel; further away all landmarks are 2 pixels lower."""
        self.looks.append((part.shape[0], part.shape[1]))
        height = float(np.ptp(self.person[:, 0]))
        found = self.person - part[0, 0, :2] + [0 if height > 0.6 * max(part.shape[:2]) else 2, 0]
        return np.column_stack([found, np.full(17, height / max(part.shape[:2]))])


def places(height: int, width: int) -> Array:
    """A picture whose pixels hold their row and column."""
    rows, columns = np.mgrid[:height, :width]
    return np.dstack([rows, columns, np.zeros_like(rows)]).astype(np.uint8)


@pytest.mark.parametrize(("top", "left"), [(100, 60), (0, 0), (180, 190)])
def test_who_is_small_in_a_picture_is_looked_at_again_from_nearby(top: int, left: int) -> None:
    picture = places(240, 220)
    person = np.column_stack([np.linspace(top, top + 60, 17), left + np.random.default_rng(0).uniform(0, 30, 17)])
    network = Near(person, picture)
    (joints,) = CropEstimator(network, COCO, least=0.1, looks=3)([picture])
    np.testing.assert_allclose(joints[2], person[6], atol=1e-4)
    far, near, nearer = network.looks
    assert far == (240, 220)
    assert max(near) <= 1.25 * 60 + 2
    assert max(nearer) <= 1.25 * 60 + 2
    (once,) = CropEstimator(Near(person, picture), COCO, least=0.1)([picture])
    np.testing.assert_allclose(once[2], person[6] + [2, 0], atol=1e-4)


def test_who_fills_the_picture_is_looked_at_once() -> None:
    person = np.column_stack([np.linspace(3, 60, 17), np.linspace(3, 25, 17)])
    network = Near(person, places(64, 32))
    CropEstimator(network, COCO, least=0.1, looks=3)([network.picture])
    assert network.looks == [(64, 32)]


def test_a_closer_look_that_is_less_sure_does_not_count() -> None:
    person = np.column_stack([np.linspace(30, 60, 17), np.linspace(30, 45, 17)])

    def network(picture: Array) -> Array:
        far = picture.shape[0] == 200
        return np.column_stack([person if far else person + 7, np.full(17, 0.5 if far else 0.4)])

    (joints,) = CropEstimator(network, COCO, least=0.1, looks=2)([places(200, 100)])
    np.testing.assert_allclose(joints[2], person[6], atol=1e-4)


def test_landmarks_of_a_person_who_fills_a_picture_span_most_of_it() -> None:
    found = np.zeros((33, 3))
    for top, bottom, taken in ((10, 80, True), (10, 79, False), (-20, 120, True), (40, 60, False)):
        found[:, 0] = np.linspace(top, bottom, 33)
        assert fills(found, 100) == taken
