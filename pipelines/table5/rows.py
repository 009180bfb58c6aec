"""The rows of Table 5: which images each re-ID model is trained on, and how it takes the generated ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from augment import Misuse
from augment.inference.generators import BUILTIN
from augment.workspace import REAL_ONLY, row_name

UNSEEN = "unseen"
SCENES = "+scenes"
"""Behind a row's name: as that row, its generated people in scenes of kept images."""


@dataclass(frozen=True)
class Row:
    """A row of Table 5.

    Attributes:
        title: as the table has it.
        meaning: what it is, in one clause.
        target_poses: what is generated, see `augment.generation.plan.Sampling`; None with `per_identity` None: nothing
            is.
        generator: a generator of the workspace by name, or the built-in one; None is the workspace's own (see
            `own_generator`).
        reduced: instead, one trained inside M^R_p alone.
        tuned: instead, the built-in one trained further on all pairs, with `reduced` on those inside M^R_p alone.
        identity: with an identity term by the model of None at the same p and seed, flip + crop.
        images: the name of the generated set below `generated/`; rows of one set share it.
        filtered: the share of it that is replaced (see `augment.generation.filtering`).
        per_identity: what is generated, see `augment.generation.plan.Sampling`.
        smoothing: label smoothing of generated images (None: as real ones), see `reid.training.ReidTraining`.
        weight: loss weight of generated images, see `reid.training.ReidTraining`.
        repeat: the kept real images repeated to the size of the full set.
        folder: a ready-made set, in which {p} and {s} stand for portion and seed.
        scenes: whether each generated person is put into a scene, see `augment.generation.scenes`.
    """

    title: str
    meaning: str
    target_poses: str | None = None
    generator: str | None = None
    reduced: bool = False
    tuned: bool = False
    identity: bool = False
    images: str = REAL_ONLY
    filtered: float | None = None
    per_identity: int | None = None
    smoothing: float | None = None
    weight: float = 1.0
    repeat: bool = False
    folder: str | None = None
    scenes: bool = False

    def folder_of(self, portion: float, seed: int) -> Path | None:
        """The folder of a ready-made set for p in (0, 1] and a seed; None for other rows."""
        path = self.folder
        return None if path is None else Path(path.replace("{p}", str(portion)).replace("{s}", str(seed)))

    @property
    def own_size(self) -> bool:
        """Whether its set is as large as it happens to be, and not as the full set."""
        return self.per_identity is not None or self.folder is not None

    @property
    def generates(self) -> bool:
        """Whether images are generated for it."""
        return self.target_poses is not None


_OURS = Row(
    "Ours",
    "each removed image replaced by one generated from a kept image, in the removed image's pose",
    "removed",
    images="ours",
)

ROWS: dict[str, Row] = {
    REAL_ONLY: Row("None", "the kept real images only"),
    "repeat": Row("None, repeated", "the kept real images, repeated to the size of the full set", repeat=True),
    "self": Row(
        "Self",
        "each removed image replaced by one generated from a kept image, in the kept image's own pose",
        "own",
        images="self",
    ),
    "ours": _OURS,
    "ours*": Row("Ours*", "as Ours, with poses of kept images only", "reduced", images="ours*"),
    UNSEEN: replace(
        _OURS,
        title="Unseen",
        meaning="as Ours, with a generator trained on other identities",
        generator=UNSEEN,
        images=UNSEEN,
    ),
    "reduced": replace(
        _OURS,
        title="Ours, M^R_p only",
        meaning="as Ours, with a generator trained on M^R_p alone",
        reduced=True,
        images="reduced",
    ),
    "ours-builtin": replace(
        _OURS,
        title="Ours, built-in",
        meaning="as Ours, with the built-in generator, which was trained on rendered pedestrians alone",
        generator=BUILTIN,
        images="ours-builtin",
    ),
    "ours-tuned-reduced": replace(
        _OURS,
        title="Ours, built-in tuned on M^R_p only",
        meaning="as Ours, with the built-in generator trained further on M^R_p alone",
        tuned=True,
        reduced=True,
        images="ours-tuned-reduced",
    ),
    "ours-identity": replace(
        _OURS,
        title="Ours, built-in tuned on M^R_p only, identity term",
        meaning="as Ours, with the built-in generator trained further on M^R_p alone, towards the identities that the "
        "re-ID model of None sees",
        tuned=True,
        reduced=True,
        identity=True,
        images="ours-identity",
    ),
    "ours-tuned": replace(
        _OURS,
        title="Ours, built-in tuned",
        meaning="as Ours, with the built-in generator trained further on all training images",
        tuned=True,
        images="ours-tuned",
    ),
    "canonical": Row(
        "Canonical", "as Ours*, in the 8 most typical poses of kept images", "canonical", images="ours-canonical"
    ),
    "rare": Row("Rare", "as Ours*, in rare poses of kept images more often", "rare", images="ours-rare"),
}
"""The rows without a number, by name."""
CONTROLS = ("self", "ours*", UNSEEN)
"""The rows without which Ours can be misread: new poses, poses of removed images, identities it has seen."""


