"""The documentation is true: its commands run, its command reference is not stale.

`python -m tests.test_docs` writes docs/reference/commands.md anew.
"""

import re
import shlex
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import pytest
import torch
from click.testing import CliRunner

from augment.cli import augment
from augment.pedestrians import Pedestrians
from patn.training.configuration import PRESETS as GENERATORS
from reid.models.backbones import BACKBONES
from reid.models.small import small_trunk
from reid.training import PRESETS as MODELS
from tests.authors_networks import Generator, old_state
from tests.fashion_tree import make_tree, write_lists, write_pair_file
from tests.set_trees import make_set
from tests.walkers import walking_people, write_frames, write_truth

ROOT = Path(__file__).resolve().parent.parent
README, COMMANDS = ROOT / "README.md", ROOT / "docs" / "reference" / "commands.md"
HOW_TO = ROOT / "docs" / "how-to"
TOY_DEMO = "augment demo toy-demo --preset toy"  # runs in tests/pipelines
SMALL = {
    "AUGMENT_DEVICE": "cpu",
    "AUGMENT_PRECISION": "fp32",
    "AUGMENT_QUIET": "1",
    "AUGMENT_CHECK_JOBS": "1",
    "AUGMENT_POSES_JOBS": "1",
    "AUGMENT_PATN_TRAIN_STEPS": "2",
    "AUGMENT_PATN_TRAIN_BATCH": "2",
    "AUGMENT_PATN_TRAIN_LAMBDA_GAN": "0",
    "AUGMENT_PATN_TRAIN_PERCEPTUAL": "none",
    "AUGMENT_PATN_BENCH_GENERATORS": "patn",
    "AUGMENT_ANIMATE_FRAMES": "8",
    "AUGMENT_REID_TRAIN_BACKBONE": "small",
    "AUGMENT_REID_TRAIN_EPOCHS": "1",
    "AUGMENT_REID_TRAIN_BATCH": "8",
    "AUGMENT_TABLE5_ROWS": "none,ours",
    "AUGMENT_TABLE5_SEEDS": "1",
    "AUGMENT_TABLE5_LENGTHS": "updates",
    "AUGMENT_TABLE5_PRESET": "demo",
    "AUGMENT_TABLE5_FROM_SCRATCH": "1",
    "AUGMENT_TABLE5_PROBE": "0",
}
"""Environment variables that make the commands of the README and of the help small without changing them."""
FEW_PEOPLE = {
    "AUGMENT_INIT_IDENTITIES": "3",
    "AUGMENT_INIT_TEST_IDENTITIES": "3",
    "AUGMENT_INIT_IMAGES": "4",
    "AUGMENT_INIT_JOBS": "1",
}


