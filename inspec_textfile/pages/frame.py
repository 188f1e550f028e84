"""What every page is wrapped in: head, policy, icon, style and script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from inspec_textfile.pages.icon import icon_link
from inspec_textfile.pages.markup import NOTHING, Markup, defuse, html, join, own_file, replaced

REPORT, OVERVIEW = "report", "overview"
FILES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    REPORT: (("tokens.css", "common.css", "report.css", "print.css"), ("common.js", "export.js", "report.js")),
    OVERVIEW: (("tokens.css", "states.css", "common.css", "overview.css"), ("common.js", "overview.js")),
}
"""The files of this package that go into a page of each kind: styles, scripts."""
_MAX_SHEET_HEAD = 120
"""Characters at the head of a sheet of paper."""


class _Own(NamedTuple):
    """Our style and script."""

    style: Markup
    script: Markup


@cache
def own(kind: str) -> _Own:
    """Return what goes into every page of a kind, REPORT or OVERVIEW."""
    styles, scripts = FILES[kind]
    style = replaced(join([own_file(name) for name in styles]), " > ", ">")
    return _Own(style, html("(() => {\n'use strict'\n{}})()", join([own_file(name) for name in scripts])))


def policy(styles: Sequence[str], script: str) -> str:
    """Return the policy that allows these styles and this script, by their hashes, and nothing else."""
    return (
        f"default-src 'none'; style-src {' '.join(map(_hash, styles))}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@lru_cache(16)
def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_PLAIN = re.compile(r"[^A-Za-z0-9 .,:_-]")


def _sheet_head(text: str) -> Markup:
    """Return the style that prints a text at the head of every sheet, where a browser can; it holds plain characters only."""
    quoted = _PLAIN.sub(lambda found: f"\\{ord(found.group()):x} ", defuse(text)[:_MAX_SHEET_HEAD])
    return html('@page{@top-left{content:"{}"}}', html("{}", quoted)) if text else NOTHING


def page(kind: str, title: str, status: str, body: Iterable[Markup], sheet_head: str = "") -> str:
    """Return a whole page. `status`: what its icon shows; `sheet_head`: what stands on every sheet of paper."""
    style, script = own(kind)
    styles = [style, _sheet_head(sheet_head)] if sheet_head else [style]
    head = html(
        """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>{}</title>
{}
{}
</head>
<body>
""",
        policy(styles, script),
        title,
        icon_link(status),
        join([html("<style>{}</style>", one) for one in styles]),
    )
    end = html("\n<script>{}</script>\n</body>\n</html>\n", script)
    return "".join([head, *body, end])
