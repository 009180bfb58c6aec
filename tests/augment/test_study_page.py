"""The study's page in a real browser, by the browser's own clock."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from augment.study.answers import Answers
from tests.browser import DESKTOP, PHONE, chromium
from tests.conftest import run
from tests.forks import Forked, fork

NUMBERS = ("--images", "3", "--practice", "2", "--pool", "8")
WATCH = """
window.exposures = []; // [milliseconds visible, longest time between two frames meanwhile]
(() => {
  let since = null, frame = 0, longest = 0;
  const look = () => {
    const picture = document.getElementById("picture");
    const visible = picture && picture.naturalWidth > 0 && getComputedStyle(picture).visibility === "visible";
    const now = performance.now();
    if (visible && since === null) { since = now; longest = 0; }
    if (visible || since === null) return;
    window.exposures.push([now - since, Math.max(longest, now - frame)]);
    since = null;
  };
  const tick = () => {
    longest = Math.max(longest, performance.now() - frame);
    frame = performance.now();
    requestAnimationFrame(tick);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  requestAnimationFrame(tick);
})();
"""
"""Looks at every change of the page whether the picture is visible, whatever the page itself believes."""


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


class Server:
    """`augment study` in a process of its own, which can be killed and started again; `running` ends them all."""

    def __init__(self, people: Path, generator: Path, running: ExitStack) -> None:
        self.command = [
            "-c",
            "from augment.cli import augment; augment()",
            "--json",
            "--quiet",
            "--workspace",
            str(people),
            "study",
            "--generator",
            str(generator),
            *NUMBERS,
        ]
        self.running = running
        self.process: Forked | None = None
        self.url = ""

    def start(self, port: int = 0) -> None:
        command = [*self.command, "--port", str(port)]
        self.process = self.running.enter_context(fork(command))
        self.url = json.loads(self.process.stdout.readline())["url"]

    def stop(self, by: int) -> int:
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(timeout=180)

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])


@pytest.fixture
def server(people: Path, trained: Path) -> Iterator[Server]:
    run(people, "study", "--generator", str(trained), "--no-serve", *NUMBERS)
    with ExitStack() as running:
        server = Server(people, trained, running)
        server.start()
        yield server


def answers_of(people: Path) -> pd.DataFrame:
    return Answers(study_of(people)).judgements()


def study_of(people: Path) -> Path:
    return next(path.parent for path in (people / "study").glob("*/pictures.csv"))


def progress(page: Any, number: int) -> None:
    """Wait for the picture of that number, from 1."""
    page.wait_for_selector(f"#progress:has-text('{number} of 6')")


def answerable(page: Any) -> None:
    page.wait_for_selector("#answers button:enabled >> nth=0")


def test_each_picture_is_on_the_screen_for_one_second_and_the_page_tells_nothing_of_it(
    browser: Any, server: Server, people: Path
) -> None:
    page = browser.new_page(viewport=DESKTOP)
    page.add_init_script(WATCH)
    told: list[tuple[str, str]] = []
    page.on(
        "response",
        lambda reply: told.append((reply.url, reply.text() if reply.status == 200 and "/i/" not in reply.url else "")),
    )
    page.goto(server.url)
    page.click("#start")
    page.click("#go")
    for number in range(1, 7):
        progress(page, number)
        answerable(page)
        if number % 2 == 0:  # after the exposure; the others during it, which goes on
            page.wait_for_selector("#stage:not(.shown)")
        page.keyboard.press("ArrowRight" if number % 3 else "r")
    page.wait_for_selector("text=Thank you")
    seen = page.evaluate("window.exposures")
    assert len(seen) == 6
    for length, frame in seen:  # a frame that this machine was late with, at the beginning or the end, and no more
        assert 1000 - max(frame, 20) < length < 1000 + max(frame, 17) + 17, seen
    table = answers_of(people)
    recorded = table["shown_ms"].to_numpy()
    assert all(abs(length - ms) < frame + 17 for (length, frame), ms in zip(seen, recorded, strict=True))
    assert table["answer"].tolist() == ["generated", "generated", "real"] * 2
    assert (table["answer_ms"].iloc[1::2] >= 1000).all()
    assert (table["answer_ms"].iloc[::2] < 1000).all()

    everything = "\n".join(f"{url} {text}" for url, text in told)
    pictures = pd.read_csv(study_of(people) / "pictures.csv")
    names = {stem for name in pictures["name"] for stem in re.findall(r"\d{4}_c\d\w+", name)}
    assert names
    assert not [name for name in {*names, *pictures["file"]} if name in everything]
    shown = [url for url, _ in told if "/i/" in url]
    assert len(shown) == 6
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/i/[0-9a-f]{32}", url) for url in shown)
    states = [json.loads(text) for url, text in told if "/api/" in url]
    keys = {key for state in states for key in state}
    assert keys == {"done", "total", "practice", "now", "next", "width", "height", "exposure"}
    assert {key for state in states if state["now"] for key in state["now"]} == {"id", "seen"}


def test_a_phone_goes_on_after_a_reload_and_after_the_server_was_killed(
    browser: Any, server: Server, people: Path
) -> None:
    phone = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = phone.new_page()
    page.goto(server.url)
    page.tap("#start")
    page.tap("#go")
    answerable(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("#answers button").last.bounding_box()["y"] + 40 < PHONE["height"]  # without scrolling
    page.tap("[data-answer=real]")
    progress(page, 2)
    page.wait_for_selector("#stage.shown")
    page.reload()
    page.tap("#go")  # a picture that was on the screen is asked for, not shown again
    page.wait_for_selector("#message:has-text('before the page was loaded again')")
    assert page.locator("#stage.shown").count() == 0
    page.tap("[data-answer=generated]")
    progress(page, 3)
    answerable(page)
    server.stop(signal.SIGKILL)
    page.tap("[data-answer=real]")
    page.wait_for_selector("#message:has-text('No connection')")
    assert answers_of(people)["answer"].tolist()[:2] == ["real", "generated"]
    server.start(server.port)
    progress(page, 4)
    assert answers_of(people)["answer"].tolist()[:3] == ["real", "generated", "real"]
    assert server.stop(signal.SIGINT) == 130
    phone.close()
