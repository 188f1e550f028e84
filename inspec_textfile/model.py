"""What a report says, as frozen data: no I/O, no rendering, no rules.

Two stages. An *entry* is a profile or control as it stands in the JSON, one for each place it occurs.
A `Profile` is a profile somebody asked for: its wrapper, the profiles below it and all their copies seen as one, with every
control counted once and judged (see `overlay` and `outcome`).

Entries of controls and results are named tuples, not dataclasses: a report holds thousands of them, and making a frozen
dataclass costs three times as much.

Texts are as the report has them, control characters and all; ids and names are already clean (`text.clean`), because they
are compared. Whoever writes a text somewhere escapes it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

PASSED = "passed"
FAILED = "failed"
ERROR = "error"
NOT_REVIEWED = "not_reviewed"
NOT_APPLICABLE = "not_applicable"
WAIVED = "waived"
SKIPPED = "skipped"
LOADED = "loaded"

STATUSES = (FAILED, ERROR, NOT_REVIEWED, WAIVED, NOT_APPLICABLE, PASSED)
"""What a control can be, worst first."""

RESULT_STATUSES = (FAILED, SKIPPED, PASSED)
"""What a single test result, and a control in the original exporter's eyes, can be, worst first."""

PROFILE_STATUSES = (FAILED, SKIPPED, LOADED)
"""What InSpec made of a profile, worst first."""

SEVERITIES = ("critical", "high", "medium", "low", "none")
"""What an impact amounts to, worst first."""

UNKNOWN = "unknown"
"""The severity of a control that comes without an impact (json-min)."""


class Result(NamedTuple):
    """One test of a control."""

    status: str
    """passed, failed, skipped or error (HDF, or a status nobody knows: a person must look)."""
    code_desc: str
    message: str
    skip_message: str
    exception: str
    """The exception's class, "" for none."""
    backtrace: tuple[str, ...]
    resource: str
    """`resource_class`, as in `noop`."""
    start_time: str
    run_time: float | None
    """Seconds."""


class Ref(NamedTuple):
    """A reference of a control: where to read more."""

    text: str
    url: str


class Waiver(NamedTuple):
    """Somebody's decision that a control may fail, as InSpec copied it into the report."""

    justification: str
    expires: float | None
    """Unix time, seconds; None without a date, or with one that nobody can read."""
    expires_text: str
    """The date as the report has it."""
    expired: bool
    """InSpec found it past its date in this run, and judged the control as if there were none."""
    run: bool | None
    """False: the control was not run because of it."""
    message: str
    extra: tuple[tuple[str, str], ...]
    """Whatever else the waiver file said: approver, ticket."""


class ControlEntry(NamedTuple):
    """One control in one profile entry."""

    id: str
    title: str | None
    desc: str | None
    impact: float | None
    results: tuple[Result, ...]
    own_status: str | None
    """What `--enhanced-outcomes` made of it."""
    waiver: Waiver | None
    descriptions: tuple[tuple[str, str], ...]
    """(label, text): check, fix, rationale and the like."""
    tags: Mapping[str, Any]
    refs: tuple[Ref, ...]
    code: str
    source: str
    """`path:line`, "" if unknown."""


@dataclass(frozen=True)
class Dependency:
    """A profile that another one names in its `depends`."""

    name: str
    status: str
    message: str


@dataclass(frozen=True)
class ProfileEntry:
    """One profile as it stands in the report: on its own, or as a layer of others."""

    name: str
    parent: str | None
    depends: tuple[Dependency, ...]
    status: str
    """One of PROFILE_STATUSES."""
    message: str
    """Why it was skipped or did not load."""
    title: str
    version: str
    summary: str
    maintainer: str
    license: str
    copyright: str
    supports: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    """(name, value)."""
    controls: tuple[ControlEntry, ...]


class Control(NamedTuple):
    """One control of a profile that was asked for, judged."""

    entry: ControlEntry
    """With the wrapper's impact and title, and the results of whichever layer has them."""
    status: str
    """One of STATUSES."""
    severity: str
    """One of SEVERITIES, or UNKNOWN."""
    layers: tuple[tuple[str, ControlEntry], ...]
    """Where it stands in the report, top layer first: (profile name, entry), those with results or code of their own."""

    @property
    def id(self) -> str:
        """The control's id: unique within its profile."""
        return self.entry.id


@dataclass(frozen=True)
class Profile:
    """A profile that was asked for, with its layers seen as one."""

    entry: ProfileEntry
    """The top layer; its `controls` are as they stand there, not judged."""
    status: str
    """The worst of its layers."""
    message: str
    layers: tuple[str, ...]
    """Names of the profiles below it."""
    dependencies: tuple[Dependency, ...]
    """Those that did not load."""
    controls: tuple[Control, ...]

    @property
    def name(self) -> str:
        """The profile's name: unique within its report."""
        return self.entry.name


@dataclass(frozen=True)
class Report:
    """One results file that could be read."""

    name: str
    """Its path below the results folder without `.json`: the label `report`."""
    modified_ns: int
    """mtime of the file, Unix time in nanoseconds."""
    inspec_version: str
    platform: str
    platform_release: str
    target: str
    """The host, where the report tells it (Automate's node_name, target_id)."""
    started: float | None
    """Start of the run, Unix time in seconds."""
    duration: float | None
    """Seconds."""
    entries: tuple[ProfileEntry, ...]
    profiles: tuple[Profile, ...]
    digest: str
    """SHA-256 of the file's bytes, hexadecimal: the same digest, the same page."""
    notes: tuple[str, ...] = ()
    """What was odd about it, though it could be read."""


@dataclass(frozen=True)
class Unreadable:
    """One results file that is no report, or could not be read."""

    name: str
    path: str
    """As a person would type it."""
    reason: str
    """A sentence: what it is, and what to do."""
