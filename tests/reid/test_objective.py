"""Batches, losses, parameter groups, resuming and learning of the re-ID objective."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from reid import DataError
from reid.losses import identity_loss, triplet_loss
from reid.objective import ReidObjective
from reid.training import PRESETS, ReidTraining, preset

TINY = replace(PRESETS["demo"], height=32, width=16, batch=8, epochs=4, erasing=0.5, jitter=0.2)


def stripes(classes: int = 5, copies: int = 8, size: tuple[int, int] = (32, 16)) -> tuple[torch.Tensor, torch.Tensor]:
    """Noisy images whose upper and lower colours tell the class."""
    generator = torch.Generator().manual_seed(0)
    colours = torch.randint(0, 200, (classes, 3, 2, 1), generator=generator).float()
    labels = torch.arange(classes).repeat_interleave(copies)
    images = colours[labels].repeat_interleave(size[0] // 2, 2).expand(-1, -1, -1, size[1])
    return (images + 50 * torch.rand(images.shape, generator=generator)).to(torch.uint8), labels


def objective(training: ReidTraining = TINY, seed: int = 0, copies: int = 8, **options: Any) -> ReidObjective:
    images, labels = stripes(copies=copies)
    return ReidObjective(training, images, labels, classes=5, seed=seed, **options)


def run(subject: ReidObjective, first: int, last: int) -> dict[str, torch.Tensor]:
    for step in range(first, last):
        torch.manual_seed(step)
        losses = subject.step(subject.batch(step), step)
    return losses


def test_steps_are_whole_batches_times_epochs_unless_updates_are_given() -> None:
    assert objective().steps == 4 * 5
    assert objective(replace(TINY, batch=16)).steps == 4 * 2  # 40 images, the last 8 dropped
    assert objective(replace(TINY, batch=64)).steps == 4
    assert objective(replace(TINY, updates=7)).steps == 7


@pytest.mark.parametrize("crop", ["pad", "random-area", "none"])
def test_a_batch_depends_on_seed_and_step_alone(crop: str) -> None:
    training = replace(TINY, crop=crop)
    first, second, other = objective(training), objective(training), objective(training, seed=1)
    first.batch(0)
    torch.manual_seed(99)
    for name, tensor in first.batch(3).items():
        assert torch.equal(tensor, second.batch(3)[name])
    assert not torch.equal(first.batch(3)["images"], other.batch(3)["images"])
    assert not torch.equal(first.batch(3)["images"], first.batch(4)["images"])
    assert first.batch(3)["images"].shape == (8, 3, 32, 16)


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_random_state() -> None:
    torch.manual_seed(3)
    state = torch.random.get_rng_state()
    first, second, other = objective(), objective(), objective(seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    weights = [next(o.networks["model"].parameters()) for o in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_resuming_equals_an_unbroken_run() -> None:
    training = replace(TINY, features=8, dropout=0.5)
    unbroken, before, after = objective(training), objective(training), objective(training)
    expected = run(unbroken, 0, 4)
    run(before, 0, 2)
    after.networks["model"].load_state_dict(before.networks["model"].state_dict())
    after.optimizers["model"].load_state_dict(before.optimizers["model"].state_dict())
    after.load_extra_state(before.extra_state())
    found = run(after, 2, 4)
    assert found["loss"] == expected["loss"]
    for name, tensor in unbroken.networks["model"].state_dict().items():
        assert torch.equal(tensor, after.networks["model"].state_dict()[name]), name
    states = (o.optimizers["model"].state_dict()["state"] for o in (unbroken, after))
    for mine, other in zip(*(state.values() for state in states), strict=True):
        assert all(torch.equal(mine[name], other[name]) for name in mine)


def test_the_trunk_has_a_tenth_of_the_heads_rate_and_decay_is_everywhere() -> None:
    subject = objective(replace(ReidTraining(), backbone="small", height=32, width=16, batch=8, features=8))
    trunk, head = subject.optimizers["model"].param_groups
    model = subject.networks["model"]
    assert (trunk["lr"], head["lr"]) == pytest.approx((0.0025, 0.025))
    assert {id(p) for p in trunk["params"]} == {id(p) for p in model.get_submodule("trunk").parameters()}
    assert len(trunk["params"]) + len(head["params"]) == len(list(model.parameters()))
    assert all(group["weight_decay"] == 5e-4 and group["nesterov"] for group in (trunk, head))
    assert subject.step(subject.batch(0), 0)["lr"].item() == pytest.approx(0.025)


def test_a_small_network_learns_a_small_set_in_a_few_steps() -> None:
    subject = objective(replace(PRESETS["demo"], height=32, width=16, batch=20, updates=25))
    losses = run(subject, 0, subject.steps)
    assert losses["accuracy"] > 0.9
    assert losses["loss"] < 1.0


def expected_loss(
    subject: ReidObjective, batch: dict[str, torch.Tensor], smoothing: list[float], weights: list[float]
) -> torch.Tensor:
    """The loss by torch's own cross-entropy, one image at a time."""
    subject.model.train()
    with torch.no_grad():
        logits = subject.model(batch["images"]).split(1)
    losses = [
        weight * cross_entropy(row, label[None], label_smoothing=share)
        for row, label, share, weight in zip(logits, batch["labels"], smoothing, weights, strict=True)
    ]
    return torch.stack(losses).sum() / sum(weights)


