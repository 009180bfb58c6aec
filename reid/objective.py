"""The re-ID training objective: which images a step sees, how they are changed, the loss and the update."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reid import DataError
from reid.backbones import ReidModel, build_model
from reid.losses import identity_loss
from reid.training import ReidTraining
from reid.transforms import (
    colour_jitter,
    crop_resize,
    normalise,
    random_area_boxes,
    random_erasing,
    shifted_boxes,
    whole_boxes,
)

ORDER, CHANGES = 1, 2  # the two uses of the seed


def learning_rate_factor(training: ReidTraining, step: int, steps: int) -> float:
    """What the learning rates are multiplied with at `step` of `steps`.

    "decay": 0.1^(epoch // decay_every), the epoch counted on the schedule's own scale, so that a number of updates
    stretches or shrinks it (Open-ReID).  "one-cycle": 0.04 up to 1 over the first 30 %, then down to 4e-6, both by
    a cosine (Smith and Topin 2018, as torch's OneCycleLR).
    """
    if training.schedule == "decay":
        return 0.1 ** (step * training.epochs // steps // training.decay_every)
    peak = max(0.3 * steps - 1, 1e-9)
    start, end, share = (0.04, 1.0, step / peak) if step <= peak else (1.0, 4e-6, (step - peak) / (steps - 1 - peak))
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


def build_optimizer(model: ReidModel, training: ReidTraining) -> torch.optim.Optimizer:
    """Two parameter groups: the trunk at `trunk_factor` times the learning rate, then embedding and classifier.

    Weight decay acts on everything, batch norms and biases too (Open-ReID).  Each group keeps its full learning rate
    as `base_lr`.
    """
    trunk = list(model.trunk.parameters())
    head = [*model.head.parameters(), *model.classifier.parameters()]
    rates = (training.learning_rate * training.trunk_factor, training.learning_rate)
    groups = [{"params": p, "lr": lr, "base_lr": lr} for p, lr in zip((trunk, head), rates, strict=True)]
    if training.optimizer == "adamw":
        return torch.optim.AdamW(groups, weight_decay=training.weight_decay, fused=True)
    return torch.optim.SGD(
        groups,
        momentum=training.momentum,
        nesterov=training.nesterov,
        weight_decay=training.weight_decay,
        fused=True,
    )


class ReidObjective:
    """Softmax over identities, one model, one optimiser; touches no file but the ImageNet weights.

    images: uint8 N x 3 x H x W of any one size.  labels: int64 N in [0, classes).  generated: bool N, True for images
    that the training's `generated_smoothing` and `generated_weight` are for; None says that all are real.  autocast:
    dtype of the network's mixed precision or None for float32; the loss is always float32.  weights: torchvision's
    resnet50 file or None.

    A pass is a shuffle without replacement from (seed, epoch) whose incomplete last batch is dropped; a set smaller
    than the batch gives one batch a pass, filled up with further shuffles.  `steps` is `updates` if the training has
    one, else epochs times the batches of a pass.  Crop, flip, jitter and erasing follow from (seed, step).
    Raises DataError for labels or images that do not fit.
    """

    def __init__(
        self,
        training: ReidTraining,
        images: Tensor,
        labels: Tensor,
        *,
        classes: int,
        seed: int,
        generated: Tensor | None = None,
        device: torch.device | str = "cpu",
        autocast: torch.dtype | None = None,
        weights: Path | None = None,
    ):
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 3 or len(images) != len(labels):
            raise DataError(
                f"{len(labels)} labels and images of shape {tuple(images.shape)} do not form a training set"
            )
        if len(labels) == 0 or int(labels.min()) < 0 or int(labels.max()) >= classes:
            raise DataError(f"the training set needs at least one image, and labels from 0 to {classes - 1}")
        generated = torch.zeros(len(labels), dtype=torch.bool) if generated is None else generated
        if generated.dtype != torch.bool or generated.shape != labels.shape:
            raise DataError(f"generated is {generated.dtype} of shape {tuple(generated.shape)}; give a bool a label")
        self.training, self.seed, self.device, self.autocast = training, seed, torch.device(device), autocast
        self.passes = max(1, len(images) // training.batch)
        self.steps = training.updates or training.epochs * self.passes
        if training.crop != "random-area" and tuple(images.shape[2:]) != training.size:
            images = torch.cat([_shrink(part, training.size) for part in images.split(256)])
        self.images, self.labels = images.to(self.device), labels.long().to(self.device)
        self.generated = generated.to(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = build_model(
                training.backbone,
                classes=classes,
                features=training.features,
                dropout=training.dropout,
                weights=weights,
            )
        self.model = model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.networks: dict[str, nn.Module] = {"model": self.model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {"model": build_optimizer(self.model, training)}

    def indices(self, step: int) -> np.ndarray:
        """Which images step `step` sees: `batch` indices into the training set."""
        epoch, position = divmod(step, self.passes)
        rng = np.random.default_rng((self.seed, ORDER, epoch))
        size, count = self.training.batch, len(self.images)
        order = np.concatenate([rng.permutation(count) for _ in range(-(-size // count))])
        return order[position * size : (position + 1) * size]

    def batch(self, step: int) -> dict[str, Tensor]:
        """The changed, normalised "images" (float32 B x 3 x height x width) of a step, "labels" and "generated"."""
        training = self.training
        generator = torch.Generator().manual_seed(
            int(np.random.default_rng((self.seed, CHANGES, step)).integers(2**62))
        )
        index = torch.from_numpy(self.indices(step)).to(self.device)
        images, count = self.images[index], len(index)
        size = (images.shape[2], images.shape[3])
        if training.crop == "random-area":
            boxes = random_area_boxes(count, size, generator)
        elif training.crop == "pad":
            boxes = shifted_boxes(count, size, generator)
        else:
            boxes = whole_boxes(count, size)
        flip = torch.rand(count, generator=generator) < (0.5 if training.flip else 0.0)
        pixels = crop_resize(images, boxes, training.size, flip)
        if training.jitter:
            pixels = colour_jitter(pixels, training.jitter, generator)
        pixels = normalise(pixels)
        if training.erasing:
            pixels = random_erasing(pixels, training.erasing, generator)
        pixels = pixels.to(memory_format=torch.channels_last)
        return {"images": pixels, "labels": self.labels[index], "generated": self.generated[index]}

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update; "loss" (weighted mean of the cross-entropy), "accuracy" in [0, 1] and "lr", the head's rate."""
        optimizer = self.optimizers["model"]
        factor = learning_rate_factor(self.training, step, self.steps)
        for group in optimizer.param_groups:
            group["lr"] = factor * group["base_lr"]
        self.model.train()
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            logits = self.model(batch["images"])
        logits = logits.float()
        loss = identity_loss(logits, batch["labels"], *self.emphasis(batch["generated"]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        accuracy = (logits.detach().argmax(1) == batch["labels"]).float().mean()
        return {"loss": loss.detach(), "accuracy": accuracy, "lr": torch.tensor(factor * self.training.learning_rate)}

    def emphasis(self, generated: Tensor) -> tuple[Tensor, Tensor]:
        """Label smoothing and weight of each image, from the batch's `generated`."""
        training, real = self.training, torch.ones(len(generated), device=generated.device)
        smoothing = training.label_smoothing if training.generated_smoothing is None else training.generated_smoothing
        return (
            torch.where(generated, smoothing, training.label_smoothing * real),
            torch.where(generated, training.generated_weight, real),
        )

    def extra_state(self) -> dict[str, Tensor]:
        """Nothing: weights and optimiser are the whole state."""
        return {}

    def load_extra_state(self, state: dict[str, Tensor]) -> None:
        """Takes what `extra_state` gave, which is nothing."""


def _shrink(images: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 images resized bilinearly, antialiased."""
    return functional.interpolate(images, size, mode="bilinear", antialias=True)
