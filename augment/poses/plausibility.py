"""Whether key points can be those of the images: the one check of annotation files, pose files and workspaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment import AugmentError
from augment.fields import as_options
from numerics.arrays import Array
from patn.keypoints import JOINTS, MISSING, TORSO, joints_present

ENOUGH = 8
"""Images from which on what most of them show is judged: one person may do a handstand."""
AGREED = 0.7
"""Mean length of the torsos' unit directions from which on they are taken to agree; upright people have over 0.9."""
RARE = 0.01
"""Share of the images up to which what only a mistake explains is a note: one bad line in a hundred stops nobody."""
NEARLY_ALL = 0.9
"""Share of the poses in the upper left quarter from which on they are taken to be for smaller images.

Of Market-1501's images with the PATN authors' key points 0.1 % lie there, at half their scale all.
"""
SMALL = 0.03
"""Extent of a whole pose, in heights of the image, below which all its joints are taken to be at one place."""
MANY = 20
"""Different poses from which on where people stand is judged by their mean."""
BESIDE = 0.08
"""Distance of the torsos' mean from the middle, in widths of the image, from which on it is said.

20 random images of Market-1501 keep within 0.065 of it in 998 of 1,000 draws.
"""
HEAD, HIPS, FACE = (14, 15, 16, 17), (8, 11), (0, 14, 15)


@dataclass(frozen=True)
class Doubt:
    """What speaks against key points.

    Attributes:
        sentence: that says it.
        impossible: whether they cannot be those of the images.
    """

    sentence: str
    impossible: bool


def doubts(names: Sequence[str], points: Array, size: tuple[int, int], *, cropped: bool = False) -> list[Doubt]:
    """What speaks against key points being of some images; empty for sound ones.

    Args:
        names: of N images; those without a joint play no part.
        points: N x 18 x 2 as (y, x) in pixels, missing = -1.
        size: (height, width) of the images in pixels.
        cropped: the images were cut out of larger ones, so that joints may lie beyond the edges by up to an image.
    """
    points = np.asarray(points, dtype=np.float64)
    posed = joints_present(points).any(axis=1) if len(points) else np.zeros(0, dtype=bool)
    people = _People([name for name, there in zip(names, posed, strict=True) if there], points[posed], size, cropped)
    if not people.names:
        return []
    found = [look(people) for look in LOOKS]
    return [doubt for doubt in found if doubt is not None]


def refuse_impossible(
    file: Path, names: Sequence[str], points: Array, size: tuple[int, int], *, cropped: bool = False
) -> list[str]:
    """The notes on a file's key points, see `doubts`.

    Args:
        file: for the message.
        names: as of `doubts`.
        points: as of `doubts`.
        size: as of `doubts`.
        cropped: as of `doubts`.

    Raises:
        AugmentError: where they cannot be those of the images.
    """
    found = doubts(names, points, size, cropped=cropped)
    for doubt in found:
        if doubt.impossible:
            raise AugmentError(f"{file}: {doubt.sentence}")
    return [as_options(doubt.sentence) for doubt in found]


@dataclass(frozen=True)
class _People:
    """Images that have a joint: names, joints N x 18 x 2, the (height, width) they are for, whether it was cut out."""

    names: Sequence[str]
    points: Array
    size: tuple[int, int]
    cropped: bool

    @property
    def different(self) -> Array:
        """The different poses among them: the same one many times tells nothing of the others."""
        return np.unique(self.points, axis=0)

    @property
    def present(self) -> Array:
        """Which joints are there, N x 18."""
        return joints_present(self.points)

    def doubt(self, odd: Array, sentence: str, share: float = RARE) -> Doubt | None:
        """The doubt about the images where `odd` (N) holds; impossible where they are more than `share` of all."""
        if not odd.any():
            return None
        count = int(odd.sum())
        images = f"{count} of {len(odd)} images" if len(odd) > 1 else "the image"
        said = sentence.format(images=images, first=self.names[int(odd.argmax())])
        return Doubt(said, count > share * len(odd))


def _shares(people: _People) -> Doubt | None:
    """Coordinates from 0 to 1, as some estimators give them, in place of pixels."""
    joints = np.broadcast_to(people.present[..., None], people.points.shape)
    low, high = people.points.min(where=joints, initial=0), people.points.max(where=joints, initial=0)
    if not 0 < max(-low, high) <= 1:
        return None
    return Doubt(
        "coordinates are from 0 to 1, shares of the image; multiply y by the image's height and x by its width, and "
        "mark missing joints with -1",
        impossible=True,
    )


def _zeros(people: _People) -> Doubt | None:
    """Several joints in the very corner: missing ones, as OpenPose and COCO mark them."""
    corner = ((people.points == 0).all(axis=2)).sum(axis=1) > 1
    return people.doubt(corner, "{images} ({first}) have several joints at (0, 0); mark missing joints with -1, not 0")


def _one_place(people: _People) -> Doubt | None:
    """All joints at one place."""
    joints = np.broadcast_to(people.present[..., None], people.points.shape)
    low = people.points.min(axis=1, where=joints, initial=np.inf)
    high = people.points.max(axis=1, where=joints, initial=-np.inf)
    whole = people.present[:, list(TORSO)].all(axis=1)
    collapsed = whole & ((high - low).max(axis=1) < SMALL * people.size[0])
    return people.doubt(
        collapsed, "{images} ({first}) have all joints at one place; give y and x in pixels of the images"
    )


