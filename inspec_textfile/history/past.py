"""What a run changes in the past of its report: pure rules, no I/O, no clock. docs/history.md explains them to users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from inspec_textfile.history.differences import differences
from inspec_textfile.history.model import (
    EARLIEST,
    MAX_RUNS,
    Change,
    Changes,
    ControlKey,
    Difference,
    Finding,
    History,
    Past,
    ProfileRun,
    Replaced,
    RunCounts,
    Snapshot,
)
from inspec_textfile.history.rule import Rule, Step, followers
from inspec_textfile.history.streaks import (
    STREAKS,
    controls_of,
    is_complete,
    known_severity,
    loaded,
    open_findings,
    unloaded_by,
)
from inspec_textfile.report.model import NOT_REVIEWED, NOT_TESTED, PASSED, SKIPPED, Profile, Report, is_failing
from inspec_textfile.report.status import is_attested, status_without_waiver
from inspec_textfile.report.target import machine_of, same_host

RULES: tuple[Rule, ...] = (STREAKS,)
_MAX_MACHINES = 10
"""Machines before the last one that are remembered, in case they take turns."""
_Renamed = Sequence[tuple[str, str]]
"""(new name, old name) of profiles."""


def start_of(report: Report) -> float:
    """Return when the run that a report shows began: Unix time in seconds; the file's mtime if the report does not say."""
    return _told_start(report) or report.modified_ns / 1e9


def advance(past: Past, report: Report) -> Past:
    """Return what is remembered after a report has been read.

    A later start than that of the last run is a new run. The same start is the last run again, perhaps corrected (an
    attestation, a newer version of this program): it replaces the last run. An earlier start changes nothing. If another host
    was scanned than in the run before, nothing is compared: the past starts over.
    """
    started = start_of(report)
    if past.last and _is_corrected(past.last, report):
        runs = past.runs[:-1]
        kept = _before(past, runs)
    elif past.last is None or not _is_older(past.last, report):
        kept, runs = past.last, past.runs
    else:
        return past
    replaced = _replaced(kept, report) if kept else past.replaced
    before, other = kept, replaced if replaced and replaced.kind == "host" else None
    if other:
        before, runs = None, ()
    renamed = _renamed(before, report)
    profiles = _profiles(before, report, renamed)
    step = Step(report, started, before, profiles, renamed, _moved(before, report, renamed))
    last = Snapshot(
        started=started,
        told=_told_start(report) or (kept.told if kept else 0.0),
        host=report.target or (before.host if before else ""),
        machine=_machine(report) or (before.machine if before else ""),
        machines_before=_machines_before(before, report),
        profiles=profiles,
        states={rule.name: rule.after(before.states.get(rule.name) if before else None, step) for rule in RULES},
    )
    last = last._replace(profiles=_remembered(last))
    changes = _changes(step, last, other)
    return Past((*runs, _counts(report, started))[-MAX_RUNS:], kept, last, changes, replaced)


def shown(past: Past, report: Report) -> History:
    """Return what to show of the past with a report; `past` has been advanced to it."""
    if past.last is None:
        return History(runs=past.runs)
    known = findings_of(past.last)
    started = start_of(report)
    if started >= past.last.started:
        return History(past.runs, open_findings(known, started), past.changes, past.last.states)
    older = Changes(differences=(Difference("report_older"),))
    if other_host(past.last, report):
        return History(runs=past.runs, changes=older)
    failing = {key: control.status for key, control in controls_of(report) if is_failing(control.status)}
    # What was fixed since is open in the results that are shown, with the date that was known then.
    then = {} if other_host(past.before, report) else findings_of(past.before)
    opened = {key: then[key]._replace(status=failing[key]) for key in failing if key in then and then[key].since <= started}
    # They were tested since: what an older run says of them closes none.
    findings = {key: old._replace(status=failing.get(key, NOT_TESTED)) for key, old in known.items()}
    findings = {**opened, **findings}
    return History(past.runs, open_findings(findings, past.last.started), older)


def replaced_by(past: Past, report: Report) -> Replaced | None:
    """Return whose results a report took the place of; `past` has been advanced to it."""
    other = other_host(past.last, report)  # one that began earlier
    return Replaced("host", other) if other else past.replaced


