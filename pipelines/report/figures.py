"""The PATN paper's comparisons in pictures: all generators on the same test pairs, or on the worst by identity score.

Figs. 3 and 9 to 12 put methods side by side, Figs. 4 and 13 ablations; Fig. 15 shows where generators fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augment import AugmentError, Misuse
from augment.artefacts.files import write_csv
from augment.columns import aligned
from augment.datasets.dataset import Dataset
from augment.datasets.pairs import evaluation_pairs
from augment.evaluation.identity_metric import Embedding, IdentityMetric, full_model
from augment.inference.generator import BATCH
from augment.inference.pictures import PICTURES, write_picture
from augment.inference.plan_images import SplitGenerator
from augment.inference.sheets import sheet
from augment.plurals import counted
from augment.runtime import Runtime
from augment.workspace import Workspace
from numerics.arrays import Array
from pipelines.report.generators import Trained, trained
from pipelines.report.sidebyside import Shown, shown_pairs
from pipelines.report.tiles import Tiles

GROUPS = {"all": ("", "table1", "table4"), "methods": ("", "table1"), "ablations": ("table4",)}
"""Which generators a word stands for: those of no table, those that Table 1 and Table 4 trained."""
TILE = 256
"""Rows of pixels of an image on the sheet, at least."""
CANDIDATES = 400
SCORE, DIGITS = "mean identity score", 4


@dataclass(frozen=True)
class Figure:
    """Which pairs are shown by which generators.

    Attributes:
        generators: names of the workspace's, or words of GROUPS.
        pairs: how many, of as many identities as there are.
        worst: those of the lowest identity score, averaged over the generators, of `candidates` sampled test pairs.
        candidates: None is 400.
        reid_model: whose features give the score; None is the best model that was trained on all real images.
        seed: by which they are sampled.

    Raises:
        AugmentError: for options of the worst pairs without `worst`, and for fewer candidates than pairs.
    """

    generators: tuple[str, ...] = ("all",)
    pairs: int = 8
    worst: bool = False
    candidates: int | None = None
    reid_model: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.worst and (self.candidates or self.reid_model):
            raise Misuse("⟨candidates⟩ and ⟨reid_model⟩ choose the worst pairs; give ⟨worst⟩ too")
        if self.candidates is not None and self.candidates < self.pairs:
            raise Misuse(f"⟨candidates⟩ {self.candidates}: fewer than the {self.pairs} ⟨pairs⟩; ask for more")


@dataclass(frozen=True)
class Sheet:
    """A picture that was written.

    Attributes:
        file: the picture's.
        generators: titles by name.
        pairs: "from", "to", and for the worst ones their scores.
    """

    file: str
    generators: Mapping[str, str]
    pairs: Sequence[Mapping[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def make_figure(workspace: Workspace, figure: Figure, out: Path | None, runtime: Runtime) -> Sheet:
    """Write the sheet and its pairs as CSV beside it.

    A line a pair: condition image, target pose, target, then the image of each generator.

    Args:
        workspace: the workspace.
        figure: what is shown.
        out: the picture's file; None is one below tables/figures/.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        What was written.

    Raises:
        AugmentError: for missing generators, pairs or, for the worst, a re-ID model, and for another ending than a
            picture's.
    """
    path = out or workspace.table_dir("figures") / ("worst.png" if figure.worst else "pairs.png")
    if path.suffix.lower() not in PICTURES:
        raise Misuse(f"{path}: pictures end in {', '.join(PICTURES)}; give one of these")
    generators = chosen(workspace, figure.generators)
    pairs = worst_pairs(workspace, figure, generators, runtime) if figure.worst else _sampled(workspace, figure)
    data = Dataset.of(workspace)
    generated = [_generate(data, generator.checkpoint(workspace), pairs, runtime) for generator in generators]
    tiles, titles = Tiles(workspace, "gallery"), [generator.title for generator in generators]
    real = [tiles.pair(*names) for names in pairs[["from", "to"]].itertuples(index=False)]
    rows = [[*given.values(), *made] for given, *made in zip(real, *generated, strict=True)]
    picture = sheet(rows, [*real[0], *titles], least=TILE)
    write_picture(picture, path, f"sheet of generated images; generators {', '.join(titles)}; {len(pairs)} test pairs")
    write_csv(pairs, path.with_suffix(".csv"))
    names = {generator.name: generator.title for generator in generators}
    return Sheet(str(path), names, [dict(zip(pairs.columns, pair, strict=True)) for pair in pairs.to_numpy(object)])


def chosen(workspace: Workspace, names: Sequence[str]) -> list[Trained]:
    """The generators of those names and groups, in the order of `pipelines.report.generators.trained`.

    Args:
        workspace: the workspace.
        names: of generators, or words of GROUPS.

    Raises:
        AugmentError: for a name that no finished generator has, and where there is none.
    """
    there = trained(workspace)
    for name in names:
        if name not in GROUPS and name not in {generator.name for generator in there}:
            known = ", ".join([*GROUPS, *(generator.name for generator in there)])
            raise AugmentError(f"⟨generators⟩ {name}: no finished generator of that name; choose from {known}")
    tables = {table for name in names for table in GROUPS.get(name, ())}
    found = [generator for generator in there if generator.table in tables or generator.name in names]
    if not found:
        of = f" among {', '.join(names)}" if there else ""
        raise AugmentError(
            f"{workspace.root / 'patn'}: no finished generator{of}; run `augment patn-train`, "
            "`augment table1 --train paper` or `augment table4`"
        )
    return found


def _sampled(workspace: Workspace, figure: Figure) -> pd.DataFrame:
    """As many pairs as asked for, of one identity after another and again from the first; sorted by identity."""
    pairs = shown_pairs(workspace, Shown(identities=figure.pairs, each=figure.pairs, seed=figure.seed))
    turn = pairs.groupby("pid").cumcount().sort_values(kind="stable").index[: figure.pairs]
    return pairs.loc[sorted(turn), ["from", "to"]].reset_index(drop=True)


def worst_pairs(workspace: Workspace, figure: Figure, generators: Sequence[Trained], runtime: Runtime) -> pd.DataFrame:
    """The pairs whose generated images look least like their identity to a re-ID model, the worst first.

    Args:
        workspace: the workspace.
        figure: how many of how many candidates.
        generators: whose images are scored.
        runtime: device, threads and precision, and whether finished work is made again.

    Returns:
        Columns from, to, the identity score of each generator by its title, and their mean: the cosine between an
        image's features and the centre of its identity's real ones.
    """
    import torch

    data = Dataset.of(workspace)
    pairs = evaluation_pairs(data, figure.candidates or CANDIDATES, figure.seed)[["from", "to"]]
    runtime.prepare()
    model = full_model(workspace, figure.reid_model)
    metric = IdentityMetric(data, "gallery", Embedding.load(model, runtime.torch_device()))
    scores = {}
    for generator in generators:
        images = _generate(data, generator.checkpoint(workspace), pairs, runtime)
        found = metric.scores(torch.from_numpy(images).permute(0, 3, 1, 2), pairs["from"].tolist())
        scores[generator.title] = found.double().numpy().round(DIGITS)
    scored = pairs.assign(**scores, **{SCORE: np.mean(list(scores.values()), axis=0).round(DIGITS)})
    return scored.sort_values(SCORE, kind="stable", ignore_index=True)[: figure.pairs]


def _generate(data: Dataset, checkpoint: Path, pairs: pd.DataFrame, runtime: Runtime) -> Array:
    """A generator's images of the pairs, uint8 N x H x W x 3."""
    generate = SplitGenerator(data, checkpoint, runtime, split="gallery")
    parts = [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]
    return np.concatenate([generate(part["from"].tolist(), part["to"].tolist()) for part in parts])


def figure_text(made: Sheet) -> str:
    """The result for the terminal: the file, its columns, and the scores of the worst pairs.

    Args:
        made: as of `make_figure`.
    """
    columns = ", ".join(f"{title} ({name})" if title != name else name for name, title in made.generators.items())
    head = f"{made.file}: {counted(len(made.pairs), 'test pair')} by {columns}"
    scored = [pair for pair in made.pairs if SCORE in pair]
    if not scored:
        return head
    lines = [
        [SCORE, "condition", "target pose"],
        *([f"{pair[SCORE]:.3f}", pair["from"], pair["to"]] for pair in scored),
    ]
    return f"{head}\n{aligned(lines)}"
