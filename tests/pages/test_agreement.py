"""The numbers of a report are the same on its page, in the index and in the .prom, for every report at hand."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree.ElementTree import Element

import pytest

from inspec_textfile import pages
from inspec_textfile.history.model import History
from inspec_textfile.metrics.exposition import families
from inspec_textfile.metrics.figures import figures
from inspec_textfile.report.model import ERROR, PASSED, Report, is_failing
from inspec_textfile.summary import summarize
from inspec_textfile.words import SHORT_NAMES

from helpers.dom import elements
from helpers.pasts import index_of
from helpers.reports import PLACES, every_file, load, published, readable

_NAMES = {name: status for status, name in SHORT_NAMES.items()}


def text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def on_the_page(page: str) -> Counter[tuple[str, str]]:
    """Return the table of a report's page: (severity, status) -> controls, what is zero left out."""
    table = next((element for element in elements(page) if element.get("class") == "m"), None)
    rows = [] if table is None else [[text(cell) for cell in row] for row in table.iter("tr")]
    found: Counter[tuple[str, str]] = Counter()
    for level, *cells in rows[1:-1]:  # the last one has the totals
        found.update({(level.lower(), _NAMES[name]): int(cell.replace(",", "")) for name, cell in zip(rows[0][1:], cells)})
    return +found


def in_the_index(report: Report) -> Counter[str]:
    """Return a report's row in the index: failing controls of each severity, how many of them broke, and how many passed."""
    row = next(element for element in elements(index_of([summarize(report)])) if (element.get("class") or "").startswith("r "))
    cells = {str(cell.get("class")): text(cell).replace(",", "") for cell in next(row.iter("tr"))}
    found = Counter({name[2:]: int(value) for name, value in cells.items() if name.startswith("n ") and name != "n zero"})
    return +(found + Counter(passed=int(re.match(r"\d*", cells["part"])[0] or 0)))  # type: ignore[index]


def in_the_prom(report: Report) -> Counter[tuple[str, str]]:
    """Return the samples of inspec_controls: (severity, status) -> controls."""
    found: Counter[tuple[str, str]] = Counter()
    controls = next(family for family in families() if family.name == "inspec_controls")
    for sample in figures(report, History(), "none").samples[controls.name]:
        labels = dict(zip(controls.labels, sample.labels))
        found[labels["severity"], labels["status"]] += int(sample.value)
    return +found


def assert_same(report: Report, page: str) -> None:
    prom = in_the_prom(report)
    assert on_the_page(page) == prom
    expected = Counter(passed=0)
    for (level, status), many in prom.items():
        expected.update({level: many} if is_failing(status) else {})
        expected.update({status: many} if status in (ERROR, PASSED) else {})
    assert in_the_index(report) == +expected


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_the_numbers_agree_everywhere(place: str) -> None:
    seen: set[str] = set()
    for _, report in readable(every_file(place)):
        page = pages.render_report(report)
        if len(page) < 400_000 and report.digest not in seen:  # html5lib reads about 1 MB in 3 s
            assert_same(report, page)
        seen.add(report.digest)
    assert len(seen) > 40


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [published(name) for name in ("rhel7-ece-results", "vSphere8_report", "m365_results", "example-3-layer-overlay")]
)
def test_the_numbers_agree_on_large_pages(case: str) -> None:
    report = load(case)
    assert_same(report, pages.render_report(report))
