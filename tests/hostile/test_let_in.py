"""Nothing that a file holds is run, nothing is unpacked, nobody is let in."""

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tests.hostile.loaders as loaders
from tests.forks import fork

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = [
    path for package in ("augment", "patn", "reid", "pipelines", "numerics") for path in (ROOT / package).rglob("*.py")
]


def test_no_loader_runs_what_a_file_holds(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    environment = {"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    with fork(["-m", loaders.__name__], cwd=tmp_path / "files", env=environment) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    found = json.loads(out)
    assert found["heard"] == []
    assert found["executed"] == []
    assert len(found["said"]) > 200
    for what, sentence in found["said"].items():
        assert sentence != "taken", what
        assert "this should not happen" not in sentence, f"{what}: {sentence}"


def test_the_hook_hears_a_pickle_that_runs_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = (
        "import pickle, sys; from tests.hostile import loaders; sys.addaudithook(loaders.listen);"
        "loaders.armed.append(True); pickle.load(open(sys.argv[1], 'rb')); loaders.armed.clear();"
        "print([event for event, _ in loaders.heard])"
    )
    (tmp_path / "bomb").write_bytes(pickle.dumps(loaders.Bomb(exec, "open('executed', 'w')")))
    command = [sys.executable, "-W", "ignore", "-c", code, "bomb"]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['pickle.find_class', 'compile', 'exec', 'open']"
    assert (tmp_path / "executed").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_unpickles_extracts_evaluates_or_listens_to_all(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wrong = (
        r"pickle\.load|\beval\(|\bexec\(|unpack_archive|extractall|os\.system|shell=True|0\.0\.0\.0|allow_pickle=True"
    )
    assert not re.findall(rf"(?<!\.)(?:{wrong})", text)
    for call in re.findall(r"torch\.load\([^)]*\)", text):
        assert "weights_only=True" in call


@pytest.mark.parametrize("path", (ROOT / "pipelines" / "templates").glob("*.html"), ids=lambda path: path.name)
def test_no_template_switches_escaping_off(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"autoescape\s+false", text)
    assert set(re.findall(r"\{\{\s*([^}|]*)\|\s*safe", text)) <= {"script"}  # the page's own program