def findings_of(snapshot: Snapshot | None) -> Mapping[ControlKey, Finding]:
    """Return every control that failed when it was last tested, as a snapshot knows it."""
    return snapshot.states.get(STREAKS.name, {}) if snapshot else {}


def without_wrong_clock(past: Past, latest: float) -> Past:
    """Return what is remembered without a last run that began after `latest` (Unix time, seconds), or before EARLIEST.

    Its clock was wrong, and every run until then would count as an older one, or every failure as one of 2003. If several
    runs are all later than `latest`, this host's own clock is wrong, for example on a host that boots without one: then
    nothing is forgotten.
    """
    if past.last is None or EARLIEST <= past.last.started <= latest or latest < EARLIEST:
        return past
    if len(past.runs) > 1 and past.runs[0].started > latest:
        return past
    if past.before and not same_host(past.before.host, past.last.host):  # all that is known of this host is wrong
        return without_wrong_clock(Past(last=past.before), latest)
    runs = tuple(run for run in past.runs if EARLIEST <= run.started <= latest)
    known = _before(past, runs) or past.last._replace(states={})
    if not runs:  # none to compare with
        known = known._replace(started=EARLIEST, profiles={})
    elif known.started > latest:  # two wrong runs: what has been failing since before them still does
        known = known._replace(started=runs[-1].started)
    states = {
        rule.name: rule.without_future(known.states.get(rule.name), past.last.states[rule.name], latest)
        for rule in RULES
        if rule.name in past.last.states
    }
    return Past(runs=runs, last=known._replace(states=states))


def same_report(past: Past, report: Report) -> bool:
    """Return whether a report under another name is the one with this past: of the same host, and of the same profiles."""
    last = past.last
    if not last or not last.profiles:
        return False
    names = {profile.name for profile in loaded(report)}
    known = {name for name, run in last.profiles.items() if not run.missed}
    if report.target or last.host:
        return known == names and last.host.casefold() == report.target.casefold()
    return known == names and bool(last.machine) and last.machine == _machine(report)


def _told_start(report: Report) -> float | None:
    """Return when a report says that its run began: Unix time in seconds; None if it does not say it credibly."""
    return report.started if report.started is not None and report.started >= EARLIEST else None


def _is_older(last: Snapshot, report: Report) -> bool:
    """Return whether a report shows a run from before the last one.

    If the last one goes by its file's mtime, what was told before it and this one's mtime decide: a file may be copied late.
    """
    started = start_of(report)
    if started >= last.started:
        return False
    return last.told is None or started <= last.told or report.modified_ns / 1e9 < last.started


def _is_corrected(last: Snapshot, report: Report) -> bool:
    """Return whether a report shows the last run again: of the same start and host, and all that failed in it is tested."""
    if start_of(report) != last.started or other_host(last, report):
        return False
    tested = {key for key, control in controls_of(report) if status_without_waiver(control.entry) != NOT_REVIEWED}
    return all(key in tested for key, finding in findings_of(last).items() if finding.status != NOT_TESTED)


# --- whose results these are --------------------------------------------------------------------------------------------------


def other_host(before: Snapshot | None, report: Report) -> str:
    """Return which other host was scanned in the run before, "" if it was the same one, or is not known."""
    old, new = (before.host if before else ""), report.target
    return old if old and new and not same_host(old, new) else ""


def _replaced(before: Snapshot, report: Report) -> Replaced | None:
    """Return whose results a new run takes the place of, None if they were of the same host and of one of its profiles."""
    host, profile = other_host(before, report), _other_profile(before, report)
    if host:
        return Replaced("host", host)
    if _machine(report) in before.machines_before:
        return Replaced("machine", before.machine)
    return Replaced("profile", profile) if profile else None


def _other_profile(before: Snapshot, report: Report) -> str:
    """Return a profile of the run before, if none of its profiles is in the report, under this or another name, else ""."""
    now = {profile.name for profile in report.profiles}
    ids = {control.id for profile in report.profiles for control in profile.controls}
    # InSpec names the profile of a single file after its folder, which may be a temporary one.
    last = {name: run for name, run in before.profiles.items() if not run.missed and not name.startswith("tests from ")}
    if not last or not now or now & before.profiles.keys() or any(ids.intersection(run.controls) for run in last.values()):
        return ""
    return min(last)


