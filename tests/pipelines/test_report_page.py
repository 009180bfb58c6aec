"""The report in a real browser, opened from disk, at the widths of a phone and of a desk."""

import shutil

import pytest

from augment.runtime import Runtime
from augment.workspace import Workspace
from pipelines.report import Pictures, write_report
from tests.browser import DESKTOP, PHONE, chromium
from tests.conftest import run
from tests.pipelines.test_sidebyside import add

QUIET = Runtime(device="cpu", progress=False, threads=1)
HOSTILE = "<img src=x onerror=alert(1)>&\"'"
LARGEST = 10_000_000


@pytest.fixture(scope="module")
def page_file(rendered, tmp_path_factory):
    """A report with generators of hostile names, a generated set and a film, alone in a folder."""
    folder = tmp_path_factory.mktemp("page")
    workspace = Workspace.create(folder / "w", {"data": str(rendered)})
    add(workspace, "patn", "patn")
    add(workspace, HOSTILE, "patn", seed=1)
    add(workspace, "resnet", "resnet")
    run(workspace.root, "generate", "--portion", "0.4", "--generator", "patn")
    page = write_report(workspace, runtime=QUIET, pictures=Pictures(people=3))
    return shutil.copy(page, folder / "alone.html")


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(params=["phone", "desk"])
def page(request, browser, page_file):
    """The page, with what it asked for and what went wrong in `asked` and `wrong`."""
    phone = request.param == "phone"
    context = browser.new_context(viewport=PHONE if phone else DESKTOP, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    page.asked, page.wrong, page.touch = [], [], phone
    page.on("request", lambda made: page.asked.append(made.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: page.wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: page.wrong.append(dialog.message))
    page.goto(f"file://{page_file}")
    yield page
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [f"file://{page_file}"]
    context.close()


def visible(page, selector):
    return sum(each.is_visible() for each in page.locator(selector).all())


def test_the_page_is_as_wide_as_the_screen_and_shows_every_picture(page, page_file):
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.evaluate("document.querySelectorAll('img').forEach((picture) => { picture.loading = 'eager'; })")
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.wait_for_function("[...document.images].every((picture) => picture.complete)")
    assert page.evaluate("[...document.images].every((picture) => picture.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.evaluate("document.documentElement.outerHTML.length") < LARGEST
    assert page.get_by_text(HOSTILE).count() >= 6


def test_one_person_can_be_picked_with_the_keyboard(page):
    every = page.locator("[data-person]").count()
    assert page.locator("#pick output").inner_text() == f"{every} of {every} pictures"
    page.locator("#pick select").focus()
    page.keyboard.press("ArrowDown")
    person = page.locator("#pick select").input_value()
    assert person
    own = page.locator(f"[data-person='{person}']").count()
    assert 0 < own < every
    assert visible(page, "[data-person]") == own == visible(page, f"[data-person='{person}']")
    assert page.locator("#pick output").inner_text() == f"{own} of {every} pictures"
    assert visible(page, ".nobody") > 0  # this person is in no generated set
    page.locator("#pick select").select_option("")
    assert visible(page, ".nobody") == 0
    assert page.locator("#pick output").inner_text() == f"{every} of {every} pictures"


def test_masks_are_shown_where_one_points_or_tabs_and_nowhere_else(page):
    assert page.locator(".masks").count() == 2 * 6  # two of the three generators have masks
    assert visible(page, ".masks") == 0
    tile = page.locator(".masked").nth(3)
    if page.touch:
        tile.locator("button").tap()
    else:
        tile.locator("button").hover()
    assert tile.locator(".masks").is_visible()
    assert visible(page, ".masks") == 1
    assert "masks of its 3 blocks" in tile.locator(".masks").inner_text()
    assert tile.locator(".masks img").evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 3 * 64
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.mouse.move(0, 0)
    page.locator(".masked button").first.focus()
    assert page.locator(".masked .masks").first.is_visible()
    page.keyboard.press("Tab")
    assert page.locator(".masked .masks").nth(1).is_visible()
    assert visible(page, ".masks") == 1
    page.keyboard.press("Escape")
    assert visible(page, ".masks") == 0


def test_people_walk_in_a_film_that_plays(page):
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
