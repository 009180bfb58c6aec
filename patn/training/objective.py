"""What one step of PATN's training does: the generator, then the two discriminators (order of the released code)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics.seeds import Stream, random_stream
from patn.models.discriminator import Discriminator
from patn.models.layers import initialise
from patn.models.patn import Patn, pose_maps
from patn.models.resnet import Resnet
from patn.models.segments import segment_boxes
from patn.models.skips import PatnSkips
from patn.training.configuration import PatnTraining
from patn.training.generator_objective import GeneratorObjective
from patn.training.losses import adversarial, l1
from patn.training.perceptual import Perceptual
from patn.training.pool import ImagePool
from patn.training.style import segment_style
from patn.training.updates import descend

_GENERATORS: dict[str, Callable[..., nn.Module]] = {"patn": Patn, "patn-skips": PatnSkips, "resnet": Resnet}


class PatnObjective(GeneratorObjective):
    """The generator and its two discriminators, which also see images of a pool (see `GeneratorObjective`)."""

    training: PatnTraining
    discriminators = ("d_pp", "d_pb")

    def __init__(self, training: PatnTraining, *arguments: Tensor, **settings: Any) -> None:
        super().__init__(training, *arguments, **settings)
        self.pools = {name: ImagePool(training.pool) for name in self.networks if name != "generator"}

    def build(self) -> Mapping[str, nn.Module]:
        """The generator, and with an adversarial loss the discriminators of appearance and of pose."""
        training = self.training
        networks: dict[str, nn.Module] = {"generator": _GENERATORS[training.generator](**training.generator_options())}
        if training.lambda_gan > 0:
            for name, channels in (("d_pp", 3 + 3), ("d_pb", 3 + 18)):
                networks[name] = _discriminator(training, channels)
        return networks

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of every network.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalars. "loss_g" is the generator's weighted loss; "l1", "perceptual", "style", "identity",
            "gan_pb", "gan_pp" are its unweighted terms; "d_pp", "d_pb" each discriminator's mean of its real and its
            fake loss, unweighted.
        """
        self.set_rates(step)
        with self.precision():
            fake = self.networks["generator"](batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        fake = fake.float()
        conditions = {}
        if self.pools:
            size = (self.training.height, self.training.width_px)
            maps = pose_maps(batch["target_keypoints"], size, self.training.pose_maps, self.training.sigma)
            conditions = {"d_pp": batch["image"], "d_pb": maps}
        losses = self._update_generator(fake, batch, conditions)
        for index, (name, condition) in enumerate(conditions.items()):
            rng = random_stream(self.seed, Stream.IMAGE_POOL, step, index)
            losses[name] = self._update_discriminator(name, fake.detach(), batch["target"], condition, rng)
        return losses

    def extra_state(self) -> dict[str, Tensor]:
        """What a checkpoint needs beyond weights, optimizers and step: the pools' images."""
        return {f"{name}.{key}": value for name, pool in self.pools.items() for key, value in pool.state().items()}

    def load_extra_state(self, state: dict[str, Tensor]) -> None:
        """Takes over what `extra_state` returned."""
        for name, pool in self.pools.items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            pool.load_state({key: value.to(self.device) for key, value in own.items()})

    def _update_generator(
        self, fake: Tensor, batch: dict[str, Tensor], conditions: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        training, target = self.training, batch["target"]
        losses = {}
        for name, term in (("d_pb", "gan_pb"), ("d_pp", "gan_pp")) if conditions else ():
            discriminator = self.networks[name].requires_grad_(False)
            with self.precision():
                scores = discriminator(torch.cat([fake, conditions[name]], dim=1))
            losses[term] = adversarial(scores, True, training.gan)
        losses["l1"] = l1(fake, target)
        loss = training.lambda_l1 * losses["l1"]
        if self.perceptual is not None:
            losses |= self._feature_losses(self.perceptual, fake, batch)
            loss = loss + training.lambda_perceptual * losses["perceptual"]
            if "style" in losses:
                loss = loss + training.lambda_style * losses["style"]
        losses |= self.identity_loss(fake, batch)
        if "identity" in losses:
            loss = loss + training.lambda_identity * losses["identity"]
        if conditions:
            loss = loss + training.lambda_gan * (losses["gan_pb"] + losses["gan_pp"])
        descend(self.optimizers["generator"], loss)
        return {name: value.detach() for name, value in {"loss_g": loss, **losses}.items()}

    def _feature_losses(self, network: Perceptual, fake: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The perceptual term and, where it has a weight, the style term of the same features."""
        with self.precision():
            distance, generated, wanted = network.compare(fake, batch["target"])
        if not self.training.lambda_style:
            return {"perceptual": distance}
        size = (self.training.height, self.training.width_px)
        boxes, there = segment_boxes(batch["target_keypoints"], size)
        return {"perceptual": distance, "style": segment_style(generated, wanted, boxes, there, size)}

    def _update_discriminator(
        self, name: str, fake: Tensor, target: Tensor, condition: Tensor, rng: np.random.Generator
    ) -> Tensor:
        pooled = self.pools[name].query(torch.cat([fake, condition], dim=1), rng)
        discriminator = self.networks[name].requires_grad_(True)
        with self.precision():  # two passes: batch norm sees real and fake separately
            real_scores = discriminator(torch.cat([target, condition], dim=1))
            fake_scores = discriminator(pooled)
        gan = self.training.gan
        loss = (adversarial(real_scores, True, gan) + adversarial(fake_scores, False, gan)) / 2
        descend(self.optimizers[name], 2 * self.training.lambda_gan * loss)
        return loss.detach()


def _discriminator(training: PatnTraining, channels: int) -> nn.Module:
    discriminator = Discriminator(in_channels=channels, **training.discriminator_options())
    if training.d_init:
        initialise(discriminator)
    return discriminator
