"""What overviews are made of: all reports of a run, without their controls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from inspec_textfile.report.model import Unreadable
from inspec_textfile.summary import Summary


class FleetReport(NamedTuple):
    """One report of a fleet."""

    name: str
    summary: Summary | None
    """Of a report that cannot be read: its last good one, if there is any."""
    unreadable: Unreadable | None = None
    """Why its current results cannot be read; None if they can be."""
    has_page: bool = True
    """Whether there is a page to link to."""
    inspec_failed: float | None = None
    """Start of InSpec's last run for this report, if it made no results: Unix time, seconds; None if it did, or is unknown."""


class Fleet(NamedTuple):
    """All reports of a run, in any order."""

    reports: tuple[FleetReport, ...] = ()
    limits: Mapping[str, int] = MappingProxyType({})
    """Days within which a finding of a severity should be fixed; a severity without a limit is never overdue."""

    def of(self, names: Collection[str]) -> Fleet:
        """Return the part of the fleet with these names."""
        return self._replace(reports=tuple(report for report in self.reports if report.name in names))
