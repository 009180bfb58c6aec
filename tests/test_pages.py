"""The pages are whole: links lead somewhere, the site loads nothing, results, changelog and citation are filled in."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.site import main as loads_of_site

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
LONGEST_README = 150
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def between(text: str, start: str, end: str) -> str:
    """The text between two markers, which are on lines of their own."""
    return text.partition(f"{start}\n")[2].partition(f"\n{end}")[0]


def test_the_readme_is_short_and_shows_no_picture_by_a_relative_link() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_README
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert all(target.startswith("https://") for target in pictures), "a package index cannot show it"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


def test_the_site_may_load_nothing_from_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "index.html"
    page.write_text('<link rel="canonical" href="https://a.org/"><a href="https://b.org">b</a><img src="here.png">')
    (tmp_path / "own.css").write_text("a { background: url(here.svg) }")
    assert loads_of_site([str(tmp_path)]) == 0
    page.write_text('<script src="https://c.org/x.js"></script><link rel="stylesheet" href="//d.org/x.css">')
    (tmp_path / "own.css").write_text("@import 'https://e.org/x.css'; a { background: url(https://f.org/x.png) }")
    capsys.readouterr()
    assert loads_of_site([str(tmp_path)]) == 1
    found = re.findall(r"loads \S*//(\w)\.org", capsys.readouterr().out)
    assert found == ["c", "d", "e", "f"]


def test_every_page_is_in_the_sites_contents() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r": (\S+\.md)$", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(page.relative_to(ROOT / "docs").as_posix() for page in PAGES if page.parent != ROOT)


def test_demo_results_are_filled_in() -> None:
    results = between(README.read_text(encoding="utf-8"), "<!-- demo results -->", "<!-- end -->")
    assert "](docs/results/demo.md)" in results
    empty = [line for line in results.splitlines() if re.search(r"\|\s*\|", line)]
    assert not empty, "the README's table of results has empty cells"


def test_changelog_and_citation_name_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert next(heading for heading in headings if heading != "Unreleased") == version
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(version)}$", citation, flags=re.MULTILINE)


def test_citation_is_well_formed() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "\t" not in text
    for line in text.splitlines():
        assert re.fullmatch(r'( *)(- )?([a-z-]+:( ("[^"]*"|[\w.-]+))?|"[^"]*")', line), line
        assert (len(line) - len(line.lstrip())) % 2 == 0
    top = dict(re.findall(r"^([a-z-]+):(.*)$", text, flags=re.MULTILINE))
    assert {"cff-version", "message", "title", "authors", "version", "license", "references"} <= set(top)
    for paper in ("Progressive Pose Attention Transfer", "Scalable Person Re-identification"):
        assert paper in text
    for reference in text.partition("references:")[2].split("  - type:")[1:]:
        assert {"title", "authors", "year"} <= set(re.findall(r"^    ([a-z-]+):", reference, flags=re.MULTILINE))
