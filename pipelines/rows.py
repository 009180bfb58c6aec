"""The rows of Table 5: which image set each re-ID model is trained on."""

from dataclasses import dataclass

from augment import AugmentError
from augment.artefact import read_run
from augment.workspace import Workspace

UNSEEN = "unseen"


@dataclass(frozen=True)
class Row:
    """A row of Table 5: its title, what it is in one clause, whose poses the generator draws, and which generator.

    `target_poses` is an argument of `augment.generation.generate`, None for a row without generated images.
    `generator` names a generator of the workspace; None is the workspace's own one (see `own_generator`).
    `reduced`: it is drawn by a generator of that recipe which is trained for it on the pairs inside M^R_p only.
    """

    title: str
    meaning: str
    target_poses: str | None = None
    generator: str | None = None
    reduced: bool = False


ROWS: dict[str, Row] = {
    "none": Row("None", "the kept real images only"),
    "self": Row("Self", "each withheld image replaced by a kept one redrawn in its own pose", "own"),
    "ours": Row("Ours", "each withheld image replaced by a kept one redrawn in the withheld image's pose", "removed"),
    "ours*": Row("Ours*", "as Ours, with poses of kept images only", "reduced"),
    UNSEEN: Row("Unseen", "as Ours, with a generator trained on other identities", "removed", UNSEEN),
}


def row_of(name: str) -> Row:
    """The row of that name; raises AugmentError naming the known ones."""
    if name not in ROWS:
        raise AugmentError(f"--rows {name}: no such row; choose from {', '.join(ROWS)}")
    return ROWS[name]


def own_generator(workspace: Workspace) -> str:
    """The name of the workspace's only finished generator that is no row's own and saw all training images.

    Raises AugmentError where there is none or more than one.
    """
    taken = {row.generator for row in ROWS.values()}
    folder = workspace.root / "patn"
    runs = {path.name: read_run(path) for path in folder.glob("*") if path.is_dir()}
    found = sorted(
        name for name, run in runs.items() if run and run["options"].get("portion") is None and name not in taken
    )
    if not found:
        raise AugmentError(f"{folder}: no trained generator; run `augment patn-train`")
    if len(found) > 1:
        raise AugmentError(f"{folder}: holds {', '.join(found)}; say which with --generator NAME")
    return found[0]
