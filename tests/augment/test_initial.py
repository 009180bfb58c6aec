"""Training that goes on from another generator's weights."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import augment
from augment.artefacts.artefact import fingerprint
from augment.runtime import Runtime
from augment.training.initial import InitialWeights, starting_training, write_discriminators
from patn.checkpoints import load_generator, read_metadata, save_generator
from patn.generators import GENERATORS, build_generator, kind_of
from tests.augment.interrupting import interrupt_after
from tests.conftest import invoke, run

TINY = ("--batch", "2", "--perceptual", "none")
STILL = ("--learning-rate", "1e-12", "--steps", "1")


def weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a file, without what batch norm counts."""
    return {name: value for name, value in load_file(path).items() if "running" not in name and "num_" not in name}


def test_a_training_without_a_rate_ends_where_it_started(people: Path, trained: Path) -> None:
    made = run(people, "patn-train", "--init", str(trained), *STILL, *TINY)
    assert made["initial"] == "patn"
    folder = people / made["folder"]
    before, after = weights(trained), weights(folder / "generator.safetensors")
    assert all(torch.allclose(after[name], before[name], atol=1e-6) for name in before)
    first, last = load_file(trained.with_name("last.safetensors")), load_file(folder / "last.safetensors")
    names = [name for name in first if name.startswith("network.d_p") and name.endswith("weight")]
    assert len(names) > 4
    assert all(torch.allclose(last[name], first[name], atol=1e-6) for name in names)  # discriminators go on, too
    record = json.loads((folder / "run.json").read_text())
    assert record["inputs"]["initial"] == fingerprint(trained)
    assert record["inputs"]["initial_discriminators"] == fingerprint(trained.with_name("last.safetensors"))


def test_discriminators_that_are_shipped_beside_a_generator_go_on(people: Path, trained: Path, builtin: Path) -> None:
    write_discriminators(trained.with_name("last.safetensors"), builtin)
    run(people, "patn-train", "--init", "builtin", *STILL, *TINY, "--name", "shipped")
    builtin.with_name("patn-64x32-discriminators.safetensors").unlink()
    run(people, "patn-train", "--init", "builtin", *STILL, *TINY, "--name", "anew")
    first, shipped, anew = (
        load_file(path / "last.safetensors")["network.d_pp.layers.1.weight"]
        for path in (trained.parent, people / "patn" / "shipped", people / "patn" / "anew")
    )
    assert torch.allclose(shipped, first, atol=1e-6)
    assert not torch.allclose(anew, first, atol=1e-3)


def test_without_a_preset_it_goes_on_with_its_recipe_at_half_the_rate(people: Path, trained: Path) -> None:
    recorded = read_metadata(trained).extra["training"]
    training = starting_training(None, None, InitialWeights(trained))
    assert training.as_dict() == {**{name: recorded[name] for name in training.as_dict()}, **expected(recorded)}
    assert starting_training("market", None, InitialWeights(trained)) == kind_of("patn").preset("market")
    assert starting_training(None, None, None) == kind_of("patn").preset("market")
    assert starting_training(None, "pg2", InitialWeights(trained)) == kind_of("pg2").preset("market")


def expected(recorded: dict[str, float]) -> dict[str, float]:
    """What differs from the recorded training: 1,200 updates, half of them at half the rate."""
    return {"steps": 1200, "constant_steps": 600, "lr": recorded["lr"] / 2}


def test_other_initial_weights_are_another_training(people: Path, trained: Path, builtin: Path) -> None:
    line = ("patn-train", "--steps", "2", *TINY)
    made = run(people, *line, "--init", "builtin")
    assert made["initial"] == "builtin"
    assert run(people, *line, "--init", str(builtin)) == made  # the same file
    other = kind_of("patn").preset("demo")
    save_generator(builtin, build_generator("patn", other.generator_options()), "patn", read_metadata(trained).extra)
    result = invoke(people, *line, "--init", "builtin")
    assert result.exit_code == 1
    assert "was made from other input: initial" in result.stderr
    assert "has changed since" in result.stderr
    assert "initial" in invoke(people, *line, "--preset", "demo").stderr  # without any


