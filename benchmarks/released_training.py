"""The released training step: G, then D_PP, then D_PB, with every network's gradients collected all the time."""

import random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam

from benchmarks.networks import VggFeatures, copy_state, digest, layout, released_discriminator, released_generator
from benchmarks.released_testing import joint_map
from numerics.seeds import Stream, stream_seed
from patn.generators import objective_of
from patn.models.patn import pose_maps
from patn.training.configuration import PatnTraining
from patn.training.generator_training import GeneratorTraining
from patn.training.losses import adversarial
from patn.training.objective import PatnObjective
from patn.training.perceptual import Perceptual

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def objective(training: GeneratorTraining, autocast: str | None = None, images: int = 64) -> Any:
    """This project's objective on random images and poses, with VGG-19's shapes as the perceptual network."""
    draw = torch.Generator().manual_seed(0)
    size = (training.height, training.width_px)
    pixels = torch.randint(256, (images, 3, *size), dtype=torch.uint8, generator=draw)
    keypoints = torch.rand(images, 18, 2, generator=draw) * torch.tensor(size)
    keypoints[torch.rand(images, 18, generator=draw) < 0.2] = -1
    torch.manual_seed(0)
    perceptual = Perceptual("vgg19 conv1_2 with random weights", [VggFeatures()])
    pairs = torch.randint(images, (200, 2), generator=draw)
    dtype = torch.bfloat16 if autocast == "bf16" else None
    return objective_of(training, pixels, keypoints, pairs, seed=0, autocast=dtype, perceptual=perceptual)


