"""The report in a real browser, opened from disk, at the widths of a phone and of a desk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from augment.artefacts.files import write_bytes
from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.report.galleries import PICTURE, chosen, gallery_dir
from pipelines.report.page import Pictures, write_report
from pipelines.report.pictures import webp
from pipelines.table5.results import declared
from tests.browser import DESKTOP, PHONE, chromium
from tests.conftest import run
from tests.pipelines.test_report import add_results, record
from tests.pipelines.test_sidebyside import add
from tools import page_geometry, report_document

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator, Page

QUIET = Runtime(device="cpu", progress=False, threads=1)
HOSTILE = "<img src=x onerror=alert(1)>&\"'"
LARGEST = 10_000_000


@pytest.fixture(scope="module")
def page_file(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all its sections, hostile names, generators, a generated set and a film, alone in a folder."""
    folder = tmp_path_factory.mktemp("page")
    workspace = Workspace.create(folder / "w", {"data": str(rendered)})
    add_results(workspace)
    add(workspace, "patn", "patn")
    add(workspace, HOSTILE, "patn", seed=1)
    add(workspace, "table4/resnet5-demo-12-s0", "resnet")
    run(workspace.root, "generate", "--portion", "0.4", "--generator", "patn")
    add_galleries(workspace)
    page = write_report(workspace, runtime=QUIET, pictures=Pictures(galleries=False, identities=3))
    return Path(shutil.copy(page, folder / "alone.html"))