def _machine(report: Report) -> str:
    """Return the UUID of the machine that was scanned, if that is all there is to know it by; else "".

    The id of a container changes with each of its runs, so it tells no two hosts apart.
    """
    return "" if report.target else machine_of(report.target_id)


def _machines_before(before: Snapshot | None, report: Report) -> tuple[str, ...]:
    """Return the UUIDs of the other machines that had the report before this one, the last one first."""
    if before is None:
        return ()
    now = _machine(report) or before.machine
    had = dict.fromkeys((before.machine, *before.machines_before))
    return tuple(machine for machine in had if machine not in ("", now))[:_MAX_MACHINES]


# --- one run ------------------------------------------------------------------------------------------------------------------


def _counts(report: Report, started: float) -> RunCounts:
    counts = Counter(control.status for _, control in controls_of(report))
    return RunCounts(started, **{status: counts[status] for status in RunCounts._fields[1:]})


def _profiles(before: Snapshot | None, report: Report, renamed: _Renamed) -> dict[str, ProfileRun]:
    """Return what is known of each profile after a run."""
    known = dict(before.profiles) if before else {}
    for old, new in followers(renamed).items():
        known.setdefault(new, known.pop(old))
    profiles = {
        profile.name: _profile_run(profile, known.get(profile.name), converted=report.is_converted)
        for profile in loaded(report)
    }
    missed = {name: old._replace(missed=old.missed + 1, age=old.age + 1) for name, old in known.items() if name not in profiles}
    return {**profiles, **missed}


def _remembered(last: Snapshot) -> dict[str, ProfileRun]:
    """Return the profiles without those that have not been run for long, and have no finding."""
    with_findings = {key.profile for key in findings_of(last)}
    return {name: run for name, run in last.profiles.items() if run.missed <= MAX_RUNS or name in with_findings}


def _profile_run(profile: Profile, before: ProfileRun | None, *, converted: bool) -> ProfileRun:
    controls = tuple(control.id for control in profile.controls)
    tests = (result for control in profile.controls for result in control.entry.results if not is_attested(result))
    statuses = {result.status for result in tests}
    findings_only = converted and not statuses & {PASSED, SKIPPED} and (before is None or before.findings_only)
    last_complete = None if is_complete(profile, before) else before
    return ProfileRun(
        version=profile.entry.version,
        controls=controls,
        tests=sum(len(control.entry.results) for control in profile.controls),
        complete=last_complete.complete if last_complete else len(controls),
        unloaded=last_complete.unloaded if last_complete else unloaded_by(profile),
        findings_only=findings_only,
        age=before.age + 1 if before else 1,
    )


def _renamed(before: Snapshot | None, report: Report) -> _Renamed:
    """Return (new name, old name) of profiles that got another name or a wrapper, were split or merged.

    The old one is not in the report, and most of its controls are in profiles that were first run since it last was, or of
    which another version is the first that has any of them. The first one, which goes on with the rest, too, is the wrapper of
    the old one; else the one that has most of its controls, and the fewest others; of equal ones the next in the report.
    """
    known = before.profiles if before else {}
    present = {profile.name for profile in report.profiles}
    found = [(profile, {control.id for control in profile.controls}) for profile in loaded(report)]
    sizes = {profile.name: len(ids) for profile, ids in found}
    layers = {profile.name: profile.layers for profile, _ in found}
    renamed: list[tuple[str, str]] = []
    gone = {old: run for old, run in known.items() if old not in present}
    taken = {new for new, below in layers.items() if not gone.keys().isdisjoint(below)}
    just_gone = {old for old, run in gone.items() if not run.missed}
    for old, run in gone.items():
        shared = {
            profile.name: ids.intersection(run.controls)
            for profile, ids in found
            if _may_follow(profile, known.get(profile.name), run)
            # A wrapper of others that went in the same run shows by its layers that this one is not below it.
            and (run.missed or old in profile.layers or just_gone.isdisjoint(profile.layers))
        }
        if len(set().union(*shared.values())) * 2 > len(run.controls):
            ranks = {new: (old not in layers[new], -len(ids), sizes[new], new in taken) for new, ids in shared.items() if ids}
            ranked = sorted(ranks, key=lambda new: ranks[new])
            taken.add(ranked[0])
            renamed += [(new, old) for new in ranked]
    return renamed


