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
from typing import NamedTuple, TypeVar

from inspec_textfile.report.aliases import with_known_parents
from inspec_textfile.report.model import FAILED, LOADED, Control, ControlEntry, Profile, ProfileEntry
from inspec_textfile.report.status import control_status, profile_status, severity

MAX_COUNTED = 1_000_000
"""Controls of all requested profiles of a report, each with those of the profiles below it."""

_T = TypeVar("_T")
_Entries = Sequence[ProfileEntry]


class TooManyControls(Exception):
    """The profiles of a report are nested so often that resolving them would take gigabytes of memory."""


class _Found(NamedTuple):
    """Where a control is: the level (0 is the top), the profile, and the entry."""

    rank: int
    layer: str
    control: ControlEntry


def resolve(entries: _Entries, *, names_parents: bool = False) -> tuple[Profile, ...]:
    """Return the requested profiles, in the order of their first entries, with every control counted once.

    `names_parents`: the InSpec that wrote the report is one that names the parent of each profile that has one.

    A profile was requested when one of its entries has no parent. Its controls are those that these entries list, and
    those of the profiles below it that no requested profile lists. The order of entries and controls changes no number.
    Raises TooManyControls.
    """
    entries = with_known_parents(entries)
    by_name: dict[str, list[ProfileEntry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.name].append(entry)
    children = _linked_children(entries, by_name) or _guessed_children(by_name, by_results=not names_parents)
    requested = _requested(by_name, children)
    listed = {name: _listed(tops) for name, tops in requested.items()}
    below = {name: _levels(name, children) for name in requested}
    sizes = {name: sum(len(entry.controls) for entry in group) for name, group in by_name.items()}
    if sum(sizes[layer] for levels in below.values() for layer in chain(*levels)) > MAX_COUNTED:
        raise TooManyControls
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
        found = children[name]
        lacking = _listed(group).keys() - with_results[name] - set().union(*(with_results[other] for other in found))
        for other, group_of_other in by_name.items():
            if other == name or other in found or not lacking & with_results[other]:
                continue
            # Two profiles that each hold results for the other's controls are neighbours that share ids, not layers.
            if not (_listed(group_of_other).keys() - with_results[other]) & with_results[name]:
                found.append(other)


def _requested(by_name: Mapping[str, _Entries], children: Mapping[str, Sequence[str]]) -> dict[str, list[ProfileEntry]]:
    """Return the entries that make a profile a requested one, by name."""
    has_parent = {child for found in children.values() for child in found}
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
        found = dict.fromkeys(child for name in levels[-1] for child in children.get(name, ()) if child not in seen)
        seen.update(found)
        levels.append(list(found))
    return levels[:-1]


def _profile(tops: _Entries, levels: Sequence[_Entries], ids: Iterable[str]) -> Profile:
    """Return one requested profile with the controls `ids`.

    `tops`: the entries that make it a requested one; `levels`: all entries of it, of those right below it, and so on.
    """
    copies = [entry for entry in levels[0] if not any(entry is top for top in tops)]
    ordered = [tops, copies, *levels[1:]]
    where: dict[str, list[_Found]] = {id_: [] for id_ in ids}
    for rank, level in enumerate(ordered):
        for layer in level:
            for control in layer.controls:
                if control.id in where:
                    where[control.id].append(_Found(rank, layer.name, control))
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
        controls=tuple(_control(found) for found in where.values()),
    )


def _control(found: Sequence[_Found]) -> Control:
    entry = found[0].control if len(found) == 1 else _merge(found)
    layers = tuple((layer, control) for _, layer, control in found if control.results or control.code)
    return Control(entry, control_status(entry), severity(entry.impact), layers)


def _merge(found: Sequence[_Found]) -> ControlEntry:
    """Return one control of all its entries: what the top layer says where it says something, with everybody's results."""
    entries = [control for _, _, control in found]
    tested = [control for control in entries if control.results or control.removed]
    judged = tested or entries
    verdicts = {control.own_status for control in judged}
    waivers = [control.waiver for control in judged if control.waiver]
    attestations = [control.attestation for control in judged if control.attestation]
    removed = [control.removed for control in tested if control.removed]
    return ControlEntry(
        id=entries[0].id,
        title=_first([control.title for control in entries]),
        desc=_first([control.desc for control in entries]),
        impact=_impact(found),
        results=tuple(result for control in tested for result in control.results),
        # Each of InSpec's verdicts covers one entry's results; if they differ, the results of all entries decide.
        own_status=verdicts.pop() if len(verdicts) == 1 else None,
        # If one copy's waiver has expired, the control is judged as if there were none.
        waiver=max(waivers, key=lambda waiver: (waiver.expired, waiver.expires_text, waiver.justification), default=None),
        descriptions=_first([control.descriptions for control in entries]) or (),
        tags=_first([control.tags for control in entries]) or {},
        refs=_first([control.refs for control in entries]) or (),
        code=_first([control.code for control in entries]) or "",
        source=_first([control.source for control in entries]) or "",
        # If one copy's attestation has run out, none counts.
        attestation=max(attestations, key=lambda found: (found.expired, found.updated, found.explanation), default=None),
        removed=_sum(removed) if removed else {},
    )


def _sum(counts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _first(values: Iterable[_T | None]) -> _T | None:
    for value in values:
        if value:
            return value
    return None


def _impact(found: Sequence[_Found]) -> float | None:
    """Return the impact in the topmost level that gives one, the highest if its entries differ."""
    given = [(rank, -control.impact) for rank, _, control in found if control.impact is not None]
    return -min(given)[1] if given else None
