"""Families of NIST SP 800-53, and which of them a control belongs to by its tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.parts import filter_cell, status_heads
from inspec_textfile.pages.tags import flat
from inspec_textfile.report.model import STATUSES, Control

FAMILIES: Mapping[str, str] = {
    "AC": "Access Control",
    "AT": "Awareness and Training",
    "AU": "Audit and Accountability",
    "CA": "Assessment, Authorization, and Monitoring",
    "CM": "Configuration Management",
    "CP": "Contingency Planning",
    "IA": "Identification and Authentication",
    "IR": "Incident Response",
    "MA": "Maintenance",
    "MP": "Media Protection",
    "PE": "Physical and Environmental Protection",
    "PL": "Planning",
    "PM": "Program Management",
    "PS": "Personnel Security",
    "PT": "PII Processing and Transparency",
    "RA": "Risk Assessment",
    "SA": "System and Services Acquisition",
    "SC": "System and Communications Protection",
    "SI": "System and Information Integrity",
    "SR": "Supply Chain Risk Management",
}
"""SP 800-53 revision 5, section 2.2, table 1."""
_ID = re.compile(r"\A([A-Z]{2})-\d{1,2}\b")


def nist_ids(tags: Mapping[str, Any]) -> list[str]:
    """Return the control ids of SP 800-53 that stand in the tag `nist`: `AC-6 (9)`."""
    return [mark for key, value in tags.items() if key.lower() == "nist" for mark in flat(value) if family(mark)]


@lru_cache(1024)
def family(nist_id: str) -> str | None:
    """Return the family of a control id of SP 800-53, None if it is none."""
    found = _ID.match(nist_id)
    return found.group(1) if found and found.group(1) in FAMILIES else None


def families_section(controls: Iterable[Control]) -> Markup:
    """Return the controls of a report by family and status; nothing for a report without NIST tags."""
    counts: dict[tuple[str, str], int] = {}
    for control in controls:
        for found in {family(nist_id) for nist_id in nist_ids(control.entry.tags)}:
            if found:
                counts[found, control.status] = counts.get((found, control.status), 0) + 1
    if not counts:
        return NOTHING
    statuses = [status for status in STATUSES if any(status == counted for _, counted in counts)]
    rows = [
        html(
            '<tr><th scope="row"><a href="#controls" data-f="q=nist:{}">{}</a> {}</th>{}</tr>\n',
            letters,
            letters,
            FAMILIES[letters],
            join([filter_cell(counts.get((letters, status), 0), status, f"q=nist:{letters}") for status in statuses]),
        )
        for letters in sorted({found for found, _ in counts})
    ]
    return html(
        '<section class="about" id="families" aria-labelledby="h-families"><h2 id="h-families">By family of NIST SP 800-53</h2>'
        '<p class="dim">From the tags “nist”. A control that serves several families counts in each.</p>'
        '<table class="m fam"><thead><tr><th scope="col">Family</th>{}</tr></thead><tbody>\n{}</tbody></table></section>\n',
        status_heads(statuses),
        join(rows),
    )
