"""A dressed person as one cloud of points, posed and seen from a direction."""

from dataclasses import dataclass

import numpy as np

from augment.pedestrians.bags import bag_parts
from augment.pedestrians.garments import arm, leg, skirt, trunk
from augment.pedestrians.head import head_parts
from augment.pedestrians.identity import Identity
from augment.pedestrians.skeleton import Skeleton, place_bones, rest_skeleton
from augment.pedestrians.surfaces import Part, Sampler
from numerics.arrays import Array


@dataclass(frozen=True, kw_only=True)
class Figure:
    """An identity in the rest pose.

    Attributes:
        identity: how it looks.
        skeleton: its joints.
        parts: its coloured surfaces.
    """

    identity: Identity
    skeleton: Skeleton
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """An identity in a pose before the camera, in statures, x to the right, y up, z towards the camera.

    Attributes:
        points: 3 x N, only those that face the camera.
        normals: 3 x N.
        colours: 3 x N in 0..255.
        joints: 18 x 3.
    """

    points: Array
    normals: Array
    colours: Array
    joints: Array


def build_figure(identity: Identity, rng: np.random.Generator, height: int = 128) -> Figure:
    """Body, clothes, hair and luggage of an identity as points.

    Args:
        identity: whose body and clothes.
        rng: of the folds of the cloth.
        height: rows of the images for which the points are close enough.
    """
    skeleton, sampler = rest_skeleton(identity.body), Sampler(spacing=0.45 / height)
    parts = [trunk(sampler, identity, rng), *head_parts(sampler, identity)]
    for side in (1, -1):
        parts += arm(sampler, identity, skeleton, side, rng) + leg(sampler, identity, skeleton, side, rng)
    parts += skirt(sampler, identity, skeleton, rng) + bag_parts(sampler, identity, skeleton)
    return Figure(identity=identity, skeleton=skeleton, parts=tuple(parts))


def view_figure(figure: Figure, pose: dict[int, Array], view: Array) -> View:
    """The figure in a pose, turned in front of the camera; its back faces are dropped.

    Args:
        figure: in the rest pose.
        pose: bone rotations, see `skeleton.place_bones`.
        view: 3 x 3, turns all of it.
    """
    turned, shift = place_bones(figure.skeleton, pose, view)
    turned32, shift32 = turned.astype(np.float32), shift.astype(np.float32)
    points, normals, colours = [], [], []
    for part in figure.parts:
        facing = _mix(part, part.surface.normals, turned32, None, 2) > 0
        kept = Part(
            surface=part.surface.subset(facing),
            colours=part.colours[:, facing],
            bones=part.bones,
            weights=None if part.weights is None else part.weights[:, facing],
        )
        points.append(np.stack([_mix(kept, kept.surface.positions, turned32, shift32, axis) for axis in range(3)]))
        normals.append(np.stack([_mix(kept, kept.surface.normals, turned32, None, axis) for axis in range(3)]))
        colours.append(kept.colours)
    bones = figure.skeleton.joint_bones
    joints = np.einsum("jab,jb->ja", turned[bones], figure.skeleton.joints) + shift[bones]
    return View(
        points=np.concatenate(points, axis=1),
        normals=np.concatenate(normals, axis=1),
        colours=np.concatenate(colours, axis=1),
        joints=joints,
    )


def _mix(part: Part, vectors: Array, turned: Array, shift: Array | None, axis: int) -> Array:
    """One coordinate (N) of a part's vectors after its bones' motion, in sums that no BLAS reorders."""
    total: Array | None = None
    for row, bone in enumerate(part.bones):
        a, b, c = turned[bone, axis]
        moved: Array = vectors[0] * a + vectors[1] * b + vectors[2] * c
        if shift is not None:
            moved += shift[bone, axis]
        if part.weights is not None:
            moved *= part.weights[row]
        total = moved if total is None else total + moved
    assert total is not None
    return total
