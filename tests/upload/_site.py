"""What the tests of uploads share: results with odd names, and the link an alert makes of labels."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from urllib.parse import quote_plus

from conftest import REPORTS, REPOSITORY, Host, missing

ODD_NAMES = (
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


def readme_block(name: str) -> str:
    """Return what the README shows a reader to copy."""
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    if not found:
        missing(f"the block {name!r} of README.md", "it is part of the section on publishing pages")
        raise AssertionError
    return found.group(1)


def alert_link(base: str, profile: str, instance: str) -> str:
    """Return what the README's template makes of the labels; `test_keys` shows that Prometheus makes the same."""
    return f"{base}/{escaped(profile)}/{escaped(instance)}"


def escaped(name: str) -> str:
    return quote_plus(name).replace("+", "%20").replace("%2F", "/")
