"""docs/reference/report.md's pictures: what a reader of a report sees, taken from a real page in a real browser.

`python -m tools.report_document PAGE` writes docs/reference/report/*.png and names them in docs/reference/report.md.
Take a page of rendered people only, as the demo's: `python -m tools.report_document demo/tables/table5/index.html`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tools.browser import NoBrowser, chromium
from tools.page_geometry import check

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "report.md"
START, END = "<!-- screenshots -->", "<!-- end screenshots -->"
TALLEST = 1600
"""Pixels of a section that the document shows; a longer one is cut below."""
SCREENS = ("the claim", "the table", "the pictures")


def shrink(path: Path) -> None:
    """Cut a screenshot below and write it with 256 colours, which photographs this small bear."""
    with Image.open(path) as image:
        small = image.convert("RGB").crop((0, 0, image.width, min(image.height, TALLEST))).quantize(256)
    small.save(path, optimize=True)


def picture_lines(folder: Path, document: Path) -> str:
    """Markdown of the screenshots in a folder: the first three screens on both devices, then every section."""
    place = folder.relative_to(document.parent)
    lines = ["## The first three screens", ""]
    for device in ("desktop", "phone"):
        shown = enumerate(SCREENS, start=1)
        lines += [f"![{device}, {what}]({place}/{device}-screen{number}.png)" for number, what in shown]
        lines.append("")
    lines += ["## Every section", ""]
    for path in sorted(folder.glob("desktop-*.png")):
        if "-screen" not in path.name:
            title = path.stem.removeprefix("desktop-").replace("-", " ")
            lines += [f"![{title}]({place}/{path.name})", ""]
    return "\n".join(lines).rstrip()


def write_document(folder: Path, document: Path) -> None:
    """Name the screenshots of a folder in the document, between its two markers; shrink them, drop those not named."""
    lines = picture_lines(folder, document)
    for path in folder.glob("*.png"):
        if f"/{path.name})" in lines:
            shrink(path)
        else:
            path.unlink()
    head, _, rest = document.read_text(encoding="utf-8").partition(START)
    tail = rest.partition(END)[2]
    text = f"{head}{START}\n{lines}\n{END}{tail}"
    document.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures of the page that the arguments name; returns 1 where its layout has faults."""
    parser = argparse.ArgumentParser(prog="python -m tools.report_document", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("page", type=Path, help="HTML file of rendered people only: demo/tables/table5/index.html")
    page = parser.parse_args(arguments).page
    if not page.is_file():
        parser.error(f"{page}: there is no such file")
    folder = DOCUMENT.with_suffix("")
    try:
        with chromium() as browser:
            found = check(browser, page, folder)
    except NoBrowser as error:
        print(f"{error}.", file=sys.stderr)
        return 2
    write_document(folder, DOCUMENT)
    print("\n".join(found) or f"{DOCUMENT}: {len(list(folder.glob('*.png')))} pictures in {folder.name}/")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
