"""A past as plain data for the memory, and back. Unknown keys are ignored, and absent ones have defaults.

The states of the last snapshot are a part of their own: what is open now is read far more often than the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from inspec_textfile.history.model import (
    Change,
    Changes,
    ControlKey,
    Difference,
    Finding,
    Past,
    ProfileRun,
    Replaced,
    RunCounts,
    Snapshot,
)
from inspec_textfile.history.past import RULES
from inspec_textfile.history.streaks import STREAKS

_T = TypeVar("_T", bound=tuple[Any, ...])


def past_as_json(past: Past) -> dict[str, Any]:
    """Return a past as plain data, without the states of its last snapshot."""
    return {
        "runs": _table(past.runs, RunCounts),
        "last": past.last and _snapshot_as_json(past.last),
        "before": past.before and {**_snapshot_as_json(past.before), "states": _before_as_json(past.before, past.last)},
        "changes": _changes_as_json(past.changes),
        "replaced": past.replaced and past.replaced._asdict(),
    }


def past_from_json(value: Mapping[str, Any], states: Mapping[str, Any]) -> Past:
    """Return what `past_as_json` and `states_as_json` made data of. Raises what comes of data that is something else."""
    before, replaced = value.get("before"), value.get("replaced")
    last = _snapshot(value["last"], _states(states)) if value.get("last") else None
    return Past(
        runs=tuple(_rows(value.get("runs"), RunCounts)),
        before=_snapshot(before, _before_states(before["states"], last)) if before else None,
        last=last,
        changes=_changes(value.get("changes") or {}),
        replaced=known_fields(Replaced, replaced) if replaced else None,
    )


def states_as_json(snapshot: Snapshot | None) -> dict[str, Any]:
    """Return the states of a snapshot as plain data."""
    return {rule.name: rule.as_json(snapshot.states[rule.name]) for rule in RULES if snapshot and rule.name in snapshot.states}


def _states(value: Mapping[str, Any]) -> dict[str, Any]:
    return {rule.name: rule.from_json(value[rule.name]) for rule in RULES if value.get(rule.name)}


def _before_as_json(before: Snapshot, last: Snapshot | None) -> dict[str, Any]:
    after = last.states if last else {}
    known = [rule for rule in RULES if rule.name in before.states and rule.name in after]
    return {rule.name: rule.before_as_json(before.states[rule.name], after[rule.name]) for rule in known}


def _before_states(value: Mapping[str, Any], last: Snapshot | None) -> dict[str, Any]:
    after = last.states if last else {}
    known = [rule for rule in RULES if rule.name in value and rule.name in after]
    return {rule.name: rule.before_from_json(value[rule.name], after[rule.name]) for rule in known}


def findings_from_json(states: Mapping[str, Any] | None) -> dict[ControlKey, Finding]:
    """Return the findings in the states that `states_as_json` returned."""
    return STREAKS.from_json(states[STREAKS.name]) if states and states.get(STREAKS.name) else {}


def _snapshot_as_json(snapshot: Snapshot) -> dict[str, Any]:
    profiles = {name: run._asdict() for name, run in snapshot.profiles.items()}
    return {**snapshot._asdict(), "profiles": profiles, "states": None}


def _snapshot(value: Mapping[str, Any], states: Mapping[str, Any]) -> Snapshot:
    profiles = {name: known_fields(ProfileRun, run) for name, run in (value.get("profiles") or {}).items()}
    snapshot = known_fields(Snapshot, value)
    return snapshot._replace(
        machines_before=tuple(snapshot.machines_before),
        profiles={
            name: run._replace(controls=tuple(run.controls), unloaded=None if run.unloaded is None else tuple(run.unloaded))
            for name, run in profiles.items()
        },
        states=states,
    )


_CHANGES = ("newly_failing", "fixed", "worse", "not_tested")


def _changes_as_json(changes: Changes) -> dict[str, Any]:
    lists = {name: _table([(*change.key, *change[1:]) for change in getattr(changes, name)], _FlatChange) for name in _CHANGES}
    return {"previous": changes.previous, **lists, "differences": _table(changes.differences, Difference)}


class _FlatChange:
    _fields = (*ControlKey._fields, *Change._fields[1:])


def _changes(value: Mapping[str, Any]) -> Changes:
    lists = {name: tuple(map(_change, _dicts(value.get(name)))) for name in _CHANGES}
    return Changes(previous=value.get("previous"), **lists, differences=tuple(_rows(value.get("differences"), Difference)))


def _change(value: Mapping[str, Any]) -> Change:
    return known_fields(Change, {**value, "key": ControlKey(value["profile"], value["control"])})


def _table(rows: Any, kind: Any) -> dict[str, Any]:
    """Return rows of named tuples as the names of their columns, once, and their values."""
    return {"columns": kind._fields, "rows": rows}


def _dicts(table: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [dict(zip(table["columns"], row)) for row in table["rows"]] if table else []


def _rows(table: Mapping[str, Any] | None, kind: Callable[..., _T]) -> list[_T]:
    return [known_fields(kind, row) for row in _dicts(table)]


def known_fields(kind: Callable[..., _T], value: Mapping[str, Any]) -> _T:
    """Return a named tuple of the fields that the data has; the others are of another version of the program."""
    return kind(**{name: value[name] for name in kind._fields if name in value})  # type: ignore[attr-defined]
