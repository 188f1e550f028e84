"""What a rule of history is. A new rule is one object of this kind, in a module of its own, and a line in `past.RULES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from inspec_textfile.history.model import ControlKey, ProfileRun, Snapshot
from inspec_textfile.report.model import Report


class Step(NamedTuple):
    """One run, as a rule sees it."""

    report: Report
    started: float
    """Unix time, seconds."""
    before: Snapshot | None
    """After the run before; None if there is none to compare with."""
    profiles: Mapping[str, ProfileRun]
    """By name, after this run."""
    renamed: Sequence[tuple[str, str]]
    """(new name, old name) of profiles that got another name or a wrapper, were split or merged."""
    moved: Mapping[ControlKey, ControlKey]
    """Key of a control in this run -> its key in the run before, where they differ."""


def followers(renamed: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return old name -> the new name of the profile that has most of its controls."""
    return {old: new for new, old in reversed(renamed)}


class Rule:
    """What a report's runs add up to. Its states are frozen, and follow from the runs alone: no clock, no I/O."""

    name = ""
    """Key of its states in snapshots and in the memory."""

    def after(self, state: Any, step: Step) -> Any:
        """Return the state after a run; `state` is the one before it, None for the first."""
        raise NotImplementedError

    def without_future(self, state: Any, wrong: Any, latest: float) -> Any:  # noqa: ARG002  # for rules whose states hold times
        """Return a state, None for none, with what stays of `wrong`, the one after it, whose run had a wrong clock.

        `latest`: no time that is known can be after it; Unix time, seconds.
        """
        return state

    def as_json(self, state: Any) -> Any:
        """Return a state as plain data for the memory."""
        return state

    def from_json(self, value: Any) -> Any:
        """Return the state that `as_json` made data of. Unknown keys are ignored, absent ones have defaults."""
        return value

    def before_as_json(self, state: Any, after: Any) -> Any:  # noqa: ARG002  # for rules whose states are large
        """Return the state before a run as plain data; `after`, the state after it, is at hand when it is read."""
        return self.as_json(state)

    def before_from_json(self, value: Any, after: Any) -> Any:  # noqa: ARG002
        """Return the state that `before_as_json` made data of."""
        return self.from_json(value)
