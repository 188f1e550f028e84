"""What a run changes in the past of its report: pure rules, no I/O, no clock. docs/history.md explains them to users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from inspec_textfile.history import (
    MAX_RUNS,
    Changes,
    ControlKey,
    Failure,
    History,
    Past,
    ProfileRun,
    Regression,
    RunCounts,
    Snapshot,
)
from inspec_textfile.report.model import ERROR, FAILED, LOADED, NOT_APPLICABLE, PASSED, Control, Profile, Report
from inspec_textfile.report.status import count_controls, result_status

_FAR_FEWER = 2
"""A profile that ran fewer than 1/2 of the tests of the run before is hard to compare with it."""


def start_of(report: Report) -> float:
    """Return when the run that a report shows began: Unix time in seconds; the file's mtime if the report does not say."""
    return report.started if report.started is not None else report.modified_ns / 1e9


def advance(past: Past, report: Report) -> Past:
    """Return what is remembered after a report has been read.

    A later start than that of the last run is a new run. The same start is the last run again, perhaps corrected (an
    attestation, a newer version of this program): it replaces the last run. An earlier start changes nothing. If another host
    was scanned than in the run before, nothing is compared: the past starts over.
    """
    started = start_of(report)
    if past.last is None or started > past.last.started:
        before, runs = past.last, past.runs
    elif started == past.last.started:
        before, runs = past.before, past.runs[:-1]
    else:
        return past
    other = _other_host(before, report)
    if other:
        before, runs = None, ()
    last = _snapshot(before, report, started)
    changes = _changes(before, last, report)
    if other:
        note = f"these results are of {report.target}, and those before were of {other}: they are not compared"
        changes = changes._replace(notes=(note,))
    return Past(runs=(*runs, _run(report, started))[-MAX_RUNS:], before=before, last=last, changes=changes)


def other_host(past: Past, report: Report) -> str:
    """Return which other host was scanned in the last run, "" if it was the same one, or is not known."""
    return "" if past.last and start_of(report) == past.last.started else _other_host(past.last, report)


def _other_host(before: Snapshot | None, report: Report) -> str:
    old, new = (before.host if before else "").casefold(), report.target.casefold()
    # A name with and without its domain; an address says little, since hosts get new ones.
    same = old.startswith(f"{new}.") or new.startswith(f"{old}.") or _is_address(old) or _is_address(new)
    return before.host if before and old and new and old != new and not same else ""


def _is_address(host: str) -> bool:
    return not host.strip("0123456789abcdef.:[]") and any(mark in host for mark in ".:")


def other_profile(past: Past, report: Report) -> str:
    """Return a profile of the last run, if none of its profiles is in the report, under this or another name, else ""."""
    if not past.last:
        return ""
    known = past.last.profiles
    now = {profile.name for profile in report.profiles}
    ids = {control.id for profile in report.profiles for control in profile.controls}
    # InSpec names the profile of a single file after its folder, which may be a temporary one.
    last = {name: run for name, run in known.items() if not run.missed and not name.startswith("tests from ")}
    if not last or not now or now & known.keys() or any(ids.intersection(run.controls) for run in last.values()):
        return ""
    return min(last)


def without_future(past: Past, latest: float) -> Past:
    """Return what is remembered without a last run that began after `latest` (Unix time, seconds): its clock was wrong.

    Otherwise every run until then would count as an older one. If several runs are all later than `latest`, this host's own
    clock is wrong, for example on a host that boots without one: then nothing is forgotten.
    """
    if past.last is None or past.last.started <= latest:
        return past
    if len(past.runs) > 1 and past.runs[0].started > latest:
        return past
    runs = tuple(run for run in past.runs if run.started <= latest)
    last = past.before
    if last and last.started > latest:  # two wrong runs: what has been failing since before them still does
        failures = {key: failure for key, failure in last.failures.items() if failure.since <= latest}
        last = last._replace(started=runs[-1].started, failures=failures) if runs else None
    return Past(runs=runs, last=last)


def history(past: Past, report: Report) -> History:
    """Return what to show of the past with a report; `past` has been advanced to it."""
    known = past.last.failures if past.last and not _other_host(past.last, report) else {}
    failures = {key: known[key] for key, control in _controls(report) if _fails(control) and key in known}
    if past.last and start_of(report) < past.last.started:
        note = "these results are older than others that were read before, and are not compared with any"
        return History(runs=past.runs, failures=failures, changes=Changes(notes=(note,)))
    return History(runs=past.runs, failures=failures, changes=past.changes)


# --- one run ------------------------------------------------------------------------------------------------------------------


def _fails(control: Control) -> bool:
    return control.status in (FAILED, ERROR)


def _controls(report: Report) -> Iterator[tuple[ControlKey, Control]]:
    for profile in report.profiles:
        for control in profile.controls:
            yield ControlKey(profile.name, control.id), control


def _run(report: Report, started: float) -> RunCounts:
    counts = count_controls(control for _, control in _controls(report))
    by_status = {
        status: sum(count for (_, counted), count in counts.items() if counted == status) for status in RunCounts._fields[1:]
    }
    return RunCounts(started, **by_status)


def _snapshot(before: Snapshot | None, report: Report, started: float) -> Snapshot:
    """Return the state after a run that came after `before`."""
    profiles = {profile.name: _profile_run(profile) for profile in report.profiles if profile.status == LOADED}
    known = before.profiles if before else {}
    for name, old in known.items():
        if name not in profiles and old.missed < MAX_RUNS:
            profiles[name] = old._replace(missed=old.missed + 1)
    host = report.target or (before.host if before else "")
    return Snapshot(started, _failures(before, report, started), profiles, host)


