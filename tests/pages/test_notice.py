"""The last good page of a report whose newer results could not be read."""

from __future__ import annotations

import pytest

from inspec_textfile import pages
from inspec_textfile.pages.icon import icon_link

from helpers.attacks import ATTACKS
from helpers.dom import assert_harmless, text_of
from helpers.reports import load

PAGE = pages.render_report(load("7.1.16/all-pass")).encode()


def test_a_notice_says_since_when_and_why_and_the_icon_is_no_longer_green() -> None:
    noticed = pages.with_notice(PAGE, "is cut short:\n InSpec is still writing it.", 1_795_000_000.0, "/r/host1/cut.json")
    assert noticed
    page = noticed.decode()
    said = text_of(page)
    assert "Newer results could not be read since 18 Nov 2026 11:06:40 UTC" in said
    assert "File/r/host1/cut.jsonReasonis cut short: InSpec is still writing it." in said
    assert icon_link("passed") not in page
    assert icon_link("error") in page
    assert_harmless(page)


def test_a_notice_takes_the_place_of_the_one_before() -> None:
    first = pages.with_notice(PAGE, "is empty", None)
    assert first
    again = pages.with_notice(first, "is not JSON", 0.0)
    assert again
    assert b"is empty" not in again
    assert again == pages.with_notice(PAGE, "is not JSON", 0.0)
    assert again.count(b'id="notice"') == 1


@pytest.mark.parametrize("attack", [*ATTACKS, "\\1 \\g<0>", '<div id="notice"></div>\n'])
def test_a_reason_is_only_a_text(attack: str) -> None:
    noticed = pages.with_notice(PAGE, attack, None)
    assert noticed
    assert_harmless(noticed.decode())
    assert pages.with_notice(noticed, "x", None) == pages.with_notice(PAGE, "x", None)


@pytest.mark.parametrize(
    "page", [b"", b"<!DOCTYPE html><title>x</title>", PAGE.replace(b'id="notice"', b'id="other"'), b"\xff\0"]
)
def test_a_page_without_a_place_for_it_is_left_alone(page: bytes) -> None:
    assert pages.with_notice(page, "x", None) is None
