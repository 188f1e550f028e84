"""The attacks once more, through the real program into a real Chromium: as texts, and as names of files."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from helpers.attacks import ATTACKS
from helpers.browser import Opened, chromium, tab
from helpers.host import Host
from helpers.marks import long
from helpers.paths import REPORTS

__all__ = ["chromium", "tab"]  # fixtures

_MAX_NAME = 200
_MAX_KEPT = {"status", "parent_profile"}
"""Fields that decide what is shown at all."""


def full_of(value: Any, attack: str, key: str = "") -> Any:
    """Return a report in which every text, those that are keys included, is an attack."""
    if isinstance(value, dict):
        kept = value.items()
        if key in ("tags", "waiver_data"):
            return {f"{name} {attack}": full_of(part, attack) for name, part in kept} | {"justification": attack}
        return {name: full_of(part, attack, name) for name, part in kept}
    if isinstance(value, list):
        return [full_of(part, attack, key) for part in value]
    if isinstance(value, str) and key not in _MAX_KEPT:
        return f"{value} {attack}" if key in ("id", "name") else attack
    return value


@pytest.mark.parametrize(
    ("case", "attacks"), [("waivers", ATTACKS[::8]), *(long(case, ATTACKS) for case in ("waivers", "docs-markdown", "overlay"))]
)
def test_attacks_do_nothing_and_lead_nowhere(host: Host, tab: Opened, case: str, attacks: list[str]) -> None:
    document = json.loads((REPORTS / "7.1.16" / f"{case}.json").read_text())
    for number, attack in enumerate(attacks):
        name = attack.encode("utf-8", "replace").replace(b"/", b"").replace(b"\0", b"")[:_MAX_NAME]
        path = os.path.join(os.fsencode(host.results), f"{number}-{case}-".encode() + name + b".json")
        with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(full_of(document, attack), file, ensure_ascii=number % 2 == 0)

    done = host.run()

    assert done.stderr == ""
    assert done.returncode == 0
    assert {path.name for path in host.root.iterdir()} == {"results", "reports", "textfiles"}
    assert len(list(host.reports.glob("inspec-*"))) == len(attacks)
    # One context for all, and the links read at once: new ones for each page would take a minute.
    page = tab.visit(host.reports / "index.html")
    links = page.evaluate("[...document.querySelectorAll('#ix tbody th a')].map(link => link.href)")
    assert len(set(links)) == len(attacks)
    strange = "img, iframe, object, embed, link:not([rel=icon]), base, video, audio, math"
    for link in links:
        page.goto(link)
        seen = page.evaluate(
            f"""({{
                own: document.querySelectorAll('script, style').length,
                strange: document.querySelectorAll('{strange}').length,
                controls: document.querySelectorAll('.c').length,
                violations: window.violations.length,
            }})"""
        )
        assert seen.pop("controls") > 0
        assert seen == {"own": 3, "strange": 0, "violations": 0}, link