def _profile_run(profile: Profile) -> ProfileRun:
    return ProfileRun(
        version=profile.entry.version,
        controls=tuple(control.id for control in profile.controls),
        tests=sum(len(control.entry.results) for control in profile.controls),
    )


def _failures(before: Snapshot | None, report: Report, started: float) -> dict[ControlKey, Failure]:
    """Return the streaks of failures that go on or begin with a run."""
    streaks = dict(before.failures) if before else {}
    found: dict[ControlKey, Failure] = {}
    moved = _moved(before, report)
    for key, control in _controls(report):
        streak = streaks.pop(moved.get(key, key), None)
        if _fails(control):
            tests = sum(result_status(result) == FAILED for result in control.entry.results)
            if streak:
                found[key] = streak._replace(runs=streak.runs + 1, tests=tests, hidden=0)
            else:
                found[key] = Failure(started, 1, not _was_run(before, key.profile), tests)
        elif streak and control.status not in (PASSED, NOT_APPLICABLE):
            found.update(_hidden(key, streak))
    versions = {profile.name: profile.entry.version for profile in report.profiles if profile.status == LOADED}
    for key, streak in streaks.items():  # controls that this run does not show
        if not (before and _is_gone(before.profiles.get(key.profile), versions.get(key.profile))):
            found.update(_hidden(key, streak))
    return found


def _was_run(before: Snapshot | None, profile: str) -> bool:
    return before is not None and profile in before.profiles


def _hidden(key: ControlKey, streak: Failure) -> dict[ControlKey, Failure]:
    """Return a streak that goes on hidden; nothing if it has been hidden for too long."""
    return {key: streak._replace(hidden=streak.hidden + 1)} if streak.hidden < MAX_RUNS else {}


def _is_gone(old: ProfileRun | None, version: str | None) -> bool:
    """Return whether a control that a run does not show is gone for good: another version of its profile was run."""
    return old is not None and version is not None and version != old.version


def _moved(before: Snapshot | None, report: Report) -> dict[ControlKey, ControlKey]:
    """Return new key -> old key of controls that moved from one profile to another while they failed.

    The old profile was run without the control, and the new one never had it before.
    """
    if not before:
        return {}
    present = {key for key, _ in _controls(report)}
    loaded = {profile.name for profile in report.profiles if profile.status == LOADED}
    lost = {key.control: key for key in before.failures if key not in present and key.profile in loaded}
    moved = {}
    for key, _ in _controls(report):
        old = before.profiles.get(key.profile)
        if key.control in lost and not (old and key.control in old.controls):
            moved[key] = lost.pop(key.control)
    return moved


# --- this run and the one before ----------------------------------------------------------------------------------------------


def _changes(before: Snapshot | None, last: Snapshot, report: Report) -> Changes:
    if before is None:
        return Changes()
    moved = _moved(before, report)
    newly_failing, fixed, regressions = [], [], []
    for key, control in _controls(report):
        streak = before.failures.get(moved.get(key, key))
        now = last.failures.get(key)
        if _fails(control) and now:
            if streak is None and not now.first_seen:
                newly_failing.append(key)
            elif streak and not streak.hidden and now.tests > streak.tests:
                regressions.append(Regression(key, now.tests - streak.tests))
        elif streak and control.status == PASSED:
            fixed.append(key)
    return Changes(
        previous=before.started,
        newly_failing=tuple(newly_failing),
        fixed=tuple(fixed),
        regressions=tuple(regressions),
        notes=tuple(_notes(before.profiles, report.profiles)),
    )


def _notes(before: Mapping[str, ProfileRun], profiles: Iterable[Profile]) -> Iterator[str]:
    """Yield what makes a run hard to compare with the one before."""
    now = {profile.name: profile for profile in profiles}
    for name, old in before.items():
        if name not in now:
            if not old.missed:
                yield f"profile {name} is not in this report: {_not_run(old)}"
        elif now[name].status != LOADED:
            if not old.missed:
                yield f"profile {name} did not load: {_not_run(old)}"
        else:
            yield from _difference(name, old, _profile_run(now[name]))
    for name, profile in now.items():
        if name not in before and profile.status == LOADED:
            yield f"profile {name} is new: {_count(len(profile.controls), 'control')}"


def _difference(name: str, old: ProfileRun, new: ProfileRun) -> Iterator[str]:
    added, gone = len(set(new.controls) - set(old.controls)), len(set(old.controls) - set(new.controls))
    if new.version != old.version:
        parts = [f"{_count(number, 'control')} {what}" for number, what in ((added, "added"), (gone, "gone")) if number]
        yield f"profile {name} {old.version} -> {new.version}: {', '.join(parts) or 'the same controls'}"
    elif added or gone:
        parts = [f"{_count(number, 'control')} {what}" for number, what in ((added, "more"), (gone, "fewer")) if number]
        yield f"profile {name}: {', '.join(parts)} than in the run before"
    elif new.tests * _FAR_FEWER < old.tests:
        yield f"profile {name}: only {_count(new.tests, 'test')}, {old.tests:,} in the run before"


def _not_run(profile: ProfileRun) -> str:
    count = len(profile.controls)
    return f"{_count(count, 'control')} {'was' if count == 1 else 'were'} not run"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
