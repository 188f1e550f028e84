"""Wrappers (overlays), the profiles below them, and copies of one profile, seen as the requested profiles.

InSpec writes a profile entry for every profile it ran, in whatever role. A wrapper's entry lists the controls it took
over, without results; the results are in the entries below, linked by `parent_profile`. A profile that is run twice,
for example alone and under a wrapper, has two entries, and InSpec puts the results of both runs on the first
(lib/inspec/formatters/base.rb, `Formatters::Base`). So a report can only be read by name: entries
with the same name are one profile.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Callable, NamedTuple

from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    FAILING,
    LOADED,
    Attestation,
    Control,
    ControlEntry,
    Profile,
    ProfileEntry,
    Result,
    Waiver,
    is_failing,
)
from inspec_textfile.report.problems import refuse_too_many
from inspec_textfile.report.status import control_status, profile_status, severity, status_without_waiver

MAX_COUNTED = 1_000_000
"""Controls of all requested profiles of a report, each with those of the profiles below it."""

_Entries = Sequence[ProfileEntry]
_Names = Mapping[str, "set[str]"]


class _Copy(NamedTuple):
    """Where a control is: the level (0 is the top), the profile, and the entry."""

    rank: int
    layer: str
    control: ControlEntry


_Rule = Callable[[Sequence[_Copy]], Any]
"""From all copies of a control, top layer first, to the value of one field."""


def resolve(entries: _Entries, *, names_parents: bool = False) -> tuple[Profile, ...]:
    """Return the requested profiles, in the order of their first entries, with every control counted once.

    `names_parents`: the InSpec that wrote the report is one that names the parent of each profile that has one.

    A profile was requested when one of its entries has no parent. Its controls are those that these entries list, and
    those of the profiles below it that no requested profile lists. The order of entries and controls changes no number.
    Raises NotAReport.
    """
    entries = _with_known_parents(entries)
    by_name: dict[str, list[ProfileEntry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.name].append(entry)
    children = _linked_children(entries, by_name) or _guessed_children(by_name, by_results=not names_parents)
    requested = _requested(by_name, children)
    listed = {name: _listed(tops) for name, tops in requested.items()}
    below = {name: _levels(name, children) for name in requested}
    sizes = {name: sum(len(entry.controls) for entry in group) for name, group in by_name.items()}
    nested = sum(sizes[layer] for levels in below.values() for layer in chain(*levels))
    refuse_too_many(nested, MAX_COUNTED, "controls in nested profiles")  # resolving them would take gigabytes of memory
    claims: dict[str, set[str]] = defaultdict(set)
    for name, levels in below.items():
        for layer in chain(*levels):
            claims[layer].update(listed[name])
    profiles = []
    for name, tops in requested.items():
        layers = [[entry for layer in level for entry in by_name[layer]] for level in below[name]]
        ids = dict.fromkeys(listed[name])
        for layer in chain(*below[name]):
            ids.update(dict.fromkeys(id_ for id_ in _listed(by_name[layer]) if id_ not in claims[layer]))
        profiles.append(_profile(tops, layers, ids))
    return tuple(profiles)


def _listed(entries: _Entries) -> dict[str, None]:
    return {control.id: None for entry in entries for control in entry.controls}


def _linked_children(entries: _Entries, by_name: Mapping[str, _Entries]) -> dict[str, list[str]]:
    """Return the names of the profiles right below each profile that name it as their parent; nothing if none does."""
    linked: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        parent = entry.parent
        if parent and parent in by_name and parent != entry.name and entry.name not in linked[parent]:
            linked[parent].append(entry.name)
    return linked if any(linked.values()) else {}


def _guessed_children(by_name: Mapping[str, _Entries], *, by_results: bool) -> dict[str, list[str]]:
    """Return what `_linked_children` does for a report that names no parents, as InSpec 1, and 2 up to about 2.2, write.

    A profile is the parent of those its `depends` names, and, with `by_results`, of those that hold the results of controls
    it lists without.
    """
    children: dict[str, list[str]] = {}
    for name, group in by_name.items():
        depends = [dependency.name for entry in group for dependency in entry.depends]
        children[name] = [other for other in dict.fromkeys(depends) if other in by_name and other != name]
    if by_results:
        _add_by_results(children, by_name)
    return children


def _add_by_results(children: Mapping[str, list[str]], by_name: Mapping[str, _Entries]) -> None:
    with_results = {
        name: {control.id for entry in group for control in entry.controls if control.results}
        for name, group in by_name.items()
    }
    for name, group in by_name.items():
        below = children[name]
        lacking = _listed(group).keys() - with_results[name] - set().union(*(with_results[other] for other in below))
        for other, group_of_other in by_name.items():
            if other == name or other in below or not lacking & with_results[other]:
                continue
            # Two profiles that each hold results for the other's controls are neighbours that share ids, not layers.
            if not (_listed(group_of_other).keys() - with_results[other]) & with_results[name]:
                below.append(other)


# --- dependencies under another name ------------------------------------------------------------------------------------------


def _with_known_parents(entries: Sequence[ProfileEntry]) -> Sequence[ProfileEntry]:
    """Return the entries with parents that are aliases replaced by profile names; an unknown parent stays.

    A profile may call its dependency what it likes (`depends: - name: prod, path: ../acme-prod`), and InSpec writes that alias
    as the `parent_profile` of the profiles below it, not the name of the profile (lib/inspec/dependencies/requirement.rb).

    The order of the entries changes nothing.
    """
    names = {entry.name for entry in entries}
    depends: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for dependency in entry.depends:
            depends[entry.name].add(dependency.name)
            owners[dependency.name].add(entry.name)
    # An alias may be the name of another profile in the report, too. What depends on nothing has nothing below it.
    known = {name for name in names if name not in owners or depends.get(name)}
    if all(not entry.parent or entry.parent in known for entry in entries):
        return entries
    ids: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        ids[entry.name].update(control.id for control in entry.controls)
    # From the top down: which profile an alias means is clear once that profile's own parent is.
    while True:
        below: dict[str, set[str]] = defaultdict(set)
        for entry in entries:
            below[entry.parent or ""].add(entry.name)
        resolved = [_resolved(entry, known, depends, owners, below, ids) for entry in entries]
        if resolved == entries:
            break
        entries = resolved
    return [_below_owner(entry, names, owners) for entry in entries]


def _resolved(
    entry: ProfileEntry, known: set[str], depends: _Names, owners: _Names, below: _Names, ids: _Names
) -> ProfileEntry:
    """Return an entry below the profile that its parent is an alias of, if that is clear.

    That is a profile right below one that depends on something of that name: the one that itself depends on this entry, or
    else the only one that goes by another name, or the only one of those that has controls of this entry.
    """
    alias = entry.parent
    if not alias or alias in known or alias not in owners:
        return entry
    candidates = {name for owner in owners[alias] for name in below.get(owner, ()) if name != entry.name}
    dependers = {name for name in candidates if entry.name in depends.get(name, ())}
    renamed = {name for name in candidates if not owners.get(name)}
    if len(renamed) > 1:
        renamed = {name for name in renamed if ids[name] & ids[entry.name]}
    parents = dependers or (renamed if len(renamed) == 1 else set())
    return entry._replace(parent=min(parents)) if parents else entry


def _below_owner(entry: ProfileEntry, names: set[str], owners: _Names) -> ProfileEntry:
    """Return an entry below the profile that depends on something of its parent's name, if nothing better is known."""
    alias = entry.parent
    if not alias or alias in names:
        return entry
    parents = owners.get(alias, set()) - {entry.name}
    return entry._replace(parent=min(parents)) if parents else entry


