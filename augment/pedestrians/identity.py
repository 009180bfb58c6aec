"""What a person looks like: body, skin, hair, clothes and luggage, drawn at random once an identity.

Colours come from a small shared palette, so that colours alone tell few people apart; cut, patterns, prints
that differ between front and back, luggage, hair and build carry the rest.
"""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

_PALETTE: tuple[tuple[Colour, float], ...] = (
    ((34, 34, 38), 4.0),  # black
    ((92, 94, 98), 2.0),  # grey
    ((206, 204, 198), 3.0),  # off-white
    ((40, 50, 88), 2.5),  # navy
    ((78, 108, 158), 2.0),  # denim
    ((168, 44, 48), 1.6),  # red
    ((58, 104, 70), 1.2),  # green
    ((176, 150, 112), 1.5),  # beige
    ((104, 72, 52), 1.0),  # brown
    ((214, 178, 72), 0.8),  # yellow
    ((206, 132, 152), 0.8),  # pink
)
_SKIN: tuple[Colour, ...] = ((232, 194, 168), (220, 176, 146), (196, 148, 112), (156, 108, 78), (104, 70, 52))
_HAIR: tuple[Colour, ...] = ((28, 24, 24), (28, 24, 24), (62, 42, 30), (98, 68, 42), (176, 140, 86), (132, 128, 126))

WOVEN = ("plain", "plain", "plain", "rings", "rings", "pinstripes", "check", "halves", "dots", "diagonal")
FRONT = ("none", "none", "disc", "panel", "lettering", "open", "open", "placket", "band")
BACK = ("none", "none", "none", "panel", "disc", "yoke", "lettering", "spine")


@dataclass(frozen=True, kw_only=True)
class Body:
    """Build: factors on the average adult (1 = average), in proportions to the stature."""

    girth: float
    shoulders: float
    hips: float
    waist: float
    bust: float
    legs: float
    arms: float
    head: float


@dataclass(frozen=True, kw_only=True)
class Cloth:
    """A garment's fabric.

    Attributes:
        base: colour.
        second: colour, of the pattern.
        pattern: woven into it.
        size: of the pattern, in statures.
    """

    base: Colour
    second: Colour
    pattern: str
    size: float


@dataclass(frozen=True, kw_only=True)
class Identity:
    """All that makes an identity the same in another image."""

    body: Body
    skin: Colour
    hair: Colour
    hair_style: str
    headwear: str
    headwear_colour: Colour
    glasses: bool
    top: Cloth
    top_front: str
    top_back: str
    front_colour: Colour
    back_colour: Colour
    sleeve: float
    sleeve_colour: Colour
    hem: float
    coat: float
    loose: float
    bottom: Cloth
    bottom_kind: str
    bottom_end: float
    bottom_width: float
    side_stripe: bool
    shoes: Colour
    socks: Colour
    scarf: bool
    bag: str
    bag_side: int
    bag_colour: Colour
    habit: float


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _colour(rng: np.random.Generator, unlike: Colour | None = None) -> Colour:
    """A palette colour with a little variation of the dye, clearly different from `unlike`."""
    weights = np.array([weight for _, weight in _PALETTE])
    while True:
        base = np.array(_PALETTE[int(rng.choice(len(_PALETTE), p=weights / weights.sum()))][0])
        if unlike is None or np.abs(base - np.array(unlike)).sum() > 110:
            break
    red, green, blue = np.clip(base * rng.uniform(0.92, 1.08) + rng.normal(0, 2.5, 3), 12, 235)
    return float(red), float(green), float(blue)


def _cloth(rng: np.random.Generator, plain: float) -> Cloth:
    base = _colour(rng)
    pattern = "plain" if rng.random() < plain else _pick(rng, WOVEN)
    return Cloth(base=base, second=_colour(rng, base), pattern=pattern, size=float(rng.uniform(0.065, 0.12)))


def _body(rng: np.random.Generator, woman: bool) -> Body:
    def around(mean: float, spread: float) -> float:
        return float(np.clip(rng.normal(mean, spread), mean - 2 * spread, mean + 2 * spread))

    return Body(
        girth=around(1.02, 0.11),
        shoulders=around(0.94 if woman else 1.05, 0.05),
        hips=around(1.07 if woman else 0.97, 0.05),
        waist=around(0.92 if woman else 1.05, 0.07),
        bust=around(0.013, 0.004) if woman else 0.0,
        legs=around(1.0, 0.025),
        arms=around(1.0, 0.03),
        head=around(1.04, 0.04),
    )


def draw_identity(rng: np.random.Generator) -> Identity:
    """A random identity.

    Args:
        rng: of the identity.
    """
    woman = bool(rng.random() < 0.5)
    top = _cloth(rng, 0.25)
    bottom = _cloth(rng, 0.75)
    summer = bool(rng.random() < 0.55)
    kind = _pick(rng, ("skirt", "dress", "trousers", "trousers", "shorts", "leggings")) if woman else ""
    kind = kind or _pick(rng, ("trousers", "trousers", "trousers", "shorts"))
    if kind == "dress":
        bottom = top
    end = {"trousers": rng.choice([0.055, 0.055, 0.14]), "leggings": rng.choice([0.05, 0.17])}.get(kind)
    end = rng.uniform(0.27, 0.34) if end is None and kind == "shorts" else end
    end = rng.choice([0.36, 0.28, 0.14]) if end is None else end
    sleeve = rng.choice([0.0, 0.35, 0.4, 0.55] if summer else [0.97, 0.97, 0.97, 0.7])
    coat = 0.0 if summer or kind in ("skirt", "dress") or rng.random() < 0.7 else float(rng.uniform(0.3, 0.42))
    styles = ("long", "long", "bob", "bun", "tail") if woman else ("short", "short", "short", "crew", "bald", "bob")
    return Identity(
        body=_body(rng, woman),
        skin=_SKIN[int(rng.integers(len(_SKIN)))],
        hair=_HAIR[int(rng.integers(len(_HAIR)))],
        hair_style=_pick(rng, styles),
        headwear=_pick(rng, ("none",) * 6 + ("cap", "beanie")),
        headwear_colour=_colour(rng),
        glasses=bool(rng.random() < 0.2),
        top=top,
        top_front=_pick(rng, FRONT),
        top_back=_pick(rng, BACK),
        front_colour=_colour(rng, top.base),
        back_colour=_colour(rng, top.base),
        sleeve=float(sleeve),
        sleeve_colour=_colour(rng, top.base) if rng.random() < 0.2 else top.base,
        hem=float(rng.uniform(0.495, 0.54)),
        coat=coat,
        loose=float(rng.uniform(0.002, 0.013)),
        bottom=bottom,
        bottom_kind=kind,
        bottom_end=float(end),
        bottom_width=float(rng.uniform(0.002, 0.014)),
        side_stripe=bool(kind in ("trousers", "leggings") and rng.random() < 0.15),
        shoes=_colour(rng),
        socks=_colour(rng),
        scarf=bool(not summer and rng.random() < 0.25),
        bag=_pick(rng, ("none",) * 4 + ("backpack", "backpack", "shoulder", "tote", "hand")),
        bag_side=int(rng.choice([-1, 1])),
        bag_colour=_colour(rng, top.base),
        habit=float(rng.uniform(0, 1)),
    )
