"""The re-ID training objective: which images a step sees, how they are changed, the loss and the update."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from numerics.seeds import Stream, stream_seed, torch_stream
from reid import DataError
from reid.data.sampling import Sampler
from reid.data.transforms import (
    colour_jitter,
    crop_resize,
    normalise,
    random_area_boxes,
    random_erasing,
    shifted_boxes,
    whole_boxes,
)
from reid.evaluation.selection import Selection
from reid.features import extract_features
from reid.losses import identity_loss, triplet_loss, weighted_mean
from reid.models.backbones import build_model
from reid.models.batchnorm import running_statistics
from reid.schedule import build_optimizer, learning_rate_factor
from reid.training import ReidTraining


class ReidObjective:
    """Softmax over identities, and a triplet loss if asked for; touches no file but the ImageNet weights.

    A pass is as many whole batches as the set holds, at least one, chosen by `reid.data.sampling`. `steps` is the
    configuration's `updates` if it has one, else epochs times the batches of a pass. Crop, flip, jitter and erasing
    follow from (seed, step).

    A batch larger than `ghost_batch` goes through the network in parts of that size, one after the other, each with its
    own batch-norm statistics; their gradients add up to one update, and the first part's statistics are kept.

    Args:
        training: the configuration.
        images: uint8 N x 3 x H x W of any one size.
        labels: int64 N in [0, classes).
        classes: identities that the model tells apart.
        seed: of weights, batches and changes to images.
        generated: bool N, True for images that the configuration's `generated_smoothing` and `generated_weight` are
            for; None says that all are real.
        cameras: int64 N, needed to select the best epoch only.
        device: where the network runs.
        autocast: dtype of the network's mixed precision or None for float32; the loss is always float32.
        weights: torchvision's resnet50 file or None.

    Raises:
        DataError: for labels or images that do not fit.
    """

    noise = Stream.REID_NOISE

    def __init__(
        self,
        training: ReidTraining,
        images: Tensor,
        labels: Tensor,
        *,
        classes: int,
        seed: int,
        generated: Tensor | None = None,
        cameras: Tensor | None = None,
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
        if training.triplet_margin is not None and len(labels.unique()) < 2:
            raise DataError("a triplet loss needs two identities, and there is one; leave triplet_margin out")
        self.sampler = Sampler(labels.numpy(), batch=training.batch, instances=training.instances, seed=seed)
        self.passes = self.sampler.passes
        self.steps = training.updates or training.epochs * self.passes
        if training.crop != "random-area" and tuple(images.shape[2:]) != training.size:
            images = torch.cat([_shrink(part, training.size) for part in images.split(256)])
        self.images, self.labels = images.to(self.device), labels.long().to(self.device)
        self.smoothing, self.weights = (row.to(self.device) for row in _emphasis(training, generated))
        self.selection = _selection(training, labels, cameras, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, Stream.REID_WEIGHTS))
            model = build_model(
                training.backbone,
                classes=classes,
                features=training.features,
                dropout=training.dropout,
                bnneck=training.bnneck,
                last_stride=training.last_stride,
                weights=weights,
            )
        self.model = model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.networks: dict[str, nn.Module] = {"model": self.model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {"model": build_optimizer(self.model, training)}

    def batch(self, step: int) -> dict[str, Tensor]:
        """The images of a step, changed at random, with what the loss needs.

        Args:
            step: from 0.

        Returns:
            "images" (float32 B x 3 x height x width, normalised), "labels", "smoothing" and "weights".
        """
        training = self.training
        generator = torch_stream(self.seed, Stream.IMAGE_CHANGES, step)
        index = torch.from_numpy(self.sampler.indices(step)).to(self.device)
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
        rows = {"labels": self.labels, "smoothing": self.smoothing, "weights": self.weights}
        return {"images": pixels, **{name: row[index] for name, row in rows.items()}}

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of the model.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            What `losses` gives, and "lr", the head's learning rate; from the end of the first pass on also
            "validation", top-1 of the last epoch, where the best one is selected.
        """
        optimizer = self.optimizers["model"]
        factor = learning_rate_factor(self.training, step, self.steps)
        for group in optimizer.param_groups:
            group["lr"] = factor * group["base_lr"]
        self.model.train()
        optimizer.zero_grad(set_to_none=True)
        size = self.training.ghost_batch or self.training.batch
        sums: dict[str, Tensor] = {}
        for number, tensors in enumerate(zip(*(tensor.split(size) for tensor in batch.values()), strict=True)):
            part = dict(zip(batch, tensors, strict=True))
            with running_statistics(self.model, updated=number == 0):
                losses = self.losses(part)
            share = part["weights"].sum() / batch["weights"].sum()
            (share * losses["loss"]).backward()
            sums = {name: sums.get(name, 0) + share * value.detach() for name, value in losses.items()}
        optimizer.step()
        if self.selection and ((step + 1) % self.passes == 0 or step + 1 == self.steps):
            self.selection.consider(self.model, self.validation_features(), -(-(step + 1) // self.passes))
        if self.selection and self.selection.latest is not None:
            sums["validation"] = torch.tensor(self.selection.latest)
        return {**sums, "lr": torch.tensor(factor * self.training.learning_rate)}

    def losses(self, part: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss of a batch or a part of one, and how often it is right; weighted means.

        Args:
            part: as `batch` returns it, or a part of that.

        Returns:
            "loss", with its graph, and "accuracy" in [0, 1]. With a triplet loss, which is mined in the part, "loss" is
            the sum of "identity" and "triplet".
        """
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            pooled = self.model.embed(part["images"])
            logits = self.model.classifier(self.model.head(pooled))
        logits, labels, weights = logits.float(), part["labels"], part["weights"]
        identity = identity_loss(logits, labels, part["smoothing"], weights)
        accuracy = weighted_mean((logits.detach().argmax(1) == labels).float(), weights)
        if self.training.triplet_margin is None:
            return {"loss": identity, "accuracy": accuracy}
        triplet = triplet_loss(pooled.float(), labels, weights, self.training.triplet_margin)
        return {"loss": identity + triplet, "identity": identity, "triplet": triplet, "accuracy": accuracy}

    def validation_features(self) -> Tensor:
        """The compared features of the validation identities' images, as the test extracts them."""
        assert self.selection is not None
        training, images = self.training, self.images[self.selection.rows.to(self.device)]
        return extract_features(
            self.model,
            images,
            size=training.size,
            feature=training.feature,
            distance=training.distance,
            device=self.device,
        )

    def choose(self) -> Selection | None:
        """Give the model the weights to be tested, after the last step.

        Returns:
            What selected them, or None where nothing did.
        """
        if self.selection is not None:
            self.model.load_state_dict(self.selection.best)
        return self.selection

    def extra_state(self) -> dict[str, Tensor]:
        """The best epoch so far where one is selected; else weights and optimiser are the whole state."""
        return self.selection.state() if self.selection else {}

    def load_extra_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `extra_state` gave."""
        if self.selection:
            self.selection.load_state(state)


def _emphasis(training: ReidTraining, generated: Tensor) -> tuple[Tensor, Tensor]:
    """Label smoothing and weight of each image."""
    smoothing = training.label_smoothing if training.generated_smoothing is None else training.generated_smoothing
    real = torch.ones(len(generated))
    return (
        torch.where(generated, smoothing, training.label_smoothing * real),
        torch.where(generated, training.generated_weight, real),
    )


def _selection(training: ReidTraining, labels: Tensor, cameras: Tensor | None, seed: int) -> Selection | None:
    """What selects the best epoch, None where the last is tested."""
    if training.model == "last":
        return None
    if cameras is None or cameras.shape != labels.shape:
        raise DataError("model is best, which needs the camera of every training image; give cameras, or model last")
    return Selection(labels, cameras, seed=seed)


def _shrink(images: Tensor, size: tuple[int, int]) -> Tensor:
    """uint8 images resized bilinearly, antialiased."""
    return functional.interpolate(images, size, mode="bilinear", antialias=True)