# --- requested profiles -------------------------------------------------------------------------------------------------------


def _requested(by_name: Mapping[str, _Entries], children: Mapping[str, Sequence[str]]) -> dict[str, list[ProfileEntry]]:
    """Return the entries that make a profile a requested one, by name."""
    has_parent = {child for below in children.values() for child in below}
    requested = {}
    for name, group in by_name.items():
        # Only entries that name a parent are below it. If none does, the parent was guessed, and applies to all.
        says_so = any(entry.parent for entry in group)
        tops = [e for e in group if name not in has_parent or (says_so and (e.parent not in by_name or e.parent == name))]
        if tops:
            requested[name] = tops
    # Entries that are each other's parents: none was requested, but none may be lost.
    while lost := by_name.keys() - {layer for name in requested for layer in chain(*_levels(name, children))}:
        name = min(lost)
        requested[name] = list(by_name[name])
    return {name: requested[name] for name in by_name if name in requested}


def _levels(top: str, children: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the names of a profile and of all below it, level by level."""
    levels = [[top]]
    seen = {top}
    while levels[-1]:
        below = dict.fromkeys(child for name in levels[-1] for child in children.get(name, ()) if child not in seen)
        seen.update(below)
        levels.append(list(below))
    return levels[:-1]


def _profile(tops: _Entries, levels: Sequence[_Entries], ids: Iterable[str]) -> Profile:
    """Return one requested profile with the controls `ids`.

    `tops`: the entries that make it a requested one; `levels`: all entries of it, of those right below it, and so on.
    """
    copies = [entry for entry in levels[0] if not any(entry is top for top in tops)]
    ordered = [tops, copies, *levels[1:]]
    where: dict[str, list[_Copy]] = {id_: [] for id_ in ids}
    for rank, level in enumerate(ordered):
        for layer in level:
            for control in layer.controls:
                if control.id in where:
                    where[control.id].append(_Copy(rank, layer.name, control))
    everything = list(chain(*ordered))
    failed = [entry for entry in everything if entry.status == FAILED]
    top = tops[0]
    return Profile(
        entry=top,
        status=FAILED if failed else profile_status(tops),
        message=next((entry.message for entry in (*failed, *tops) if entry.message), ""),
        layers=tuple(dict.fromkeys(entry.name for entry in everything if entry.name != top.name)),
        dependencies=tuple(
            dict.fromkeys(dependency for entry in everything for dependency in entry.depends if dependency.status != LOADED)
        ),
        controls=tuple(_control(copies) for copies in where.values()),
    )


def _control(copies: Sequence[_Copy]) -> Control:
    entry = copies[0].control if len(copies) == 1 else _merge(copies)
    layers = tuple((layer, control) for _, layer, control in copies if control.results or control.code)
    return Control(entry, control_status(entry), severity(entry.impact), layers)


def _merge(copies: Sequence[_Copy]) -> ControlEntry:
    """Return one control of all its copies, top layer first, by the rule of each field."""
    return ControlEntry(**{field: _RULES[field](copies) for field in ControlEntry._fields})


def _first(field: str, otherwise: Any = None) -> _Rule:
    """Return the rule of a field that is what the topmost copy says that says anything."""
    get = attrgetter(field)
    return lambda copies: next((value for copy in copies if (value := get(copy.control))), otherwise)


def _judged(copies: Sequence[_Copy]) -> list[ControlEntry]:
    """Return the copies that decide about the control: those that were tested, all if none was."""
    entries = [copy.control for copy in copies]
    return [entry for entry in entries if entry.results or entry.removed] or entries


def _impact(copies: Sequence[_Copy]) -> float | None:
    """Return the impact in the topmost level that gives one, the highest if its entries differ.

    A copy that was never evaluated has InSpec's default, which counts only if there is no other.
    """
    given = [(control.never_evaluated, rank, -control.impact) for rank, _, control in copies if control.impact is not None]
    return -min(given)[2] if given else None


def _results(copies: Sequence[_Copy]) -> tuple[Result, ...]:
    return tuple(result for copy in copies for result in copy.control.results)


def _own_status(copies: Sequence[_Copy]) -> str | None:
    """Return InSpec's verdict, which covers one copy's results: a failing one of any, else the one on which all agree."""
    failing = {copy.control.own_status for copy in copies}.intersection(FAILING)
    if failing:
        return ERROR if ERROR in failing else FAILED
    verdicts = {entry.own_status for entry in _judged(copies)}
    return verdicts.pop() if len(verdicts) == 1 else None


def _waiver(copies: Sequence[_Copy]) -> Waiver | None:
    """Return the waiver: none if a copy fails without one. If one copy's waiver has expired, it is as if there were none."""
    judged = _judged(copies)
    if any(not entry.waiver and is_failing(status_without_waiver(entry)) for entry in judged):
        return None
    waivers = [entry.waiver for entry in judged if entry.waiver]
    return max(waivers, key=lambda waiver: (waiver.expired, waiver.expires_text, waiver.justification), default=None)


def _attestation(copies: Sequence[_Copy]) -> Attestation | None:
    """Return the attestation. If one copy's attestation has run out, none counts."""
    attestations = [entry.attestation for entry in _judged(copies) if entry.attestation]
    return max(attestations, key=lambda one: (one.expired, one.updated, one.explanation), default=None)


def _removed(copies: Sequence[_Copy]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for copy in copies:
        total.update(copy.control.removed)
    return total


# How the copies of a control become one, field by field. A field without a rule is a KeyError in the first report that needs
# it, and in tests/report/test_overlay.py.
_RULES: Mapping[str, _Rule] = {
    "id": lambda copies: copies[0].control.id,
    "title": _first("title"),
    "desc": _first("desc"),
    "impact": _impact,
    "results": _results,
    "own_status": _own_status,
    "waiver": _waiver,
    "descriptions": _first("descriptions", ()),
    "tags": _first("tags", {}),
    "refs": _first("refs", ()),
    "code": _first("code", ""),
    "source": _first("source", ""),
    "attestation": _attestation,
    "removed": _removed,
}