def test_generated_images_have_their_own_smoothing_and_weight() -> None:
    generated = torch.arange(40) % 3 == 0
    training = replace(TINY, label_smoothing=0.05, generated_smoothing=0.3, generated_weight=0.5)
    subject = objective(training, generated=generated)
    batch = subject.batch(0)
    made = generated[torch.from_numpy(subject.sampler.indices(0))]
    assert 0 < made.sum() < len(made)
    assert torch.equal(batch["weights"] == 0.5, made)
    expected = expected_loss(
        subject, batch, [0.3 if is_made else 0.05 for is_made in made], [0.5 if is_made else 1.0 for is_made in made]
    )
    torch.testing.assert_close(subject.step(batch, 0)["loss"], expected)


def test_generated_images_are_smoothed_as_real_ones_unless_told_otherwise() -> None:
    everything, nothing = torch.ones(40, dtype=torch.bool), None
    losses = [run(objective(TINY, generated=generated), 0, 2)["loss"] for generated in (everything, nothing)]
    assert losses[0] == losses[1]
    hard = objective(replace(TINY, generated_smoothing=0.0), generated=everything)
    batch = hard.batch(0)
    expected = expected_loss(hard, batch, [0.0] * 8, [1.0] * 8)
    torch.testing.assert_close(hard.step(batch, 0)["loss"], expected)


STRONG = replace(preset("strong", "small"), height=32, width=16, batch=16, epochs=4, warmup=2, decay_at=(3,))


def test_the_triplet_loss_is_on_the_pooled_feature_of_identities_in_groups() -> None:
    generated = torch.arange(40) % 2 == 0
    subject = objective(replace(STRONG, generated_weight=0.5, generated_smoothing=0.0), generated=generated)
    batch = subject.batch(1)
    assert batch["labels"].view(4, 4).unique(dim=1).shape == (4, 1)
    subject.model.train()
    with torch.no_grad():
        pooled = subject.model.embed(batch["images"])
        expected = triplet_loss(pooled, batch["labels"], batch["weights"], 0.3)
        logits = subject.model.classifier(subject.model.head(pooled))
        identity = identity_loss(logits, batch["labels"], batch["smoothing"], batch["weights"])
    losses = subject.step(batch, 1)
    torch.testing.assert_close(losses["triplet"], expected)
    torch.testing.assert_close(losses["identity"], identity)
    torch.testing.assert_close(losses["loss"], identity + expected)
    assert losses["lr"].item() == pytest.approx(3.5e-3 / 2)


def test_the_strong_recipe_resumes_and_never_moves_the_necks_shift() -> None:
    unbroken, before, after = objective(STRONG), objective(STRONG), objective(STRONG)
    expected = run(unbroken, 0, 6)
    run(before, 0, 3)
    after.model.load_state_dict(before.model.state_dict())
    after.optimizers["model"].load_state_dict(before.optimizers["model"].state_dict())
    assert run(after, 3, 6) == expected
    neck = unbroken.model.head[0]
    assert not neck.bias.any()
    assert (neck.weight != 1).any()
    assert unbroken.model.classifier.bias is None


