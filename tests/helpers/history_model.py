"""What docs/history.md says, as a model of a few lines, written from that page alone: what one report's past is after each run.

A past is a value: reading a run gives another one. What is shown comes of it and of the run that is on show.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import NamedTuple

HOUR = 3600.0
RULES: Counter[str] = Counter()
"""The rules of the page -> how often one decided."""

FAILING = ("failed", "error")
SEVERITIES = {"critical": 0.9, "high": 0.7, "medium": 0.5}

Key = tuple[str, str]
"""A profile's name and a control's id."""


class Control(NamedTuple):
    """A control in a run: passed, failed, error, skipped, empty (no results) or na (impact 0)."""

    outcome: str
    waiver: str = ""
    """"" for none, "always", or its last day."""


class ProfileRun(NamedTuple):
    """A profile in a run."""

    version: str
    controls: Mapping[str, Control]
    status: str = "loaded"


class Run(NamedTuple):
    """A run of InSpec."""

    start: float
    profiles: Mapping[str, ProfileRun]
    host: str = "web01"


class Finding(NamedTuple):
    """An open finding."""

    since: float
    version: str
    """That of its profile when the control was last in the report."""
    waived_until: float = 0.0
    """The end of the waiver that it was last seen with."""
    tested: bool = True
    """Whether the last run tested it."""


class Seen(NamedTuple):
    """What is known of a profile."""

    size: int
    """How many controls its last complete run lists."""
    listed: frozenset[str]
    """The controls of its last run that listed any."""
    last: frozenset[str]
    """The controls of its last run."""
    age: int = 1
    """Runs since it was first in the report, that one included."""
    missed: int = 0
    """Runs since it last was."""
    version: str = ""
    """That of its last run."""


class Past(NamedTuple):
    """What is known after some runs."""

    last: Run | None = None
    before: Past | None = None
    """What was known before the last run."""
    findings: Mapping[Key, Finding] = MappingProxyType({})
    profiles: Mapping[str, Seen] = MappingProxyType({})
    changes: Mapping[tuple[str, str, str], int] = MappingProxyType({})
    """(kind, profile, severity) -> controls that changed in the last run."""
    read: Run | None = None
    """The results that were read last, which may be older ones; None if they could not be read."""
    told: frozenset[str] = frozenset()
    """What has to be told: `host` and `profiles` until there are newer results, `gone` once."""
    written: float = 0.0
    """When this was written to the memory."""


def severity(id_: str) -> str:
    """Return the severity of a control, which its id begins with."""
    return id_.partition("-")[0]


def end_of(waiver: str) -> float:
    """Return the time from which a waiver is no longer in force."""
    if not waiver:
        return 0.0
    if waiver == "always":
        return math.inf
    return datetime.strptime(waiver, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()


def read(past: Past, run: Run, now: float) -> Past:
    """Return what is known after a run was read at a time."""
    if past.read == run:
        RULES["the same bytes are the same run"] += 1
        return past
    return _read(past, run, now)._replace(read=run)


def _read(past: Past, run: Run, now: float) -> Past:
    now, starts = max(now, past.written), _starts(past)
    if len(starts) > 1 and min(starts) > now + HOUR:
        RULES["this host's clock is wrong"] += 1
        now = starts[0]
    while past.last and past.last.start > now + HOUR:
        RULES["a run that was ahead of the clock is forgotten"] += 1
        before = past.before if past.before and past.before.last else Past(Run(0.0, {}, past.last.host))
        began = {key: finding for key, finding in past.findings.items() if finding.since == past.last.start}
        past = before._replace(findings={**began, **before.findings}, told=frozenset())
    if past.last is None or run.start > past.last.start:
        RULES["a later start is a new run"] += 1
        return _with(past, run)
    if run.start == past.last.start and run.host != past.last.host:
        RULES["the same start on another host is no correction"] += 1
        return _with(past, run)
    if run.start == past.last.start and not all(_is_tested(key, run) for key, one in past.findings.items() if one.tested):
        RULES["the same start is no correction if it does not test what failed"] += 1
        return _with(past, run)
    if run.start == past.last.start:
        RULES["the same start is a correction"] += 1
        return _with(past.before or Past(), run)
    RULES["an earlier start changes nothing"] += 1
    return past


def _is_tested(key: Key, run: Run) -> bool:
    control = _controls(run).get(key)
    return control is not None and control.outcome not in ("skipped", "empty")


def _starts(past: Past | None) -> list[float]:
    """Return when the runs began that are known, the last one first."""
    starts = []
    while past and past.last and past.last.start:
        starts.append(past.last.start)
        past = None if "host" in past.told else past.before
    return starts


def renamed(past: Past, run: Run) -> Past:
    """Return what is known of results whose file has a new name, before they are read: they may be another report's."""
    if past.last is None:
        return past
    fits = past.profiles and past.last.host == run.host and _loaded(past.last) == _loaded(run)
    is_same = is_last(past, run) or bool(fits)
    if is_same:
        RULES["a file that is renamed is the same report"] += 1
        return past._replace(read=None)
    RULES["a renamed file fits no report"] += 1
    return Past(told=frozenset({"gone"}))


