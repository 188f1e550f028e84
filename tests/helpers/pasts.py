"""Histories for tests of pages: a report with a past that has everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from inspec_textfile.history.model import Change, Changes, ControlKey, Difference, Finding, History, RunCounts
from inspec_textfile.pages import index
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.overviews import OVERVIEWS
from inspec_textfile.report.model import Report, Unreadable
from inspec_textfile.summary import Summary

DAY = 86_400


def fleet_of(
    summaries: Iterable[Summary],
    unreadable: Iterable[Unreadable] = (),
    last_good: Mapping[str, Summary | None] = MappingProxyType({}),
) -> Fleet:
    """Return a fleet. `last_good`: by name, the last summary of unreadable reports with a page; None where only that stands."""
    return Fleet(
        (
            *(FleetReport(summary.name, summary) for summary in summaries),
            *(
                FleetReport(report.name, last_good.get(report.name), report, has_page=report.name in last_good)
                for report in unreadable
            ),
        )
    )


def index_of(
    summaries: Iterable[Summary],
    unreadable: Iterable[Unreadable] = (),
    last_good: Mapping[str, Summary | None] = MappingProxyType({}),
) -> str:
    """Return the index of a fleet."""
    return index.render(fleet_of(summaries, unreadable, last_good))


def overviews_of(fleet: Fleet) -> dict[str, str]:
    """Return file name -> text of everything that shows all reports."""
    return {overview.file_name: overview.make(fleet) for overview in OVERVIEWS}


def keys(report: Report, *statuses: str) -> list[ControlKey]:
    """Return the controls of some statuses."""
    return [
        ControlKey(profile.name, one.id) for profile in report.profiles for one in profile.controls if one.status in statuses
    ]


def past_of(report: Report, *, runs: int = 20) -> History:
    """Return a past of a report: the first of its failing controls is new, the second worse, one that passed is fixed."""
    now = report.started or 1_790_000_000.0
    failing, passed = keys(report, "failed", "error"), keys(report, "passed")
    controls = {ControlKey(profile.name, one.id): one for profile in report.profiles for one in profile.controls}
    titles = {key: one.entry.title or "" for key, one in controls.items()}
    severities = {key: one.severity for key, one in controls.items()}
    earlier = [
        RunCounts(now - (runs - 1 - number) * DAY, failed=len(failing) + number % 3, passed=max(0, len(passed) - number % 3))
        for number in range(runs)
    ]
    failures = {
        key: Finding(
            title=titles[key],
            severity=severities[key],
            since=now - number * 7 * DAY,
            runs=number * 7 + 1,
            first_seen=number % 5 == 2,
            tests=1,
            total=1,
        )
        for number, key in enumerate(failing)
    }
    changes = Changes(
        previous=now - DAY,
        newly_failing=tuple(Change(key, severities[key], titles[key]) for key in failing[:1]),
        fixed=tuple(Change(key, severities[key], titles[key]) for key in passed[:1]),
        worse=tuple(Change(key, severities[key], titles[key], 2) for key in failing[1:2]),
        differences=(Difference("profile_version", "ssh", "1.0", "1.1", added=3, gone=1),),
    )
    return History(tuple(earlier), failures, changes)
