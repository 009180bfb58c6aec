"""What one step of VUNet's training does: an image is generated again from its own parts and its own shape."""

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from numerics.seeds import Stream, random_stream, stream_seed
from patn.baselines.published import PublishedCount, weights_of
from patn.baselines.vunet.layers import Residual, Up, starting
from patn.baselines.vunet.networks import Vunet
from patn.baselines.vunet.training import VunetTraining
from patn.training.generator_objective import GeneratorObjective
from patn.training.losses import l1
from patn.training.updates import descend

log = logging.getLogger(__name__)
COLLAPSED = 0.01
"""Nats of a latent map, mean over images, below which the map says nothing of the appearance."""
WATCHED_EVERY = 100
"""Steps: reading the figure waits for the device, so it is done where the loop logs, too."""
_START_BATCHES = 4
PIXELS = 127.5  # a difference of images in [-1, 1], in units of 0..255


class VunetObjective(GeneratorObjective):
    """VUNet's one network (see `GeneratorObjective`).

    No pairs are needed; images are sampled evenly from those that are in a pair, so that every generator has seen the
    same. The layers' gains and biases start from four batches. Simplified: no second round with Gram terms. Once the KL
    term has its full weight, a latent map of less than COLLAPSED nats is logged as a warning, once.
    """

    training: VunetTraining

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.warned = False
        self.shown = self.pairs.unique().cpu()
        self.poses = self.batches.keypoints.cpu()  # stick men are drawn there
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), starting(self.networks["generator"]):
            torch.manual_seed(stream_seed(self.seed, Stream.VUNET_START_NOISE))
            batches = [self._images(Stream.VUNET_START_BATCH, number) for number in range(_START_BATCHES)]
            joined = {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}
            self._generator().reconstruct(**joined)

    def build(self) -> Mapping[str, nn.Module]:
        """The generator."""
        return {"generator": Vunet(**self.training.generator_options())}

    def batch(self, step: int) -> dict[str, Tensor]:
        """Images with their key points and stick men, sampled with replacement, a function of (seed, step).

        Args:
            step: from 0.

        Returns:
            "image", B x 3 x H x W in [-1, 1], "keypoints" and "stick".
        """
        return self._images(Stream.IMAGE_BATCH, step)

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of the network.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalars. "loss_g": the weighted loss; "pixels": mean absolute difference in units of 0..255;
            "perceptual": mean over the tapped layers; "kl": summed over the latent maps, mean over images; "kl_weight".
        """
        self.set_rates(step)
        with self.precision():
            generated, means, priors = self._generator().reconstruct(**batch)
        training, generated = self.training, generated.float()
        nats = kl_divergences(means, priors)
        self._watch(nats, step)
        losses = {"pixels": PIXELS * l1(generated, batch["image"]), "kl": nats.sum()}
        weight = training.kl_weight(step)
        loss = training.lambda_l1 * losses["pixels"] + weight * losses["kl"]
        if self.perceptual is not None:
            with self.precision():
                losses["perceptual"] = self.perceptual(generated, batch["image"])
            loss = loss + training.lambda_perceptual * len(self.perceptual.stages) * losses["perceptual"]
        descend(self.optimizers["generator"], loss)
        losses = {"loss_g": loss, **losses, "kl_weight": torch.tensor(weight)}
        return {name: value.detach() for name, value in losses.items()}

    def _watch(self, nats: Tensor, step: int) -> None:
        """Warn of latent maps that carry nothing, when the KL term has had its full weight for some steps."""
        done, full = step + 1, self.training.kl_full * self.steps
        if self.warned or step < full or not (done % WATCHED_EVERY == 0 or done == self.steps):
            return
        values = nats.detach().tolist()
        if min(values) < COLLAPSED:
            self.warned = True
            log.warning(
                "KL collapse at step %d: the latent maps hold %s nats (coarsest first), so one of them says nothing of "
                "the appearance; train with a smaller lambda_kl or more steps",
                done,
                " and ".join(f"{value:.4f}" for value in values),
            )

    def _generator(self) -> Vunet:
        generator = self.networks["generator"]
        assert isinstance(generator, Vunet)
        return generator

    def _images(self, stream: Stream, step: int) -> dict[str, Tensor]:
        rng = random_stream(self.seed, stream, step)
        sampled = self.shown[torch.from_numpy(rng.integers(len(self.shown), size=self.training.batch))]
        stick = self._generator().stick_man(self.poses[sampled], self.batches.images.shape[-2:])
        places = sampled.to(self.device)
        return {
            "image": self.batches.normalised(places),
            "keypoints": self.batches.keypoints[places],
            "stick": stick.to(self.device),
        }


def kl_divergences(means: list[Tensor], priors: list[Tensor]) -> Tensor:
    """KL divergences of Gaussians of unit variance around two sets of means.

    Args:
        means: B x C x h x w of each latent map.
        priors: as `means`.

    Returns:
        One value a map, the mean over images, in nats.
    """
    terms = [
        (mean.float() - prior.float()).square().sum(dim=(1, 2, 3)).mean() / 2
        for mean, prior in zip(means, priors, strict=True)
    ]
    return torch.stack(terms)


def as_released(generator: nn.Module, _: tuple[int, int]) -> PublishedCount:
    """What the paper counts: the checkpoint of the released graph, with layers that nothing reaches."""
    assert isinstance(generator, Vunet)
    channels = 4 * generator.options["width"]
    unreached = (Residual(channels, 2 * channels), Up(channels, channels), Residual(channels, channels))
    weights = sum(map(weights_of, unreached))
    return PublishedCount(weights_of(generator) + weights, without_gradient=weights, optimizer=True)
