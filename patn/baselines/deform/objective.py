"""What one step of Deform's training does."""

import contextlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from patn.baselines.deform.networks import Deform, PatchDiscriminator
from patn.baselines.deform.training import DeformTraining
from patn.heatmaps import heat_maps
from patn.training.generator_objective import GeneratorObjective
from patn.training.losses import adversarial, l1
from patn.training.updates import descend

_FAR = 1e4  # a neighbour outside the image: never the nearest


class DeformObjective(GeneratorObjective):
    """Deform's generator and discriminator (see `GeneratorObjective`).

    The nearest-neighbour loss compares the first tapped layer of `perceptual` (VGG-19's conv1_2 as in the paper), or
    pixels without one.  Simplified: the VGG network's means are not exchanged between red and blue.
    """

    training: DeformTraining

    def build(self) -> Mapping[str, nn.Module]:
        """The generator, and with an adversarial loss the discriminator."""
        training = self.training
        networks: dict[str, nn.Module] = {"generator": Deform(**training.generator_options())}
        if training.lambda_gan > 0:
            networks["d"] = PatchDiscriminator(width=training.d_width, levels=training.d_levels, norm=training.norm)
        return networks

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of both networks.

        Args:
            batch: as `batch` returns it.
            step: from 0.

        Returns:
            Detached scalars. "loss_g": the generator's weighted loss; "l1", "nearest", "gan": its unweighted terms;
            "d": the discriminator's, the sum of its real and its fake part.
        """
        self.set_rates(step)
        with self.precision():
            fake = self.networks["generator"](batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        fake = fake.float()
        training, losses = self.training, {"l1": l1(fake, batch["target"])}
        loss = training.lambda_l1 * losses["l1"]
        if training.lambda_perceptual > 0:
            losses["nearest"] = self._nearest(fake, batch["target"])
            loss = loss + training.lambda_perceptual * losses["nearest"]
        if "d" in self.networks:
            losses["gan"] = adversarial(self._scores(fake, batch, learn=False), True)
            loss = loss + training.lambda_gan * losses["gan"]
        descend(self.optimizers["generator"], loss)
        if "d" in self.networks:
            losses["d"] = sum(
                adversarial(self._scores(image, batch, learn=True), real)
                for image, real in ((batch["target"], True), (fake.detach(), False))
            )  # type: ignore[assignment]
            descend(self.optimizers["d"], losses["d"])
        return {name: value.detach() for name, value in {"loss_g": loss, **losses}.items()}

    def _scores(self, candidate: Tensor, batch: dict[str, Tensor], *, learn: bool) -> Tensor:
        size = (self.training.height, self.training.width_px)
        poses = [heat_maps(batch[f"{side}_keypoints"], size, self.training.sigma) for side in ("image", "target")]
        shown = torch.cat([batch["image"], poses[0], candidate, poses[1]], dim=1)
        with self.precision():
            scores: Tensor = self.networks["d"].requires_grad_(learn)(shown)
            return scores

    def _nearest(self, fake: Tensor, target: Tensor) -> Tensor:
        if self.perceptual is None:
            return nearest_neighbour(fake, target, self.training.window)
        perceptual = self.perceptual
        with contextlib.nullcontext() if perceptual.full_precision else self.precision():
            with torch.no_grad():
                wanted = perceptual.first_features(target)
            generated = perceptual.first_features(fake)
        return nearest_neighbour(generated.float(), wanted.float(), self.training.window)


def nearest_neighbour(generated: Tensor, wanted: Tensor, window: int) -> Tensor:
    """How far each place of a feature map is from the nearest of another within a square around it.

    Args:
        generated: B x C x h x w features.
        wanted: as `generated`; places outside count as far away.
        window: side of the square in places, odd.

    Returns:
        A scalar: the mean over places and images of sums over channels of absolute differences.

    Source: Deform, eq. 5 as released.
    """
    border = window // 2
    around = functional.pad(wanted, (border, border, border, border), value=_FAR)
    height, width = generated.shape[-2:]
    nearest: Tensor | None = None
    for down in range(window):
        for right in range(window):
            shifted = around[..., down : down + height, right : right + width]
            distance = (generated - shifted).abs().sum(dim=1)  # B x h x w
            nearest = distance if nearest is None else torch.minimum(nearest, distance)
    assert nearest is not None
    return nearest.mean()
