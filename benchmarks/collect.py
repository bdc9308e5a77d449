"""Puts results into docs/measured.md, each in its place: `python collect.py filters oddity` after these were run."""

from __future__ import annotations

import re
import sys

from common import RESULTS, ROOT

PAGE = ROOT / "docs" / "measured.md"


def main() -> None:
    page = PAGE.read_text()
    for name in sys.argv[1:]:
        place = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not place.search(page):
            sys.exit(f"{PAGE.name} has no place for {name}: write <!-- {name} --> and <!-- end --> where it belongs.")
        table = (RESULTS / f"{name}.md").read_text().partition("\n")[2].strip()  # the page has headings of its own
        page = place.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", page)  # type: ignore[misc]
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
