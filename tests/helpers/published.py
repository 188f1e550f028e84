"""What the tests of uploads share: results with names hard to put into a URL, and the link an alert makes of labels."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from urllib.parse import quote_plus

from inspec_textfile.pages.overviews import OVERVIEWS

from helpers.host import Host
from helpers.paths import REPORTS, REPOSITORY

OVERVIEW_FILES = frozenset(overview.file_name for overview in OVERVIEWS)
HARD_NAMES = (
    "ssh-baseline",
    "tests from profiles.bare-tests",  # InSpec's own, for tests outside a profile
    "linux/ssh baseline",
    "50% done",
    "100%25 #1?",
    "a+b&c=d;e@f,g:h",
    "Prüfung/日本語",
    "~*'\"()[]{}|^`<>\\",
)


def results(host: Host, file: str, *names: str, case: str = "7.1.16/all-pass") -> Path:
    """Put a report among the results whose profiles have these names."""
    report = json.loads((REPORTS / f"{case}.json").read_text())
    report["profiles"] = [{**copy.deepcopy(report["profiles"][0]), "name": name} for name in names]
    path = host.results / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report))
    return path


def documented_block(name: str) -> str:
    """Return what docs/upload.md shows a reader to copy."""
    text = (REPOSITORY / "docs" / "upload.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found, f"docs/upload.md has no block {name!r}"
    return found.group(1)


def alert_link(base: str, profile: str, instance: str) -> str:
    """Return what the template of docs/upload.md makes of the labels; `test_keys` shows that Prometheus makes the same."""
    return f"{base}/{escaped(profile)}/{escaped(instance)}"


def escaped(name: str) -> str:
    return quote_plus(name).replace("+", "%20").replace("%2F", "/")
