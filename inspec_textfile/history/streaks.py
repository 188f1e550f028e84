"""A finding is open until a run tests it and it does not fail: since when each control has been failing.

The state is a mapping of `ControlKey` to `Finding`: every control that failed when it was last tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress
from typing import Any

from inspec_textfile.history.model import EARLIEST, MAX_NOT_TESTED, ControlKey, Finding, ProfileRun
from inspec_textfile.history.rule import Rule, Step, followers
from inspec_textfile.report.anonymous import is_random
from inspec_textfile.report.model import (
    FAILED,
    LOADED,
    NOT_APPLICABLE,
    NOT_TESTED,
    PASSED,
    UNKNOWN,
    Control,
    Profile,
    Report,
    is_failing,
)
from inspec_textfile.report.status import rests_on_attestation, result_status, status_without_waiver

_Findings = Mapping[ControlKey, Finding]


def controls_of(report: Report) -> Iterator[tuple[ControlKey, Control]]:
    """Yield all controls of a report with their keys."""
    for profile in report.profiles:
        for control in profile.controls:
            yield ControlKey(profile.name, control.id), control


def loaded(report: Report) -> list[Profile]:
    """Return the profiles of a report that loaded."""
    return [profile for profile in report.profiles if profile.status == LOADED]


class Streaks(Rule):
    """The rule; see the module's text."""

    name = "streaks"

    def after(self, state: _Findings | None, step: Step) -> dict[ControlKey, Finding]:
        """Return the findings after a run."""
        profiles = {profile.name: profile for profile in step.report.profiles}
        known = _in_place(state or {}, step, profiles)
        findings: dict[ControlKey, Finding] = {}
        for key, control in controls_of(step.report):
            now = _judged(control, known.pop(key, None), profiles[key.profile].entry.version, step, key)
            if now:
                findings[key] = now
        for key, old in known.items():  # controls that this run does not have
            if not (key.profile in profiles and _is_gone(key, old, profiles[key.profile], step)):
                findings[key] = _not_tested(old, step)
        return _bounded(findings)

    def without_future(self, state: _Findings | None, wrong: _Findings, latest: float) -> dict[ControlKey, Finding]:
        """Return the findings before a run of a wrong clock, and those that began in it: only their time is wrong."""
        began = {key: finding for key, finding in wrong.items() if not EARLIEST <= finding.since <= latest}
        # A later time gives way to that of the next run; an earlier one, of an old memory, cannot.
        began = {key: one if one.since > latest else one._replace(since=latest) for key, one in began.items()}
        return {**began, **(state or {})}

    def as_json(self, state: _Findings) -> dict[str, Any]:
        """Return findings as a table for each profile: the names of the columns are given once."""
        profiles: dict[str, list[list[Any]]] = {}
        for key, finding in state.items():
            profiles.setdefault(key.profile, []).append([key.control, *finding])
        return {"columns": ["control", *Finding._fields], "profiles": profiles}

    def from_json(self, value: Any) -> dict[ControlKey, Finding]:
        """Return the findings of such tables. Columns of another version are ignored."""
        names = value["columns"]
        is_known = [name in Finding._fields for name in names]
        columns = list(compress(names, is_known))
        control = names.index("control")
        return {
            ControlKey(profile, row[control]): Finding(**dict(zip(columns, compress(row, is_known))))
            for profile, rows in value["profiles"].items()
            for row in rows
        }

    def before_as_json(self, state: _Findings, after: _Findings) -> dict[str, Any]:
        """Return what cannot be told from the state after the run: most findings stay, and have been seen once more."""
        differs = {key: finding for key, finding in state.items() if key not in after or _a_run_ago(after[key]) != finding}
        return {**self.as_json(differs), "began": [key for key in after if key not in state]}

    def before_from_json(self, value: Any, after: _Findings) -> dict[ControlKey, Finding]:
        """Return the state that `before_as_json` made data of."""
        began = {ControlKey(*key) for key in value["began"]}
        kept = {key: _a_run_ago(finding) for key, finding in after.items() if key not in began}
        return {**kept, **self.from_json(value)}


STREAKS = Streaks()


def _a_run_ago(finding: Finding) -> Finding:
    return finding._replace(runs=finding.runs - 1)


def open_findings(findings: _Findings, started: float) -> dict[ControlKey, Finding]:
    """Return the findings that are open after a run that began at `started` (Unix time, seconds)."""
    return {key: finding for key, finding in findings.items() if finding.is_open(started)}


