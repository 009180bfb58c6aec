"""What is measured on real images at each size: generators, and tables in the order in which they are worth it."""

from dataclasses import dataclass, replace

from augment.inference.generators import BUILTIN
from augment.training.initial import TUNING_RATE
from patn.generators import kind_of
from patn.training.generator_training import GeneratorTraining
from pipelines.demo.presets import BOTH
from pipelines.demo.presets import TOY as TOY_DEMO
from pipelines.table5.cells import Cell
from pipelines.table5.rows import SCENES
from pipelines.table5.run import Table5

PLAIN = (False,)
METRIC_MODEL = Cell("none", portion=1.0)
"""The cell whose model, trained on all real images, says whom a generated image shows."""


@dataclass(frozen=True)
class RealGenerator:
    """A generator that is trained on all training images.

    Attributes:
        name: in the workspace, and of its row.
        training: its configuration.
        start: the generator that it starts from, None for fresh weights.
    """

    name: str
    training: GeneratorTraining
    start: str | None = None


@dataclass(frozen=True)
class RealPreset:
    """A size of the measurement on real images.

    Attributes:
        generators: what is trained on all images; the first makes Ours, the others are rows of their names.
        tables: the cells, the most important first: a run that is stopped has those.
        pairs: how many test pairs a generator's images are measured on.
        pose_sample: on how many training images the pose estimator is compared with key points that were given.
    """

    generators: tuple[RealGenerator, ...]
    tables: tuple[Table5, ...]
    pairs: int = 500
    pose_sample: int = 1000

    @property
    def ours(self) -> str:
        """The generator of Ours."""
        return self.generators[0].name

    def cells(self) -> list[Cell]:
        """The distinct cells of all tables, in their order."""
        return list(dict.fromkeys(cell for table in self.tables for cell in table.cells()))


def _table(
    rows: tuple[str, ...],
    portion: float = 0.1,
    *,
    ordinary: tuple[bool, ...] = PLAIN,
    seeds: int = 3,
    backbone: str = "small",
) -> Table5:
    """A table at equal updates by the re-ID training `demo`."""
    return Table5((portion,), (backbone,), rows, seeds, lengths=("updates",), ordinary=ordinary, preset="demo")


def _epochs(portion: float) -> Table5:
    """None as the paper counts, which trains the fewer steps the fewer images there are."""
    return Table5((portion,), rows=("none",), lengths=("epochs",))


_CEILING = _table(("none",), 1.0, ordinary=BOTH, seeds=1)
_CONTROLS = ("repeat", "self", "ours*", "smoothed:0.3")

_PATN = RealGenerator("patn", kind_of("patn").preset("demo"))
_DEMO = kind_of("correspondence").preset("demo")
_LONG = RealGenerator("long", replace(_DEMO.of_steps(3_600), lr=_DEMO.lr * TUNING_RATE), BUILTIN)
"""The built-in generator trained on for three times the updates of `ours-tuned`: 18 core-minutes with bfloat16."""

_TUNED = "ours-tuned-reduced"
"""The tool's best generator for who has M^R_p alone: the built-in one, trained further on it."""
_BEST = f"{_TUNED}{SCENES}"
"""The tool's best row for who has M^R_p alone."""

REAL = RealPreset(
    generators=(_PATN,),
    tables=(_table(("none", _BEST, "ours"), ordinary=BOTH, seeds=1), _CEILING),
)
"""None, the built-in generator tuned on M^R_p, in scenes, PATN trained on all, at p = 0.1, and all real images; one
seed."""

MARKET = RealPreset(
    generators=(_PATN, _LONG),
    tables=(
        _table(("none", _BEST, "ours"), ordinary=BOTH),
        _CEILING,
        _table((_TUNED, f"self{SCENES}", f"ours{SCENES}"), ordinary=BOTH),
        _table((_LONG.name, f"{_LONG.name}{SCENES}"), ordinary=BOTH),
        _epochs(0.1),
        _table(("none", _BEST), 0.3, ordinary=BOTH),
        _table((f"ours-tuned{SCENES}", f"ours*{SCENES}")),
        _table(_CONTROLS),
        _table(("ours-tuned", "ours-builtin")),
        _table(("ours",), 0.3, ordinary=BOTH),
        _table(("reduced",), 0.3),
        _table(("none", _BEST), 0.5, ordinary=BOTH),
        _table(("none", _BEST, "ours"), backbone="osnet_x0_25"),
        _table(("filtered",)),
        _table(_CONTROLS, 0.3),
        _epochs(0.3),
        _table(("none",), 1.0, ordinary=BOTH),
        _table(("ours",), 0.5, ordinary=BOTH),
        _table(("reduced",), 0.5),
        _table(_CONTROLS, 0.5),
        _epochs(0.5),
        _table(("filtered",), 0.3),
        _table(("filtered",), 0.5),
    ),
    pairs=1000,
)
"""The grid of docs/results/market1501.md; Ours is by PATN, as on the demo's page."""

TOY = RealPreset(
    generators=(RealGenerator("patn", TOY_DEMO.generator),),
    tables=(
        _table(("none", "ours"), 0.4, ordinary=BOTH, seeds=1),
        _table(("none",), 1.0, seeds=1),
        _table(("reduced",), 0.4, seeds=1),
    ),
    pairs=8,
    pose_sample=2,
)

REAL_PRESETS: dict[str, RealPreset] = {"real": REAL, "market1501": MARKET, "toy": TOY}
