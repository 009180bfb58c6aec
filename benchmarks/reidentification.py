"""Re-ID training steps, feature extraction and training batches: this project's and torchreid's way."""

import warnings

import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torchvision import transforms

from augment.images import load_images
from augment.runtime import Runtime
from benchmarks.networks import copy_state
from numerics.arrays import Array
from numerics.seeds import Stream, stream_seed
from reid.data.transforms import MEAN, STD, normalise
from reid.features import extract_features
from reid.models.backbones import ReidModel
from reid.models.inception import AverageBlock, MaximumBlock
from reid.objective import ReidObjective
from reid.training import ReidTraining

AUTOCAST = {"fp32": None, "bf16": torch.bfloat16}


def objective(training: ReidTraining, classes: int, precision: str = "fp32") -> ReidObjective:
    """This project's objective on random images of the network's size."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(256, (2 * training.batch, 3, *training.size), dtype=torch.uint8, generator=draw)
    labels = torch.randint(classes, (len(images),), generator=draw)
    return ReidObjective(training, images, labels, classes=classes, seed=0, autocast=AUTOCAST[precision])


class Branches(nn.Sequential):
    """Branches on one input, their channels side by side."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """B x C x H x W."""
        return torch.cat([branch(images) for branch in self], dim=1)


def peer(ours: ReidModel, training: ReidTraining) -> nn.Module:
    """The same layers and weights in NCHW: torchreid's class for ResNet-50, and Open-ReID's order for `inception`."""
    classes = ours.classifier.out_features
    if training.backbone != "resnet50":
        copy = ReidModel(**ours.options)
        network: nn.Module = copy
        trunk = copy.trunk
        for name, block in trunk.named_children():
            if isinstance(block, (AverageBlock, MaximumBlock)):
                setattr(trunk, name, Branches(*block.children()))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torchreid.reid.models.resnet import Bottleneck, ResNet
        network = ResNet(
            num_classes=classes,
            loss="softmax",
            block=Bottleneck,
            layers=[3, 4, 6, 3],
            last_stride=2,
            fc_dims=[training.features],
            dropout_p=training.dropout,
        )
    copy_state(ours, network)
    return network


class OurStep:
    """This project's step; losses: of all steps so far."""

    def __init__(self, *, training: ReidTraining, classes: int, precision: str) -> None:
        Runtime().prepare()
        self.objective = objective(training, classes, precision)
        self.batch = self.objective.batch(0)
        self.losses: list[float] = []

    def run(self) -> None:
        """One step, always on the same batch."""
        torch.manual_seed(stream_seed(0, Stream.REID_NOISE, len(self.losses)))
        self.losses.append(float(self.objective.step(self.batch, 0)["loss"]))

    def result(self) -> list[float]:
        """The losses."""
        return self.losses


class PeerStep:
    """torchreid's step from the same weights on the same batch: NCHW, plain SGD."""

    def __init__(self, *, training: ReidTraining, classes: int) -> None:
        ours = objective(training, classes)
        self.network = peer(ours.model, training).train()
        self.losses: list[float] = []
        self.batch = {name: value.contiguous() for name, value in ours.batch(0).items()}
        trunk = len(list(ours.model.trunk.parameters()))
        weights = list(self.network.parameters())
        groups = [
            {"params": part, "lr": group["lr"]}
            for part, group in zip(
                (weights[:trunk], weights[trunk:]), ours.optimizers["model"].param_groups, strict=True
            )
        ]
        self.optimizer = torch.optim.SGD(
            groups, momentum=training.momentum, nesterov=training.nesterov, weight_decay=training.weight_decay
        )

    def run(self) -> None:
        """One step, always on the same batch."""
        torch.manual_seed(stream_seed(0, Stream.REID_NOISE, len(self.losses)))
        loss = functional.cross_entropy(self.network(self.batch["images"]), self.batch["labels"])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())

    def result(self) -> list[float]:
        """The losses."""
        return self.losses


class OurFeatures:
    """This project's features of the training images, from uint8."""

    def __init__(self, *, training: ReidTraining, classes: int, precision: str) -> None:
        Runtime().prepare()
        ours = objective(training, classes)
        self.model, self.images = ours.model, ours.images
        self.size, self.batch, self.autocast = training.size, training.batch, AUTOCAST[precision]
        self.features = torch.empty(0)

    def run(self) -> None:
        """All images once."""
        self.features = extract_features(
            self.model, self.images, size=self.size, batch=self.batch, autocast=self.autocast
        )

    def result(self) -> Array:
        """The features."""
        return self.features.numpy()


class PeerFeatures:
    """torchreid's way with the same weights and images: NCHW, images normalised beforehand by its loader."""

    def __init__(self, *, training: ReidTraining, classes: int) -> None:
        ours = objective(training, classes)
        network = peer(ours.model, training).eval()
        self.network = network
        # in evaluation, torchreid's classes stop before the classifier
        self.classifier = None if isinstance(network, ReidModel) else network.get_submodule("classifier")
        self.batches = normalise(ours.images).split(training.batch)
        self.features = torch.empty(0)

    @torch.no_grad()
    def run(self) -> None:
        """All images once."""
        rows = [self.network(batch) for batch in self.batches]
        if self.classifier is not None:
            rows = [self.classifier(row) for row in rows]
        self.features = torch.cat(rows)

    def result(self) -> Array:
        """The features."""
        return self.features.numpy()


class OurBatches:
    """Training batches from images decoded once: crop, flip, normalise, a batch at a time."""

    def __init__(self, *, training: ReidTraining, paths: list[str], size: tuple[int, int]) -> None:
        Runtime().prepare()
        labels = torch.zeros(len(paths), dtype=torch.long)
        self.objective = ReidObjective(training, load_images(paths, size), labels, classes=1, seed=0)
        self.shape: tuple[int, ...] = ()

    def run(self) -> None:
        """One pass over the images."""
        for step in range(self.objective.passes):
            self.shape = tuple(self.objective.batch(step)["images"].shape)

    def result(self) -> tuple[int, ...]:
        """A batch's shape."""
        return self.shape


class PeerBatches:
    """The same crops, flips and normalisation by torchvision, each image decoded and changed by itself."""

    def __init__(self, *, training: ReidTraining, paths: list[str]) -> None:
        self.paths, self.batch = paths, training.batch
        self.change = transforms.Compose(
            [
                transforms.RandomResizedCrop(training.size, scale=(0.64, 1.0), ratio=(1 / 3, 1 / 2)),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )
        self.shape: tuple[int, ...] = ()

    def run(self) -> None:
        """One pass over the images."""
        order = torch.randperm(len(self.paths)).tolist()
        for start in range(0, len(order) - self.batch + 1, self.batch):
            images = [Image.open(self.paths[index]).convert("RGB") for index in order[start : start + self.batch]]
            self.shape = tuple(torch.stack([self.change(image) for image in images]).shape)

    def result(self) -> tuple[int, ...]:
        """A batch's shape."""
        return self.shape
