"""Every command that a message advises does what the message promises, typed as it stands."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from augment.inference.generators import make_generator
from augment.workspace import Workspace
from tests.conftest import invoke, run
from tests.pipelines.toy import few_epochs

REID = ("reid-train", "--preset", "demo", "--epochs", "1", "--batch", "8")
QUICK = '[patn-train]\npreset = "demo"\nsteps = 1\nbatch = 2\nperceptual = "none"\n' + (
    '[reid-train]\npreset = "demo"\nepochs = 1\nbatch = 8\n'
)


@pytest.fixture
def quick(people: Path, no_builtin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace without any generator whose settings make trainings short."""
    few_epochs(monkeypatch)
    with (people / "augment.toml").open("a") as file:
        file.write(f"\n{QUICK}")
    return people


def advised(root: Path, *arguments: str) -> list[str]:
    """The words of the command that a failing one advises, after `augment`."""
    result = invoke(root, *arguments)
    assert result.exit_code == 1, result.output
    found = re.search(r"`augment (.+?)`", " ".join(result.stderr.split()))
    assert found is not None, result.stderr
    return shlex.split(found[1])


def follow(root: Path, *arguments: str, steps: int = 1) -> None:
    """Do what is advised until the command itself works, which it must after `steps` advices."""
    for _ in range(steps):
        run(root, *advised(root, *arguments))
    run(root, *arguments)


@pytest.mark.parametrize(
    "asked",
    [
        ("--augmentation", "ours"),
        ("--augmentation", "ours*"),
        ("--augmentation", "ours-k7"),
        ("--augmentation", "self-k3"),
        ("--augmentation", "other"),
        ("--augmentation", "ours", "--portion", "1", "--ratio", "2"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("seed", [(), ("--seed", "3")], ids=["", "seed 3"])
def test_a_set_that_is_missing_is_made(
    quick: Path, trained: Path, asked: tuple[str, ...], seed: tuple[str, ...]
) -> None:
    shutil.copytree(trained.parent, quick / "patn" / "patn")
    shutil.copytree(trained.parent, quick / "patn" / "other")
    follow(quick, *seed, *REID, "--portion", "0.5", *asked)


def test_a_set_that_was_begun_is_finished_as_it_was_begun(
    quick: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained.parent, quick / "patn" / "patn")
    with monkeypatch.context() as patch:
        patch.setattr("augment.generation.generate.with_scores", lambda *_: exec("raise KeyboardInterrupt"))
        invoke(quick, "generate", "--portion", "0.5", "--missing", "drop", "--target-poses", "all", "--name", "mine")
    train = (*REID, "--portion", "0.5", "--augmentation", "mine")
    assert advised(quick, *train)[3:] == ["--target-poses", "all", "--missing", "drop", "--name", "mine"]
    follow(quick, *train)


def test_a_missing_set_is_answered_with_its_relative_that_is_there(quick: Path, trained: Path) -> None:
    shutil.copytree(trained.parent, quick / "patn" / "patn")
    run(quick, "generate", "--portion", "0.5", "--scenes")
    refused = invoke(quick, *REID, "--portion", "0.5", "--augmentation", "ours")
    said = "sets that are there: ours-scenes-p0.5-s0; to make this one, run `augment generate --portion 0.5`"
    assert said in " ".join(refused.stderr.split())
    follow(quick, *REID, "--portion", "0.5", "--augmentation", "ours")


def test_an_unknown_set_is_answered_with_those_that_are_there(quick: Path, trained: Path) -> None:
    run(quick, "generate", "--portion", "0.5", "--generator", str(trained))
    said = invoke(quick, *REID, "--portion", "0.5", "--augmentation", "theirs").stderr
    assert "sets that are there: ours-p0.5-s0" in " ".join(said.split())


@pytest.mark.parametrize(
    ("asked", "steps"),
    [
        (("generate", "--portion", "0.5"), 1),
        (("generate", "--portion", "0.5", "--generator", "mine"), 1),
        (("generate", "--portion", "0.5", "--generator-data", "reduced"), 1),
        (("--seed", "2", "generate", "--portion", "0.5", "--generator-data", "reduced"), 1),
        (("generate", "--portion", "0.5", "--filter", "0.2", "--filter-by", "identity"), 2),
        (("study", "--generated-set", "self-p0.5-s2", "--images", "2", "--practice", "1", "--no-serve"), 2),
        (("table5", "--rows", "none,ours", "--seeds", "1", "--portions", "0.5", "--lengths", "updates"), 1),
    ],
    ids=lambda asked: asked[-1] if isinstance(asked, tuple) else "",
)
def test_a_generator_a_judge_or_a_set_that_is_missing_is_made(quick: Path, asked: tuple[str, ...], steps: int) -> None:
    for _ in range(steps):
        command = advised(quick, *asked)
        if command[-1] != "0.5" and "generate" in command and not (quick / "patn").exists():
            run(quick, *advised(quick, *command))
            continue
        run(quick, *command)
    run(quick, *asked)


@pytest.mark.parametrize("portion", ["0.3", "1e-09", "1"])
def test_a_generator_of_the_reduced_set_is_advised_with_its_portion_whatever_its_name(
    people: Path, portion: str
) -> None:
    workspace = Workspace.find(people)
    name = f"mine-p{portion}-s0"
    assert make_generator(workspace.layout, 0, name) == f"augment patn-train --name {name} --portion {portion}"


@pytest.mark.parametrize("kind", ["pg2", "vunet", "resnet"])
def test_a_baselines_name_is_trained_as_that_baseline(people: Path, kind: str) -> None:
    workspace = Workspace.find(people)
    assert make_generator(workspace.layout, workspace.seed, kind) == f"augment patn-train --generator {kind}"
    assert make_generator(workspace.layout, workspace.seed, f"{kind}-p0.3-s4") == (
        f"augment --seed 4 patn-train --generator {kind} --portion 0.3"
    )


def test_a_command_that_was_stopped_is_advised_without_force(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.commands.generate.prepare_set", lambda *_: exec("raise KeyboardInterrupt"))
    result = invoke(people, "generate", "--portion", "0.5", "--dry-run", "--force")
    assert result.exit_code == 130
    assert result.stderr.rstrip().endswith("generate --portion 0.5 --dry-run")
