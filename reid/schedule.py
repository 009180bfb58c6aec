"""How the learning rate goes over a re-ID training, and the optimiser it is for.

The rate is a function of the step: torchreid's schedulers count epochs in a state of their own, which a checkpoint
would have to hold, and its optimisers have neither these groups nor torch's fused updates.
"""

import math

import torch

from reid.models.backbones import ReidModel
from reid.training import ReidTraining


def learning_rate_factor(training: ReidTraining, step: int, steps: int) -> float:
    """What the learning rates are multiplied with at a step.

    "decay": a tenth after every `decay_every` epochs (Open-ReID), or after each epoch of `decay_at` where that is
    given; times (epoch + 1) / warmup in the first `warmup` epochs (Luo et al. 2019). Epochs are counted from 0 on the
    schedule's own scale, so that a number of updates stretches or shrinks it. "one-cycle": 0.04 up to 1 over the first
    30 %, then down to 4e-6, both by a cosine (Smith and Topin 2018, as torch's OneCycleLR).

    Args:
        training: the configuration.
        step: from 0.
        steps: how many there are.

    Returns:
        The factor, above 0 and at most 1.
    """
    if training.schedule == "decay":
        epoch = step * training.epochs // steps
        falls = sum(epoch >= fall for fall in training.decay_at) if training.decay_at else epoch // training.decay_every
        return 0.1**falls * min(1.0, (epoch + 1) / max(training.warmup, 1))
    peak = max(0.3 * steps - 1, 1e-9)
    start, end, share = (0.04, 1.0, step / peak) if step <= peak else (1.0, 4e-6, (step - peak) / (steps - 1 - peak))
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


def build_optimizer(model: ReidModel, training: ReidTraining) -> torch.optim.Optimizer:
    """The configuration's optimiser with the trunk's weights in one group, the head's in another.

    The trunk learns at `trunk_factor` times the learning rate of embedding and classifier. Weight decay acts on
    everything, batch norms and biases too (Open-ReID). Each group keeps its full learning rate as `base_lr`.

    Args:
        model: whose weights learn.
        training: the configuration.

    Returns:
        The optimiser at the full rates.
    """
    trunk = list(model.trunk.parameters())
    head = [*model.head.parameters(), *model.classifier.parameters()]
    rates = (training.learning_rate * training.trunk_factor, training.learning_rate)
    groups = [{"params": p, "lr": lr, "base_lr": lr} for p, lr in zip((trunk, head), rates, strict=True)]
    if training.optimizer != "sgd":
        kind = torch.optim.AdamW if training.optimizer == "adamw" else torch.optim.Adam
        return kind(groups, weight_decay=training.weight_decay, fused=True)
    return torch.optim.SGD(
        groups,
        momentum=training.momentum,
        nesterov=training.nesterov,
        weight_decay=training.weight_decay,
        fused=True,
    )