def _in_place(state: _Findings, step: Step, profiles: Mapping[str, Profile]) -> dict[ControlKey, Finding]:
    """Return the findings before a run under the names that their profiles have in it."""
    moved, renamed = {old: new for new, old in step.moved.items()}, followers(step.renamed)
    known: dict[ControlKey, Finding] = {}
    for key, old in state.items():
        new = moved.get(key) or ControlKey(renamed.get(key.profile, key.profile), key.control)
        if new.profile in profiles and (new != key or not old.version):  # its version says nothing about what another one had
            old = old._replace(version=profiles[new.profile].entry.version)
        # Of several profiles that became one, each may have had the control.
        known[new] = min(old, known.get(new, old), key=lambda one: one.since)
    return known


def _judged(control: Control, old: Finding | None, version: str, step: Step, key: ControlKey) -> Finding | None:
    """Return what is known of a control that is in the report, None if it does not fail. json-min tells no version."""
    version = version or (old.version if old else "")
    outcome = status_without_waiver(control.entry)
    waiver = control.entry.waiver
    covered = waiver is not None and not waiver.expired
    waived_until = waiver.expires if waiver and covered else None
    if is_failing(outcome):
        results = control.entry.results
        return Finding(
            title=control.entry.title or (old.title if old else ""),
            severity=known_severity(control, old),
            status=control.status,
            since=min(old.since, step.started) if old else step.started,
            first_seen=old.first_seen if old else not _was_run(step, key.profile),
            runs=old.runs + 1 if old else 1,
            tests=sum(result_status(result) == FAILED for result in results) + control.entry.removed.get(FAILED, 0),
            total=len(results) + sum(control.entry.removed.values()),
            version=version,
            waived=covered,
            waived_until=waived_until,
        )
    if not old or outcome == NOT_APPLICABLE or (outcome == PASSED and not rests_on_attestation(control.entry)):
        return None
    if outcome == PASSED and control.entry.attestation:  # somebody's word covers the finding for as long as it holds
        covered, waived_until = True, control.entry.attestation.expires
    is_told = old.severity == UNKNOWN and not control.entry.never_evaluated
    severity = control.severity if is_told else old.severity
    return _not_tested(old, step)._replace(severity=severity, version=version, waived=covered, waived_until=waived_until)


def known_severity(control: Control, old: Finding | None) -> str:
    """Return the severity of a control that was tested, as last known if its report does not tell it."""
    return old.severity if old and control.severity == UNKNOWN else control.severity


def _not_tested(old: Finding, step: Step) -> Finding:
    """Return a finding that a run did not test. It began in this run at the latest: the clock of an earlier one was wrong."""
    return old._replace(status=NOT_TESTED, since=min(old.since, step.started))


def _was_run(step: Step, profile: str) -> bool:
    """Return whether a run before had the profile, perhaps under another name; that a control moved to it does not count."""
    names = {profile, *(old for old, new in followers(step.renamed).items() if new == profile)}
    return step.before is not None and bool(names & step.before.profiles.keys())


def _is_gone(key: ControlKey, old: Finding, profile: Profile, step: Step) -> bool:
    """Return whether a control that a run of its profile does not have is gone for good, and not just left out of it."""
    if profile.status != LOADED:
        return False
    if is_random(key.control):  # the memory is of version 1.0.0 or older: no run can have this id again
        return True
    if step.profiles[profile.name].findings_only:
        return True
    before = step.before.profiles.get(profile.name) if step.before else None
    return is_complete(profile, before) and profile.entry.version not in ("", old.version)


def is_complete(profile: Profile, before: ProfileRun | None) -> bool:
    """Return whether a run of a profile is a complete one, next to its last complete one.

    It lists at least half as many controls, and every profile that it depends on loaded, if it did then.
    """
    if before is None:
        return True
    is_loaded = before.unloaded is None or set(unloaded_by(profile)) <= set(before.unloaded)
    return is_loaded and len(profile.controls) * 2 >= before.complete


def unloaded_by(profile: Profile) -> tuple[str, ...]:
    """Return the names of the profiles that a profile depends on and that did not load."""
    return tuple(dict.fromkeys(dependency.name for dependency in profile.dependencies))


def _bounded(findings: dict[ControlKey, Finding]) -> dict[ControlKey, Finding]:
    """Return findings without those over MAX_NOT_TESTED that were not tested: the ones that have failed for longest stay."""
    waiting = [(finding.since, key) for key, finding in findings.items() if finding.status == NOT_TESTED]
    for _, key in sorted(waiting)[MAX_NOT_TESTED:]:
        del findings[key]
    return findings


def is_full(findings: Iterable[Finding]) -> bool:
    """Return whether as many findings that were not tested are kept as there may be."""
    return sum(finding.status == NOT_TESTED for finding in findings) >= MAX_NOT_TESTED