def _outside(people: _People) -> Doubt | None:
    """A joint outside of most images; an image or more away in any."""
    height, width = people.size
    missing = people.points == MISSING
    far = ((people.points < -np.array(people.size)) | (people.points >= 2 * np.array(people.size))) & ~missing
    if far.any(axis=(1, 2)).mean() > 0.5 or people.cropped:
        return people.doubt(
            far.any(axis=(1, 2)),
            f"joints of {{first}} and {{images}} in all lie far outside {height} x {width} pixels; give y and x in "
            "pixels of the images, say with ⟨size --csv-size⟩ HEIGHT WIDTH which size the file is for, and mark "
            "missing joints with -1",
            share=0.5,
        )
    beyond = ((people.points < 0) | (people.points >= people.size)) & ~missing
    outside, who = beyond.any(axis=(1, 2)), "joints of {first} and most images"
    if len(outside) == 1:  # of one image some joints may be beyond the edge
        outside, who = 3 * beyond.any(axis=2).sum(axis=1) > people.present.sum(axis=1), "many joints of {first}"
    if outside.mean() > 0.5:
        return people.doubt(
            outside,
            f"{who} lie outside {height} x {width} pixels; say with ⟨size --csv-size⟩ HEIGHT WIDTH which size the file "
            "is for, or y and x are changed over in it",
        )
    return people.doubt(
        far.any(axis=(1, 2)), f"{{images}} ({{first}}) have joints far outside {height} x {width} pixels", share=1
    )


def _direction(people: _People) -> Doubt | None:
    """Torsos that agree on another direction than downwards."""
    poses = people.different
    whole = poses[joints_present(poses)[:, list(TORSO)].all(axis=1)]
    if len(whole) < ENOUGH:
        return None
    shoulder_right, shoulder_left, hip_right, hip_left = (whole[:, joint] for joint in TORSO)
    down = (hip_right + hip_left - shoulder_right - shoulder_left) / 2
    y, x = (down / np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-9)).mean(axis=0)
    if np.hypot(y, x) < AGREED or y >= abs(x):
        return None
    lie = abs(x) > abs(y)
    why = "y and x are changed over" if lie else "y is counted from below or the joints are in another order"
    return Doubt(
        f"nearly all people {'lie on their side' if lie else 'have their hips above their shoulders'}: {why}; give y "
        "from the top, then x, of 18 joints in the order of the authors' files",
        impossible=True,
    )


def _order(people: _People) -> Doubt | None:
    """A joint of the head below the hips of nearly everybody: another order of joints."""
    poses = people.different
    present, y = joints_present(poses), poses[..., 0]
    hips = y[:, list(HIPS)].mean(axis=1)
    for joint in HEAD:
        judged = present[:, joint] & present[:, list(HIPS)].all(axis=1)
        if judged.sum() >= ENOUGH and (y[judged, joint] > hips[judged]).mean() > 0.9:
            return Doubt(
                f"the {JOINTS[joint].replace('_', ' ')} is below the hips in nearly all images: the joints are in "
                f"another order than the authors', which is {', '.join(JOINTS).replace('_', ' ')}",
                impossible=True,
            )
    return None


def _same(people: _People) -> Doubt | None:
    """One and the same pose in most images."""
    if len(people.names) < ENOUGH:
        return None
    _, counts = np.unique(people.points.reshape(len(people.names), -1), axis=0, return_counts=True)
    if 2 * counts.max() <= len(people.names):
        return None
    return Doubt(f"{counts.max()} of {len(people.names)} images have one and the same pose", impossible=False)


def _corner(people: _People) -> Doubt | None:
    """No joint of nearly any image beyond the upper left quarter: the file is for smaller images."""
    poses = people.different
    inside = (2 * poses.max(axis=1) < people.size).all(axis=1)
    if inside.mean() < NEARLY_ALL:
        return None
    height, width = people.size
    few = len(poses) < ENOUGH
    return Doubt(
        f"all joints of {'the' if few else 'nearly all'} images lie in the upper left quarter of {height} x {width} "
        f"pixels: {'look whether the key points are' if few else 'the key points are'} for smaller images; say for "
        f"which with ⟨size --csv-size⟩ HEIGHT WIDTH, or scale them to {height} x {width}",
        impossible=not few,
    )


def _beside(people: _People) -> Doubt | None:
    """People who on average stand beside the middle of their images, as where the key points are for other sizes."""
    poses = people.different
    whole = poses[joints_present(poses)[:, list(TORSO)].all(axis=1)]
    if len(whole) < MANY or people.cropped:
        return None
    share = float(whole[:, list(TORSO), 1].mean() / people.size[1])
    if abs(share - 0.5) < BESIDE:
        return None
    height, width = people.size
    return Doubt(
        f"people stand at {share:.0%} of the images' width on average, not in the middle: look whether the key points "
        f"are for {height} x {width} pixels; ⟨size --csv-size⟩ HEIGHT WIDTH says which size they are for",
        impossible=False,
    )


def _sides(people: _People) -> Doubt | None:
    """The right shoulder right of the left one in nearly all images that show a face.

    Whoever faces the camera has it on the left: in 99 % of Market-1501's images with the PATN authors' key points.
    """
    poses = people.different
    right, left = TORSO[0], TORSO[1]
    faces = poses[joints_present(poses)[:, [*FACE, right, left]].all(axis=1)]
    if len(faces) < ENOUGH or (faces[:, right, 1] > faces[:, left, 1]).mean() < NEARLY_ALL:
        return None
    return Doubt(
        f"in nearly all of {len(faces)} poses with a face the right shoulder lies right of the left one: look whether "
        "left and right are changed over; right is the person's own right",
        impossible=False,
    )


LOOKS: tuple[Callable[[_People], Doubt | None], ...] = (
    _shares,
    _zeros,
    _one_place,
    _outside,
    _direction,
    _order,
    _same,
    _corner,
    _beside,
    _sides,
)
