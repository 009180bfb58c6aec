"""What one step of PATN's training does: the generator, then the two discriminators (order of the released code)."""

import contextlib

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from patn import DataError
from patn.discriminator import Discriminator
from patn.generator import pose_maps
from patn.generators import build_generator
from patn.layers import initialise
from patn.losses import adversarial, l1
from patn.pool import ImagePool
from patn.training import PatnTraining

_BATCH_TAG = 1
_POOL_TAG = 2


class PatnObjective:
    """Networks, optimizers and the step of a PATN training run; it touches no file.

    images: N x 3 x H x W uint8 of the training's size.
    keypoints: N x 18 x 2 float32 as (y, x) in pixels, missing = -1.
    pairs: P x 2 long, indices into `images`: condition and target, two images of one person.
    seed: of weights, batches and pools; `step` also uses torch's global generator (dropout), which the caller seeds.
    autocast: the networks' precision (bfloat16) or None; losses are float32 always.
    perceptual: `perceptual(generated, target) -> scalar` (see `patn.perceptual`); None leaves that term out.
    Raises DataError for images of another size, or for no pairs.
    """

    def __init__(
        self,
        training: PatnTraining,
        images: Tensor,
        keypoints: Tensor,
        pairs: Tensor,
        *,
        seed: int,
        device: torch.device | str = "cpu",
        autocast: torch.dtype | None = None,
        perceptual: nn.Module | None = None,
    ) -> None:
        size = (training.height, training.width_px)
        if tuple(images.shape[-2:]) != size:
            raise DataError(
                f"images are {images.shape[-2]} x {images.shape[-1]}; this training is for {size[0]} x {size[1]}"
            )
        if len(pairs) == 0:
            raise DataError("there is no pair to train on; a person needs at least two images with key points")
        self.training = training
        self.steps = training.steps
        self.seed = seed
        self.device = torch.device(device)
        self.autocast = autocast
        self.images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        self.keypoints = keypoints.to(self.device, torch.float32)
        self.pairs = pairs.to(self.device)
        self.perceptual: nn.Module | None = None
        if perceptual is not None and training.lambda_perceptual > 0:
            self.perceptual = _placed(perceptual, self.device)
        self.networks: dict[str, nn.Module] = _networks(training, seed, self.device)
        self.optimizers: dict[str, Optimizer] = {
            name: Adam(network.parameters(), lr=training.lr, betas=training.betas, fused=True)
            for name, network in self.networks.items()
        }
        self.pools = {name: ImagePool(training.pool) for name in self.networks if name != "generator"}

    def batch(self, step: int) -> dict[str, Tensor]:
        """Pairs drawn uniformly with replacement, a function of (seed, step): images in [-1, 1] and key points."""
        rng = np.random.default_rng((self.seed, _BATCH_TAG, step))
        drawn = torch.from_numpy(rng.integers(len(self.pairs), size=self.training.batch)).to(self.device)
        source, target = self.pairs[drawn].unbind(1)
        return {
            "image": self._normalised(source),
            "image_keypoints": self.keypoints[source],
            "target": self._normalised(target),
            "target_keypoints": self.keypoints[target],
        }

    def step(self, batch: dict[str, Tensor], step: int) -> dict[str, Tensor]:
        """One update of every network; returns detached scalars.

        "loss_g" is the generator's weighted loss; "l1", "perceptual", "gan_pb", "gan_pp" are its unweighted terms;
        "d_pp", "d_pb" each discriminator's mean of its real and its fake loss, unweighted.
        """
        self._set_learning_rates(step)
        with self._precision():
            fake = self.networks["generator"](batch["image"], batch["image_keypoints"], batch["target_keypoints"])
        fake = fake.float()
        conditions = {}
        if self.pools:
            size = (self.training.height, self.training.width_px)
            maps = pose_maps(batch["target_keypoints"], size, self.training.pose_maps, self.training.sigma)
            conditions = {"d_pp": batch["image"], "d_pb": maps}
        losses = self._update_generator(fake, batch["target"], conditions)
        for index, (name, condition) in enumerate(conditions.items()):
            rng = np.random.default_rng((self.seed, _POOL_TAG, step, index))
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

    def _update_generator(self, fake: Tensor, target: Tensor, conditions: dict[str, Tensor]) -> dict[str, Tensor]:
        training = self.training
        losses = {}
        for name, term in (("d_pb", "gan_pb"), ("d_pp", "gan_pp")) if conditions else ():
            discriminator = self.networks[name].requires_grad_(False)
            with self._precision():
                scores = discriminator(torch.cat([fake, conditions[name]], dim=1))
            losses[term] = adversarial(scores, True, training.gan)
        losses["l1"] = l1(fake, target)
        loss = training.lambda_l1 * losses["l1"]
        if self.perceptual is not None:
            with self._precision():
                losses["perceptual"] = self.perceptual(fake, target)
            loss = loss + training.lambda_perceptual * losses["perceptual"]
        if conditions:
            loss = loss + training.lambda_gan * (losses["gan_pb"] + losses["gan_pp"]) / 2
        self._descend("generator", loss)
        return {name: value.detach() for name, value in {"loss_g": loss, **losses}.items()}

    def _update_discriminator(
        self, name: str, fake: Tensor, target: Tensor, condition: Tensor, rng: np.random.Generator
    ) -> Tensor:
        pooled = self.pools[name].query(torch.cat([fake, condition], dim=1), rng)
        discriminator = self.networks[name].requires_grad_(True)
        with self._precision():  # two passes: batch norm sees real and fake separately
            real_scores = discriminator(torch.cat([target, condition], dim=1))
            fake_scores = discriminator(pooled)
        gan = self.training.gan
        loss = (adversarial(real_scores, True, gan) + adversarial(fake_scores, False, gan)) / 2
        self._descend(name, self.training.lambda_gan * loss)
        return loss.detach()

    def _descend(self, name: str, loss: Tensor) -> None:
        self.optimizers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[name].step()

    def _set_learning_rates(self, step: int) -> None:
        rate = self.training.learning_rate(step)
        for name, optimizer in self.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] = rate if name == "generator" else rate * self.training.lr_d_factor

    def _normalised(self, indices: Tensor) -> Tensor:
        return self.images[indices].float().div_(127.5).sub_(1)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=self.autocast)


def _networks(training: PatnTraining, seed: int, device: torch.device) -> dict[str, nn.Module]:
    """Fresh networks, a function of `seed`; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = build_generator(training.generator, training.generator_options())
        networks: dict[str, nn.Module] = {"generator": generator}
        if training.lambda_gan > 0:
            for name, channels in (("d_pp", 3 + 3), ("d_pb", 3 + 18)):
                networks[name] = _discriminator(training, channels)
    return {name: _placed(network, device).train() for name, network in networks.items()}


def _placed(network: nn.Module, device: torch.device) -> nn.Module:
    return network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _discriminator(training: PatnTraining, channels: int) -> nn.Module:
    discriminator = Discriminator(in_channels=channels, **training.discriminator_options())
    if training.d_init:
        initialise(discriminator)
    return discriminator
