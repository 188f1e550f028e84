"""Runs of InSpec in a few words, for tests of what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspec_textfile.report.model import ControlEntry, Report
from inspec_textfile.report.overlay import resolve

from helpers.entries import control, profile, waiver

DAY = 86_400.0
FIRST = 1_795_000_000.0


@dataclass(frozen=True)
class Ran:
    """One profile in one run: what became of each control."""

    controls: Mapping[str, str] = field(default_factory=dict)
    """Id -> `passed`, `failed`, `error`, `not_reviewed`, `waived`, `not_applicable`; a number: so many tests failed."""
    version: str = "1.0"
    status: str = "loaded"


def report(day: float, *, name: str = "web01", **profiles: Ran) -> Report:
    """Return the report of a run on a day after the first."""
    entries = tuple(
        profile(key, *(_control(id_, status) for id_, status in ran.controls.items()), status=ran.status, version=ran.version)
        for key, ran in profiles.items()
    )
    return Report(name=name, modified_ns=0, started=FIRST + day * DAY, entries=entries, profiles=resolve(entries))


def _control(id_: str, status: str) -> ControlEntry:
    if status == "waived":
        return control(id_, "failed", waiver=waiver())
    if status == "not_applicable":
        return control(id_, "passed", impact=0.0)
    if status == "not_reviewed":
        return control(id_, "skipped")
    if status.isdigit():
        return control(id_, *["failed"] * int(status))
    return control(id_, status)
