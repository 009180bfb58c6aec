"""What the demo runs at each size: identities, generator, cells.  Change these lists to change the demo."""

from dataclasses import dataclass, field, replace

from augment.inference.generators import BUILTIN
from augment.pedestrians import Pedestrians
from augment.training.initial import TUNING_RATE
from patn.correspondence.training import PRESETS as CORRESPONDENCES
from patn.training.configuration import PRESETS as GENERATORS
from patn.training.generator_training import GeneratorTraining
from pipelines.measurements.heldout import Heldout
from pipelines.table5.cells import Cell
from pipelines.table5.rows import SCENES
from pipelines.table5.run import Table5

BOTH = (False, True)
UNSEEN_FIRST_IDENTITY = 1000


@dataclass(frozen=True)
class DemoPreset:
    """A size of the demo.

    Attributes:
        pedestrians: the identities that are rendered.
        generator: its training.
        start: the generator that the training starts from, None for fresh weights.
        tables: the cells.
        unseen: whether the generator is also trained on as many other identities before the same cameras, for the row
            of that name.
        heldout: the measurement on identities that the generator never saw.
        pose_sample: how many rendered images the pose estimator looks at.
    """

    pedestrians: Pedestrians
    generator: GeneratorTraining
    tables: tuple[Table5, ...]
    start: str | None = None
    unseen: bool = False
    heldout: Heldout = field(default_factory=Heldout)
    pose_sample: int = 200

    @property
    def ours(self) -> str:
        """The generator of Ours, by name."""
        return self.generator.generator

    def cells(self) -> list[Cell]:
        """The distinct cells of all tables, in their order."""
        return list(dict.fromkeys(cell for table in self.tables for cell in table.cells()))


_CORRESPONDENCE = CORRESPONDENCES["demo"]

DEMO = DemoPreset(
    pedestrians=Pedestrians(),
    generator=replace(_CORRESPONDENCE.of_steps(300), lr=_CORRESPONDENCE.lr * TUNING_RATE),
    start=BUILTIN,
    tables=(
        Table5(rows=("none", "ours", f"ours{SCENES}"), lengths=("updates",), ordinary=BOTH, seeds=3),
        Table5(rows=("none",), lengths=("epochs",), seeds=3),
        Table5(rows=("ours*", "self"), lengths=("updates",), ordinary=BOTH, seeds=1),
        Table5(portions=(1.0,), rows=("none",), lengths=("updates",), ordinary=BOTH, seeds=1),
    ),
)

_STUDIED = ("none", "self", "ours", "ours*", "unseen", "filtered", "smoothed:0.3")

STUDY = DemoPreset(
    pedestrians=Pedestrians(images_per_identity=10, clutter=1.0),
    generator=GENERATORS["study"],
    tables=(
        Table5(portions=(0.1, 0.3, 0.5), rows=_STUDIED, ordinary=BOTH, seeds=3, preset="study"),
        Table5(portions=(0.3,), rows=("reduced",), ordinary=BOTH, seeds=3, lengths=("updates",), preset="study"),
        Table5(portions=(0.5,), rows=("reduced",), ordinary=BOTH, seeds=2, lengths=("updates",), preset="study"),
        Table5(portions=(1.0,), rows=("none",), lengths=("updates",), ordinary=BOTH, seeds=3, preset="study"),
        Table5(
            portions=(0.1, 0.3, 0.5), rows=("ours-tuned",), ordinary=BOTH, seeds=3, lengths=("updates",), preset="study"
        ),
        Table5(
            portions=(0.3, 0.5),
            rows=("ours-tuned-reduced",),
            ordinary=BOTH,
            seeds=3,
            lengths=("updates",),
            preset="study",
        ),
    ),
    unseen=True,
)
"""Ten images an identity before strong backgrounds, where half of them are too few.  At p = 0.1 one image of each is
left, hence no pair for a generator inside M^R_p.  PATN makes Ours; the built-in generator, trained further, has rows
of its own."""

TOY = DemoPreset(
    pedestrians=Pedestrians(
        train_identities=5, test_identities=4, images_per_identity=6, distractors=2, junk=2, queries_per_identity=1
    ),
    generator=replace(
        GENERATORS["demo"], steps=6, constant_steps=3, width=8, d_width=8, blocks=1, batch=4, lambda_perceptual=0.0
    ),
    tables=(
        Table5(portions=(0.4,), rows=("none", "ours", "unseen"), seeds=2),
        Table5(portions=(0.4,), rows=("none", "ours"), lengths=("updates",), ordinary=(True,), seeds=2),
        Table5(portions=(1.0,), rows=("none",), lengths=("updates",), seeds=1),
    ),
    unseen=True,
    heldout=Heldout(pairs=12, shown=3),
    pose_sample=4,
)

PRESETS: dict[str, DemoPreset] = {"demo": DEMO, "study": STUDY, "toy": TOY}