def test_the_strong_recipe_learns_with_ghost_batches_and_bfloat16() -> None:
    training = replace(STRONG, ghost_batch=8, updates=70, warmup=0, decay_at=(), erasing=0.0)
    losses = run(objective(training, autocast=torch.bfloat16), 0, 70)
    assert losses["accuracy"] > 0.8
    assert all(value.dtype == torch.float32 for value in losses.values())


def test_a_ghost_batch_has_its_own_statistics_and_all_parts_make_one_update() -> None:
    training = replace(
        TINY,
        ghost_batch=4,
        optimizer="sgd",
        momentum=0.0,
        nesterov=False,
        weight_decay=0.0,
        schedule="decay",
        learning_rate=0.1,
        trunk_factor=1.0,
    )
    subject, other = objective(training), objective(training)
    batch = subject.batch(0)
    losses = subject.step(batch, 0)
    other.model.train()
    gradients, expected = [], []
    for part in range(2):  # two models of their own, as on two GPUs
        other.model.zero_grad()
        images, labels = (batch[name][4 * part : 4 * part + 4] for name in ("images", "labels"))
        loss = cross_entropy(other.model(images), labels, label_smoothing=training.label_smoothing)
        loss.backward()
        expected.append(loss.detach())
        gradients.append([parameter.grad.clone() for parameter in other.model.parameters()])
        if part == 0:
            buffers = {name: buffer.clone() for name, buffer in other.model.named_buffers()}
    torch.testing.assert_close(losses["loss"], sum(expected) / 2)
    for name, buffer in subject.model.named_buffers():
        torch.testing.assert_close(buffer, buffers[name], msg=name)  # what the first part saw
    for mine, theirs, first, second in zip(
        subject.model.parameters(), other.model.parameters(), *gradients, strict=True
    ):
        torch.testing.assert_close(mine, theirs - 0.1 * (first + second) / 2, atol=1e-6, rtol=1e-4)


def test_a_ghost_batch_of_the_whole_batch_changes_nothing() -> None:
    plain, ghost = (run(objective(replace(TINY, ghost_batch=size)), 0, 3) for size in (None, 8))
    assert plain == ghost


def test_weights_count_over_the_whole_batch_and_not_a_ghost_batch_at_a_time() -> None:
    generated = torch.arange(40) < 20
    training = replace(TINY, generated_weight=0.25, ghost_batch=4)
    subject = objective(training, generated=generated)
    batches = [subject.batch(step) for step in range(subject.passes)]
    batch = next(each for each in batches if each["weights"][:4].sum() != each["weights"][4:].sum())
    with torch.no_grad():
        subject.model.train()
        logits = torch.cat([subject.model(part) for part in batch["images"].split(4)])
    each = cross_entropy(logits, batch["labels"], label_smoothing=0.1, reduction="none")
    expected = (each * batch["weights"]).sum() / batch["weights"].sum()
    torch.testing.assert_close(subject.step(batch, 0)["loss"], expected)


def test_bfloat16_keeps_the_loss_in_float32() -> None:
    losses = run(objective(autocast=torch.bfloat16), 0, 1)
    assert losses["loss"].dtype == torch.float32
    assert losses["loss"].isfinite()


def test_images_and_labels_that_do_not_fit_are_refused() -> None:
    images, labels = stripes()
    with pytest.raises(DataError, match="do not form a training set"):
        ReidObjective(TINY, images, labels[1:], classes=5, seed=0)
    with pytest.raises(DataError, match="generated is"):
        ReidObjective(TINY, images, labels, classes=5, seed=0, generated=torch.zeros(3, dtype=torch.bool))
    with pytest.raises(DataError, match="two identities"):
        ReidObjective(STRONG, images, torch.zeros_like(labels), classes=5, seed=0)
    with pytest.raises(DataError, match="labels from 0 to 3"):
        ReidObjective(TINY, images, labels, classes=4, seed=0)
