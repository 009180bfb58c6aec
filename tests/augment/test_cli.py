import contextlib
import errno
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from augment.cli import VERBS, augment, short_help
from augment.workspace import Workspace


def commands() -> list[str]:
    return augment.list_commands(click.Context(augment))


def test_every_verb_has_help_with_an_example_and_the_listed_sentence() -> None:
    for name in commands():
        result = CliRunner().invoke(augment, [name, "--help"])
        assert result.exit_code == 0
        assert "Example:" in result.output
        assert f"augment {name}" in result.output.replace("augment --json", "augment")
    context = click.Context(augment)
    for name in VERBS:
        command = augment.get_command(context, name)
        assert command is not None
        assert command.short_help == short_help(name)


def test_help_does_not_import_what_is_slow() -> None:
    code = "import sys; from augment.cli import augment\ntry: augment(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'torchreid', 'mediapipe', 'ray', 'matplotlib', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(verb in done.stdout for verb in commands())


def test_an_unknown_verb_names_the_nearest() -> None:
    result = CliRunner().invoke(augment, ["genrate"])
    assert result.exit_code == 2
    assert "Did you mean 'generate'?" in result.output


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sed": 1}, r"no setting 'sed'. Did you mean 'seed'?"),
        ({"generat": {"portion": 0.2}}, r"no command [generat]. Did you mean 'generate'?"),
        ({"generate": {"portions": 0.2}}, r"[generate] has no 'portions'. Did you mean 'portion'?"),
    ],
)
def test_an_unknown_setting_names_the_nearest(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    Workspace.create(tmp_path, {"data": "data", **settings})
    result = CliRunner().invoke(augment, ["--workspace", str(tmp_path), "generate"])
    assert result.exit_code == 1
    assert sentence in result.output


@pytest.mark.parametrize("value", ["a", 7, [1], {"x": 1}])
def test_a_setting_of_the_wrong_kind_is_named_with_its_file(tmp_path: Path, value: object) -> None:
    if isinstance(value, dict):
        (tmp_path / "augment.toml").write_text('data = "data"\n[generate.portion]\nx = 1\n')
    else:
        Workspace.create(tmp_path, {"data": "data", "generate": {"portion": value}})
    result = CliRunner().invoke(augment, ["--workspace", str(tmp_path), "generate", "--dry-run"])
    assert result.exit_code == 1
    assert f"augment.toml: [generate] portion = {value!r}: " in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("portion = true", "portion = True: 'True' is not a valid float"),
        ("ratio = 1.5", "ratio = 1.5: '1.5' is not a valid integer"),
        ("per-identity = true", "per-identity = True: 'True' is not a valid integer"),
        ("scenes = 2", "scenes = 2: '2' is not a valid boolean"),
    ],
)
def test_a_setting_is_not_rounded_or_counted_to_something_else(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "augment.toml").write_text(f'data = "data"\n[generate]\n{line}\n')
    result = CliRunner().invoke(augment, ["--workspace", str(tmp_path), "generate", "--dry-run"])
    assert result.exit_code == 1
    assert f"augment.toml: [generate] {said}" in result.stderr


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ("filter = 0.5\nfilter-by = 'identity'", ("--filter", "0.5", "--filter-by", "identity")),
        (
            "scenes = true\nratio = 2\nportion = 1\ndry-run = true",
            ("--scenes", "--ratio=2", "--portion=1", "--dry-run"),
        ),
        ("scenes = 1\nportion = 0.5\ndry-run = true", ("--scenes", "--portion=0.5", "--dry-run")),
    ],
)
def test_a_setting_has_the_name_and_the_effect_of_its_option(
    people: Path, lines: str, options: tuple[str, ...]
) -> None:
    def answer() -> tuple[int, str, str]:
        result = CliRunner().invoke(augment, ["--workspace", str(people), "generate", *given])
        return result.exit_code, result.stdout, result.stderr

    given = options
    expected = answer()
    toml = people / "augment.toml"
    toml.write_text(f"{toml.read_text()}\n[generate]\n{lines}\n")
    given = ()
    assert answer() == expected


NAMES = {
    "patn-train": ["--name"],
    "patn-import": [str(Path(__file__)), "--name"],
    "generate": ["--name"],
    "reid-train": ["--name"],
}


