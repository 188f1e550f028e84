"""The fields of a report whose type varies from one InSpec to the next, each read as well as possible."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from inspec_textfile.report.model import ERROR, FAILED, RESULT_STATUSES, Ref
from inspec_textfile.text import as_text

# lib/inspec/impact.rb, IMPACT_SCORES
_IMPACT_NAMES = {"none": 0.0, "low": 0.1, "medium": 0.4, "high": 0.7, "critical": 0.9}
_MAX_TAG_DEPTH = 50
_MAX_REMOVED = 1e9


def as_number(value: Any) -> float | None:
    """Return a finite JSON number, None for anything else."""
    if type(value) is float or type(value) is int:
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def read_impact(value: Any) -> float | None:
    """Return an impact from a number, a number as text, or a name; None if there is none."""
    if isinstance(value, str):
        named = _IMPACT_NAMES.get(value.strip().lower())
        if named is not None:
            return named
        try:
            value = float(value)
        except ValueError:
            return None
    return as_number(value)


def read_descriptions(value: Any) -> tuple[tuple[str, str], ...]:
    """Return (label, text) from a list of {label, data}, or from an object as older reports and HDF have it."""
    if isinstance(value, dict):
        return tuple((as_text(label), as_text(data)) for label, data in value.items())
    return tuple((as_text(item.get("label")), as_text(item.get("data"))) for item in as_list(value) if isinstance(item, dict))


def read_tags(value: Any) -> Mapping[str, Any]:
    """Return tags by name. Raises RecursionError for tags nested so deeply that a page could not show them."""
    tags = value if isinstance(value, dict) else {"tags": value}
    _refuse_deep(tags.values(), _MAX_TAG_DEPTH)
    return tags


def _refuse_deep(values: Iterable[Any], levels: int) -> None:
    nested = [value for value in values if isinstance(value, (dict, list))]
    if nested and levels == 1:
        raise RecursionError
    for value in nested:
        _refuse_deep(value.values() if isinstance(value, dict) else value, levels - 1)


def read_refs(value: Any) -> tuple[Ref, ...]:
    """Return references from {ref}, {url}, {ref, url}, {ref, uri}, lists of those below `ref`, or plain texts."""
    found: list[Ref] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            text = item.get("ref")
            if isinstance(text, (list, dict)):
                found.extend(read_refs(text))
                text = None
            url = as_text(item.get("url") or item.get("uri"))
            if text or url:
                found.append(Ref(as_text(text), url))
        elif item:
            found.append(Ref(as_text(item), ""))
    return tuple(found)


def read_source(value: Any) -> str:
    """Return a `source_location` as `path:line`, "" if there is none."""
    if not isinstance(value, dict):
        return as_text(value)
    path, line = as_text(value.get("ref")), as_text(value.get("line"))
    return f"{path}:{line}" if path and line else path


def read_support(value: Any) -> str:
    """Return one item of a profile's `supports` as text."""
    if isinstance(value, dict):
        return ", ".join(f"{as_text(key)}: {as_text(part)}" for key, part in value.items())
    return as_text(value)


def _count(value: Any) -> float:
    try:
        return as_number(float(value) if isinstance(value, str) else value) or 0
    except ValueError:
        return 0


def read_removed(value: Any) -> Mapping[str, int]:
    """Return how many results were left out, by status, from `removed_results_counts` (chef/chef, Compliance::Reporter)."""
    counts = {status: _count(count) for status, count in as_mapping(value).items()}
    counts[FAILED] = counts.get(FAILED, 0) + counts.get(ERROR, 0)
    return {status: int(min(counts[status], _MAX_REMOVED)) for status in RESULT_STATUSES if counts.get(status, 0) > 0}