class ReleasedTraining:
    """The order of the released code, from the same initial weights and on the same batches as this project's.

    What it does and this project does not: the discriminators' and VGG's weights collect gradients while G learns,
    and the target's VGG features are computed with a graph.
    like_ours: the same arithmetic as here (channels_last, fused Adam, loss from logits) in that order, to compare bits;
    otherwise as released: NCHW, plain Adam, sigmoid and binary cross-entropy.
    Maps are ready in memory, as released ones are: the released program loads them in another process.
    """

    def __init__(self, *, training: PatnTraining, like_ours: bool = False) -> None:
        self.training, self.like_ours = training, like_ours
        self.data: PatnObjective = objective(training)
        ours = self.data.networks
        self.netG = released_generator(training.blocks, training.width, training.g_dropout)
        shape = (training.d_blocks, training.d_width, training.d_dropout)
        self.netD = {"d_pp": released_discriminator(6, *shape), "d_pb": released_discriminator(21, *shape)}
        self.vgg = VggFeatures()
        assert isinstance(self.data.perceptual, Perceptual)
        copy_state(self.data.perceptual.stages[0], self.vgg)
        copy_state(ours["generator"], self.netG)
        for name, network in self.netD.items():
            copy_state(ours[name], network)
        if like_ours:
            for network in (self.netG, self.vgg, *self.netD.values()):
                network.to(memory_format=torch.channels_last)
        rule: dict[str, Any] = {"lr": training.lr, "betas": training.betas, "fused": True if like_ours else None}
        self.optimizer_G = Adam(self.netG.parameters(), **rule)
        rule["lr"] *= training.lr_d_factor
        self.optimizer_D = {name: Adam(network.parameters(), **rule) for name, network in self.netD.items()}
        self.pools: dict[str, list[Tensor]] = {name: [] for name in self.netD}
        self.keypoints = self.data.batches.keypoints
        size = (training.height, training.width_px)
        if like_ours:
            self.maps = layout(pose_maps(self.keypoints, size, training.pose_maps, training.sigma), True)
        else:
            made = [joint_map(pose, size, training.sigma) for pose in self.keypoints.numpy()]
            self.maps = torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).contiguous()
        self.steps = 0

    def run(self) -> None:
        """One step."""
        torch.manual_seed(stream_seed(0, Stream.GENERATOR_NOISE, self.steps))
        batch = self.data.batch(self.steps)
        p1, p2 = layout(batch["image"], self.like_ours), layout(batch["target"], self.like_ours)
        bp1, bp2 = self._maps(batch["image_keypoints"]), self._maps(batch["target_keypoints"])
        fake = self.netG(p1, torch.cat([bp1, bp2], dim=1))

        self.optimizer_G.zero_grad()
        self._generator_loss(fake, p1, p2, bp2).backward()
        self.optimizer_G.step()
        for name, condition in (("d_pp", p1), ("d_pb", bp2)):
            self.optimizer_D[name].zero_grad()
            self._discriminator_loss(name, fake, p2, condition).backward()
            self.optimizer_D[name].step()
        self.steps += 1

    def result(self) -> str:
        """A hash of all networks."""
        return digest([self.netG, *(self.netD[name] for name in sorted(self.netD))])

    def _maps(self, keypoints: Tensor) -> Tensor:
        rows = [int((self.keypoints == pose).flatten(1).all(dim=1).nonzero()[0]) for pose in keypoints]
        return layout(self.maps[rows], self.like_ours)

    def _generator_loss(self, fake: Tensor, p1: Tensor, p2: Tensor, bp2: Tensor) -> Tensor:
        training = self.training
        shape = self._gan(self.netD["d_pb"](torch.cat([fake, bp2], dim=1)), True)
        appearance = self._gan(self.netD["d_pp"](torch.cat([fake, p1], dim=1)), True)
        pixels = nn.functional.l1_loss(fake, p2)
        features = self._features(fake)
        perceptual = nn.functional.l1_loss(features, self._features(p2).detach())
        weight = 2 * training.lambda_gan  # the release multiplies the mean
        gan = (shape * weight + appearance * weight) / 2
        return training.lambda_l1 * pixels + training.lambda_perceptual * perceptual + gan

    def _discriminator_loss(self, name: str, fake: Tensor, real: Tensor, condition: Tensor) -> Tensor:
        shown = self._from_pool(name, torch.cat([fake, condition], dim=1).detach())
        real_loss = self._gan(self.netD[name](torch.cat([real, condition], dim=1)), True)
        fake_loss = self._gan(self.netD[name](shown), False)
        return (real_loss + fake_loss) / 2 * (2 * self.training.lambda_gan)

    def _gan(self, scores: Tensor, real: bool) -> Tensor:
        if self.like_ours:
            return adversarial(scores, real)
        probabilities = scores.sigmoid()
        wanted = torch.ones_like(probabilities) if real else torch.zeros_like(probabilities)
        return nn.functional.binary_cross_entropy(probabilities, wanted)

    def _features(self, images: Tensor) -> Tensor:
        scaled = ((images + 1) / 2 - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
        features: Tensor = self.vgg(scaled)
        return features

    def _from_pool(self, name: str, images: Tensor) -> Tensor:
        pool, shown = self.pools[name], []
        for one in images:
            if len(pool) < self.training.pool:
                pool.append(one.clone())
                shown.append(one)
            elif random.random() > 0.5:
                place = random.randrange(len(pool))
                shown.append(pool[place].clone())
                pool[place] = one.clone()
            else:
                shown.append(one)
        return layout(torch.stack(shown), self.like_ours)


class OurTraining:
    """This project's step of any of its generators, on the same batches; precision "fp32" or "bf16" (autocast)."""

    def __init__(self, *, training: GeneratorTraining, precision: str = "fp32") -> None:
        from augment.runtime import Runtime

        Runtime().prepare()
        self.objective = objective(training, precision)
        self.steps = 0

    def run(self) -> None:
        """One step."""
        torch.manual_seed(stream_seed(0, Stream.GENERATOR_NOISE, self.steps))
        self.objective.step(self.objective.batch(self.steps), self.steps)
        self.steps += 1

    def result(self) -> str:
        """A hash of all networks."""
        discriminators = {name: network for name, network in self.objective.networks.items() if name != "generator"}
        return digest(
            [self.objective.networks["generator"], *(discriminators[name] for name in sorted(discriminators))]
        )