@pytest.mark.parametrize(
    "name", ["../../evil", "a/b", "..", ".", "/tmp/evil", "", "a\nb", "a\0b", "x" * 101, "c:\\x", "~"]
)
@pytest.mark.parametrize("verb", NAMES)
def test_a_name_cannot_lead_out_of_the_workspace(people: Path, verb: str, name: str) -> None:
    before = sorted(people.parent.rglob("*"))
    result = CliRunner().invoke(augment, ["--workspace", str(people), verb, *NAMES[verb], name, "--force"])
    assert result.exit_code == 2
    assert "is no name for a folder; give 1 to 100 characters without /" in result.stderr
    assert sorted(people.parent.rglob("*")) == before


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "meta", "cuda:", "cpu:0"])
def test_an_unknown_device_is_wrong_usage(device: str) -> None:
    result = CliRunner().invoke(augment, ["--device", device, "info"])
    assert result.exit_code == 2
    assert f"'--device': {device!r} is none of auto, cpu, cuda, cuda:N" in result.stderr


def test_a_device_that_is_not_there_is_wrong_input() -> None:
    result = CliRunner().invoke(augment, ["--device", "cuda:999", "info"])
    assert result.exit_code == 1
    assert "--device cuda:999: " in result.stderr


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "file"), "file: No space left on device; free some"),
        (TypeError("odd"), "this should not happen (TypeError: odd)"),
    ],
)
def test_no_failure_shows_a_traceback_unless_asked(
    people: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Workspace, "images", fail)
    result = CliRunner().invoke(augment, ["--workspace", str(people), "check"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {sentence}")
    assert len(result.stderr.splitlines()) == 1
    shown = CliRunner().invoke(augment, ["-v", "-v", "--workspace", str(people), "check"])
    assert shown.exception is error


def test_ctrl_c_names_the_command_that_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    root = Workspace.create(tmp_path / "with space", {"data": "data"}).root
    monkeypatch.setattr(Workspace, "images", interrupt)
    result = CliRunner().invoke(augment, ["--workspace", str(root), "check", "--jobs", "1"])
    assert result.exit_code == 130
    assert result.stderr.endswith(f"resumes:\n  augment --workspace '{root}' check --jobs 1\n")
    assert result.stdout == ""


def test_an_error_that_ctrl_c_became_in_a_librarys_code_is_ctrl_c(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupted(*_: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("KeyboardInterrupt: <EMPTY MESSAGE>")

    monkeypatch.setattr(Workspace, "images", interrupted)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = CliRunner().invoke(augment, ["--workspace", str(people), "check"])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.exit_code == 130
    assert "nothing is lost" in result.stderr


def test_settings_are_defaults_and_options_win(people: Path) -> None:
    toml = people / "augment.toml"
    toml.write_text(toml.read_text() + "\n[generate]\nportion = 0.5\n")

    command = ("generate", "--dry-run")

    def kept(*arguments: str) -> int:
        result = CliRunner().invoke(augment, ["--json", "--workspace", str(people), *command, *arguments])
        assert result.exit_code == 0, result.output
        return int(json.loads(result.stdout)["real"])

    everything = len(Workspace.find(people).images().query("split == 'train'"))
    assert kept() == round(everything * 0.5)
    assert kept("--portion", "0.75") == round(everything * 0.75)


def test_a_stream_that_lacks_a_character_shows_its_number(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = people.rename(tmp_path / "名前")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    augment.main(["--workspace", str(root), "check"], standalone_mode=False)
    stream.seek(0)
    assert stream.readline().startswith(f"Workspace {tmp_path}/\\u540d\\u524d: images")


def test_closed_streams_are_nothing_that_a_command_needs(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    augment.main(["--workspace", str(people), "check"], standalone_mode=False)
    for stream in (sys.stdout, sys.stderr):
        print("what libraries say", file=stream, flush=True)
        stream.close()


def test_users_mistakes_are_one_sentence_without_traceback(tmp_path: Path) -> None:
    result = CliRunner().invoke(augment, ["--workspace", str(tmp_path), "generate"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    with pytest.raises(Exception, match=r"no augment\.toml"):
        CliRunner().invoke(augment, ["-v", "-v", "--workspace", str(tmp_path), "generate"], catch_exceptions=False)


def test_an_option_out_of_range_is_wrong_usage() -> None:
    assert CliRunner().invoke(augment, ["generate", "--portion", "1.5"]).exit_code == 2
