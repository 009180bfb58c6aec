"""The report's templates: every name of a style belongs to one component, so that names cannot meet."""

import re
from pathlib import Path

import pytest

from pipelines.report import page as report

TEMPLATES = Path(report.__file__).parent / "templates"
PAGES, SHEETS = sorted(TEMPLATES.glob("*.html")), sorted(TEMPLATES.glob("*.css"))
COMMON = "page"
"""The component that every template may use: headings, notes, tables, folds."""
ELEMENTS = {":root", "*", "[hidden]", "html", "body", "h3", "p", "li", "img", "figure", "figcaption", "code"}
"""What page.css may style without a class."""


def classes(template: Path) -> set[str]:
    """Every class that a template can give, `*` in place of what is computed."""
    found = set()
    for value in re.findall(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', template.read_text(encoding="utf-8")):
        computed = re.sub(
            r"\{\{.*?\}\}", lambda code: " ".join(["", *re.findall(r"' ([\w-]+)'", code[0])]) or "*", value
        )
        found |= set(computed.split())
    return found


def selectors(sheet: Path) -> list[str]:
    """Every selector of a sheet, those inside media queries too."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    heads = re.findall(r"(?:^|(?<=[{}]))([^{}@]+)\{", text)
    return [selector.strip() for head in heads for selector in head.split(",")]


def of_component(name: str, component: str) -> bool:
    """`component__part` or `component__part--kind`."""
    return re.fullmatch(rf"{component}__[a-z0-9]+(--[a-z0-9*]+)?", name) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_class_of_a_template_has_its_components_prefix(page: Path) -> None:
    strangers = [name for name in classes(page) if not any(of_component(name, own) for own in (page.stem, COMMON))]
    assert strangers == []
    assert 'class="' in page.read_text(encoding="utf-8") or page.stem == "poses"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_selector_is_for_classes_of_its_component(sheet: Path) -> None:
    assert sheet.with_suffix(".html") in PAGES
    assert selectors(sheet)
    for selector in selectors(sheet):
        if sheet.stem == COMMON and selector in ELEMENTS:
            continue
        named = re.findall(r"\.([\w-]+)", selector)
        assert selector.startswith("."), f"{sheet.name}: {selector} styles what is not a part of {sheet.stem}"
        assert all(of_component(name, sheet.stem) for name in named), f"{sheet.name}: {selector}"


def test_every_styled_class_is_given_by_the_template_of_its_component() -> None:
    given = set().union(*map(classes, PAGES))
    for sheet in SHEETS:
        for name in re.findall(r"\.([a-z]\w+__[\w-]+)", sheet.read_text(encoding="utf-8")):
            kind = re.sub(r"--\d+$", "--*", name)
            assert {name, kind} & given, f"{sheet.name}: no template gives the class {name}"


def test_the_check_knows_a_name_that_two_components_could_share(tmp_path: Path) -> None:
    page = tmp_path / "sidebyside.html"
    page.write_text("<tr class=\"row sidebyside__pair{{ ' sidebyside__pair--own' if x }} table5__row--{{ kind }}\">")
    assert classes(page) == {"row", "sidebyside__pair", "sidebyside__pair--own", "table5__row--*"}
    assert not of_component("row", "sidebyside")
    assert not of_component("table5__row--*", "sidebyside")
    sheet = tmp_path / "sidebyside.css"
    sheet.write_text("@media (hover: hover) { .row, .sidebyside__pair td { top: 0 } } /* .x { */ b{left:0}")
    assert selectors(sheet) == [".row", ".sidebyside__pair td", "b"]
