"""How a re-ID model is trained: one frozen dataclass, and the presets that name every number."""

import math
from dataclasses import dataclass, replace

from reid import DataError
from reid.backbones import BACKBONES

CHOICES = {
    "optimizer": ("sgd", "adamw"),
    "schedule": ("decay", "one-cycle"),
    "crop": ("random-area", "pad", "none"),
    "feature": ("logits", "pooled"),
    "model": ("last", "best"),
}


@dataclass(frozen=True, kw_only=True)
class ReidTraining:
    """One training recipe; the defaults are Open-ReID's softmax recipe for one device.

    height, width: input in pixels.  ghost_batch: images over which batch norm takes its statistics, a divisor of
    `batch`; None is the whole batch.  epochs: passes over the training set.  updates: number of steps instead, the
    schedule being stretched to it.  learning_rate: of the head; the trunk has `trunk_factor` times that.
    decay_every: epochs between divisions by 10 (schedule "decay").  erasing: probability of a random rectangle.
    jitter: strength of the colour jitter in [0, 1).  feature: what is compared at test.  features: size of the
    embedding, 0 for none.  label_smoothing: of real images, in [0, 1).  generated_smoothing: of generated images, in
    [0, 1], None for that of real ones; 0.1 is CamStyle's and 1 LSRO's uniform distribution.  generated_weight: what a
    generated image's loss counts where a real one's counts 1.  model: which is tested, that of the last epoch or the
    best one by the validation identities (see `reid.selection`).
    """

    backbone: str = "resnet50"
    height: int = 256
    width: int = 128
    batch: int = 64
    ghost_batch: int | None = None
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
    label_smoothing: float = 0.0
    generated_smoothing: float | None = None
    generated_weight: float = 1.0
    features: int = 128
    dropout: float = 0.5
    crop: str = "random-area"
    flip: bool = True
    erasing: float = 0.0
    jitter: float = 0.0
    feature: str = "logits"
    model: str = "last"

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise DataError(f"there is no backbone {self.backbone!r}; choose one of {', '.join(BACKBONES)}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise DataError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}")
        for name, least in (("height", 16), ("width", 16), ("batch", 2), ("epochs", 1), ("decay_every", 1)):
            if getattr(self, name) < least:
                raise DataError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if self.ghost_batch is not None and (self.ghost_batch < 2 or self.batch % self.ghost_batch):
            raise DataError(f"ghost_batch is {self.ghost_batch}; it must divide batch {self.batch} and not be 1")
        if self.updates is not None and self.updates < 1:
            raise DataError(f"updates is {self.updates}; it must be at least 1, or None to count epochs")
        if self.learning_rate <= 0 or self.trunk_factor < 0 or self.weight_decay < 0 or self.features < 0:
            raise DataError("learning_rate must be positive, and trunk_factor, weight_decay and features not negative")
        for name, below in (("label_smoothing", 1), ("dropout", 1), ("jitter", 1), ("momentum", 1)):
            if not 0 <= getattr(self, name) < below:
                raise DataError(f"{name} is {getattr(self, name)}; it must be at least 0 and below {below}")
        for name in ("erasing", "generated_smoothing"):
            if not 0 <= (getattr(self, name) or 0) <= 1:
                raise DataError(f"{name} is {getattr(self, name)}; it must be between 0 and 1")
        if not 0 < self.generated_weight < math.inf:
            raise DataError(f"generated_weight is {self.generated_weight}; it must be above 0 and finite")

    @property
    def size(self) -> tuple[int, int]:
        """Input (height, width) in pixels."""
        return self.height, self.width


PRESETS: dict[str, ReidTraining] = {
    "open-reid": ReidTraining(),
    "open-reid-256": ReidTraining(batch=256, ghost_batch=64, learning_rate=0.1),
    "open-reid-standard": ReidTraining(batch=128, learning_rate=0.1, features=1024, feature="pooled"),
    "demo": ReidTraining(
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
    ),
}


def preset(name: str, backbone: str | None = None, *, pretrained: bool = True) -> ReidTraining:
    """A preset with the numbers that depend on the backbone filled in; None keeps the preset's own backbone.

    "open-reid": batch 64, learning rate 0.025, for one device (equals the batch-norm statistics of Open-ReID's four).
    "open-reid-256": Open-ReID's benchmark itself, 256 images a step in four parts of 64, learning rate 0.1.
    resnet50: 256 x 128, trunk at a tenth, 50 epochs, decay at 40.  inception: 144 x 56, one learning rate,
    70 epochs, decay at 60.  "open-reid-standard": as CamStyle has it, batch 128, 1024 features, pooled feature.
    "demo": 64 x 32 from scratch with any backbone, AdamW.
    pretrained: False says that resnet50 starts without ImageNet weights, so its trunk learns at the full rate.
    Source: Open-ReID, `examples/softmax_loss.py` and its benchmark commands.
    """
    if name not in PRESETS:
        raise DataError(f"there is no re-ID preset {name!r}; choose one of {', '.join(PRESETS)}")
    training = PRESETS[name]
    if backbone is not None and backbone not in BACKBONES:
        raise DataError(f"there is no backbone {backbone!r}; choose one of {', '.join(BACKBONES)}")
    if backbone is not None and name != "demo":
        height, width = BACKBONES[backbone].size
        training = replace(training, backbone=backbone, height=height, width=width)
    elif backbone is not None:
        training = replace(training, backbone=backbone)
    if name != "demo" and training.backbone != "resnet50":
        training = replace(training, epochs=70, decay_every=60, trunk_factor=1.0)
    return training if pretrained else replace(training, trunk_factor=1.0)


def ordinary(training: ReidTraining) -> ReidTraining:
    """The same recipe with ordinary augmentation: random erasing (probability 0.5), mild colour jitter (0.15)."""
    return replace(training, erasing=0.5, jitter=0.15)
