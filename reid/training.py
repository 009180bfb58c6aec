"""How a re-ID model is trained: one frozen dataclass, and the presets that name every number."""

import math
from dataclasses import dataclass, replace

from reid import DataError
from reid.models.backbones import backbone_of

CHOICES = {
    "optimizer": ("sgd", "adam", "adamw"),
    "schedule": ("decay", "one-cycle"),
    "crop": ("random-area", "pad", "none"),
    "feature": ("logits", "pooled", "neck"),
    "distance": ("euclidean", "cosine"),
    "model": ("last", "best"),
}

LEAST = {
    **{"height": 16, "width": 16, "batch": 2, "ghost_batch": 2, "instances": 2, "epochs": 1, "updates": 1},
    **{"decay_every": 1, "warmup": 0, "trunk_factor": 0, "weight_decay": 0, "features": 0, "triplet_margin": 0},
}
"""The least value of a number; None, where it can stand, is always right."""


@dataclass(frozen=True, kw_only=True)
class ReidTraining:
    """The configuration of one training run; the defaults are Open-ReID's softmax configuration for one device.

    Attributes:
        backbone: its name in `reid.models.backbones.BACKBONES`.
        height: of the input in pixels.
        width: of the input in pixels.
        batch: images a step.
        ghost_batch: images over which batch norm takes its statistics, a divisor of `batch`; None is the whole batch.
        instances: images an identity has in a batch (K of P x K); None shuffles images.
        epochs: passes over the training set.
        updates: number of steps instead, the schedule being stretched to it.
        optimizer: "sgd", "adam" or "adamw".
        learning_rate: of the head.
        trunk_factor: the trunk has that many times the head's rate.
        momentum: of SGD.
        nesterov: whether that momentum is Nesterov's.
        weight_decay: on all weights.
        schedule: "decay" or "one-cycle" (see `reid.schedule`).
        decay_every: epochs between divisions by 10 in schedule "decay".
        decay_at: or the epochs of these.
        warmup: epochs over which the rate rises in schedule "decay".
        label_smoothing: of real images, in [0, 1).
        generated_smoothing: of generated images, in [0, 1], None for that of real ones; 0.1 is CamStyle's and 1 LSRO's
            uniform distribution.
        generated_weight: what a generated image's loss counts where a real one's counts 1.
        triplet_margin: of a batch-hard triplet loss on the pooled feature, which needs `instances`; None has none.
        features: size of the embedding, 0 for none.
        bnneck: without embedding, classify after a batch norm that has no shift, without bias (BNNeck).
        last_stride: of resnet50, 1 or 2; None is the backbone's own.
        dropout: before the classifier, in [0, 1).
        crop: "random-area" (Open-ReID), "pad" or "none" (see `reid.data.transforms`).
        flip: mirror an image with probability one half.
        erasing: probability of a random rectangle.
        jitter: strength of the colour jitter in [0, 1).
        feature: what is compared in the test (see `reid.features`).
        distance: how, "euclidean" or "cosine".
        model: which is tested, that of the last epoch ("last") or the best one by the validation identities ("best",
            see `reid.evaluation.selection`).

    Raises:
        DataError: for a value that cannot be, or values that exclude each other, naming the field.
    """

    backbone: str = "resnet50"
    height: int = 256
    width: int = 128
    batch: int = 64
    ghost_batch: int | None = None
    instances: int | None = None
    epochs: int = 50
    updates: int | None = None
    optimizer: str = "sgd"
    learning_rate: float = 0.025
    trunk_factor: float = 0.1
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    schedule: str = "decay"
    decay_every: int = 40
    decay_at: tuple[int, ...] = ()
    warmup: int = 0
    label_smoothing: float = 0.0
    generated_smoothing: float | None = None
    generated_weight: float = 1.0
    triplet_margin: float | None = None
    features: int = 128
    bnneck: bool = False
    last_stride: int | None = None
    dropout: float = 0.5
    crop: str = "random-area"
    flip: bool = True
    erasing: float = 0.0
    jitter: float = 0.0
    feature: str = "logits"
    distance: str = "euclidean"
    model: str = "last"

    def __post_init__(self) -> None:
        self._check_size()
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise DataError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}")
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise DataError(f"{name} is {value}; it must be at least {least}")
        for name in ("label_smoothing", "dropout", "jitter", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1")
        for name in ("erasing", "generated_smoothing"):
            if not 0 <= (getattr(self, name) or 0) <= 1:
                raise DataError(f"{name} is {getattr(self, name)}; it must be between 0 and 1")
        for name in ("generated_weight", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise DataError(f"{name} is {getattr(self, name)}; it must be above 0 and finite")
        self._check_together()

    def _check_size(self) -> None:
        """Raises DataError for a backbone that there is not, and for images that it does not take."""
        backbone = backbone_of(self.backbone)
        (height, width), size = backbone.size, f"{self.height} x {self.width}"
        if backbone.fixed and self.size != backbone.size:
            raise DataError(
                f"{self.backbone} takes images of {height} x {width} alone, not of {size}; take another one"
            )
        if min(self.size) < backbone.least:
            raise DataError(
                f"{self.backbone} needs images of at least {backbone.least} x {backbone.least}, not of {size}; take "
                "another backbone or preset"
            )

    def _check_together(self) -> None:
        """Raises DataError for numbers that exclude each other."""
        for name, whole in (("ghost_batch", "batch"), ("instances", "batch"), ("instances", "ghost_batch")):
            part, total = getattr(self, name), getattr(self, whole)
            if part is not None and total is not None and total % part:
                raise DataError(f"{name} is {part}; it must divide {whole} {total}")
        if self.triplet_margin is not None and self.instances is None:
            raise DataError("triplet_margin needs several images of an identity in a batch; give instances")
        if self.bnneck and self.features:
            raise DataError(f"bnneck is the head itself; leave it out, or features {self.features}")
        if self.schedule != "decay" and (self.warmup or self.decay_at):
            raise DataError(f"warmup and decay_at are of schedule decay; leave them out with {self.schedule}")

    @property
    def size(self) -> tuple[int, int]:
        """Input (height, width) in pixels."""
        return self.height, self.width


_DEMO = ReidTraining(
    backbone="small",
    height=64,
    width=32,
    epochs=14,
    optimizer="adamw",
    learning_rate=5e-3,
    trunk_factor=1.0,
    weight_decay=0.05,
    schedule="one-cycle",
    label_smoothing=0.1,
    features=0,
    dropout=0.0,
    crop="pad",
    feature="pooled",
)

PRESETS: dict[str, ReidTraining] = {
    "open-reid": ReidTraining(),
    "open-reid-256": ReidTraining(batch=256, ghost_batch=64, learning_rate=0.1),
    "open-reid-standard": ReidTraining(batch=128, learning_rate=0.1, features=1024, feature="pooled"),
    "strong": ReidTraining(
        instances=4,
        epochs=120,
        optimizer="adam",
        learning_rate=3.5e-4,
        trunk_factor=1.0,
        decay_at=(40, 70),
        warmup=10,
        label_smoothing=0.1,
        triplet_margin=0.3,
        features=0,
        bnneck=True,
        last_stride=1,
        dropout=0.0,
        crop="pad",
        erasing=0.5,
        feature="neck",
        distance="cosine",
    ),
    "demo": _DEMO,
    "study": replace(_DEMO, epochs=24),
}


FROM_SCRATCH = ("demo", "study")
"""The presets that no ImageNet weights start."""
OPEN_REID = ("open-reid", "open-reid-256", "open-reid-standard")
"""The presets that train longer, at one rate, where no weight file can start the backbone."""


def preset(name: str, backbone: str | None = None, *, pretrained: bool = True) -> ReidTraining:
    """A preset with the numbers that depend on the backbone filled in.

    "open-reid": batch 64, learning rate 0.025, for one device (equals the batch-norm statistics of Open-ReID's four).
    "open-reid-256": Open-ReID's benchmark itself, 256 images a step in four parts of 64, learning rate 0.1. resnet50:
    256 x 128, trunk at a tenth, 50 epochs, decay at 40; torchreid's networks likewise. inception: 144 x 56, one
    learning rate, 70 epochs, decay at 60.
    "open-reid-standard": as CamStyle has it, batch 128, 1024 features, pooled feature. "strong": what is trained today,
    with any backbone at its own size; of the tricks only the last stride is resnet50's alone. 120 epochs, 16 x 4 images
    a step, learning rate 3.5e-4, ten times that for small, whose few weights start from scratch. "demo": 64 x 32 from
    scratch with any backbone, AdamW; "study": the same for 24 epochs, for sets of fewer images.

    Args:
        name: of the preset in `PRESETS`.
        backbone: None keeps the preset's own.
        pretrained: False says that the backbone starts without weights of others, so its trunk learns at the full rate.

    Returns:
        The configuration.

    Raises:
        DataError: for an unknown preset or backbone.

    Source: Open-ReID, `examples/softmax_loss.py` and its benchmark commands; Luo et al., "Bag of tricks and a strong
    baseline for deep person re-identification", 2019, without its centre loss.
    """
    if name not in PRESETS:
        raise DataError(f"there is no re-ID preset {name!r}; choose one of {', '.join(PRESETS)}")
    training = PRESETS[name]
    if backbone is not None:
        height, width = training.size if name in FROM_SCRATCH else backbone_of(backbone).size
        training = replace(training, backbone=backbone, height=height, width=width)
    network = backbone_of(training.backbone)
    if name in OPEN_REID and network.load is None:
        training = replace(training, epochs=70, decay_every=60, trunk_factor=1.0)
    if training.last_stride not in network.last_strides:
        training = replace(training, last_stride=None)
    if name == "strong" and network.few_weights:
        training = replace(training, learning_rate=3.5e-3)
    return training if pretrained else replace(training, trunk_factor=1.0)


def with_erasing_and_jitter(training: ReidTraining) -> ReidTraining:
    """The same configuration with random erasing (probability 0.5) and mild colour jitter (0.15).

    What it has more of stays, so that "strong", which erases already, gains the jitter.

    Args:
        training: any configuration.

    Returns:
        A new configuration.
    """
    return replace(training, erasing=max(training.erasing, 0.5), jitter=max(training.jitter, 0.15))
