"""Learning rates over a training, against the published numbers and torch's own schedule."""

from dataclasses import replace

import pytest
import torch

from reid.schedule import learning_rate_factor
from reid.training import PRESETS, ReidTraining, preset

DEMO = PRESETS["demo"]


def test_open_reids_rate_falls_by_ten_at_epoch_40_and_stretches_with_updates() -> None:
    training = ReidTraining()
    rates = [learning_rate_factor(training, epoch * 202, 50 * 202) for epoch in (0, 39, 40, 49)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1])
    assert learning_rate_factor(training, 40 * 202 - 1, 50 * 202) == 1
    assert [learning_rate_factor(training, step, 100) for step in (79, 80)] == pytest.approx([1, 0.1])
    assert learning_rate_factor(preset("open-reid", "inception"), 60, 70) == pytest.approx(0.1)


def test_one_cycle_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=50, cycle_momentum=False)
    for step in range(50):
        assert learning_rate_factor(DEMO, step, 50) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-7)
        optimizer.step()
        if step < 49:
            schedule.step()
    assert all(0 < learning_rate_factor(DEMO, step, steps) <= 1 for steps in (1, 2, 3, 4) for step in range(steps))


def test_the_strong_rate_rises_for_ten_epochs_and_falls_at_40_and_70() -> None:
    training = preset("strong")
    rates = [training.learning_rate * learning_rate_factor(training, epoch * 202, 120 * 202) for epoch in range(120)]
    luo = [3.5e-5 * t if t <= 10 else 3.5e-4 if t <= 40 else 3.5e-5 if t <= 70 else 3.5e-6 for t in range(1, 121)]
    assert rates == pytest.approx(luo)


def test_a_number_of_updates_stretches_warm_up_and_decay() -> None:
    training = replace(preset("strong"), updates=240)
    steps = {0: 0.1, 1: 0.1, 2: 0.2, 20: 1.0, 79: 1.0, 80: 0.1, 139: 0.1, 140: 0.01, 239: 0.01}
    assert {step: learning_rate_factor(training, step, 240) for step in steps} == pytest.approx(steps)