def is_last(past: Past, run: Run) -> bool:
    """Return whether a run is the last one that is known."""
    return past.last == run


def _with(before: Past, run: Run) -> Past:
    past = before
    told: set[str] = set() if past.last else set(past.told)
    if past.last and past.last.host != run.host:
        RULES["another host starts over"] += 1
        past = Past()
        told.add("host")
    elif past.last and _is_other(past, past.last, run):
        RULES["other profiles are told"] += 1
        told.add("profiles")
    findings, profiles = _moved(*_renamed(past, run), run)
    after: dict[Key, Finding] = {}
    changes: Counter[tuple[str, str, str]] = Counter()
    for key, finding in findings.items():
        if key in _controls(run):
            continue
        if _is_removed(key, finding, profiles, run):
            RULES["a control that another version lacks is removed"] += 1
        else:
            RULES["a finding is not in the report"] += 1
            after[key] = finding._replace(tested=False, since=min(finding.since, run.start))
    for (profile, id_), control in _controls(run).items():
        known = findings.get((profile, id_))
        version = run.profiles[profile].version
        until = end_of(control.waiver)
        if control.outcome in FAILING:
            if known:
                RULES["a finding goes on"] += 1
            else:
                RULES["a finding begins"] += 1
            after[profile, id_] = Finding(min(known.since, run.start) if known else run.start, version, until)
            if until >= run.start:
                RULES["a finding is waived"] += 1
            elif not known and profile in profiles:
                RULES["a control is newly failing"] += 1
                changes["newly_failing", profile, severity(id_)] += 1
        elif control.outcome in ("skipped", "empty") and known:
            RULES["a finding was skipped"] += 1
            after[profile, id_] = known._replace(
                version=version, waived_until=until, tested=False, since=min(known.since, run.start)
            )
        elif control.outcome == "passed" and known:
            RULES["a finding is fixed"] += 1
            changes["fixed", profile, severity(id_)] += bool(past.profiles)
        elif control.outcome == "na" and known:
            RULES["a finding is not applicable"] += 1
    return Past(run, before, after, _seen(profiles, run), changes, told=frozenset(told))


def _is_other(past: Past, last: Run, run: Run) -> bool:
    """Return whether results have nothing in common with what is known."""
    named = {name for name in _loaded(last) if not name.startswith("tests from ")}
    return bool(named) and not past.profiles.keys() & set(run.profiles) and not _ids(last) & _ids(run)


def _loaded(run: Run) -> set[str]:
    return {name for name, profile in run.profiles.items() if profile.status == "loaded"}


def _ids(run: Run) -> set[str]:
    return {id_ for _, id_ in _controls(run)}


def _controls(run: Run) -> dict[Key, Control]:
    return {(name, id_): control for name, profile in run.profiles.items() for id_, control in profile.controls.items()}


def _is_removed(key: Key, finding: Finding, profiles: Mapping[str, Seen], run: Run) -> bool:
    """Return whether a complete run of another version of its profile no longer has a control."""
    profile = run.profiles.get(key[0])
    if profile is None or profile.status != "loaded":
        return False
    return profile.version != finding.version and _is_complete(profile, profiles.get(key[0]))


def _is_complete(profile: ProfileRun, seen: Seen | None) -> bool:
    return profile.status == "loaded" and (seen is None or 2 * len(profile.controls) >= seen.size)


