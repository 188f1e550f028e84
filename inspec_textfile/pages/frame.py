"""What every page is wrapped in: head, policy, icon, style and script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from inspec_textfile.pages.icon import icon_link
from inspec_textfile.pages.markup import Markup, html, join, own_file

REPORT, OVERVIEW = "report", "overview"
FILES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    REPORT: (("base.css", "report.css", "print.css"), ("base.js", "export.js", "report.js")),
    OVERVIEW: (("tokens.css", "common.css", "overview.css"), ("base.js", "overview.js")),
}
"""The files of this package that go into a page of each kind: styles, scripts."""


class _Own(NamedTuple):
    """Our style and script, and the policy that allows them and nothing else."""

    style: Markup
    script: Markup
    policy: str


@cache
def own(kind: str) -> _Own:
    """Return what goes into every page of a kind, REPORT or OVERVIEW."""
    styles, scripts = FILES[kind]
    style = join([own_file(name) for name in styles])
    script = html("(() => {\n'use strict'\n{}})()", join([own_file(name) for name in scripts]))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _Own(style, script, policy)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def page(kind: str, title: str, status: str, body: Iterable[Markup]) -> str:
    """Return a whole page. `status`, one of STATUSES, is what its icon shows."""
    style, script, policy = own(kind)
    head = html(
        """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>{}</title>
{}
<style>{}</style>
</head>
<body>
""",
        policy,
        title,
        icon_link(status),
        style,
    )
    end = html("\n<script>{}</script>\n</body>\n</html>\n", script)
    return "".join([head, *body, end])
