"""A report whose page would be too large, cut so that it is not: pure, before anything is rendered.

Most reports make a page of their own size. One control below a thousand wrappers makes a thousand copies of its texts.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from inspec_textfile.history.model import History
from inspec_textfile.report.model import Control, ControlEntry, Profile, Report, Result
from inspec_textfile.report.status import worst_first

_ROW_BYTES = 1_500
"""Of markup for one control, at most, beside its texts."""
_RESULT_BYTES = 200
_LONGEST = 300
"""Characters of a text that is cut."""
_MOST_RESULTS = 3
_MOST_CHANGES = 100
_CHANGES = ("newly_failing", "fixed", "worse", "not_tested")
_MOST_ITEMS = 10
"""Of descriptions, tags, references and the like of a control."""


def page_size(report: Report, history: History, size: int) -> int:
    """Return about how many bytes a report's page would have. `size`: bytes of its results file."""
    keys = [(profile.name, control) for profile in report.profiles for control in profile.controls]
    rows = sum(_row_size(name, control.id) for name, control in keys) + sum(_row_size(*key) for key in history.findings)
    if len({id(control.entry) for _, control in keys}) == len(keys):
        return rows + 2 * size  # no text is on the page more often than in the file
    sizes: dict[int, int] = {}

    def size_of(control: Control) -> int:
        key = id(control.entry)
        if key not in sizes:
            sizes[key] = _length(control.entry) + sum(len(entry.code) for _, entry in control.layers)
        return sizes[key]

    profiles = sum(_length(profile.entry._replace(controls=())) for profile in report.profiles)
    return rows + profiles + sum(size_of(control) for _, control in keys)


def shorten(report: Report, history: History, most: int, why: str) -> tuple[Report, History, str]:
    """Return a report and its history cut to a page of about `most` bytes, and a sentence that says what is missing on it.

    `why`: what the whole page would be or do.
    """
    ranked = [(worst_first(control), profile.name) for profile in report.profiles for control in profile.controls]
    kept: set[tuple[str, str]] = set()
    left = most // 2
    for (*_, id_), profile_name in sorted(ranked):
        left -= _row_size(profile_name, id_) + _MOST_ITEMS * _LONGEST
        if left < 0:
            break
        kept.add((profile_name, id_))
    profiles = tuple(_cut_profile(profile, kept) for profile in report.profiles)
    here = {(profile.name, control.id) for profile in report.profiles for control in profile.controls}
    findings = {key: finding for key, finding in history.findings.items() if key in kept}
    findings.update([(key, one) for key, one in history.findings.items() if key not in here][:_MOST_CHANGES])
    changes = history.changes._replace(**{name: getattr(history.changes, name)[:_MOST_CHANGES] for name in _CHANGES})
    gone = len(ranked) - len(kept)
    missing = f"{gone:,} of {len(ranked):,} controls, none worse than those here, are left out, and " if gone else ""
    said = f"The whole page {why}, so {missing}long texts are cut; the results file has everything."
    return report._replace(profiles=profiles), history._replace(findings=findings, changes=changes), said


def _row_size(profile: str, control: str) -> int:
    """Return how many bytes the row of a control has: links escape its names, and repeat them."""
    return _ROW_BYTES + 12 * (len(profile) + len(control))


def _length(value: Any) -> int:
    """Return how many bytes the texts in a value take, with the markup around each."""
    if isinstance(value, str):
        return len(value) if value.isascii() else 3 * len(value)
    if isinstance(value, Result):
        return _RESULT_BYTES + sum(map(_length, value))
    if isinstance(value, dict):
        return sum(_length(key) + _length(item) for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return sum(map(_length, value))
    return 0


def _cut_entry(entry: ControlEntry) -> ControlEntry:
    cut: ControlEntry = _cut(entry)
    return cut._replace(
        code="",
        results=tuple(_cut(result)._replace(backtrace=()) for result in entry.results[:_MOST_RESULTS]),
        descriptions=tuple((_text(label), _text(text)) for label, text in entry.descriptions[:_MOST_ITEMS]),
        refs=tuple(map(_cut, entry.refs[:_MOST_ITEMS])),
        tags={key: value for key, value in list(entry.tags.items())[:_MOST_ITEMS] if _length(value) <= _LONGEST},
        waiver=entry.waiver and _cut(entry.waiver)._replace(extra=()),
        attestation=entry.attestation and _cut(entry.attestation),
    )


def _cut_profile(profile: Profile, kept: Container[tuple[str, str]]) -> Profile:
    """Return a profile with the controls that are kept, and all texts cut."""
    controls = tuple(
        control._replace(entry=_cut_entry(control.entry), layers=())
        for control in profile.controls
        if (profile.name, control.id) in kept
    )
    return profile._replace(entry=_cut(profile.entry)._replace(inputs=(), supports=(), controls=()), controls=controls)


def _cut(item: Any) -> Any:
    """Return a named tuple with its texts cut."""
    return item._make(_text(value) if isinstance(value, str) else value for value in item)


def _text(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
