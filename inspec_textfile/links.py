"""Where the page of a report and the place of a control on it are: one rule, for the pages and for the alerts that link
to them.

An alert builds the same link from its labels, with nothing but what Prometheus' templates offer (README, "Links"):

    BASE/inspec-REPORT.json.html#c:PROFILE/CONTROL        PROFILE and CONTROL through `urlquery`
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote, quote_plus

INDEX_FILE = "index.html"
PAGE_MODE = 0o644
PAGE_HEAD = 1024
"""Bytes of a page in which its fingerprint stands."""
_LONGEST_NAME = 255
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
    if len(data) <= _LONGEST_NAME:
        return part
    digest = hashlib.sha256(data).hexdigest()
    return f"{data[:150].decode('utf-8', 'ignore')}-{digest}.html"


def page_link(report: str, *, seen_from: str | None = None) -> str:
    """Return the relative link to a report's page, from index.html or from the page of the report `seen_from`."""
    return _up(seen_from) + quote(page_file(report), errors="surrogateescape")


def index_link(seen_from: str) -> str:
    """Return the relative link from a report's page to index.html."""
    return _up(seen_from) + INDEX_FILE


def _up(report: str | None) -> str:
    return "../" * report.count("/") if report else ""


def anchor(profile: str, control: str) -> str:
    """Return the `id` of a control's element on its report's page.

    Made from the profile's name and the control's id alone, so it stays the same over runs; as Go's `url.QueryEscape`
    writes both, so no two controls share one and it holds no white space. A fragment is looked for as it stands before
    it is decoded (HTML standard, "select the indicated part"), so `#` + anchor is the link.
    """
    return f"c:{quote_plus(profile, errors='replace')}/{quote_plus(control, errors='replace')}"
