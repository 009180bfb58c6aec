"""Bones and joints of a person in the rest pose, and the same bones in a pose."""

from dataclasses import dataclass

import numpy as np

from augment.pedestrians.identity import Body
from numerics.arrays import Array

PELVIS, SPINE, HEAD, UPPER_L, FORE_L, UPPER_R, FORE_R, THIGH_L, SHIN_L, FOOT_L, THIGH_R, SHIN_R, FOOT_R = range(13)
PARENT = (-1, PELVIS, SPINE, SPINE, UPPER_L, SPINE, UPPER_R, PELVIS, THIGH_L, SHIN_L, PELVIS, THIGH_R, SHIN_R)

LEG = {1: (THIGH_L, SHIN_L, FOOT_L), -1: (THIGH_R, SHIN_R, FOOT_R)}
ARM = {1: (UPPER_L, FORE_L), -1: (UPPER_R, FORE_R)}
"""Bones of a side, 1 left and -1 right."""


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The rest pose in statures: pivots of the bones (13 x 3), OpenPose joints (18 x 3), their bones (18)."""

    pivots: Array
    joints: Array
    joint_bones: Array
    hip: float
    knee: float
    shoulder: float
    elbow: float
    wrist: float
    shoulder_x: float
    hip_x: float


def rest_skeleton(body: Body) -> Skeleton:
    """Joint positions of an upright body with hanging arms, after usual adult proportions.

    Args:
        body: its build.
    """
    hip, knee = 0.52 * body.legs, 0.284 * body.legs
    shoulder, shoulder_x, hip_x = 0.812, 0.098 * body.shoulders, 0.051 * body.hips
    elbow = shoulder - 0.170 * body.arms
    wrist = elbow - 0.152 * body.arms
    pivots = np.array(
        [
            [0, 0.55, 0],
            [0, 0.60, 0],
            [0, 0.865, -0.005],
            [shoulder_x, shoulder, 0],
            [shoulder_x, elbow, 0],
            [-shoulder_x, shoulder, 0],
            [-shoulder_x, elbow, 0],
            [hip_x, hip, 0],
            [hip_x, knee, 0],
            [hip_x, 0.045, -0.01],
            [-hip_x, hip, 0],
            [-hip_x, knee, 0],
            [-hip_x, 0.045, -0.01],
        ]
    )
    bones = [HEAD, SPINE, UPPER_R, FORE_R, FORE_R, UPPER_L, FORE_L, FORE_L]
    bones += [PELVIS, SHIN_R, FOOT_R, PELVIS, SHIN_L, FOOT_L, HEAD, HEAD, HEAD, HEAD]
    return Skeleton(
        pivots=pivots,
        joints=_rest_joints(pivots, wrist, body.head),
        joint_bones=np.array(bones),
        hip=hip,
        knee=knee,
        shoulder=shoulder,
        elbow=elbow,
        wrist=wrist,
        shoulder_x=shoulder_x,
        hip_x=hip_x,
    )


def _rest_joints(pivots: Array, wrist: float, head: float) -> Array:
    """OpenPose joints in the rest pose, 18 x 3: those at the pivots, wrists, and those of a head of that size."""
    hands = {bone: [pivots[bone, 0], wrist, 0] for bone in (FORE_R, FORE_L)}
    return np.array(
        [
            [0, 0.917, 0.066 * head],
            [0, pivots[UPPER_R, 1], 0],
            *(pivots[UPPER_R], pivots[FORE_R], hands[FORE_R]),
            *(pivots[UPPER_L], pivots[FORE_L], hands[FORE_L]),
            *(pivots[THIGH_R], pivots[SHIN_R], pivots[FOOT_R]),
            *(pivots[THIGH_L], pivots[SHIN_L], pivots[FOOT_L]),
            [-0.018 * head, 0.937, 0.051 * head],
            [0.018 * head, 0.937, 0.051 * head],
            [-0.046 * head, 0.928, -0.004],
            [0.046 * head, 0.928, -0.004],
        ]
    )


def turn(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Rotation around x, then z, then y.

    Args:
        x: degrees, tips forward.
        y: degrees, turns to the left.
        z: degrees, rolls.

    Returns:
        3 x 3.
    """
    a, b, c = np.deg2rad([x, y, z])
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    rotation: Array = np.einsum("ij,jk,kl->il", ry, rz, rx)
    return rotation


def place_bones(skeleton: Skeleton, rotations: dict[int, Array], view: Array) -> tuple[Array, Array]:
    """Where a pose takes the bones.

    Args:
        skeleton: in the rest pose.
        rotations: turn bones against their parents (absent = not turned).
        view: 3 x 3, turns all of them.

    Returns:
        Rotations R (13 x 3 x 3) and shifts t (13 x 3): a rest point p of a bone goes to R p + t.
    """
    turned = np.zeros((13, 3, 3))
    shift = np.zeros((13, 3))
    for bone, parent in enumerate(PARENT):
        local = rotations.get(bone, np.eye(3))
        pivot = skeleton.pivots[bone]
        if parent < 0:
            turned[bone] = np.einsum("ij,jk->ik", view, local)
            anchor = np.einsum("ij,j->i", view, pivot)
        else:
            turned[bone] = np.einsum("ij,jk->ik", turned[parent], local)
            anchor = np.einsum("ij,j->i", turned[parent], pivot) + shift[parent]
        shift[bone] = anchor - np.einsum("ij,j->i", turned[bone], pivot)
    return turned, shift
