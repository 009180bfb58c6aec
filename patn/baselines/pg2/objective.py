"""What one step of PG2's training does: the coarse network alone, later the refining one against a discriminator."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from numerics.seeds import Stream, random_stream
from patn.baselines.pg2.inputs import body_masks, mirror
from patn.baselines.pg2.networks import ImageDiscriminator, Pg2
from patn.baselines.pg2.training import Pg2Training
from patn.baselines.published import PublishedCount, weights_of
from patn.training.generator_objective import GeneratorObjective
from patn.training.losses import adversarial
from patn.training.updates import descend


class Pg2Objective(GeneratorObjective):
    """PG2's two networks, trained one after the other, and the discriminator (see `GeneratorObjective`).

    Every pair is shown mirrored with a probability of one half, both its images and poses. The discriminator scores
    single images: the target is real; the generated image and the condition image itself are not, so that copying it
    does not pay. All go through it in one batch.
    """

    training: Pg2Training

    def build(self) -> Mapping[str, nn.Module]:
        """The generator, and with an adversarial loss the discriminator."""
        training = self.training
        networks: dict[str, nn.Module] = {"generator": Pg2(**training.generator_options())}
        if training.lambda_gan > 0:
            size = (training.height, training.width_px)
            networks["d"] = ImageDiscriminator(size=size, width=training.d_width)
        return networks

    def learning(self) -> Mapping[str, nn.Module]:
        """Both halves of the generator apart."""
        generator = self._generator()
        others = {name: network for name, network in self.networks.items() if name != "generator"}
        return {"coarse": generator.coarse, "refine": generator.refine, **others}

    def batch(self, step: int) -> dict[str, Tensor]:
        """The pairs of a step, some mirrored, a function of (seed, step)."""
        rng = random_stream(self.seed, Stream.MIRRORED_PAIRS, step)
        chosen = torch.from_numpy(rng.random(self.training.batch) < 0.5)
        return mirror(super().batch(step), chosen.to(self.device))

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of the network whose turn it is, and in the second stage of the discriminator.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalars. "loss_g": the weighted loss of the network that learns; "l1": its image's mean absolute
            difference, the person counted twice; in the second stage "gan", and "d", the discriminator's.
        """
        self.set_rates(step)
        size = (self.training.height, self.training.width_px)
        weights = 1 + body_masks(batch["target_keypoints"], size, self.training.radius)
        if step < self.training.coarse_steps:
            with self.precision():
                coarse = self._generator().generate_coarse(batch["image"], batch["target_keypoints"])
            loss = weighted_l1(self._generator().padding.cut(coarse), batch["target"], weights)
            descend(self.optimizers["coarse"], loss)
            return {"loss_g": loss.detach(), "l1": loss.detach()}
        return self._refine(batch, weights)

    def _refine(self, batch: dict[str, Tensor], weights: Tensor) -> dict[str, Tensor]:
        training, generator = self.training, self._generator()
        with self.precision():
            with torch.no_grad():
                coarse = generator.generate_coarse(batch["image"], batch["target_keypoints"])
            fake = generator.padding.cut(generator.refined(coarse, batch["image"])).float()
        losses = {"l1": weighted_l1(fake, batch["target"], weights)}
        loss = training.lambda_l1 * losses["l1"]
        if "d" in self.networks:
            losses["gan"] = adversarial(self._scores(fake, batch, learn=False)[2], True)
            loss = loss + training.lambda_gan * losses["gan"]
        descend(self.optimizers["refine"], loss)
        if "d" in self.networks:
            real, condition, generated = self._scores(fake.detach(), batch, learn=True)
            fakes = adversarial(condition, False) + adversarial(generated, False)
            losses["d"] = adversarial(real, True) / 2 + fakes / 4
            descend(self.optimizers["d"], losses["d"])
        return {name: value.detach() for name, value in {"loss_g": loss, **losses}.items()}

    def _scores(self, fake: Tensor, batch: dict[str, Tensor], *, learn: bool) -> tuple[Tensor, ...]:
        """Of the target, the condition image and the generated one."""
        with self.precision():
            shown = torch.cat([batch["target"], batch["image"], fake])
            scores: tuple[Tensor, ...] = self.networks["d"].requires_grad_(learn)(shown).chunk(3)
            return scores

    def _generator(self) -> Pg2:
        generator = self.networks["generator"]
        assert isinstance(generator, Pg2)
        return generator


def weighted_l1(generated: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean of absolute differences times weights (PG2, eq. 2).

    Args:
        generated: B x 3 x H x W.
        target: B x 3 x H x W.
        weights: B x 1 x H x W.

    Returns:
        A scalar.
    """
    return ((generated.float() - target).abs() * weights).mean()


def as_released(generator: nn.Module, size: tuple[int, int]) -> PublishedCount:
    """What the paper counts: the whole checkpoint, the discriminator for images of `size` in it.

    Args:
        generator: PG2's.
        size: (height, width) in pixels.

    Returns:
        The count.
    """
    return PublishedCount(weights_of(generator), weights_of(ImageDiscriminator(size=size)), optimizer=True)
