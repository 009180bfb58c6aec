"""Open-ReID's choice of an epoch: against its own way of counting, and exactly resumed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from numerics.arrays import Array
from reid import DataError
from reid.evaluation.selection import Selection
from reid.training import PRESETS
from tests.reid.test_objective import objective, run, stripes

CAMERAS = torch.arange(40) % 3
BEST = replace(PRESETS["demo"], height=32, width=16, batch=8, epochs=4, model="best", learning_rate=0.02)


def allshots_top1(features: Array, labels: Array, cameras: Array) -> float:
    """Query by query: the share of an identity's other-camera images that are nearer than any other identity."""
    shares = []
    for query in range(len(labels)):
        distances = ((features - features[query]) ** 2).sum(1)
        match = (labels == labels[query]) & (cameras != cameras[query])
        if match.any():
            shares.append((distances[match] < distances[labels != labels[query]].min()).mean())
    return float(np.mean(shares))


def network(value: float) -> torch.nn.Linear:
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, value)
    return model


def test_the_score_is_the_top_1_of_the_allshots_curve() -> None:
    labels = torch.arange(5).repeat_interleave(8)
    selection = Selection(labels, CAMERAS, seed=0)
    assert len(selection.rows) == 40
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 4)).astype(np.float32) + 1.5 * labels.numpy()[:, None]
    selection.consider(network(1.0), torch.from_numpy(features), 1)
    expected = allshots_top1(features, labels.numpy(), CAMERAS.numpy())
    assert 0 < expected < 1
    assert selection.score == pytest.approx(expected)


def test_a_hundred_identities_are_sampled_by_the_seed() -> None:
    labels, cameras = torch.arange(120).repeat_interleave(2), torch.arange(240) % 2
    sampled = [Selection(labels, cameras, seed=seed).rows for seed in (0, 0, 1)]
    assert [len(rows) for rows in sampled] == [200] * 3
    assert torch.equal(sampled[0], sampled[1])
    assert not torch.equal(sampled[0], sampled[2])
    assert len(labels[sampled[0]].unique()) == 100


def test_the_better_epoch_wins_and_the_earlier_of_equals() -> None:
    labels, cameras = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    selection = Selection(labels, cameras, seed=0)
    assert selection.latest is None
    half, right, wrong = (torch.tensor(v)[:, None] for v in ([0.0, 1, 3, 1.6], [0.0, 1, 8, 9], [0.0, 8, 1, 9]))
    for epoch, features in enumerate((half, right, right, wrong), start=1):
        selection.consider(network(float(epoch)), features, epoch)
    assert (selection.epoch, selection.score, selection.latest) == (2, 1.0, 0.0)
    assert selection.best["weight"].item() == 2.0


def test_identities_of_one_camera_each_cannot_be_ranked() -> None:
    with pytest.raises(DataError, match="choose model last"):
        Selection(torch.tensor([0, 0, 1]), torch.tensor([1, 1, 2]), seed=0)
    with pytest.raises(DataError, match="camera of every training image"):
        objective(BEST)


def test_the_best_epochs_weights_are_tested() -> None:
    subject = objective(BEST, cameras=CAMERAS)
    scores, weights = [], []
    for epoch in range(4):
        validation = run(subject, 5 * epoch, 5 * epoch + 5)["validation"]
        scores.append(float(validation))
        weights.append({name: tensor.clone() for name, tensor in subject.model.state_dict().items()})
    chosen = subject.choose()
    best = int(np.argmax(scores))
    assert chosen
    assert chosen.epoch == best + 1
    assert chosen.score == pytest.approx(scores[best])
    assert all(torch.equal(tensor, weights[best][name]) for name, tensor in subject.model.state_dict().items())
    labels = stripes()[1]
    features = subject.validation_features().numpy()
    assert scores[best] == pytest.approx(allshots_top1(features, labels.numpy(), CAMERAS.numpy()))
    assert objective(replace(BEST, model="last")).choose() is None


def test_the_last_step_ends_an_epoch_that_is_not_whole() -> None:
    subject = objective(replace(BEST, updates=7), cameras=CAMERAS)
    assert "validation" not in run(subject, 0, 4)
    before = run(subject, 4, 6)["validation"]
    run(subject, 6, 7)
    assert subject.selection
    assert subject.selection.epoch in (1, 2)
    assert before == pytest.approx(subject.selection.score) or subject.selection.epoch == 2


@pytest.mark.parametrize("stop", [3, 5, 12])
def test_a_resumed_choice_is_that_of_an_unbroken_run(stop: int) -> None:
    unbroken, before, after = (objective(BEST, cameras=CAMERAS) for _ in range(3))
    expected = run(unbroken, 0, 20)
    run(before, 0, stop)
    after.model.load_state_dict(before.model.state_dict())
    after.optimizers["model"].load_state_dict(before.optimizers["model"].state_dict())
    after.load_extra_state({name: tensor.clone() for name, tensor in before.extra_state().items()})
    assert run(after, stop, 20) == expected
    chosen, wanted = after.choose(), unbroken.choose()
    assert chosen
    assert wanted
    assert chosen.epoch == wanted.epoch
    assert all(torch.equal(t, after.model.state_dict()[name]) for name, t in unbroken.model.state_dict().items())
