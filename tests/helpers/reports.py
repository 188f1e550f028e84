"""Reports for tests of pages: genuine ones, and one whose every text is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile.report.model import (
    Attestation,
    ControlEntry,
    Dependency,
    Input,
    ProfileEntry,
    Ref,
    Report,
    Result,
    Waiver,
)
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, ReportWarning

from helpers.paths import REPORTS, SHARED


def published(name: str, *values: object) -> Any:
    """Return the parameters of a test for a published report: its case for `load`, and more values."""
    return pytest.param(f"corpus/{name}", *values, marks=pytest.mark.shared)


def load(case: str) -> Report:
    """Return a genuine report: `7.1.16/overlay`, or one of the published ones: `corpus/m365_results`."""
    folder = SHARED if case.startswith("corpus/") else REPORTS
    return parse_report((folder / f"{case}.json").read_bytes(), case.replace("corpus/", ""), 0)


OURS = "tests/data"
"""The results files of this repository."""

PLACES = (OURS, pytest.param("shared", marks=pytest.mark.shared))
"""For tests of every file that there is: those of this repository, and those beside it."""


def every_file(place: str = OURS) -> list[Path]:
    """Return every results file of one of the PLACES."""
    if place == OURS:
        return sorted(REPORTS.rglob("*.json"))
    return sorted([*SHARED.glob("corpus/*.json"), *SHARED.glob("inspec-reports/*/*.json")])


def readable(files: Iterable[Path]) -> Iterator[tuple[Path, Report]]:
    """Return the reports among some files."""
    for file in files:
        try:
            yield file, parse_report(file.read_bytes(), file.stem, 0)
        except NotAReport:
            continue


def report_of(*profiles: ProfileEntry, name: str = "made") -> Report:
    """Return a report of these profiles."""
    return Report(name, 0, "7.0.0", "debian", "12", "host", 1_700_000_000.0, 1.5, profiles, resolve(profiles), "0" * 64)


def profile_of(*controls: ControlEntry, name: str = "made", title: str = "") -> ProfileEntry:
    """Return a profile of these controls."""
    return ProfileEntry(name, None, (), "loaded", "", title, "", "", "", "", "", (), (), controls)


def report_full_of(text: str, *more: str) -> Report:
    """Return a report that has a text in every place that takes one; of more texts, profiles of their own."""
    profiles = tuple(profile for one in (text, *more) for profile in _profiles_full_of(one))
    warnings = tuple(ReportWarning("repeated-key", (one,)) for one in (text, *more))
    return Report(text, 0, text, text, text, text, 1_700_000_000.0, 1.5, profiles, resolve(profiles), "0" * 64, warnings)


def _profiles_full_of(text: str) -> tuple[ProfileEntry, ...]:
    waiver = Waiver(text, 4_000_000_000.0, text, False, False, text, ((text, text),))
    result = Result("failed", text, text, f"{text} skipped", text, (text, text), text, text, 0.5)
    passed = Result("passed", text, "", "", "", (), text, text, 0.5)
    control = ControlEntry(
        id=text,
        title=text,
        desc=text,
        impact=0.7,
        results=(result, passed),
        own_status=None,
        waiver=None,
        descriptions=((text, f"{text} described"), ("fix", f"{text} fix")),
        tags={text: text, "list": [text], "deep": {text: [text]}, "long": f"{text}{'.' * 100}"},
        refs=(Ref(text, text), Ref("", text), Ref(text, f"https://example.test/{text}")),
        code=text,
        source=text,
    )
    attestation = Attestation("passed", text, text, text, text)
    waived = control._replace(id=f"{text} waived", waiver=waiver, attestation=attestation, removed={"failed": 3})
    profile = ProfileEntry(
        name=text,
        parent=None,
        depends=(Dependency(text, "failed", text),),
        status="failed",
        message=text,
        title=text,
        version=text,
        summary=text,
        maintainer=text,
        license=text,
        copyright=text,
        supports=(text,),
        inputs=(Input(name=text, value=text),),
        controls=(control, waived),
    )
    other = ProfileEntry(f"{text} 2", None, (), "skipped", text, text, text, text, "", "", "", (), (), (control,))
    return profile, other