def test_a_broken_off_training_from_initial_weights_ends_with_the_bytes_of_an_unbroken_one(
    people: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("patn-train", "--init", str(trained), "--steps", "4", "--ema", "0.9", *TINY)
    run(people, *line, "--name", "whole")
    interrupt_after(monkeypatch, 2)
    assert invoke(people, *line, "--name", "halves").exit_code == 130
    monkeypatch.undo()
    assert not (people / "patn" / "halves" / "generator.safetensors").exists()
    run(people, *line, "--name", "halves")
    files = [people / "patn" / name / "generator.safetensors" for name in ("whole", "halves")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("kind", sorted(GENERATORS))
def test_every_kind_starts_from_its_own(kind: str, people: Path, tmp_path: Path) -> None:
    training = kind_of(kind).preset("demo")
    path = tmp_path / f"{kind}.safetensors"
    save_generator(path, build_generator(kind, training.generator_options()), kind, {"size": [64, 32]})
    line = ("patn-train", "--preset", "demo", "--init", str(path), "--name", "on", *STILL, *TINY)
    run(people, *line)
    before, after = weights(path), weights(people / "patn" / "on" / "generator.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.allclose(after[name], before[name], atol=1e-6) for name in before)


def test_a_generator_goes_on_at_twice_its_size_and_says_so(
    people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, sizes = tmp_path / "small.safetensors", ([64, 32], [128, 64])
    small = build_generator("correspondence", kind_of("correspondence").preset("demo").generator_options())
    save_generator(path, small, "correspondence", {"size": sizes[0]})
    with caplog.at_level("INFO"):
        InitialWeights(path).require_fit(kind_of("correspondence").preset("market"), people)
    assert "was trained on images of 64 x 32 pixels; it goes on at 128 x 64." in caplog.text
    line = ("patn-train", "--generator", "correspondence", "--preset", "demo", "--size", "128", "64", *STILL, *TINY)
    run(people, *line, "--init", str(path), "--name", "large")
    large = people / "patn" / "large" / "generator.safetensors"
    assert read_metadata(large).extra["size"] == sizes[1]
    before, after = weights(path), weights(large)
    assert all(torch.allclose(after[name], before[name], atol=1e-6) for name in before)
    assert [read_metadata(file).options["sigma"] for file in (path, large)] == [3.0, 6.0]


def test_the_recipe_of_the_other_generator_takes_another_size(people: Path, builtin: Path) -> None:
    made = run(people, "patn-train", "--init", "builtin", "--size", "32", "16", *STILL, *TINY)
    about = read_metadata(people / made["folder"] / "generator.safetensors")
    recorded = read_metadata(builtin).extra["training"]
    assert about.extra["size"] == [32, 16]
    assert (about.extra["training"]["sigma"], recorded["sigma"]) == (1.5, 3.0)
    assert about.extra["training"]["blocks"] == recorded["blocks"]


def test_a_network_whose_weights_depend_on_the_size_keeps_it(people: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    options = {**kind_of("pg2").preset("market").generator_options(), "height": 64, "width_px": 32}
    save_generator(path, build_generator("pg2", options), "pg2", {"size": [64, 32]})
    result = invoke(people, "patn-train", "--generator", "pg2", "--preset", "market", "--init", str(path))
    assert result.exit_code == 1
    assert "has height 64, and 128 is to be trained" in result.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--generator", "resnet", "--preset", "demo"), "is a generator of kind patn, and resnet is to be trained"),
        (("--preset", "market"), "has blocks 4, and 9 is to be trained"),
        (("--preset", "study"), "has width 16, and 24 is to be trained"),
        (("--blocks", "3"), "has blocks 4, and 3 is to be trained"),
    ],
)
def test_another_kind_or_width_is_one_sentence(
    options: tuple[str, ...], sentence: str, people: Path, trained: Path
) -> None:
    result = invoke(people, "patn-train", "--init", str(trained), *options)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not (people / "patn").exists()


def test_a_generator_does_not_start_from_itself_or_take_the_built_in_ones_name(people: Path, builtin: Path) -> None:
    line = ("patn-train", "--steps", "1", *TINY)
    run(people, *line, "--init", "builtin")
    assert "is the generator that would be written" in invoke(people, *line, "--init", "patn", "--force").stderr
    run(people, *line, "--init", "patn", "--name", "next")
    assert "give another name" in invoke(people, *line, "--preset", "demo", "--name", "builtin").stderr


def test_python_callers_go_on_from_a_generator(people: Path, builtin: Path) -> None:
    workspace = augment.open_workspace(people)
    runtime = Runtime("cpu", threads=1, progress=False)
    file = augment.train_generator(workspace, init="builtin", steps=1, portion=0.5, perceptual="none", runtime=runtime)
    assert file.parent.name == "patn-p0.5-s0"
    assert load_generator(file).options == load_generator(builtin).options
