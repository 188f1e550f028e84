"""Links to the page of a report and to a control on it: one rule, for the pages and for the alerts that link to them.

An alert builds the same link from its labels, with nothing but what Prometheus' templates offer (docs/contract.md, "Pages"):

    BASE/inspec-REPORT.json.html#c:PROFILE/CONTROL        PROFILE and CONTROL through `urlquery`
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, quote_plus

from inspec_textfile.pages.files import INDEX_FILE, page_file


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
    return f"c:{_quoted(profile)}/{_quoted(control)}"


@lru_cache(1024)
def _quoted(name: str) -> str:
    return quote_plus(name, errors="replace")
