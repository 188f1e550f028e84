"""Lists of profiles, controls and results, in whatever shape they come.

Findings must never be lost because of a shape: what cannot be read as such a list makes the report unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspec_textfile.report.problems import NotAReport, kind_of

# Keys that a single one of them always has, and the field that the key of an object by id fills.
_OWN_KEYS = {"profiles": ("name", "controls"), "controls": ("id", "results"), "results": ("status", "code_desc")}
_ID_KEYS = {"profiles": "name", "controls": "id"}


def objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list of profiles, controls or results (`what`).

    Instead of a list it may be an object by id, as InSpec before 1.0 wrote controls (inspec/inspec#811), or the
    only element itself, as PowerShell's ConvertTo-Json writes a list of one. Raises NotAReport for anything else.
    """
    if value is None or value in ("", {}):
        return []
    if isinstance(value, dict):
        return _of_object(value, what)
    if not isinstance(value, list):
        raise NotAReport(f"has {kind_of(value)} where the list of {what} should be: findings may be lost; {_DO}")
    for item in value:
        if not isinstance(item, dict):
            raise NotAReport(f"has {kind_of(item)} in a list of {what}: findings may be lost; {_DO}")
    return value


_DO = "have InSpec write it again"


def _of_object(value: Mapping[str, Any], what: str) -> list[Mapping[str, Any]]:
    if any(key in value and not isinstance(value[key], dict) for key in _OWN_KEYS[what]):
        return [value]
    if not all(isinstance(item, dict) for item in value.values()):
        raise NotAReport(f"has an object where the list of {what} should be: findings may be lost; {_DO}")
    id_key = _ID_KEYS.get(what)
    return [{id_key: key, **item} for key, item in value.items()] if id_key else list(value.values())
