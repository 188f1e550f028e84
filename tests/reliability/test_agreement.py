"""After a whole run, the controls listed on a page, its row in the index and the .prom agree, for every report at hand.

tests/pages/test_agreement.py compares the numbers that the page shows.
"""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.host import COMMAND
from helpers.strict import parse

LEVELS = ("critical", "high", "medium", "low")
"""Severities that have a column in the index."""


class Page(HTMLParser):
    """A report's page: the controls that are listed on it, by severity and status."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.controls: Counter[tuple[str, str]] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "details" and classes[:1] == ["c"]:
            self.controls[given["data-v"], classes[1]] += 1


class Index(HTMLParser):
    """The index: for the link of each report, how many of its controls fail, by severity."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, Counter[str]] = {}
        self._row: Counter[str] | None = None
        self._level = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "tbody":
            self._row = Counter() if classes[:1] == ["r"] else None
        elif tag == "a" and self._row is not None:
            self.rows.setdefault(given["href"], self._row)
        elif tag == "td":
            self._level = classes[1] if classes[:1] == ["n"] and classes[1] in LEVELS else ""

    def handle_data(self, data: str) -> None:
        if self._level and self._row is not None and data.strip():
            self._row[self._level] += int(data.replace(",", ""))
            self._level = ""


def test_every_number_is_the_same_everywhere(shared: Path, tmp_path: Path) -> None:
    from inspec_textfile.pages.links import page_file, page_link

    prom, pages = tmp_path / "inspec.prom", tmp_path / "pages"
    folders = [str(shared / name) for name in ("inspec-reports", "corpus", "cases")]
    subprocess.run([COMMAND, "-q", "-o", prom, "--reports-dir", pages, *folders], check=False, timeout=300)
    in_prom: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for (name, labels), value in parse(prom.read_bytes()).items():
        found = dict(labels)
        if name == "inspec_profile_status":
            in_prom[found["report"]].update()
        elif name == "inspec_controls":
            in_prom[found["report"]][found["severity"], found["status"]] += int(value)
    index = Index((pages / "index.html").read_text(encoding="utf-8"))

    assert len(in_prom) > 330
    for report, counts in in_prom.items():
        page = Page((pages / page_file(report)).read_text(encoding="utf-8"))
        failing: Counter[str] = Counter()
        for (level, status), count in counts.items():
            if level in LEVELS and status in ("failed", "error"):
                failing[level] += count
        assert +page.controls == +counts, report
        assert +index.rows[page_link(report)] == +failing, report


@pytest.mark.parametrize("level", LEVELS)
def test_the_parsers_see_what_is_there(level: str) -> None:
    page = Page(f'<details class="c failed" data-v="{level}">')
    index = Index(f'<tbody class="r x"><tr><th><a href="a.html">a</a></th><td class="n {level}" data-l="{level}">1,234</td>')

    assert page.controls == {(level, "failed"): 1}
    assert index.rows == {"a.html": Counter({level: 1234})}
