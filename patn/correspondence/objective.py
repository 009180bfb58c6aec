"""What one step of a correspondence training does."""

from collections.abc import Mapping

from torch import Tensor, nn

from patn.correspondence.networks import Correspondence, CorrespondenceDiscriminator
from patn.correspondence.training import CorrespondenceTraining
from patn.training.generator_objective import GeneratorObjective
from patn.training.losses import adversarial, l1
from patn.training.updates import descend


class CorrespondenceObjective(GeneratorObjective):
    """The correspondence generator and its discriminator (see `GeneratorObjective`)."""

    training: CorrespondenceTraining

    def build(self) -> Mapping[str, nn.Module]:
        """The generator, and with an adversarial loss the discriminator."""
        training = self.training
        networks: dict[str, nn.Module] = {"generator": Correspondence(**training.generator_options())}
        if training.lambda_gan > 0:
            networks["d"] = CorrespondenceDiscriminator(width=training.d_width, sigma=training.sigma)
        return networks

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of both networks.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalars. "loss_g": the generator's weighted loss; "l1", "perceptual", "gan", "carried", "identity":
            its unweighted terms; "d": the discriminator's, the mean of its real and its fake part.
        """
        self.set_rates(step)
        with self.precision():
            fake, carried = self._generator().with_carried(
                batch["image"], batch["image_keypoints"], batch["target_keypoints"]
            )
        training = self.training
        losses = {"l1": l1(fake, batch["target"]), "carried": l1(carried, batch["target"])}
        loss = training.lambda_l1 * losses["l1"] + training.lambda_carried * losses["carried"]
        if self.perceptual is not None and training.lambda_perceptual > 0:
            with self.precision():
                losses["perceptual"] = self.perceptual(fake, batch["target"])
            loss = loss + training.lambda_perceptual * losses["perceptual"]
        losses |= self.identity_loss(fake, batch)
        if "identity" in losses:
            loss = loss + training.lambda_identity * losses["identity"]
        if "d" in self.networks:
            losses["gan"] = adversarial(self._scores(fake, batch, learn=False), True)
            loss = loss + training.lambda_gan * losses["gan"]
        descend(self.optimizers["generator"], loss)
        if "d" in self.networks:
            real = adversarial(self._scores(batch["target"], batch, learn=True), True)
            losses["d"] = (real + adversarial(self._scores(fake.detach(), batch, learn=True), False)) / 2
            descend(self.optimizers["d"], losses["d"])
        return {name: value.detach() for name, value in {"loss_g": loss, **losses}.items()}

    def _generator(self) -> Correspondence:
        generator = self.networks["generator"]
        assert isinstance(generator, Correspondence)
        return generator

    def _scores(self, candidate: Tensor, batch: dict[str, Tensor], *, learn: bool) -> Tensor:
        with self.precision():
            discriminator = self.networks["d"].requires_grad_(learn)
            scores: Tensor = discriminator(candidate, batch["image"], batch["target_keypoints"])
            return scores
