"""A page as a browser would parse it, without a browser: html5lib, which follows the HTML standard's parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

from inspec_textfile.pages import shell

ALLOWED = {
    *[
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "nav",
        "h1",
        "small",
        "dl",
        "div",
        "dt",
        "dd",
        "time",
        "main",
        "section",
        "p",
        "svg",
        "circle",
        "b",
        "rect",
        "ul",
        "li",
    ],
    *[
        "span",
        "table",
        "caption",
        "thead",
        "tr",
        "th",
        "tbody",
        "td",
        "form",
        "label",
        "input",
        "output",
        "button",
        "select",
        "option",
        "fieldset",
        "legend",
    ],
    *["h2", "h3", "h4", "details", "summary", "code", "pre", "i", "del", "ins", "dialog", "kbd", "footer", "script"],
    *["strong", "em", "s", "ol", "blockquote", "hr", "br"],  # of Markdown
}
ATTRIBUTES = {
    *[
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "id",
        "class",
        "href",
        "rel",
        "aria-label",
        "aria-labelledby",
        "aria-hidden",
        "aria-live",
    ],
    *[
        "aria-haspopup",
        "aria-keyshortcuts",
        "role",
        "viewBox",
        "preserveAspectRatio",
        "cx",
        "cy",
        "r",
        "x",
        "width",
        "height",
        "stroke-dasharray",
    ],
    *[
        "transform",
        "datetime",
        "scope",
        "hidden",
        "for",
        "type",
        "autocomplete",
        "spellcheck",
        "placeholder",
        "value",
        "checked",
        "open",
        "method",
    ],
    *["data-v", "data-t", "data-l", "data-k", "colspan", "start"],
}
_OWN_IDS = re.compile(
    r"c:[!-~]+/[!-~]+|controls|tools|q|count|reset|sort|fold|help|keys|h-keys|usekeys|ix|h-about|[sh]-(?:failed|error|not_reviewed|"
    r"waived|not_applicable|passed)"
)


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
    style, script, policy = shell.own()
    ids: set[str] = set()
    for element in elements(page):
        tag = local(element.tag)
        assert tag in ALLOWED, tag
        if tag in ("style", "script"):
            assert element.text == (style if tag == "style" else script)
            assert not element.attrib
        for name, value in element.attrib.items():
            name = local(name)
            assert name in ATTRIBUTES, (tag, name)
            if name == "href":
                assert re.match(r"https?://|mailto:|#c:|#s-|#controls$|#ix$|(?:\.\./)*(?:inspec-[^:]*|index)\.html$", value), (
                    value
                )
                assert tag == "a"
                if not value.startswith("#") and not value.endswith(".html"):
                    assert element.get("rel") == "noopener noreferrer nofollow"
            if name == "id":
                assert _OWN_IDS.fullmatch(value), value
                assert value not in ids, f"{value} twice"
                ids.add(value)
            if name == "http-equiv":
                assert (value, element.get("content")) == ("Content-Security-Policy", policy)


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
