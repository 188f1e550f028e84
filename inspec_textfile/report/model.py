"""What a report says, as frozen data: no I/O, no rendering, no rules.

Two stages. An *entry* is a profile or control as it is in the JSON, one for each place it occurs.
A `Profile` is a requested profile, one that somebody ran: its wrapper, the profiles below it and all their copies seen as
one, with every control counted once and judged (see `overlay` and `status`).

Texts are as the report has them, control characters and all; ids and names are already clean (`text.clean`), because they
are compared. Text is escaped where it is output.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from inspec_textfile.report.problems import ReportWarning

PASSED = "passed"
FAILED = "failed"
ERROR = "error"
NOT_REVIEWED = "not_reviewed"
NOT_APPLICABLE = "not_applicable"
WAIVED = "waived"
SKIPPED = "skipped"
LOADED = "loaded"
NOT_TESTED = "not_tested"
"""Of a finding that is still open, but was not tested by this run. No control of a report has it."""

STATUSES = (FAILED, ERROR, NOT_REVIEWED, WAIVED, NOT_APPLICABLE, PASSED)
"""Statuses of a control, worst first."""

FAILING = (FAILED, ERROR)
"""Those of STATUSES that are findings."""

RESULT_STATUSES = (FAILED, SKIPPED, PASSED)
"""Statuses of a single test result, and of a control as the original exporter counts it, worst first."""

PROFILE_STATUSES = (FAILED, SKIPPED, LOADED)
"""States of a profile, worst first."""

SEVERITIES = ("critical", "high", "medium", "low", "none")
"""Names of impact ranges, worst first."""

UNKNOWN = "unknown"
"""The severity of a control without an impact (json-min)."""

LEVELS = (*SEVERITIES, UNKNOWN)
"""All that a control's severity can be, worst first."""

LEAST_IMPACT = {"critical": 0.9, "high": 0.7, "medium": 0.4, "low": 0.1, "none": 0.0}
"""From which impact on a control has a severity, worst first (lib/inspec/impact.rb, IMPACT_SCORES)."""


DEFAULT_IMPACT = 0.5
"""The impact of a control that does not give one, or was never evaluated."""


def is_failing(status: str) -> bool:
    """Return whether a control of this status is a finding."""
    return status in FAILING


class Result(NamedTuple):
    """One test of a control."""

    status: str
    """passed, failed, skipped or error (HDF, or an unknown status: a person must look)."""
    code_desc: str = ""
    message: str = ""
    skip_message: str = ""
    exception: str = ""
    """The exception's class, "" for none."""
    backtrace: tuple[str, ...] = ()
    resource: str = ""
    """`resource_class`, as in `noop`."""
    start_time: str = ""
    run_time: float | None = None
    """Seconds."""


class Ref(NamedTuple):
    """A reference of a control: where to read more."""

    text: str = ""
    url: str = ""


class Waiver(NamedTuple):
    """A waiver: an accepted failure, as InSpec copied it into the report."""

    justification: str = ""
    expires: float | None = None
    """Unix time, seconds; None if there is no date or it cannot be read (`unreadable_date`)."""
    expires_text: str = ""
    """The date as the report has it."""
    expired: bool = False
    """Its date is before the start of the run, or InSpec said so: the control is judged as if there were no waiver."""
    run: bool | None = None
    """False: the control was not run because of it."""
    message: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    """Other fields of the waiver file: approver, ticket."""
    expires_day: str = ""
    """The day that its date names, as `2099-12-31`, where the date has no time: in UTC `expires` may be on the day before."""

    @property
    def unreadable_date(self) -> bool:
        """Whether there is a date that cannot be read, so the end of the waiver is unknown."""
        return bool(self.expires_text) and self.expires is None


class Attestation(NamedTuple):
    """Somebody's statement on a control that cannot be tested, as `saf attest apply` (mitre/saf) puts it into a report."""

    status: str = ""
    """passed or failed."""
    explanation: str = ""
    updated: str = ""
    """When it was given, as the report has it."""
    updated_by: str = ""
    frequency: str = ""
    """How long it holds, as the report has it: annually, 3m, 10 days."""
    expires: float | None = None
    """When it runs out, `updated` and `frequency` together: Unix time, seconds; None if either is absent or cannot be read."""
    expired: bool = False
    """It ran out before the start of the run: it no longer counts."""
    extra: tuple[tuple[str, str], ...] = ()
    """Other fields, as other writers than saf have them."""
    expires_day: str = ""
    """The day on which it runs out, as `2027-05-02`, where `updated` has no time."""

    @property
    def unreadable_date(self) -> bool:
        """Whether it says when it runs out in a way that cannot be read."""
        return bool(self.updated and self.frequency) and self.expires is None


