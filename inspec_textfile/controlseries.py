"""Which single controls get a series of their own."""

from __future__ import annotations

from dataclasses import dataclass

from inspec_textfile.model import NOT_APPLICABLE, PASSED

CONTROL_SERIES = ("none", "failing", "all")


@dataclass(frozen=True)
class ControlSeries:
    """What `--control-series` and `--max-control-series` say."""

    which: str = "none"
    """One of CONTROL_SERIES."""
    most: int = 1000
    """For the whole file."""

    def wants(self, status: str) -> bool:
        """Tell whether controls of that status get one."""
        return self.which == "all" or (self.which == "failing" and status not in (PASSED, NOT_APPLICABLE))
