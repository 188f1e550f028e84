"""A control's tags: marks of any JSON type, told from texts that stand where tags should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspec_textfile.pages.markup import NOTHING, Markup, escape, html, join
from inspec_textfile.report.model import SEVERITIES, Control

_MAX_SHORT_TAG = 80
"""A tag's value longer than this, or of several lines, is prose: old STIG profiles keep check and fix there."""
_SEVERITIES: Mapping[str, str] = {**{level: level for level in SEVERITIES}, "moderate": "medium", "informational": "none"}


def tags_markup(tags: Mapping[str, Any]) -> Markup:
    """Return tags as chips, those that are texts of their own left out; true, false and nothing without a frame."""
    rows = []
    for key, value in tags.items():
        if value is None or isinstance(value, bool) or value == "":
            rows.append(html("<div><dt>{}</dt><dd>{}</dd></div>", key, "".join(flat(value))))
        elif not isinstance(value, str):
            marks = join(map(escape, flat(value)), "</b><b>")
            rows.append(html("<div><dt>{}</dt><dd>{}</dd></div>", key, html("<b>{}</b>", marks) if marks else marks))
        elif not is_prose(value):
            rows.append(html("<div><dt>{}</dt><dd><b>{}</b></dd></div>", key, value))
    return html('<dl class="tags">{}</dl>', join(rows)) if rows else NOTHING


def severity_note(control: Control) -> Markup:
    """Return why a control's severity is another than its tag `severity` says; nothing where they agree."""
    tagged = control.entry.tags.get("severity")
    level = _SEVERITIES.get(tagged.lower()) if isinstance(tagged, str) else None
    if level is None or level == control.severity or control.entry.impact is None:
        return NOTHING
    return html(
        '<p class="nt">Severity {}: its impact is {}. The tag “severity” says {}; InSpec goes by the impact, '
        "which a profile can change for its own hosts.</p>",
        control.severity,
        f"{control.entry.impact:g}",
        tagged,
    )


def is_prose(value: str) -> bool:
    """Returns whether a tag's value is a text, not a mark."""
    return len(value) > _MAX_SHORT_TAG or "\n" in value.strip()


def flat(value: Any) -> list[str]:
    """Return the marks that a tag's value of any JSON type holds."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [mark for item in value for mark in flat(item)]
    if isinstance(value, dict):
        return [f"{key}: {', '.join(flat(item))}" if item not in (None, "") else str(key) for key, item in value.items()]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
