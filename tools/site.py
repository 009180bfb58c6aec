"""What the pages of the documentation site load from elsewhere, which is to be nothing.

`python -m tools.site build/site` prints each such address and exits with 1 where there is one.  Links that a reader may
follow are no loads.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}
NO_LOAD = ("canonical", "next", "prev", "alternate")
"""Relations of a `link` that a browser does not load."""
IN_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)")


class Loads(HTMLParser):
    """Collects the addresses outside of the site that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag loads."""
        given = dict(attrs)
        address = given.get(LOADING.get(tag, "")) or ""
        if re.match(r"(https?:)?//", address) and given.get("rel") not in NO_LOAD:
            self.found.append(address)


def loads(site: Path) -> Iterator[tuple[Path, str]]:
    """Every page or style sheet below a folder, with each address outside that it loads."""
    for path in sorted(site.rglob("*.html")):
        page = Loads()
        page.feed(path.read_text(encoding="utf-8"))
        yield from ((path, address) for address in page.found)
    for path in sorted(site.rglob("*.css")):
        yield from ((path, address) for address in IN_STYLES.findall(path.read_text(encoding="utf-8")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the site's pages load from elsewhere; returns 1 where there is anything, or no page."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("site", type=Path, help="folder of the built site")
    site = parser.parse_args(arguments).site
    pages = len(list(site.rglob("*.html")))
    found = [f"{path}: loads {address}" for path, address in loads(site)]
    print("\n".join(found) or f"{site}: {pages} pages load nothing from elsewhere.")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
