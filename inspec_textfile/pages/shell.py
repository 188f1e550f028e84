"""What every page is wrapped in: head, policy, style and script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from inspec_textfile.links import PAGE_HEAD
from inspec_textfile.pages.html import Markup, html, join, own_file

_FINGERPRINT = re.compile(rb'<meta name="inspec-textfile" content="([0-9a-f]{64})">')


class _Own(NamedTuple):
    """Our style and script, and the policy that allows them and nothing else."""

    style: Markup
    script: Markup
    policy: str


@cache
def own() -> _Own:
    """Return the files of this package that go into every page."""
    style, script = own_file("report.css"), own_file("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return _Own(style, script, policy)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def page(title: str, fingerprint: str | None, body: Iterable[Markup]) -> str:
    """Return a whole page."""
    style, script, policy = own()
    head = html(
        """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{}<meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
""",
        html('<meta name="inspec-textfile" content="{}">\n', fingerprint) if fingerprint else html(""),
        policy,
        title,
        style,
    )
    end = html("\n<script>{}</script>\n</body>\n</html>\n", script)
    return join([head, *body, end])


def read_fingerprint(head: bytes) -> str | None:
    """Return the fingerprint in the first bytes of a page, None if there is none."""
    found = _FINGERPRINT.search(head[:PAGE_HEAD])
    return found.group(1).decode() if found else None