def _filtered(share: float) -> Row:
    return replace(
        _OURS,
        title=f"Ours, filtered {100 * share:g} %",
        images=f"ours-filtered-{share:g}",
        filtered=share,
        meaning=f"as Ours, the worst {100 * share:g} % of the generated images replaced",
    )


def _smoothed(smoothing: float) -> Row:
    return replace(
        _OURS,
        title=f"Ours, smoothed {smoothing:g}",
        smoothing=smoothing,
        meaning=f"as Ours, labels of generated images smoothed by {smoothing:g}",
    )


def _weighted(weight: float) -> Row:
    if weight == 1:
        raise Misuse("⟨rows⟩ weighted:1: a generated image counts 1 in ours too; give another number")
    return replace(
        _OURS,
        title=f"Ours, weight {weight:g}",
        weight=weight,
        meaning=f"as Ours, a generated image counting {weight:g} in the loss",
    )


def _filled(count: float) -> Row:
    if count != int(count):
        raise Misuse(f"⟨rows⟩ filled:{count:g}: give a whole number of images per identity")
    return replace(
        _OURS,
        title=f"Filled to {count:g}",
        images=f"ours-k{count:g}",
        per_identity=int(count),
        meaning=f"every identity filled up to {count:g} images, in poses of removed images",
    )


@dataclass(frozen=True)
class Numbered:
    """A row with a number, `NAME:NUMBER`.

    Attributes:
        make: the row of a number.
        usual: the number where none is given.
        letter: what stands for the number in texts.
    """

    make: Callable[[float], Row]
    usual: float
    letter: str


NUMBERED = {
    "filtered": Numbered(_filtered, 0.2, "SHARE"),
    "smoothed": Numbered(_smoothed, 0.3, "S"),
    "weighted": Numbered(_weighted, 0.5, "W"),
    "filled": Numbered(_filled, 16.0, "N"),
}
"""The rows with a number, by name."""


def row_forms() -> str:
    """Every form that the name of a row can have, for help and messages."""
    named = ["ours-random (Ours*)" if name == "ours*" else name for name in ROWS]
    numbered = [f"{name}:{row.letter}" for name, row in NUMBERED.items()]
    return (
        f"{', '.join([*named, *numbered])}, NAME=FOLDER (ready-made images), the name of a generator, and ROW{SCENES} "
        "for each ROW that generates"
    )


def row_of(name: str) -> Row:
    """The row of a name.

    Args:
        name: one of ROWS, `NAME:NUMBER` of NUMBERED, `TITLE=FOLDER`, or a generator's name; behind each but a folder
            SCENES.

    Raises:
        AugmentError: for a number that cannot be, and scenes of a row for which nothing is generated.
    """
    if name.endswith(SCENES) and "=" not in name:
        return _in_scenes(name.removesuffix(SCENES))
    if row_name(name) in ROWS:
        return ROWS[row_name(name)]
    title, is_folder, folder = name.partition("=")
    if is_folder:
        return Row(title, "ready-made images", folder=folder)
    kind, given, number = name.partition(":")
    if kind in NUMBERED:
        row = NUMBERED[kind]
        try:
            return row.make(float(number) if given else row.usual)
        except ValueError:
            raise Misuse(f"⟨rows⟩ {name}: give a number after {kind}:, such as {kind}:{row.usual:g}") from None
    return replace(_OURS, title=name, meaning=f"as Ours, with the generator {name}", generator=name, images=name)


def _in_scenes(name: str) -> Row:
    """The row of a name with its generated people in scenes."""
    row = row_of(name)
    if row.scenes or not (row.generates or row.per_identity):
        raise Misuse(f"⟨rows⟩ {name}{SCENES}: nothing is generated for {name}; write it behind a row like ours")
    return replace(
        row,
        title=f"{row.title}, in scenes",
        meaning=f"{row.meaning}; each person before a kept image's background, in its camera's colours",
        images=f"{row.images}-scenes",
        scenes=True,
    )


def set_row(name: str) -> str:
    """The row whose generated set a row is trained on: rows that differ from Ours in training alone share its.

    Args:
        name: the row's.
    """
    shared = {row_of(ours).images: ours for ours in ("ours", f"ours{SCENES}")}
    return shared.get(row_of(name).images, name)


def row_title(name: str) -> str:
    """A row's title.

    Args:
        name: the row's.
    """
    return row_of(name).title


def row_order(name: str) -> tuple[int, str]:
    """What sorts rows as the table is read.

    Args:
        name: the row's.

    Returns:
        None first, the controls, Ours, what varies it, others by name.
    """
    known = [*ROWS, *NUMBERED]
    kind = name.removesuffix(SCENES)
    kind = kind if kind in ROWS else kind.partition(":")[0]
    return (known.index(kind) if kind in known else len(known), name)