def _renamed(past: Past, run: Run) -> tuple[dict[Key, Finding], dict[str, Seen]]:
    """Take along what is known of a profile that is gone, most of whose controls are in profiles that were first run since."""
    findings, profiles = dict(past.findings), dict(past.profiles)
    taken: set[str] = set()
    for old, seen in past.profiles.items():
        if old in run.profiles:
            continue
        shared = {
            new: seen.listed & set(run.profiles[new].controls)
            for new in run.profiles
            if new in _loaded(run) and _may_follow(past.profiles.get(new), run.profiles[new], seen)
        }
        if 2 * len(frozenset().union(*shared.values())) <= len(seen.listed):
            continue
        RULES["a profile is renamed"] += 1
        ranks = {new: (-len(ids), len(run.profiles[new].controls), new in taken) for new, ids in shared.items() if ids}
        first, *others = sorted(ranks, key=lambda new: ranks[new])
        taken.add(first)
        profiles.setdefault(first, seen)
        del profiles[old]
        for key, finding in past.findings.items():
            if key[0] == old:
                new = next((new for new in (first, *others) if key[1] in run.profiles[new].controls), "")
                finding = finding if new else finding._replace(version=run.profiles[first].version)
                known = findings.get((new or first, key[1]), finding)
                findings[new or first, key[1]] = min(finding, known, key=lambda one: one.since)
                del findings[key]
    return findings, profiles


def _may_follow(known: Seen | None, profile: ProfileRun, old: Seen) -> bool:
    """Return whether a profile was first run since another one last was, or is another version and had none of its controls."""
    if known is None or known.age <= old.missed:
        return True
    if known.version == profile.version or known.last & old.listed or not old.listed.intersection(profile.controls):
        return False
    RULES["another version of a profile has the controls of another one"] += 1
    return True


def _moved(findings: dict[Key, Finding], profiles: dict[str, Seen], run: Run) -> tuple[dict[Key, Finding], dict[str, Seen]]:
    """Let findings go on in the profile that a control has moved to."""
    for old, id_ in list(findings):
        profile = run.profiles.get(old)
        if profile is None or profile.status != "loaded" or id_ in profile.controls:
            continue
        for new, other in run.profiles.items():
            known = profiles[new].last if new in profiles else ()
            if id_ in other.controls and id_ not in known and (new, id_) not in findings:
                RULES["a control moves"] += 1
                findings[new, id_] = findings.pop((old, id_))
                break
    return findings, profiles


def _seen(profiles: Mapping[str, Seen], run: Run) -> dict[str, Seen]:
    after = dict(profiles)
    for name, profile in run.profiles.items():
        known = after.get(name)
        ids = frozenset(profile.controls)
        if profile.status != "loaded":
            continue
        age = known.age + 1 if known else 1
        if not _is_complete(profile, known):
            RULES["a run of a profile is partial"] += 1
        size = len(ids) if known is None or _is_complete(profile, known) else known.size
        after[name] = Seen(size, ids or (known.listed if known else ids), ids, age, version=profile.version)
    gone = {
        name: one._replace(age=one.age + 1, missed=one.missed + 1) for name, one in after.items() if name not in _loaded(run)
    }
    return {**after, **gone}


class Shown(NamedTuple):
    """What the metrics say of a report, without what is zero."""

    since: Mapping[tuple[str, str, str], float]
    """(profile, control, severity) -> since when."""
    oldest: Mapping[tuple[str, str], float]
    """(profile, severity) -> since when."""
    not_tested: Mapping[tuple[str, str], int]
    changes: Mapping[tuple[str, str, str], int]


def shown(past: Past) -> Shown:
    """Return what is shown after the last run, which is on show."""
    assert past.last
    counted = {key: one for key, one in past.findings.items() if one.waived_until < past.last.start}
    oldest: dict[tuple[str, str], float] = {}
    not_tested: Counter[tuple[str, str]] = Counter()
    for (profile, id_), one in counted.items():
        row = (profile, severity(id_))
        oldest[row] = min(one.since, oldest.get(row, math.inf))
        not_tested[row] += not one.tested
    since = {(profile, id_, severity(id_)): one.since for (profile, id_), one in counted.items()}
    return Shown(since, oldest, +not_tested, +Counter(past.changes))
