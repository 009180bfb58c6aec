"""The report: one file that loads nothing, escapes every name, and shows only what is there."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from augment.artefact import write_json
from augment.workspace import Workspace
from pipelines.cells import Cell
from pipelines.heldout import SHEETS
from pipelines.report import Section, render_page, write_report
from pipelines.results import declare

HOSTILE = "<img src=x onerror=alert(1)>&\"'"


class Page(HTMLParser):
    """Collects the tags, the attributes that could load or run something, and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.handlers, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]
        self.handlers += [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def record(folder, result, **fields):
    run = {"kind": "x", "seed": 0, "options": {"note": HOSTILE}, "inputs": {}, "versions": {"torch": HOSTILE}}
    write_json(folder / "run.json", {**run, "seconds": 2.0, "result": result, **fields})


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose every name is hostile, with something for every section."""
    root = tmp_path / HOSTILE
    workspace = Workspace.create(root, {"data": "data"})
    for folder, name in (("bounding_box_train", "0002_c1s1_000451_03"), ("bounding_box_test", "0003_c2s1_000451_03"),
                         ("query", "0003_c1s1_000451_03")):  # fmt: skip
        picture(workspace.data / folder / f"{name}.jpg")
    cells = [Cell(row, seed=seed, backbone=HOSTILE) for row in ("none", "ours") for seed in (0, 1)]
    declare(workspace, [Cell(row, seed=seed) for row in ("none", "ours") for seed in (0, 1)])
    for number, cell in enumerate(cells):
        write_json(workspace.table_dir("table5") / "cells" / f"{number}.json", cell.to_json())
    for number, cell in enumerate([*cells, *(Cell(row, seed=seed) for row in ("none", "ours") for seed in (0, 1))]):
        figures = {"mAP": 10.0 + number, "rank1": 20.0, "updates": 306, "images": 140}
        record(workspace.reid_dir(cell.name), figures)
    record(workspace.patn_dir("patn"), {"perceptual": HOSTILE, "steps": 5})
    (workspace.patn_dir("patn") / "metrics.jsonl").write_text(
        json.dumps({"step": 1, HOSTILE: 0.5, "seconds": 1}) + "\n"
    )
    values = {"generated": 0.5, "copy": 0.2, "mean": 0.3}
    held = workspace.table_dir("heldout-patn")
    record(held, {**values, "paper": values, "count": 9, "size": [64, 32]})
    for file in SHEETS.values():
        picture(held / file)
    record(workspace.table_dir("histogram"), {"mAP": 4.0, "rank1": 5.0, "centred": {"mAP": 6.0, "rank1": 7.0}})
    record(workspace.table_dir("poses"), {"found": 0.99, "pckh": 0.87}, options={"estimator": HOSTILE, "count": 3})
    return workspace


def test_page_loads_nothing_and_runs_nothing(workspace):
    page = Page(write_report(workspace).read_text(encoding="utf-8"))
    assert page.handlers == []
    assert page.loads
    assert all(value.startswith("data:image/png;base64,") for value in page.loads)
    assert not {"script", "link", "iframe", "object", "a"} & set(page.tags)


def test_hostile_names_are_shown_as_they_are(workspace):
    text = write_report(workspace).read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert HOSTILE in Page(text).text


def test_page_shows_every_part_and_its_figures(workspace):
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    for shown in (
        "minus None, equal updates", "+2.0 [+2.0, +2.0] (2)",
        "mAP 4.0", "99.0 %", "PCKh@0.5 = 0.870", "0.500", "Held-out identities",
        "Identities of the training split", "Versions: torch", "Rows not run here: Self, Ours*, Unseen",
    ):  # fmt: skip
        assert shown in text, shown


def test_an_empty_workspace_has_a_page_too(tmp_path):
    workspace = Workspace.create(tmp_path / "w", {"data": "data"})
    picture(workspace.data / "bounding_box_train" / "0002_c1s1_000451_03.jpg")
    for folder in ("bounding_box_test", "query"):
        picture(workspace.data / folder / "0003_c1s1_000451_03.jpg")
    text = Page(write_report(workspace).read_text(encoding="utf-8")).text
    assert "Settings, versions, seeds" in text
    assert "Table 5" not in text


def test_a_section_added_from_outside_is_shown(workspace):
    path = write_report(workspace, (lambda _: None, lambda _: Section("Mine", "times.html", {"steps": {}, "work": []})))
    assert "Mine" in Page(path.read_text(encoding="utf-8")).text


def test_generated_images_no_better_than_trivial_ones_are_said_to_be_so():
    worse = {"generated": 0.1, "copy": 0.2, "mean": 0.3}
    generator = {
        "name": "g",
        "ssim": {**worse, "paper": worse, "count": 3, "size": [64, 32]},
        "sheets": {},
        "unseen": False,
    }
    page = render_page("w", [Section("Images", "images.html", {"generators": [generator]})])
    assert "not better than a trivial one" in page
