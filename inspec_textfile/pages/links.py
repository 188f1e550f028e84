"""Files of the reports folder, and links to a report's page and to a control on it: one rule, for pages and for alerts.

An alert builds the same link from its labels, with nothing but what Prometheus' templates offer (docs/contract.md, "Pages"):

    BASE/inspec-REPORT.json.html#c:PROFILE/CONTROL        PROFILE and CONTROL through `urlquery`
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from urllib.parse import quote, quote_plus

INDEX_FILE = "index.html"
CONTROLS_FILE = "controls.html"
FINDINGS_FILE = "findings.csv"
_MAX_NAME = 255
"""Bytes in one file name, on every file system that matters."""


def page_file(report: str) -> str:
    """Return the path of a report's page below the reports folder: `host1/ssl` -> `inspec-host1/ssl.json.html`.

    A name too long for a file gets a shorter one that ends in its SHA-256. Report names come from `sources`, which
    takes care that none leads out of the folder.
    """
    parts = f"inspec-{report}.json.html".split("/")
    return "/".join(_shortened(part) for part in parts)


def _shortened(part: str) -> str:
    data = part.encode("utf-8", "surrogateescape")
    if len(data) <= _MAX_NAME:
        return part
    digest = hashlib.sha256(data).hexdigest()
    return f"{data[:150].decode('utf-8', 'ignore')}-{digest}.html"


def page_link(report: str) -> str:
    """Return the relative link to a report's page from the files of all reports."""
    return quote(page_file(report), errors="surrogateescape")


def index_link(report: str) -> str:
    """Return the relative link from a report's page to index.html."""
    return "../" * report.count("/") + INDEX_FILE


def anchor(profile: str, control: str) -> str:
    """Return the `id` of a control's element on its report's page.

    Made from the profile's name and the control's id alone, so it stays the same over runs; as Go's `url.QueryEscape`
    writes both, so no two controls share one and it holds no white space. A fragment is looked for as it stands before
    it is decoded (HTML standard, "select the indicated part"), so `#` + anchor is the link.
    """
    return f"c:{_quoted(profile)}/{_quoted(control)}"


@lru_cache(1024)
def _quoted(name: str) -> str:
    return quote_plus(name, errors="replace")
