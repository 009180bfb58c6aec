"""What people carry."""

import numpy as np

from augment.pedestrians.fabric import blend, paint
from augment.pedestrians.identity import Identity
from augment.pedestrians.skeleton import FORE_L, FORE_R, PELVIS, SPINE, Skeleton
from augment.pedestrians.surfaces import Part, Sampler


def bag_parts(sampler: Sampler, identity: Identity, skeleton: Skeleton) -> list[Part]:
    """The bag of an identity (its straps are colours of the trunk, see `fabric.straps`).

    Args:
        sampler: makes the surfaces.
        identity: whose body and clothes.
        skeleton: in the rest pose.
    """
    side, g = identity.bag_side, identity.body.girth
    kinds: dict[str, tuple[int, tuple[float, float, float], tuple[float, float, float]]] = {
        "backpack": (SPINE, (0, 0.705, -0.105 * g), (0.075, 0.105, 0.045)),
        "shoulder": (PELVIS, (side * 0.128 * g, 0.49, 0.005), (0.026, 0.055, 0.066)),
        "tote": (SPINE, (side * 0.138 * g, 0.60, -0.01), (0.024, 0.085, 0.080)),
        "hand": (
            FORE_L if side > 0 else FORE_R,
            (side * skeleton.shoulder_x, skeleton.wrist - 0.155, 0.008),
            (0.022, 0.075, 0.070),
        ),
    }
    if identity.bag not in kinds:
        return []
    bone, centre, radii = kinds[identity.bag]
    surface = sampler.box(centre, radii)
    y = surface.positions[1] - centre[1]
    colours = paint(len(y), identity.bag_colour)
    seam = np.abs(y - 0.35 * radii[1]) < 0.006
    colours = blend(colours, tuple(0.55 * c for c in identity.bag_colour), seam)
    if identity.bag == "backpack":
        pocket = (y < -0.1 * radii[1]) & (np.abs(surface.positions[0]) < 0.05)
        colours = blend(colours, tuple(0.8 * c for c in identity.bag_colour), pocket)
    parts = [Part(surface=surface, colours=colours, bones=(bone,))]
    if identity.bag in ("hand", "tote"):
        parts += _handles(sampler, identity, bone, centre, radii)
    return parts


def _handles(
    sampler: Sampler,
    identity: Identity,
    bone: int,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
) -> list[Part]:
    """Two thin straps from the top of a bag upwards."""
    top, rise = centre[1] + radii[1], 0.035 if identity.bag == "hand" else 0.056
    parts = []
    for front in (-1, 1):
        surface = sampler.box((centre[0], top + rise, centre[2] + front * 0.028), (0.005, rise + 0.008, 0.005))
        colours = paint(len(surface.angle), identity.bag_colour) * 0.8
        parts.append(Part(surface=surface, colours=colours, bones=(bone,)))
    return parts
