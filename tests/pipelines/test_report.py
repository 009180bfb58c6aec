"""The report: one file that loads nothing, escapes every name, and shows only what is there."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.artefacts.files import write_json
from augment.artefacts.records import Origin, RunRecord
from augment.workspace import Workspace
from pipelines.measurements.heldout import SHEETS, HeldoutSsim, Ssim
from pipelines.report.page import render_page, render_report, write_report
from pipelines.report.section import Section
from pipelines.report.sections import _told_apart
from pipelines.table5.cells import Cell
from pipelines.table5.outputs import FILE
from pipelines.table5.results import declare

HOSTILE = "<img src=x onerror=alert(1)>&\"'"


class Page(HTMLParser):
    """Collects the tags, the attributes that could load or run something, and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str | None] = []
        self.handlers: list[str] = []
        self.text = ""
        self.images_without_words = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.tags.append(tag)
        self.loads += [given[name] or "" for name in ("src", "srcset", "action", "data", "poster") if name in given]
        self.links += [given["href"] or ""] if "href" in given else []
        self.ids += [given["id"]] if "id" in given else []
        self.handlers += [name for name in given if name.startswith("on")]
        self.images_without_words += tag == "img" and not given.get("alt")

    def handle_data(self, data: str) -> None:
        self.text += data


def record(folder: Path, result: dict[str, Any], **fields: object) -> None:
    run = {"kind": "x", "seed": 0, "options": {"note": HOSTILE}, "inputs": {}, "versions": {"torch": HOSTILE}}
    write_json(folder / "run.json", {**run, "seconds": 2.0, "result": result, **fields})


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace of `made`."""
    return made(tmp_path)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of such a workspace."""
    return write_report(made(tmp_path_factory.mktemp("report"))).read_text(encoding="utf-8")


def made(folder: Path) -> Workspace:
    """A workspace whose every name is hostile, with something for every section."""
    root = folder / HOSTILE
    workspace = Workspace.create(root, {"data": "data"})
    for split, name in (
        ("bounding_box_train", "0002_c1s1_000451_03"),
        ("bounding_box_test", "0003_c2s1_000451_03"),
        ("query", "0003_c1s1_000451_03"),
    ):
        picture(workspace.data / split / f"{name}.jpg")
    add_results(workspace)
    return workspace


def add_results(workspace: Workspace) -> None:
    """Something for every section but those that need a generator or a model, with hostile names."""
    cells = [Cell(row, seed=seed, backbone=HOSTILE) for row in ("none", "ours") for seed in (0, 1)]
    declare(workspace, [Cell(row, seed=seed) for row in ("none", "ours") for seed in (0, 1)])
    for number, cell in enumerate(cells):
        write_json(workspace.table_dir("table5") / "cells" / f"{number}.json", cell.as_dict())
    for number, cell in enumerate([*cells, *(Cell(row, seed=seed) for row in ("none", "ours") for seed in (0, 1))]):
        figures = {"mAP": 10.0 + number, "rank1": 20.0, "updates": 306, "images": 140}
        record(workspace.reid_dir(cell.name), figures)
    record(workspace.patn_dir("patn"), {"perceptual": HOSTILE, "steps": 5})
    (workspace.patn_dir("patn") / "metrics.jsonl").write_text(
        json.dumps({"step": 1, HOSTILE: 0.5, "seconds": 1}) + "\n"
    )
    for cell in cells:
        curve = "".join(json.dumps({"step": step, "loss": 1 / step}) + "\n" for step in (1, 2))
        (workspace.reid_dir(cell.name) / "metrics.jsonl").write_text(curve)
    generated = workspace.generated_dir("mine" + HOSTILE, 0.1, 0)
    picture(generated / "bounding_box_train" / "0002_c1s1_000451_03_gen.jpg")
    record(generated, {}, options={"portion": 0.1, "ratio": 1})
    lines = ["name,kind,source,pose", "0002_c1s1_000451_03_gen.jpg,generated,0002_c1s1_000451_03.jpg,<b>"]
    (generated / "manifest.csv").write_text("\n".join(lines))
    values = {"generated": 0.5, "copy": 0.2, "mean": 0.3}
    held = workspace.table_dir("heldout-patn")
    record(held, {**values, "paper": values, "count": 9, "size": [64, 32]})
    for file in SHEETS.values():
        picture(held / file)
    record(workspace.table_dir("histogram"), {"mAP": 4.0, "rank1": 5.0, "centred": {"mAP": 6.0, "rank1": 7.0}})
    record(workspace.table_dir("poses"), {"found": 0.99, "pckh": 0.87}, options={"estimator": HOSTILE, "count": 3})


