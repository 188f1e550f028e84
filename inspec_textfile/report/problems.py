"""What can be wrong with a results file: errors for a file that is refused, warnings for one that is read."""

from __future__ import annotations

from typing import Any, NamedTuple

from inspec_textfile.text import visible

_MAX_WARNINGS = 20
_MAX_VALUE = 300
"""Characters of one value in a warning."""

# By kind: a sentence without its subject, the report. What differs from report to report is in the warning's values.
_SENTENCES = {
    "constant": "holds {0}, which is not JSON: read as null",
    "repeated-key": "names the key {0!r} twice in one object: lists were joined, else the last one counts",
    "waiver-date": (
        "has a waiver for {0} whose expiration date {1!r} cannot be read: its end is unknown; write it as 2099-12-31"
    ),
    "waiver-key": (
        "has a waiver for {0} with a date under the key {1!r}, which InSpec does not read, so the waiver never ends: call it "
        "expiration_date"
    ),
    "attestation-date": ("has an attestation for {0} whose date {1!r} or frequency {2!r} cannot be read: its end is unknown"),
    "replaces-host": (
        "replaces results of another host ({0}), whose findings no longer count: give each host and profile its own file name"
    ),
    "replaces-machine": "is of several machines in turn (the last one was {0}): give each host its own file name",
    "replaces-profile": (
        "replaces results of another profile ({0}), whose findings were not tested: give each profile its own file name"
    ),
    "page-cut": "has a page with less than it holds: {0}",
    "many-not-tested": (
        "has {0} findings that were not tested now, the most that are kept: those that began last are forgotten; test them"
    ),
    "more": "has more problems than are listed here",
}


class NotAReport(Exception):
    """The bytes are not an InSpec report; the message is a sentence that says what they are and what to do."""


class ScanFailed(NotAReport):
    """The file itself says that the scan failed; the message is a sentence that quotes it."""


class ReportWarning(NamedTuple):
    """What a person should know about a report that could be read. Data, so that it can be remembered without its wording."""

    kind: str
    """One of `_SENTENCES`; a kind that another version wrote may be unknown."""
    values: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """A sentence without its subject, the report; safe to print."""
        shown = [visible(value) for value in self.values]
        try:
            return _SENTENCES[self.kind].format(*shown)
        except (KeyError, IndexError):
            return ": ".join([visible(self.kind), *shown])


class Warnings(list[ReportWarning]):
    """The warnings on a report: each once, up to a limit."""

    def add(self, kind: str, *values: str) -> None:
        """Add a warning of a kind of `_SENTENCES`, with the values of its sentence."""
        warning = ReportWarning(kind, tuple(value[:_MAX_VALUE] for value in values))
        if len(self) <= _MAX_WARNINGS and warning not in self:
            self.append(warning if len(self) < _MAX_WARNINGS else ReportWarning("more"))


def refuse_too_many(count: int, limit: int, what: str) -> None:
    """Raise NotAReport if there are more than `limit` of something."""
    if count > limit:
        raise NotAReport(f"holds about {count:,} {what}, over the limit of {limit:,}: split the run")


def kind_of(value: Any) -> str:
    """Return what a JSON value is, as a noun with its article."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def unexpected(error: Exception) -> str:
    """Return why a report that we cannot handle is left out, so that the others are still converted."""
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    return f"cannot be converted: unexpected error, please report it: {error!r}"
