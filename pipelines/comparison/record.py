"""What the comparison of generators at equal time finds, as comparison.json holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from augment.results import Result, part, spread
from augment.runtime import Place


@dataclass(frozen=True)
class Machine(Result):
    """Where generators were trained.

    Attributes:
        processor: its name.
        cores: of the machine, None where the system does not tell.
        precision: of training, fp32 or bf16.
        place: device and threads.
        versions: of this tool and of what its results depend on.
    """

    processor: str
    cores: int | None
    precision: str
    place: Place = field(metadata=spread(Place))
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Identities(Result):
    """What a workspace holds.

    Attributes:
        seed: of the workspace.
        train_identities: how many.
        images: how many, by split.
    """

    seed: int
    train_identities: int
    images: Mapping[str, int]


@dataclass(frozen=True)
class Trained(Result):
    """A generator's training.

    Attributes:
        updates: how many.
        images: shown as targets.
        batch: pairs of an update.
        minutes: it really took.
        parameters: weights of the network.
        losses: the last ones.
        perceptual: the network of the perceptual term, in words.
        precision: fp32 or bf16.
        threads: of the process.
    """

    updates: int
    images: int
    batch: int
    minutes: float
    parameters: int
    losses: Mapping[str, float]
    perceptual: str
    precision: str
    threads: int


@dataclass(frozen=True)
class Speed(Result):
    """How fast a generator generates.

    Attributes:
        transfer_parameters: weights that a transfer uses.
        gflop: operations of an image.
        images_per_second: at the generator's own size.
    """

    transfer_parameters: int
    gflop: float
    images_per_second: float


@dataclass(frozen=True)
class Compared(Result):
    """A generator of the comparison; as JSON, training, figures and speed stand side by side.

    Attributes:
        name: of `patn.generators.GENERATORS`.
        training: how it went.
        figures: of its images of test identities, by metric.
        speed: of generating.
    """

    name: str
    training: Trained
    figures: Mapping[str, float]
    speed: Speed

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"name": self.name, **self.training.as_dict(), **self.figures, **self.speed.as_dict()}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """The value of a JSON object that `as_dict` made.

        Args:
            record: the object.
        """
        others = {"name", *(each.name for kind in (Trained, Speed) for each in fields(kind))}
        figures = {name: float(value) for name, value in record.items() if name not in others}
        return cls(str(record["name"]), Trained.of(record), figures, Speed.of(record))


@dataclass(frozen=True)
class ReidLine(Result):
    """A row of Table 5 in a setting, see `pipelines.table5.lines.Line`; None is a figure that one seed does not have.

    Attributes:
        row: by name.
        portion: the share p.
        ordinary: with random erasing + colour jitter.
        seeds: how many.
        mAP_mean: over seeds.
        mAP_std: their deviation.
        rank1_mean: over seeds.
        by_seed: mAP by seed.
        gains: mAP minus None's, one a seed that both have.
        gain_mean: of `gains`.
        gain_low: lower end of their mean's 95 % interval.
        gain_high: its upper end.
        updates: median over seeds.
    """

    row: str
    portion: float
    ordinary: bool
    seeds: int
    mAP_mean: float
    mAP_std: float | None
    rank1_mean: float
    by_seed: Mapping[str, float]
    gains: Sequence[float]
    gain_mean: float | None
    gain_low: float | None
    gain_high: float | None
    updates: float


@dataclass(frozen=True)
class Record(Result):
    """The comparison.

    Attributes:
        comparison: what was asked for, the fields of `pipelines.comparison.run.Comparison`.
        machine: that it ran on.
        people: identities and images.
        size: (height, width) in pixels at which images were measured.
        pairs: test pairs that were measured.
        generators: one each.
        others: figures of trivial and real images, by row and metric.
        missing: metrics that lack a file.
        notes: what a reader of the figures has to know, by metric.
        reid: a line a row and setting.
        remarks: what a person adds to the page.
    """

    comparison: Mapping[str, Any]
    machine: Machine = field(metadata=part(Machine))
    people: Identities = field(metadata=part(Identities))
    size: tuple[int, int]
    pairs: int
    generators: Sequence[Compared] = field(metadata=part(Compared))
    others: Mapping[str, Mapping[str, float]]
    missing: Sequence[str]
    notes: Mapping[str, str]
    reid: Sequence[ReidLine] = field(metadata=part(ReidLine))
    remarks: Sequence[str] | None = None