def test_page_loads_nothing_and_runs_only_its_own_script(text: str) -> None:
    page = Page(text)
    assert page.handlers == []
    assert page.loads
    assert all(re.match(r"data:image/(png|webp|svg\+xml);base64,", value) for value in page.loads)
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert page.tags.count("script") == 1
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert set(rules) == {"default-src", "img-src", "media-src", "style-src", "script-src", "base-uri", "form-action"}


def test_links_lead_to_parts_of_the_page(text: str) -> None:
    page = Page(text)
    assert len(page.links) > 3
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)
    assert len(set(page.ids)) == len(page.ids)


def test_every_picture_has_words(text: str) -> None:
    assert Page(text).images_without_words == 0


def test_page_shows_a_number_that_was_changed_in_table5_json(workspace: Workspace) -> None:
    write_report(workspace)
    path = workspace.table_dir("table5") / FILE
    content = json.loads(path.read_text())
    for line in content["lines"]:
        if line["row"] == "ours":
            line.update(mAP_mean=77.7, gain_mean=66.6)
    path.write_text(json.dumps(content))
    text = Page(render_report(workspace).read_text(encoding="utf-8")).text
    assert "77.7 ± " in text
    assert text.count("+66.6 [") >= 3  # at a glance, in a sentence, in the table


def test_hostile_names_are_shown_as_they_are(text: str) -> None:
    assert HOSTILE not in text
    assert HOSTILE in Page(text).text


def test_page_shows_every_part_and_its_figures(text: str) -> None:
    text = Page(text).text
    for shown in (
        "Differences to None",
        "+2.0 [+2.0, +2.0] (2)",
        "mAP 4.0",
        "99.0 %",
        "PCKh@0.5 = 0.870",
        "0.500",
        "Held-out identities",
        "Identities of the training split",
        "Versions: torch",
        "0 real and 1 generated images",
        "Re-ID loss of 2 settings",
        "Losses of generator patn",
        "Every seed, rank-1",
        "Rows not run here: Self, Ours*, Unseen",
    ):
        assert shown in text, shown


def test_joints_that_were_given_are_not_called_exact(workspace: Workspace) -> None:
    assert "agree with the exact ones at PCKh@0.5 = 0.870" in " ".join(render_report(workspace).read_text().split())
    real = {"images": 1000, "given": 0.963, "found": 0.984, "both": 0.959, "swapped": 0.021, "pckh": 0.948}
    record(workspace.table_dir("poses"), real, options={"estimator": "movenet", "count": 1000})
    text = " ".join(render_report(workspace).read_text().split())
    assert "96.3 % have a person in the key points that were given, and 98.4 % by movenet." in text
    assert "agree with the given ones at PCKh@0.5 = 0.948. The given ones may be estimates, too." in text
    assert "exact ones" not in text


def test_one_seed_says_so_on_the_page(workspace: Workspace) -> None:
    for path in workspace.root.glob("reid/*-s1/run.json"):
        path.unlink()
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    assert "One seed: no interval, no claim." in text
    assert "one seed carries no claim" in text
    assert re.search(r"\+\d+\.\d \(1\)", text)
    assert "±" not in re.sub(r"mean ± standard|, ± the standard", "", text)


def test_the_first_figure_is_of_generated_images_not_of_repeated_ones(workspace: Workspace) -> None:
    for number, row in enumerate(("repeat", "self")):
        cell = Cell(row, portion=0.1)
        declare(workspace, [cell])
        record(workspace.reid_dir(cell.name), {"mAP": 55.0 + number, "rank1": 20.0, "updates": 306, "images": 140})
    for path in workspace.root.glob("reid/*ours*/run.json"):
        path.unlink()
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    assert "Self minus None" in text
    assert "None, repeated minus None" not in text


def test_cells_that_are_not_finished_are_counted(workspace: Workspace) -> None:
    declare(workspace, [Cell("ours", seed=7)])
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    assert "1 of 9 re-ID models are not finished yet" in text


