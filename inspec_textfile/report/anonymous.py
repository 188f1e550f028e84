"""Tests outside of any control: InSpec makes a control of each, whose id is another one in every run.

It is `(generated from FILE:LINE HASH)` with a random HASH (lib/inspec/control_eval_context.rb, `describe`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from inspec_textfile.report.model import ControlEntry, ProfileEntry

_START = "(generated from "
_RANDOM = re.compile(r"(.+) [0-9a-f]{32}\)", re.DOTALL)


class _Place(NamedTuple):
    """Where such a control is written."""

    line: str
    """The id's start, up to the line."""
    number: int
    """Which one of the line it is, from 1: a line may be in a loop."""
    profile: str

    @property
    def id(self) -> str:
        return f"{self.line})" if self.number == 1 else f"{self.line} #{self.number})"


def is_random(id_: str) -> bool:
    """Return whether an id is one that InSpec made up for one run."""
    return _match(id_) is not None


def with_lasting_ids(entries: Sequence[ProfileEntry]) -> tuple[ProfileEntry, ...]:
    """Return the entries with ids of such controls that are the same in each run, as history, links and series need them.

    They name the line in the profile that tested the control; wrappers have the ids of the profiles below them. The profile's
    name, which may change, is in them only where an entry has controls of two profiles that are written in lines of one name.
    """
    places: dict[str, _Place] = {}
    for entry in entries:
        for control, place in _places(entry):
            if control.results or control.id not in places:
                places[control.id] = place
    if not places:
        return tuple(entries)
    lasting = {id_: place.id for id_, place in places.items()}
    for id_ in _ambiguous(entries, places):
        lasting[id_] = f"{places[id_].id[:-1]} of {places[id_].profile})"
    return tuple(
        entry._replace(controls=tuple(_renamed(control, lasting.get(control.id)) for control in entry.controls))
        for entry in entries
    )


def _match(id_: str) -> re.Match[str] | None:
    return _RANDOM.fullmatch(id_) if id_.startswith(_START) else None


def _places(entry: ProfileEntry) -> Iterator[tuple[ControlEntry, _Place]]:
    numbers: Counter[str] = Counter()
    for control in entry.controls:
        match = _match(control.id)
        if match:
            numbers[match[1]] += 1
            yield control, _Place(match[1], numbers[match[1]], entry.name)


def _ambiguous(entries: Iterable[ProfileEntry], places: dict[str, _Place]) -> Iterator[str]:
    """Yield the ids of controls of which an entry has another one that is written in a line of the same name."""
    for entry in entries:
        same: dict[str, dict[str, None]] = defaultdict(dict)
        for control in entry.controls:
            if control.id in places:
                same[places[control.id].id][control.id] = None
        for ids in same.values():
            if len(ids) > 1:
                yield from ids


def _renamed(control: ControlEntry, id_: str | None) -> ControlEntry:
    if id_ is None:
        return control
    return control._replace(id=id_, title=id_ if control.title == control.id else control.title)
