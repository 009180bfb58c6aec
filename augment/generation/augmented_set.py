"""M^A_p as it was made: what a finished generated set holds, as a value and in words."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from augment.datasets.reduced_set import share_text
from augment.generation.plan import Sampling
from augment.plurals import counted
from augment.results import Result, spread
from augment.runtime import Place


@dataclass(frozen=True)
class Counts(Result):
    """What a generated set holds.

    Attributes:
        real: real images.
        generated: images in place of removed ones, or beyond.
        replaced_pose: those of them in another pose, since the removed image has none.
        copied: those that are copies of a real image, since none of the identity has a pose.
        dropped: removed images that were left out.
        filtered: images that the filter replaced by better ones; None without one.
        not_bettered: images among the worst that stayed; None without a filter.
    """

    real: int
    generated: int
    replaced_pose: int
    copied: int
    dropped: int
    filtered: int | None = None
    not_bettered: int | None = None

    @classmethod
    def count(cls, plan: pd.DataFrame, sampling: Sampling, *, kept: int, real: int) -> Counts:
        """The counts of a finished plan.

        Args:
            plan: the finished one.
            sampling: how it was made.
            kept: how many real images the set keeps.
            real: how many training images there are.
        """
        how = plan["how"].value_counts()
        replacing = sampling.ratio == 1 and sampling.per_identity is None
        judged = plan["judged"].value_counts() if "judged" in plan else None
        return cls(
            real=kept,
            generated=len(plan),
            replaced_pose=int(how.get("other pose", 0)),
            copied=int(how.get("copy", 0)),
            dropped=real - kept - len(plan) if replacing else 0,
            filtered=None if judged is None else int(judged.get("replaced", 0)),
            not_bettered=None if judged is None else int(judged.get("kept", 0)),
        )


@dataclass(frozen=True)
class AugmentedSet(Result):
    """M^A_p as it was made.

    Attributes:
        folder: of the set, in the workspace.
        place: where it was generated.
        portion: p.
        share: of the training images that M^R_p really keeps.
        generator: its file from the workspace, or builtin.
        contents: a fingerprint of what it holds for training.
        counts: of its images.
    """

    folder: str
    place: Place = field(metadata=spread(Place))
    portion: float
    share: float
    generator: str
    contents: str
    counts: Counts = field(metadata=spread(Counts))


def summary(result: AugmentedSet) -> str:
    """One paragraph for the terminal about a generated set.

    Args:
        result: as of `generate`.
    """
    counts = result.counts
    lines = [f"{result.folder}: {counts.real} real and {counted(counts.generated, 'generated image')}"]
    if said := share_text(result.portion, result.share):
        lines.append(said)
    if counts.replaced_pose:
        removed = counted(counts.replaced_pose, "removed image")
        lines.append(f"{removed} had no pose: another image's pose was taken")
    if counts.copied:
        lines.append(f"{counts.copied} could not be generated (no kept image with a pose): a real image was copied")
    if counts.filtered is not None:
        tried = counts.filtered + (counts.not_bettered or 0)
        again = f"{counts.filtered} replaced by better ones, the rest kept"
        lines.append(f"the {tried} worst were generated again: {again}")
    if counts.dropped:
        lines.append(
            counted(counts.dropped, "removed image without a pose was", "removed images without a pose were")
            + " left out"
        )
    return "\n".join(lines)