def commands() -> dict[str, click.Command]:
    """Every verb of the command line with its command."""
    context = click.Context(augment, info_name="augment")
    found = {name: augment.get_command(context, name) for name in augment.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def help_text(name: str, command: click.Command) -> str:
    """What `augment NAME --help` prints on a terminal of 100 columns."""
    settings = {**augment.context_settings, "terminal_width": 100, "max_content_width": 100}
    parent = click.Context(augment, info_name="augment", **settings)
    if command is augment:
        return command.get_help(parent)
    return command.get_help(click.Context(command, parent=parent, info_name=name))


def example(command: click.Command) -> list[str]:
    """The command lines of a help's example."""
    lines = (command.help or "").partition("Example:")[2].split("\n")
    return [line.strip() for line in lines if line.strip()]


def command_reference() -> str:
    """docs/reference/commands.md: the help of every command."""
    parts = ["# Commands\n\nMade from `--help` by `python -m tests.test_docs`; do not edit.\n"]
    for name, command in {"augment": augment, **commands()}.items():
        title = "augment" if command is augment else f"augment {name}"
        parts.append(f"## {title}\n\n```text\n{help_text(name, command)}\n```\n")
    return "\n".join(parts)


def words(text: str) -> str:
    """The text without its line breaks, which depend on click's version."""
    return " ".join(text.split())


def blocks(language: str, page: Path) -> list[str]:
    """A page's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def console_lines(block: str) -> list[str]:
    """The commands of a console block, without the prompt."""
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def make_targets() -> set[str]:
    """The targets of the Makefile that are promises to the user."""
    return set(re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[1].split())  # type: ignore[index]


def execute(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a shell would: `a && b`, `cd`, `augment`; a `make` line has to name a target."""
    for part in line.split(" && "):
        program, *arguments = shlex.split(part)
        if program == "cd":
            monkeypatch.chdir(arguments[0])
        elif program == "make":
            assert set(arguments) <= make_targets(), f"{line}: no such target in the Makefile"
        elif program == "augment":
            result = CliRunner().invoke(augment, arguments)
            assert result.exit_code == 0, f"{line}\n{result.output}{result.exception or ''}"
        else:
            assert part == ". .venv/bin/activate", f"{line}: the pages' commands are augment, cd and make"


def add_fashion(rendered: Path, folder: Path) -> None:
    """What the README speaks of for DeepFashion: img, the authors' lists, their files of key points and pairs."""
    tree = make_tree(rendered, folder)
    write_lists(tree, folder / "fashion_data")
    for split, names in tree.names.items():
        write_pair_file([(names[0], names[1]), (names[1], names[0])], folder / f"fasion-resize-pairs-{split}.csv")


@pytest.fixture
def scratch(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder but for the data that the README speaks of; commands run small and on one thread."""
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)
    for name in ("market", "demo", "deepfashion"):  # no option makes a generator narrow
        monkeypatch.setitem(GENERATORS, name, replace(GENERATORS[name], blocks=1, width=4, d_blocks=1, d_width=4))
    monkeypatch.setitem(BACKBONES, "resnet50", replace(BACKBONES["resnet50"], trunk=small_trunk, channels=128))
    few = partial(Pedestrians, distractors=4, junk=2)  # nor does one give these two
    monkeypatch.setattr("augment.commands.init.Pedestrians", few)
    monkeypatch.setitem(MODELS, "demo", replace(MODELS["demo"], epochs=1, batch=32))  # nor table5's trainings short
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        shutil.copytree(rendered / folder, tmp_path / "Market-1501-v15.09.15" / folder)
    shutil.copyfile(rendered / "keypoints" / "train.csv", tmp_path / "market-annotation-train.csv")
    query = (rendered / "keypoints" / "query.csv").read_text().partition("\n")[2]
    test = (rendered / "keypoints" / "test.csv").read_text()
    (tmp_path / "market-annotation-test.csv").write_text(test + query)
    for number, image in enumerate(sorted((rendered / "bounding_box_train").glob("000[1-5]*.jpg"))):
        person = tmp_path / "photos" / f"person {image.name[:4]}"
        person.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, person / f"{image.name[5:7]} {number}.jpg")
    for name, image in zip(("photo.jpg", "other.jpg"), sorted((tmp_path / "photos").rglob("*.jpg")), strict=False):
        shutil.copyfile(image, tmp_path / name)
    add_fashion(rendered, tmp_path)
    return tmp_path


CONSOLE = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in (README, *sorted(HOW_TO.glob("*.md")))
    for number, block in enumerate(blocks("console", page))
]


@pytest.mark.parametrize("block", CONSOLE)
def test_commands_run_as_they_stand(block: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = console_lines(block)
    if "augment poses" in lines or any(line.startswith("augment transfer") for line in lines):
        pytest.importorskip("ai_edge_litert")
    for line in lines:
        execute(line, monkeypatch)


@pytest.fixture
def other_data(scratch: Path, rendered: Path) -> Path:
    """What the page on other data sets speaks of: VIPeR, a list of images, a sequence of tracks."""
    make_set("viper", rendered, scratch / "reid-data")
    images = [path for path in sorted((rendered / "bounding_box_test").glob("0*.jpg")) if path.name[:4] != "0000"]
    lines = [f"{path},{path.name[:4]},{path.name[6]}" for path in images]
    (scratch / "list.csv").write_text("\n".join(["path,identity,camera", *lines]) + "\n")
    scene = walking_people(people=4, frames=24)
    write_frames(scene, scratch / "walks" / "SEQ-01")
    write_truth(scene, scratch / "walks" / "SEQ-01")
    return scratch


def test_the_page_on_other_data_sets_runs_as_it_stands(other_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert")
    *made, tested = blocks("sh", HOW_TO / "data-sets.md")
    for line in filter(None, "\n".join(made).splitlines()):
        execute(line.replace("~/", f"{other_data}/"), monkeypatch)
    monkeypatch.chdir(other_data / "mine")
    execute("augment reid-train --preset demo --portion 0.3", monkeypatch)  # the model that the page ranks by
    monkeypatch.setenv("AUGMENT_TABLE5_ROWS", "none")
    for line in filter(None, tested.splitlines()):
        execute(line, monkeypatch)
    assert (other_data / "mine" / "tables" / "table5" / "other.md").is_file()


def test_torchreid_reads_a_generated_set_as_the_page_says(
    trained: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(people)
    execute(f"augment generate --portion 0.3 --generator {trained}", monkeypatch)
    capsys.readouterr()
    page = HOW_TO / "other-code.md"
    (code,) = blocks("python", page)
    exec(compile(code, page.name, "exec"), {})
    assert capsys.readouterr().out.split()[:2] == ["48", "10"]  # 8 identities x 6 images, 5 x 2 queries


def test_help_examples_run_as_they_stand(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as few:
        for name, value in FEW_PEOPLE.items():
            few.setenv(name, value)
        (line,) = example(augment)
        execute(line, monkeypatch)
    for name, command in commands().items():
        for line in example(command):
            if name == "init":
                monkeypatch.chdir(scratch)
                shutil.rmtree("people")
                execute(line, monkeypatch)
                monkeypatch.chdir("people")
            elif name == "patn-import":
                torch.save(old_state(Generator("batch", 1, dropout=True, width=2)), "latest_net_netG.pth")
                execute(line, monkeypatch)
                shutil.rmtree("patn/imported")  # other examples speak of the workspace's only generator
            elif name == "poses" and not _installed("ai_edge_litert"):
                continue
            elif line != TOY_DEMO:
                execute(line, monkeypatch)


def _installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


@pytest.mark.parametrize("name", ["augment", *commands()])
def test_every_help_has_one_sentence_and_an_example(name: str) -> None:
    command = augment if name == "augment" else commands()[name]
    assert (command.help or "").split("\n")[0].rstrip().endswith(".")
    assert all(line.startswith("augment ") for line in example(command))
    assert example(command), f"augment {name} --help has no example"


@pytest.mark.parametrize("name", list(commands()))
def test_every_option_has_help(name: str) -> None:
    for parameter in commands()[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"augment {name}: {parameter.opts[0]} has no help"


def test_command_reference_is_not_stale() -> None:
    remedy = "stale; run `python -m tests.test_docs`"
    assert words(COMMANDS.read_text(encoding="utf-8")) == words(command_reference()), f"{COMMANDS} is {remedy}"


def write() -> None:
    """Write docs/reference/commands.md from the commands as they are."""
    COMMANDS.write_text(command_reference(), encoding="utf-8")


if __name__ == "__main__":
    write()