def add_galleries(workspace: Workspace) -> None:
    """Ranked galleries of two models, as wide as real ones."""
    for cell in declared(workspace):
        write_bytes(workspace.reid_dir(cell.name) / "model.safetensors", b"")
    for model in chosen(workspace):
        record(gallery_dir(workspace, model.name), {"mAP": 1, "rank1": 2, "queries": 3})
        write_bytes(gallery_dir(workspace, model.name) / PICTURE, webp(Image.new("RGB", (1100, 400), "navy")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(params=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, page_file: Path) -> Iterator[Page]:
    """The page, which must have asked for nothing but itself and must have met nothing wrong in the end."""
    asked: list[str] = []
    wrong: list[str] = []
    phone = request.param == "phone"
    context = browser.new_context(viewport=PHONE if phone else DESKTOP, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    page.on("request", lambda made: asked.append(made.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(f"file://{page_file}", timeout=120_000)  # a busy machine takes its time
    yield page
    assert wrong == []
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [f"file://{page_file}"]
    context.close()


def width_of(page: Page) -> int:
    assert page.viewport_size
    return page.viewport_size["width"]


def is_phone(page: Page) -> bool:
    return width_of(page) == PHONE["width"]


def place_of(locator: Locator) -> FloatRect:
    place = locator.bounding_box()
    assert place
    return place


def visible(page: Page, selector: str) -> int:
    return sum(each.is_visible() for each in page.locator(selector).all())


@pytest.fixture(scope="module", params=["phone", "desk"])
def laid_out(request: pytest.FixtureRequest, browser: Browser, page_file: Path) -> Iterator[Page]:
    """The page as it is opened, the same for all tests of its geometry."""
    with page_geometry.opened(browser, page_file, PHONE if request.param == "phone" else DESKTOP) as page:
        yield page


def test_the_layout_holds_folded_and_unfolded(laid_out: Page) -> None:
    assert page_geometry.faults(laid_out) == []
    assert laid_out.evaluate("document.documentElement.outerHTML.length") < LARGEST
    assert laid_out.get_by_text(HOSTILE).count() >= 6


FAULTS = {
    "cells below each other": ".table5__row { display: grid; }",
    "the page is": ".page__note { width: 120vw; max-width: none; }",
    "reaches from": ".glance__caveat { position: relative; left: 70vw; }",
    "the content of": ".said__finding { width: 5rem; white-space: nowrap; }",
    "overlap": ".sidebyside__tile { margin-left: -2rem; }",
    " x 0 pixels": ".glance__chart { height: 0; }",
    "its own shape": ".sidebyside__picture { height: 20px; }",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_layout_is_found(laid_out: Page, fault: str) -> None:
    style = laid_out.add_style_tag(content=FAULTS[fault])
    found = laid_out.evaluate(page_geometry.CHECKER)
    style.evaluate("style => style.remove()")
    assert any(fault in each for each in found)


def edges(page: Page, selector: str) -> tuple[float, float]:
    """Top and bottom of the first element, in screens."""
    place = place_of(page.locator(selector).first)
    assert page.viewport_size
    height = page.viewport_size["height"]
    return place["y"] / height, (place["y"] + place["height"]) / height


def test_the_first_screen_states_the_claim_the_second_the_table_the_third_the_pictures(laid_out: Page) -> None:
    for part in ("figure", "what", "verdict", "caveat"):
        assert edges(laid_out, f".glance__{part}")[1] < 1
    assert edges(laid_out, ".table5__grid")[1] < 2
    assert edges(laid_out, ".sidebyside__pair")[0] < 3


def test_pairs_stand_beside_each_other_where_there_is_room(laid_out: Page) -> None:
    places = [place_of(pair) for pair in laid_out.locator(".sidebyside__pair").all()]
    beside = sum(place["y"] == places[0]["y"] for place in places)
    assert beside == (1 if is_phone(laid_out) else 2)
    assert places[beside - 1]["x"] + places[beside - 1]["width"] > 0.9 * width_of(laid_out)
    tiles = laid_out.locator(".sidebyside__pair").first.locator(".sidebyside__tile").all()
    assert len({place_of(tile)["y"] for tile in tiles}) == (2 if is_phone(laid_out) else 1)


def test_screenshots_show_the_screens_and_every_section(laid_out: Page, tmp_path: Path) -> None:
    files = page_geometry.take_screenshots(laid_out, tmp_path / "shots", "it")
    sections = laid_out.locator("main > section").count()
    assert sections >= 11
    assert sorted(files) == sorted((tmp_path / "shots").iterdir())
    assert len(files) == 3 + sections
    names = {file.name for file in files}
    assert {"it-screen1.png", "it-at-a-glance.png", "it-table-5.png", "it-generators-side-by-side.png"} <= names
    for file in files:
        with Image.open(file) as picture:
            assert picture.width > 0.8 * width_of(laid_out)
            assert len(picture.getcolors(1 << 24) or []) > 2


BROKEN = """<!doctype html><style>.row { display: grid }</style><body><main><section><h2>One</h2>
<table><tr class=row><td>a</td><td>b</td></tr></table><img src="data:image/png;base64,AAAA" width=9 height=9>"""


def test_the_tool_says_what_is_wrong_with_a_page(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page_geometry, "chromium", lambda: nullcontext(browser))
    page, shots = tmp_path / "broken.html", tmp_path / "shots"
    page.write_text(BROKEN)
    assert page_geometry.main([str(page), "--screenshots", str(shots)]) == 1
    said = capsys.readouterr().out
    assert 'desktop, 1280 pixels: cells below each other in tr.row "ab"' in said
    assert "phone, 390 pixels: cells below each other" in said
    assert "img is not loaded" in said
    assert len(list(shots.glob("*.png"))) == 2 * (3 + 1)
    page.write_text("<!doctype html><meta name=viewport content='width=device-width'><p>Nothing to see.")
    assert page_geometry.main([str(page)]) == 0
    with pytest.raises(SystemExit):
        page_geometry.main([str(tmp_path / "none.html")])


def test_the_documents_pictures_are_those_of_the_folder(tmp_path: Path) -> None:
    folder, document = tmp_path / "report", tmp_path / "report.md"
    folder.mkdir()
    names = [
        f"{device}-{part}.png" for device in ("desktop", "phone") for part in ("screen1", "screen2", "screen3", "times")
    ]
    for name in names:
        Image.effect_noise((300, 2000), 90).convert("RGB").save(folder / name)
    document.write_text("Before\n<!-- screenshots -->\nold\n<!-- end screenshots -->\nAfter\n")
    report_document.write_document(folder, document)
    text = document.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("\nAfter\n")
    assert "old" not in text
    named = re.findall(r"!\[[^\]]+\]\(report/(\S+)\)", text)
    assert sorted(named) == sorted(set(names) - {"phone-times.png"}) == sorted(path.name for path in folder.iterdir())
    with Image.open(folder / "desktop-times.png") as picture:
        assert picture.size == (300, 1600)


UNFOLD = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"


def test_one_person_can_be_picked_with_the_keyboard(page: Page) -> None:
    page.evaluate(UNFOLD)
    every = page.locator("[data-identity]").count()
    assert page.locator(".page__picked").inner_text() == f"{every} of {every} pictures"
    page.locator(".page__select").focus()
    page.keyboard.press("ArrowDown")
    person = page.locator(".page__select").input_value()
    assert person
    own = page.locator(f"[data-identity='{person}']").count()
    assert 0 < own < every
    assert visible(page, "[data-identity]") == own == visible(page, f"[data-identity='{person}']")
    assert page.locator(".page__picked").inner_text() == f"{own} of {every} pictures"
    assert visible(page, "[data-none]") > 0  # this person is in no generated set
    page.locator(".page__select").select_option("")
    assert visible(page, "[data-none]") == 0
    assert page.locator(".page__picked").inner_text() == f"{every} of {every} pictures"


def test_masks_are_shown_where_one_points_or_tabs_and_nowhere_else(page: Page) -> None:
    assert page.locator(".sidebyside__masks").count() == 2 * 6  # two of the three generators have masks
    assert visible(page, ".sidebyside__masks") == 0
    tile = page.locator(".sidebyside__tile--masked").nth(3)
    if is_phone(page):
        tile.locator("button").tap()
    else:
        tile.locator("button").hover()
    assert tile.locator(".sidebyside__masks").is_visible()
    assert visible(page, ".sidebyside__masks") == 1
    assert "masks of its 3 blocks" in tile.locator(".sidebyside__masks").inner_text()
    assert (
        tile.locator(".sidebyside__masks img").evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
        == 3 * 64
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width_of(page)
    strip, numbers = (place_of(tile.locator(f".sidebyside__{part}")) for part in ("strip", "numbers"))
    assert (strip["x"], strip["width"]) == pytest.approx((numbers["x"], numbers["width"]))  # a number below each map
    page.mouse.move(0, 0)
    page.locator(".sidebyside__button").first.focus()
    assert page.locator(".sidebyside__tile--masked .sidebyside__masks").first.is_visible()
    page.keyboard.press("Tab")
    assert page.locator(".sidebyside__tile--masked .sidebyside__masks").nth(1).is_visible()
    assert visible(page, ".sidebyside__masks") == 1
    page.keyboard.press("Escape")
    assert visible(page, ".sidebyside__masks") == 0


def test_people_walk_in_a_film_that_plays(page: Page) -> None:
    pytest.importorskip("imageio_ffmpeg")
    films = page.locator("video")
    assert films.count() == 3
    length = films.first.evaluate(
        """film => new Promise((done, failed) => {
            film.onerror = () => failed(new Error(film.error.message));
            film.ontimeupdate = () => { if (film.currentTime > 0.1) done(film.duration); };
            film.play().catch(failed);
        })"""
    )
    assert length == pytest.approx(28 / 12, abs=0.1)
    assert films.first.evaluate("film => [film.videoWidth, film.readyState >= 2]") == [4 * 68 - 4, True]
