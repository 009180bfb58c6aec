"""A file name with markup, from the folder of images to every page; and nobody else can ask for a page."""

import os
import re
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from augment.cli import augment
from tests.pipelines.processes import LOOPBACK, listening

MARKUP = "<script>alert(1)<&\"'"
"""File names have no slash, so the element cannot be closed in one."""
VERBS = (
    ("poses", "--csv", "points.csv"),
    ("generate", "--portion", "0.5"),
    (
        "reid-train",
        "--preset",
        "demo",
        "--backbone",
        "small",
        "--portion",
        "0.5",
        "--augmentation",
        "ours",
        "--epochs",
        "1",
    ),
    ("table5", "--portions", "0.5", "--rows", "none", "--seeds", "1", "--lengths", "updates", "--threads", "1"),
    ("report",),
)


@pytest.fixture
def marked(root: Path, tmp_path: Path) -> Path:
    """The workspace with markup in the name of every image."""
    lines = ["name:keypoints_y:keypoints_x"]
    for file in (root / "data" / "keypoints").iterdir():
        lines += [line.replace(".jpg:", f"{MARKUP}.jpg:", 1) for line in file.read_text().splitlines()[1:]]
        file.unlink()
    (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        for path in (root / "data" / folder).iterdir():
            path.rename(path.with_name(f"{path.stem}{MARKUP}.jpg"))
    return root


def test_a_file_name_with_markup_reaches_no_page_unescaped(
    marked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in VERBS:
        outcome = CliRunner().invoke(augment, ["--quiet", "--device", "cpu", "--workspace", str(marked), *verb])
        assert outcome.exit_code == 0, outcome.output
    generated = marked / "generated" / "ours-p0.5-s0" / "bounding_box_train"
    assert any(MARKUP in path.name and "_gen" in path.name for path in generated.iterdir())
    pages = [*marked.rglob("*.html"), *marked.rglob("*.svg")]
    assert pages
    assert any("&lt;script&gt;alert" in page.read_text(encoding="utf-8") for page in pages), "no name was shown"
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text, page
        assert not re.findall(r"alert\(1\)<[^/]", text), page


def test_the_study_never_tells_a_name(marked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uvicorn")
    from augment.study.server import build_app, open_socket, web_server

    monkeypatch.chdir(tmp_path)
    study = ("study", "--no-serve", "--images", "2", "--practice", "1", "--pool", "3")
    for verb in (VERBS[0], study):
        outcome = CliRunner().invoke(augment, ["--quiet", "--device", "cpu", "--workspace", str(marked), *verb])
        assert outcome.exit_code == 0, outcome.output
    assert MARKUP in next((marked / "study").rglob("*.csv")).read_text(encoding="utf-8").replace('""', '"')
    server, listener = web_server(build_app(marked / "study" / "g")), open_socket(0)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with urlopen(url) as welcome, urlopen(f"{url}/volunteers", data=b"") as trial:
            told = [welcome.read(), trial.read()]
            with urlopen(trial.url.replace("/s/", "/api/")) as state:
                told.append(state.read())
    finally:
        server.should_exit = True
        thread.join()
    assert all(told)
    assert not any(b"alert" in text or b"0001_c" in text for text in told)


def test_the_studys_page_listens_to_this_machine_alone() -> None:
    from augment.study.server import open_socket

    with open_socket(0):
        addresses = listening([os.getpid()])
    assert addresses
    assert addresses <= LOOPBACK
