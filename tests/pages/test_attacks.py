"""All text in a report is untrusted: each attack is tried in every place that takes text."""

from __future__ import annotations

import pytest

from inspec_textfile import pages
from inspec_textfile.history.model import Difference
from inspec_textfile.report.model import Unreadable
from inspec_textfile.summary import summarize

from helpers.attacks import ATTACKS
from helpers.dom import assert_harmless, elements
from helpers.pasts import index_of, past_of
from helpers.reports import report_full_of


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_holds_our_elements_only(attack: str) -> None:
    assert_harmless(pages.render_report(report_full_of(attack)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_index_holds_our_elements_only(attack: str) -> None:
    # A name comes from a file's, so of surrogates it holds those that stand for bytes.
    name = f"host1/{attack.translate({ord('/'): None, 0xD800: 0xDC80, 0xDFFF: 0xDCFF})}"
    report = report_full_of(attack)._replace(name=name)
    page = index_of([summarize(report)], [Unreadable(name, f"/r/{name}.json", attack)], {name: None})
    assert_harmless(page)


@pytest.mark.slow
@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not any(markup in attack for markup in ("](", "`", "aaa"))])
def test_the_shape_of_a_page_does_not_depend_on_its_texts(attack: str) -> None:
    """Outside of prose, the elements are those of a page full of a harmless text. (Long texts are folded.)"""
    outside = [element.tag for element in elements(pages.render_report(report_full_of("harmless")))]
    attacked = [element.tag for element in elements(pages.render_report(report_full_of(attack)))]
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


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_with_a_past_and_its_row_hold_our_elements_only(attack: str) -> None:
    report = report_full_of(attack)
    past = past_of(report)
    past = past._replace(changes=past.changes._replace(differences=(Difference("profile_version", attack, attack, attack),)))
    assert_harmless(pages.render_report(report, past))
    assert_harmless(index_of([summarize(report._replace(name="made"), past)], (), {}))