class ControlEntry(NamedTuple):
    """One control in one profile entry."""

    id: str
    title: str | None = None
    desc: str | None = None
    impact: float | None = None
    results: tuple[Result, ...] = ()
    own_status: str | None = None
    """InSpec's own verdict, with `--enhanced-outcomes`."""
    waiver: Waiver | None = None
    descriptions: tuple[tuple[str, str], ...] = ()
    """(label, text): check, fix, rationale and the like."""
    tags: Mapping[str, Any] = MappingProxyType({})
    refs: tuple[Ref, ...] = ()
    code: str = ""
    source: str = ""
    """`path:line`, "" if unknown."""
    attestation: Attestation | None = None
    removed: Mapping[str, int] = MappingProxyType({})
    """How many results the report says it left out, by status (one of RESULT_STATUSES): whoever sent it kept the first 50."""

    @property
    def never_evaluated(self) -> bool:
        """Whether InSpec only saw that the control exists, so that its impact is a default (lib/inspec/rule.rb), not a fact.

        Such are controls of profiles that did not load or were skipped, and those that `--controls` leaves out.
        """
        said = (self.title, self.desc, self.descriptions, self.tags, self.refs, self.results, self.removed)
        return self.impact == DEFAULT_IMPACT and not any(said)


class Input(NamedTuple):
    """An input (attribute) of a profile."""

    name: str
    value: str | None = None
    """As text; None if it must not be shown: it is sensitive, or a whole node object."""
    sensitive: bool = False
    """Marked `sensitive` in this or another profile of the report. Its value is not kept."""
    size: int = 0
    """Length of a whole node object (Chef's `chef_node`) as JSON, in characters. The JSON is not kept."""


class Dependency(NamedTuple):
    """A profile that another one names in its `depends`."""

    name: str
    """What the profile that depends on it calls it: its own name, or an alias."""
    status: str = LOADED
    message: str = ""


class ProfileEntry(NamedTuple):
    """One profile as it is in the report: on its own, or as a layer of others."""

    name: str
    parent: str | None = None
    depends: tuple[Dependency, ...] = ()
    status: str = LOADED
    """One of PROFILE_STATUSES."""
    message: str = ""
    """Why it was skipped or did not load."""
    title: str = ""
    version: str = ""
    summary: str = ""
    maintainer: str = ""
    license: str = ""
    copyright: str = ""
    supports: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    controls: tuple[ControlEntry, ...] = ()
    outside: bool = False
    """It holds results that stand beside the profiles in the report: tests that are not part of a control."""


class Control(NamedTuple):
    """One control of a requested profile, judged."""

    entry: ControlEntry
    """With the wrapper's impact and title, and the results of whichever layer has them."""
    status: str
    """One of STATUSES."""
    severity: str
    """One of SEVERITIES, or UNKNOWN."""
    layers: tuple[tuple[str, ControlEntry], ...]
    """Where it is in the report, top layer first: (profile name, entry), those with results or code of their own."""

    @property
    def id(self) -> str:
        """The control's id: unique within its profile."""
        return self.entry.id


class Profile(NamedTuple):
    """A requested profile, with its layers seen as one."""

    entry: ProfileEntry
    """The top layer; its `controls` are not judged."""
    status: str = LOADED
    """The worst of its layers."""
    message: str = ""
    layers: tuple[str, ...] = ()
    """Names of the profiles below it."""
    dependencies: tuple[Dependency, ...] = ()
    """Those that did not load."""
    controls: tuple[Control, ...] = ()

    @property
    def name(self) -> str:
        """The profile's name: unique within its report."""
        return self.entry.name


class Report(NamedTuple):
    """One results file that could be read."""

    name: str
    """Its path below the results folder without `.json`: the label `report`."""
    modified_ns: int
    """mtime of the file, Unix time in nanoseconds."""
    inspec_version: str = ""
    platform: str = ""
    platform_release: str = ""
    target: str = ""
    """The host that was scanned, if the report names it; never just a UUID."""
    started: float | None = None
    """Start of the run, Unix time in seconds."""
    duration: float | None = None
    """Seconds."""
    entries: tuple[ProfileEntry, ...] = ()
    profiles: tuple[Profile, ...] = ()
    digest: str = ""
    """SHA-256 of the file's bytes, hexadecimal: the same digest, the same page."""
    warnings: tuple[ReportWarning, ...] = ()
    """Problems of a file that could be read."""
    target_id: str = ""
    """A UUID or the like of what was scanned, which means nothing to a person; "" if there is none."""
    facts: tuple[tuple[str, str], ...] = ()
    """(name, value): what else people route by: Chef's environment, policy group, roles and tags, and `passthrough`."""
    is_converted: bool = False
    """Made by a converter (HDF) from another scanner's findings, not by InSpec itself."""


class Unreadable(NamedTuple):
    """One results file that is not a report, or could not be read."""

    name: str
    path: str
    """As a person would type it."""
    reason: str
    """A sentence: what it is, and what to do."""
    since: float | None = None
    """mtime of the first results that could not be read: Unix time, seconds; None if unknown."""
    missing: bool = False
    """There is no file, or its folder cannot be listed."""
