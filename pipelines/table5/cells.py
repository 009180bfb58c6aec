"""One cell of a table as plain data: what to keep, generate, train and measure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from augment import AugmentError, Misuse
from augment.training.reid_data import LENGTHS, UPDATES
from augment.workspace import REAL_ONLY, row_name, slug
from pipelines.table5.rows import row_of

PORTION_DIGITS = 4
QUIET_PRESETS = ("demo", "study", "open-reid")
"""Presets that a title leaves out."""


@dataclass(frozen=True)
class Block:
    """What the lines of one part of the table have in common; both lengths stand side by side in it.

    Attributes:
        backbone: as of `Cell`.
        preset: as of `Cell`.
        scratch: as of `Cell`.
        ordinary: as of `Cell`.
    """

    backbone: str
    preset: str
    scratch: bool
    ordinary: bool

    @property
    def training(self) -> str:
        """What is trained, for example `small from scratch, preset strong`."""
        backbone = f"{self.backbone} from scratch" if self.scratch else self.backbone
        return backbone if self.preset in QUIET_PRESETS else f"{backbone}, preset {self.preset}"

    @property
    def title(self) -> str:
        """For example `small, flip + crop`."""
        augmentation = "flip + crop + random erasing + colour jitter" if self.ordinary else "flip + crop"
        return f"{self.training}, {augmentation}"


BLOCK = [field.name for field in fields(Block)]


@dataclass(frozen=True)
class Cell:
    """A re-ID training of one row of Table 5.

    Attributes:
        row: its name, see `pipelines.table5.rows.row_of`.
        backbone: of `reid.models.backbones`.
        portion: p in (0, 1], the share of real images kept.
        ratio: the size of the augmented set in full sets.
        seed: drives split, plan and training.
        length: `epochs` (as the paper) or `updates` (every cell gets the updates of the full set).
        ordinary: adds random erasing + colour jitter.
        preset: names the re-ID training.
        scratch: leaves ImageNet weights out where the backbone would start from them.

    Raises:
        AugmentError: for a value out of range.
    """

    row: str
    backbone: str = "small"
    portion: float = 0.1
    ratio: int = 1
    seed: int = 0
    length: str = UPDATES
    ordinary: bool = False
    preset: str = "demo"
    scratch: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "row", row_name(self.row))
        object.__setattr__(self, "portion", float(self.portion))
        if not 0 < self.portion <= 1:
            raise Misuse(f"portion is {self.portion}; it must be above 0 and at most 1")
        if round(self.portion, PORTION_DIGITS) != self.portion:
            raise Misuse(f"portion is {self.portion}; give at most {PORTION_DIGITS} digits after the point")
        if self.length not in LENGTHS:
            raise Misuse(f"length is {self.length}; it must be one of {', '.join(LENGTHS)}")
        if self.ratio < 1 or (self.ratio > 1 and self.portion != 1):
            raise Misuse(f"ratio is {self.ratio} at portion {self.portion}; ratios above 1 exist at portion 1 only")
        if self.seed < 0:
            raise AugmentError(f"seed is {self.seed}; it must be 0 or more")

    @property
    def name(self) -> str:
        """The cell's folder name, one to one with its fields."""
        ratio = f"-x{self.ratio}" if self.ratio > 1 else ""
        augmentation = "ordinary" if self.ordinary else "plain"
        backbone = f"{self.backbone}-scratch" if self.scratch else self.backbone
        set_name = f"{slug(self.row.partition('=')[0])}-p{self.portion}{ratio}"
        return f"{backbone}-{self.preset}-{set_name}-{self.length}-{augmentation}-s{self.seed}"

    @property
    def block(self) -> Block:
        """The part of the table that it stands in."""
        return Block(self.backbone, self.preset, self.scratch, self.ordinary)

    @property
    def canonical(self) -> "Cell":
        """The cell whose training this one shares.

        A set as large as the full one gets the same number of updates under both lengths, so that only a reduced set
        without augmentation, ratios above 1 and sets of another size are trained twice.  At portion 1 and ratio 1 every
        row is None, but those whose sets have a size of their own.
        """
        own_size = row_of(self.row).own_size
        row = REAL_ONLY if self.portion == 1 and self.ratio == 1 and not own_size else self.row
        same = self.ratio == 1 and not own_size and (row != REAL_ONLY or self.portion == 1)
        return replace(self, row=row, length=UPDATES if same else self.length)

    def as_dict(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Cell":
        """The cell of `as_dict`.

        Args:
            values: the fields.

        Raises:
            AugmentError: for unknown or missing fields.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown or "row" not in values:
            raise AugmentError(f"a cell has no field {unknown[0]!r}" if unknown else "a cell needs a row")
        return cls(**values)