def test_photographs_are_not_kept_as_png(workspace: Workspace) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(128, 20, (128, 64, 3)).clip(0, 255).astype(np.uint8)
    for file in SHEETS.values():
        Image.fromarray(noise).save(workspace.table_dir("heldout-patn") / file)
    before = sum((workspace.table_dir("heldout-patn") / file).stat().st_size for file in SHEETS.values())
    page = Page(write_report(workspace).read_text(encoding="utf-8"))
    sheets = [value for value in page.loads if value.startswith("data:image/webp")]
    assert sum(map(len, sheets)) < before / 2


def test_what_all_runs_share_is_told_once() -> None:
    origins = {name: Origin("", 0, {"epochs": 5, "p": p}, {"x": "ab"}) for p, name in enumerate("ab", 1)}
    runs = {name: RunRecord(origin, {}, 0.0, 1.0, {}) for name, origin in origins.items()}
    assert _told_apart(runs) == ("epochs 5", [("a", 0, "p 1", "x ab"), ("b", 0, "p 2", "x ab")])


def test_an_empty_workspace_has_a_page_too(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    picture(workspace.data / "bounding_box_train" / "0002_c1s1_000451_03.jpg")
    for folder in ("bounding_box_test", "query"):
        picture(workspace.data / folder / "0003_c1s1_000451_03.jpg")
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    assert "Settings, versions, fingerprints" in text
    assert "Table 5" not in text


def by_seed(workspace: Workspace, figures: dict[str, list[float]]) -> str:
    """Table 5 of None and Ours with the given mAP of each seed; returns the page's text."""
    cells = [Cell(row, seed=seed) for row in figures for seed in range(len(figures[row]))]
    declare(workspace, cells)
    for cell in cells:
        record(
            workspace.reid_dir(cell.name), {"mAP": figures[cell.row][cell.seed], "rank1": 1, "updates": 9, "images": 9}
        )
    return " ".join(Page(write_report(workspace).read_text(encoding="utf-8")).text.split())


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ([20.0, 21.0, 22.0], "95 % interval [+7.5, +12.5], 3 seeds, paired by seed."),
        ([20.0, 9.0, 13.0], "3 seeds. It contains 0: this may be chance."),
        ([20.0], "One seed: no interval, no claim."),
    ],
)
def test_the_first_screen_says_what_an_interval_means(people: Path, ours: list[float], said: str) -> None:
    none = [10.0, 12.0, 11.0][: len(ours)]
    text = by_seed(Workspace.find(people), {"none": none, "ours": ours})
    assert said in text
    assert ("may be chance" in text) == ("may be chance" in said)
    assert "the removed ones among them" in text.partition("How to read")[0]  # the generator saw them


@pytest.mark.parametrize(("row", "title"), [("reduced", "Ours, M^R_p only"), ("unseen", "Unseen")])
def test_the_first_screen_does_not_blame_a_generator_that_saw_no_removed_image(
    people: Path, row: str, title: str
) -> None:
    text = by_seed(Workspace.find(people), {"none": [10.0, 11.0], row: [20.0, 20.0]})
    assert f"{title} minus None" in text
    assert "the removed ones among them" not in text.partition("How to read")[0]


@pytest.mark.parametrize(("portions", "folded"), [((0.1, 0.2), False), ((0.1, 0.2, 0.3, 0.4, 0.5), True)])
def test_differences_longer_than_a_screen_are_folded(people: Path, portions: tuple[float, ...], folded: bool) -> None:
    workspace = Workspace.find(people)
    cells = [Cell(row, portion=portion) for row in ("none", "ours", "self") for portion in portions]
    declare(workspace, cells)
    for cell in cells:
        record(workspace.reid_dir(cell.name), {"mAP": 10.0, "rank1": 1, "updates": 9, "images": 9})
    page = write_report(workspace).read_text(encoding="utf-8")
    assert ("Differences to None at every share p, 15 lines</summary>" in page) == folded
    assert page.count("<th>minus None<small") == 1


def test_generated_images_no_better_than_trivial_ones_are_said_to_be_so() -> None:
    worse = Ssim(generated=0.1, copy=0.2, mean=0.3)
    generator = {"name": "g", "measured": HeldoutSsim(worse, worse, 3, (64, 32)), "sheets": {}, "unseen": False}
    page = render_page("w", [Section("Images", "images.html", {"generators": [generator]})])
    assert "not better than a trivial one" in page
