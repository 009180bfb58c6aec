"""Poses: a walking cycle, standing, and what arms and head do meanwhile."""

import numpy as np

from augment.pedestrians.identity import Identity
from augment.pedestrians.skeleton import ARM, HEAD, LEG, PELVIS, SPINE, turn
from numerics.arrays import Array


def _leg(phase: float, swing: float) -> tuple[float, float, float]:
    """Hip flexion, knee flexion and foot angle against the ground in degrees at a phase of the walking cycle."""
    hip = 24 * swing * np.sin(phase) + 3
    late = (phase + 0.55 + np.pi) % (2 * np.pi) - np.pi
    knee = 5 + 52 * swing * np.exp(-((late / 0.75) ** 2)) + 8 * swing * max(0.0, np.sin(phase - 0.4))
    pitch = 26 * swing * np.exp(-(((late + 0.75) / 0.6) ** 2)) - 12 * swing * np.exp(-(((late - 1.9) / 0.5) ** 2))
    return float(hip), float(knee), float(pitch)


def draw_pose(identity: Identity, rng: np.random.Generator) -> dict[int, Array]:
    """Random bone rotations against their parents, for `skeleton.place_bones`.

    Args:
        identity: whose body and clothes.
        rng: the image's or identity's random stream.
    """
    walking = rng.random() < 0.78
    swing = float(rng.uniform(0.65, 1.2)) if walking else float(rng.uniform(0.0, 0.15))
    swing *= 0.8 if identity.bottom_kind in ("skirt", "dress") else 1.0
    phase = float(rng.uniform(0, 2 * np.pi))
    pose: dict[int, Array] = {}
    twist = 6 * swing * np.sin(phase)
    lean = float(rng.normal(3.5, 2.5))
    pose[PELVIS] = turn(y=-twist)
    pose[SPINE] = turn(x=lean, y=1.9 * twist, z=float(rng.normal(0, 2)))
    far_look = rng.random() < 0.25
    pose[HEAD] = turn(
        x=float(rng.normal(2, 7)) - lean, y=float(rng.normal(0, 28 if far_look else 9)), z=float(rng.normal(0, 4))
    )
    spread = float(rng.uniform(1.5, 7)) if not walking else float(rng.uniform(0, 2.5))
    for side, offset in ((1, 0.0), (-1, np.pi)):
        hip, knee, pitch = _leg(phase + offset, swing)
        thigh, shin, foot = LEG[side]
        pose[thigh] = turn(x=-hip, y=float(side * rng.uniform(2, 9)), z=side * spread)
        pose[shin] = turn(x=knee)
        pose[foot] = turn(x=hip - knee + pitch)
        pose.update(_arm(identity, rng, side, swing * np.sin(phase + offset)))
    return pose


def _arm(identity: Identity, rng: np.random.Generator, side: int, swing: float) -> dict[int, Array]:
    """Rotations of one arm; `swing` is where the leg of the same side is, the arm goes the other way."""
    upper, fore = ARM[side]
    loaded = identity.bag_side == side and identity.bag in ("hand", "tote", "shoulder")
    forward = -22 * swing + float(rng.normal(0, 4))
    elbow = 14 + 18 * max(0.0, -swing) + float(rng.uniform(0, 12))
    out = float(rng.uniform(6, 13)) + 40 * max(identity.body.girth - 1, 0)
    inward = float(rng.uniform(-5, 12))
    act = rng.random()
    if loaded:
        forward, elbow, out = 0.3 * forward, 8.0 if identity.bag == "hand" else 30.0, out + 5
        if identity.bag == "tote" and act < 0.5:
            elbow, forward = 105.0, 5.0
    elif act < 0.07:  # telephone or cup in front
        forward, elbow, inward = float(rng.uniform(15, 40)), float(rng.uniform(75, 115)), 25.0
    elif act < 0.11:  # hand at the ear
        forward, elbow, out, inward = 35.0, 135.0, 28.0, 5.0
    elif act < 0.19:  # hand in a pocket
        forward, elbow, out, inward = -14.0, 38.0, 16.0, 22.0
    elif act < 0.23:  # hand on the hip
        forward, elbow, out, inward = -22.0, 88.0, 40.0, 62.0
    elif act < 0.30 and identity.bag == "backpack":  # holding a strap
        forward, elbow, inward = 10.0, 120.0, 12.0
    return {
        upper: np.einsum("ij,jk->ik", turn(x=-forward, z=side * out), turn(y=-side * inward)),
        fore: turn(x=-elbow, y=-side * float(rng.uniform(0, 12))),
    }


def walk_pose(phase: float) -> dict[int, Array]:
    """Bone rotations of an even walk, nothing in the hands.

    Args:
        phase: of its cycle, in radians.
    """
    twist = 6 * np.sin(phase)
    pose = {PELVIS: turn(y=-twist), SPINE: turn(x=3.5, y=1.9 * twist), HEAD: turn(x=-2, y=-twist)}
    for side, offset in ((1, 0.0), (-1, np.pi)):
        hip, knee, pitch = _leg(phase + offset, 1.0)
        thigh, shin, foot = LEG[side]
        pose |= {thigh: turn(x=-hip, y=5 * side, z=side), shin: turn(x=knee), foot: turn(x=hip - knee + pitch)}
        ahead = float(np.sin(phase + offset))
        upper, fore = ARM[side]
        pose[upper] = turn(x=22 * ahead, z=9.0 * side)
        pose[fore] = turn(x=-18 - 16 * max(0.0, -ahead))
    return pose
