"""Dependencies under another name.

A profile may call its dependency what it likes (`depends: - name: prod, path: ../acme-prod`), and InSpec writes that alias
as the `parent_profile` of the profiles below it, not the name of the profile (lib/inspec/dependencies/requirement.rb).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from inspec_textfile.report.model import ProfileEntry

_Names = Mapping[str, "set[str]"]


def with_known_parents(entries: Sequence[ProfileEntry]) -> Sequence[ProfileEntry]:
    """Return the entries with parents that are aliases replaced by profile names; an unknown parent stays.

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
        below = _below(entries)
        resolved = [_resolved(entry, known, depends, owners, below, ids) for entry in entries]
        if resolved == entries:
            break
        entries = resolved
    return [_below_owner(entry, names, owners) for entry in entries]


def _below(entries: Iterable[ProfileEntry]) -> _Names:
    below: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.parent:
            below[entry.parent].add(entry.name)
    return below


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
    found = dependers or (renamed if len(renamed) == 1 else set())
    return entry._replace(parent=min(found)) if found else entry


def _below_owner(entry: ProfileEntry, names: set[str], owners: _Names) -> ProfileEntry:
    """Return an entry below the profile that depends on something of its parent's name, if nothing better is known."""
    alias = entry.parent
    if not alias or alias in names:
        return entry
    found = owners.get(alias, set()) - {entry.name}
    return entry._replace(parent=min(found)) if found else entry
