"""The ablations of Table 4: their rows, and what is asked for of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augment import AugmentError, Misuse
from patn.training.configuration import PRESETS, PatnTraining
from pipelines import paper

CONCAT = "one encoder reads image and poses; the paper does not say how they meet"


@dataclass(frozen=True)
class Row:
    """A row of Table 4.

    Attributes:
        title: in the paper's words.
        fields: of PatnTraining, which make it.
        note: what a reader has to know about it.
    """

    title: str
    fields: Mapping[str, Any]
    note: str = ""


def _resnet(blocks: int, fusion: str, note: str) -> Row:
    title = f"Resnet generator ({blocks} blocks{', two streams' if fusion == 'two_streams' else ''})"
    return Row(title, {"generator": "resnet", "blocks": blocks, "fusion": fusion}, note)


def _patn(what: str, note: str = "", **fields: Any) -> Row:
    return Row(f"PATN generator {what}", {"blocks": 9, **fields}, note)


_NO_RESIDUALS = {"d_blocks": 0, "d_head": "patch1"}
ROWS: dict[str, Row] = {
    **{f"resnet{blocks}": _resnet(blocks, "concat", CONCAT) for blocks in (5, 9, 13)},
    **{f"patn{blocks}": _patn(f"({blocks} blocks)", blocks=blocks) for blocks in (5, 9, 13)},
    "no-add": _patn("w/o add", add=False),
    "no-cat": _patn(
        "w/o cat", "the pose code stays half as wide, so about half of the weights are gone too", cat=False
    ),
    "no-resd": _patn("w/o resD", "the discriminators end in one more convolution, to one map", **_NO_RESIDUALS),
    **{
        f"resnet{blocks}-wide": _resnet(blocks, "two_streams", "ours: as many weights as PATN with these blocks")
        for blocks in (5, 9, 13)
    },
    "no-resd-literal": _patn(
        "w/o resD, literally",
        "ours: the discriminators end in a ReLU, so no probability is below one half",
        **{**_NO_RESIDUALS, "d_head": "maps"},
    ),
}


@dataclass(frozen=True)
class Table4:
    """What is trained and measured.

    Attributes:
        rows: by name, or `paper`, or `all`.
        preset: size and configuration of every row.
        steps: updates, None is the preset's.
        metrics: the paper's names, `all` is those of the paper's table.
        pairs: of test images, measured; None is the paper's number, or 400 with the small presets.
        seed: of training and of the pairs.
        perceptual: see `patn-train`.
        weights_dir: see `patn-train`.
        jobs: processes of the pose estimator.

    Raises:
        AugmentError: for an unknown row, preset or metric.
    """

    rows: tuple[str, ...] = ("paper",)
    preset: str = "market"
    steps: int | None = None
    metrics: tuple[str, ...] = ("all",)
    pairs: int | None = None
    seed: int = 0
    perceptual: str = "auto"
    weights_dir: Path | None = None
    jobs: int = 1

    def __post_init__(self) -> None:
        groups = {"paper": tuple(paper.TABLE4), "all": tuple(ROWS)}
        rows = [row for name in self.rows for row in groups.get(name, (name,))]
        object.__setattr__(self, "rows", tuple(dict.fromkeys(rows)))
        for row in self.rows:
            if row not in ROWS:
                raise Misuse(f"⟨rows⟩ {row}: no such row; choose from paper, all, {', '.join(ROWS)}")
        if self.preset not in PRESETS:
            raise AugmentError(f"⟨preset⟩ {self.preset}: no such preset; choose from {', '.join(PRESETS)}")
        known = {name.lower(): name for name in paper.TABLE4_METRICS[self.data]}
        for metric in self.metrics:
            if metric.lower() not in {"all", *known}:
                raise Misuse(f"⟨metrics⟩ {metric}: not in Table 4; choose from all, {', '.join(known.values())}")
        named = tuple(known.values()) if "all" in self.metrics else tuple(known[name.lower()] for name in self.metrics)
        object.__setattr__(self, "metrics", named)

    @property
    def data(self) -> str:
        """Whose figures of the paper stand beside ours: deepfashion's for that preset, else market's."""
        return paper.DEEPFASHION if self.preset == paper.DEEPFASHION else paper.MARKET

    @property
    def name(self) -> str:
        """The name of the table's files, and the end of its generators' names."""
        return f"{self.preset}-{self.steps or PRESETS[self.preset].steps}-s{self.seed}"

    def generator(self, row: str) -> str:
        """The name of a row's generator in the workspace: in a folder of their own below patn/.

        Args:
            row: a key of ROWS.
        """
        return f"table4/{row}-{self.name}"

    def training(self, row: str) -> PatnTraining:
        """The configuration of a row's training: the preset with that row's fields.

        Args:
            row: a key of ROWS.
        """
        training = PRESETS[self.preset]
        return replace(training if self.steps is None else training.of_steps(self.steps), **ROWS[row].fields)
