"""Errors name fields to a Python caller and options on a terminal."""

import ast
import logging
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import augment
import pipelines
from augment import AugmentError, Different
from augment.cli import augment as command_line
from augment.datasets.create import init_real
from augment.failures import Lines, sentence
from augment.fields import FIELD, option_of
from augment.generation.plan import Sampling
from augment.runtime import Runtime
from augment.training.reid_data import TrainingSet
from pipelines.grid.pools import Placement
from pipelines.grid.scheduler import run_tasks
from tests.pipelines.fake_work import Item

ROOMS = [Path(str(package.__file__)).parent for package in (augment, pipelines)]


def test_python_reads_fields_and_a_terminal_options(tmp_path: Path) -> None:
    with pytest.raises(AugmentError) as repeated:
        TrainingSet(0.3, "ours", repeat=True)
    assert str(repeated.value) == "repeat: repeats real images only; leave images out, or repeat"
    assert sentence(repeated.value) == "--repeat: repeats real images only; leave --augmentation out, or --repeat"
    with pytest.raises(AugmentError) as filled:
        Sampling(per_identity=5, ratio=2)
    assert str(filled.value) == "per_identity 5: must be 2 or more, and goes without ratio"
    assert sentence(filled.value) == "--per-identity 5: must be 2 or more, and goes without --ratio"
    with pytest.raises(AugmentError) as missing:
        init_real(tmp_path / "w", tmp_path / "none", layout="folders")
    assert str(missing.value).endswith("give the folder of your images with folder")
    assert sentence(missing.value).endswith("give the folder of your images with --data")


def test_what_a_worker_process_raises_is_spelled_as_here() -> None:
    error = pickle.loads(pickle.dumps(Different("a: was made with ⟨ratio⟩ 2", "give ⟨force⟩")))
    assert str(error) == "a: was made with ratio 2; give force"
    assert sentence(error) == "a: was made with --ratio 2; give --force"


def no_cell(root: Path, task: Item, runtime: Runtime) -> None:
    raise AugmentError("⟨ratio⟩ 2: is of generated sets")


def test_the_scheduler_keeps_both_spellings_of_a_failure(tmp_path: Path) -> None:
    runtime = Runtime(device="cpu", progress=False)
    with pytest.raises(AugmentError) as failed:
        run_tasks(tmp_path, [Item(0)], no_cell, finished=lambda _: False, placement=Placement(), runtime=runtime)
    assert str(failed.value) == "item0: ratio 2: is of generated sets"
    assert sentence(failed.value) == "item0: --ratio 2: is of generated sets"


def test_an_error_in_a_log_line_names_options_on_a_terminal() -> None:
    record = logging.makeLogRecord({"msg": "%s: not measured; %s", "args": ("FID", AugmentError("give ⟨weights_dir⟩"))})
    assert Lines().format(record) == "FID: not measured; give --weights-dir"
    assert logging.Formatter().format(record) == "FID: not measured; give weights_dir"
    assert Lines().format(logging.makeLogRecord({"msg": "100 % done"})) == "100 % done"


def sources() -> Iterator[tuple[Path, str]]:
    for room in ROOMS:
        for path in sorted(room.rglob("*.py")):
            yield path.relative_to(room.parent), path.read_text(encoding="utf-8")


def test_every_marked_field_is_an_option() -> None:
    context = click.Context(command_line)
    verbs = [command_line.get_command(context, name) for name in command_line.list_commands(context)]
    options = {name for each in (command_line, *verbs) if each for option in each.params for name in option.opts}
    found = {(str(path), option_of(field)) for path, text in sources() for field in FIELD.finditer(text)}
    written = {(path, option) for path, option in found if path != "augment/fields.py"}
    assert len(written) > 50
    assert {(path, option) for path, option in written if option not in options} == set()


def raised(tree: ast.AST) -> Iterator[str]:
    """The text of what is raised, without what is filled in and without commands, which stand in backquotes."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
            for argument in statement.exc.args:
                parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "_" for part in parts)
                yield re.sub(r"`[^`]*`", "", text)


def test_no_error_of_the_library_names_an_option() -> None:
    terminal = {"augment/cli.py", "augment/options.py"}
    texts = [
        (str(path), text)
        for path, source in sources()
        if "commands" not in path.parts and path.as_posix() not in terminal
        for text in raised(ast.parse(source))
    ]
    assert len(texts) > 200
    assert [(path, text) for path, text in texts if re.search(r"--[a-z]", FIELD.sub("", text))] == []