def _may_follow(profile: Profile, before: ProfileRun | None, old: ProfileRun) -> bool:
    """Return whether controls of a profile may be those of `old`, which is gone: it had none of them beside it.

    `before`: its last run. One of the same version may just have left some out.
    """
    if before is None or before.age <= old.missed:
        return True
    return profile.entry.version not in ("", before.version) and not set(before.controls).intersection(old.controls)


def _moved(before: Snapshot | None, report: Report, renamed: _Renamed) -> dict[ControlKey, ControlKey]:
    """Return new key -> old key of controls that are in another profile than in the run before.

    Their profile was renamed; or they failed, their profile was run without them, and the new one did not have them.
    """
    if not before:
        return {}
    known = findings_of(before)
    present = dict(controls_of(report))
    ids = {name: dict.fromkeys(run.controls) for name, run in before.profiles.items()}
    for key in known:
        ids.setdefault(key.profile, {})[key.control] = None
    moved: dict[ControlKey, ControlKey] = {}
    for new, old in renamed:
        here = [control for control in ids[old] if ControlKey(new, control) in present]
        for control in here:
            del ids[old][control]  # in one of its new profiles only
            key, former = ControlKey(new, control), ControlKey(old, control)
            if former in known or key not in moved:
                moved[key] = former
    names = {profile.name for profile in loaded(report)}
    lost = {key.control: key for key in known if key not in present and key.profile in names}
    for key in present:
        profile = before.profiles.get(key.profile)
        is_new = key not in moved and key not in known and not (profile and key.control in profile.controls)
        if is_new and key.control in lost:
            moved[key] = lost.pop(key.control)
    return moved


def _before(past: Past, runs: Sequence[RunCounts]) -> Snapshot | None:
    """Return the snapshot before the last one; `runs`: those before the last one.

    If it was forgotten with a run of a wrong clock, this is what the last one tells of it.
    """
    last = past.last
    if past.before or not last or not runs:
        return past.before
    findings = {
        key: finding._replace(runs=max(1, finding.runs - 1))
        for key, finding in findings_of(last).items()
        if finding.since < last.started
    }
    return last._replace(started=runs[-1].started, told=None, states={**last.states, STREAKS.name: findings})


# --- this run and the one before ----------------------------------------------------------------------------------------------


def _changes(step: Step, last: Snapshot, other: Replaced | None) -> Changes:
    before, report = step.before, step.report
    if other:
        return Changes(differences=(Difference("other_host", old=other.name, new=report.target),))
    if before is None or not before.profiles:
        return Changes()
    notes = tuple(differences(step, before.profiles))
    if before.machine and last.machine != before.machine:
        # It may be the same host with a new id, or another host: nothing is fixed, or new, by that alone.
        machine = Difference("other_machine", old=before.machine, new=last.machine)
        return Changes(previous=before.started, differences=(machine, *notes))
    found: dict[str, list[Change]] = {}
    for kind, change in _compared(step, findings_of(last)):
        found.setdefault(kind, []).append(change)
    return Changes(previous=before.started, differences=notes, **{kind: tuple(some) for kind, some in found.items()})


def _old(step: Step, key: ControlKey) -> Finding | None:
    """Return what was known of a control before a run."""
    known = findings_of(step.before)
    return known.get(step.moved.get(key, key)) or known.get(key)


def _compared(step: Step, findings: Mapping[ControlKey, Finding]) -> Iterator[tuple[str, Change]]:
    """Yield what changed, and in which way: the name of a field of `Changes`."""
    for key, now in findings.items():
        old = _old(step, key)
        change = Change(key, now.severity, now.title)
        if is_failing(now.status) and not old and not now.first_seen:
            yield "newly_failing", change
        elif is_failing(now.status) and old and old.status != NOT_TESTED and now.tests > old.tests:
            yield "worse", change._replace(more_tests=now.tests - old.tests)
        elif now.status == NOT_TESTED and now.is_open(step.started) and old and old.status != NOT_TESTED:
            yield "not_tested", change
    for key, control in controls_of(step.report):
        old = _old(step, key)
        if control.status == PASSED and old and key not in findings:  # it may have been attested only
            yield "fixed", Change(key, known_severity(control, old), control.entry.title or old.title)
