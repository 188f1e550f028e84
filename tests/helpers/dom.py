"""A page as a browser would parse it, without a browser: html5lib, which follows the HTML standard's parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

from inspec_textfile.pages import frame
from inspec_textfile.pages.icon import icon_link
from inspec_textfile.report.model import NOT_TESTED, STATUSES

_ELEMENTS = """
html head meta title link style script body a header nav main aside section footer div p span b i small h1 h2 h3 h4
dl dt dd ul li time svg g circle rect path pattern table caption thead tbody tr th td form label input output button select
option fieldset legend details summary code pre del ins dialog kbd strong em s ol blockquote hr br
"""
_ATTRIBUTES = """
lang charset name content http-equiv id class href rel role title hidden aria-label aria-labelledby aria-hidden aria-live
aria-haspopup aria-keyshortcuts aria-expanded aria-controls aria-current aria-pressed aria-atomic viewBox
preserveAspectRatio cx cy r x y d width height transform patternUnits patternTransform download datetime scope
for type autocomplete spellcheck placeholder value checked open method colspan start
data-f data-k data-l data-n data-r data-s data-severity data-state data-t data-v data-w data-what data-with
"""
ALLOWED = set(_ELEMENTS.split())
ATTRIBUTES = set(_ATTRIBUTES.split())
_OWN_IDS = re.compile(
    r"c:[!-~]+/[!-~]+|controls|tools|facets|filters|more|at|few|back|next|short|q|count|reset|sort|fold|csv|copy|all|"
    r"help|keys|h-keys|usekeys|ix|notice|lost|none|stale|these|hatch|"
    r"filtered|h-(?:about|changes|counts|families|register|profiles|runs)|about|changes|families|register|profiles|"
    r"[sh]-(?:failed|error|not_tested|not_reviewed|waived|not_applicable|passed)"
)
_LINK = re.compile(
    r"https?://|mailto:|#c:|#s-|#(?:controls|ix|about|changes|families|register|profiles)$|(?:index|controls)\.html$|findings\.csv$|"
    r"(?:\.\./)*(?:inspec-[^:]*|index)\.html(?:#c:[!-~]+|\?status=failed,error)?$"
)
_SHEET_HEAD = re.compile(r'@page\{@top-left\{content:"(?:[A-Za-z0-9 .,:_-]|\\[0-9a-f]{1,6} )*"\}\}')
_ICONS = {icon_link(status) for status in (*STATUSES, NOT_TESTED)}


def parse(page: str) -> Element:
    """Return a page as a tree. Raises ParseError where it is not valid."""
    tree: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return tree


def elements(page: str) -> Iterator[Element]:
    """Return all elements of a page."""
    return (element for element in parse(page).iter() if isinstance(element.tag, str))


def local(name: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def assert_harmless(page: str) -> None:
    """A page holds our elements only, runs our script only, and fetches nothing."""
    page.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b\u2066-\u2069\ufeff]", page), (
        "a raw control character"
    )
    assert sum(icon in page for icon in _ICONS) == 1
    style, script = next(own for own in map(frame.own, frame.FILES) if own.style in page)
    styles = [element.text or "" for element in elements(page) if element.tag == "style"]
    assert len(styles) <= 2
    ids: set[str] = set()
    for element in elements(page):
        tag = local(element.tag)
        assert tag in ALLOWED, tag
        if tag in ("style", "script"):
            assert (
                element.text == script
                if tag == "script"
                else element.text == style or _SHEET_HEAD.fullmatch(element.text or "")
            )
            assert not element.attrib
        for name, value in element.attrib.items():
            name = local(name)
            assert name in ATTRIBUTES, (tag, name)
            if name == "href" and tag == "link":
                assert any(f'href="{value}"' in icon for icon in _ICONS)
            elif name == "href":
                assert _LINK.match(value), value
                assert tag == "a"
                if ":" in value.partition("#")[0]:
                    assert element.get("rel") == "noopener noreferrer nofollow"
            if name == "id":
                assert _OWN_IDS.fullmatch(value), value
                assert value not in ids, f"{value} twice"
                ids.add(value)
            if name == "http-equiv":
                assert (value, element.get("content")) == ("Content-Security-Policy", frame.policy(styles, script))


def text_of(page: str) -> str:
    """Return what a page says, style and script left out, white space as one space."""
    body = parse(page).find("body")
    assert body is not None
    return " ".join("".join(_texts(body)).split())


def _texts(element: Element) -> Iterator[str]:
    if element.tag not in ("script", "style"):
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""
