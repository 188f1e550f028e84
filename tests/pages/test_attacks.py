"""All text in a report is untrusted: each attack is tried in every place that takes text."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Sequence

import pytest

from inspec_textfile import pages
from inspec_textfile.history.model import Difference, History
from inspec_textfile.pages.findings import COLUMNS
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.report.model import Report, Unreadable
from inspec_textfile.summary import summarize

from helpers.attacks import ATTACKS
from helpers.dom import assert_harmless, elements
from helpers.pasts import fleet_of, overviews_of, past_of
from helpers.reports import report_full_of


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_holds_our_elements_only(attack: str) -> None:
    report = report_full_of(attack)
    assert_harmless(pages.render_report(report, attacked_past(report, attack)))


def attacked_past(report: Report, attack: str) -> History:
    past = past_of(report)
    return past._replace(changes=past.changes._replace(differences=(Difference("profile_version", attack, attack, attack),)))


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_overviews_hold_our_elements_and_columns_only(attack: str) -> None:
    # A name comes from a file's, so of surrogates it holds those that stand for bytes.
    name = f"host1/{attack.translate({ord('/'): None, 0xD800: 0xDC80, 0xDFFF: 0xDCFF})}"
    report = report_full_of(attack)._replace(name=name)
    assert_harmless_overviews(
        fleet_of([summarize(report, attacked_past(report, attack))], [Unreadable(name, f"/r/{name}.json", attack)])
    )


@pytest.mark.slow
@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not any(markup in attack for markup in ("](", "`", "aaa"))])
def test_the_shape_of_a_page_does_not_depend_on_its_texts(attack: str) -> None:
    """Outside of prose, the elements are those of a page full of a harmless text. (Long texts are folded.)"""
    outside = tags_of_a_page_full_of("harmless")
    attacked = tags_of_a_page_full_of(attack)
    for tag in (
        "script",
        "style",
        "details",
        "summary",
        "section",
        "h1",
        "h2",
        "h3",
        "li",
        "form",
        "input",
        "button",
        "dialog",
    ):
        assert attacked.count(tag) == outside.count(tag), tag


@functools.cache
def tags_of_a_page_full_of(text: str) -> Sequence[str]:
    return [element.tag for element in elements(pages.render_report(report_full_of(text)))]


def assert_harmless_overviews(fleet: Fleet) -> None:
    for name, text in overviews_of(fleet).items():
        if name.endswith(".html"):
            assert_harmless(text)
        else:
            lines = text.encode().decode().splitlines()
            assert len(lines) > 1
            assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(COLUMNS)}
            assert len(lines) == len(list(csv.reader(io.StringIO(text, newline=""))))
