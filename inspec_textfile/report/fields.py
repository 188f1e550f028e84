"""The fields of InSpec's JSON: the keys that they stand under, and values whose type varies from one InSpec to the next.

A field that we do not know is ignored: each version of InSpec, and each tool that passes a report on, adds some. A value of an
unexpected type is read as well as possible. But no finding may be lost because of a name or a shape. Where a list of profiles,
controls or results should be, anything that cannot be read as one makes the report unreadable, and so does a list that looks
like it under a name that we do not know (`objects`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inspec_textfile.report.model import ERROR, FAILED, LEAST_IMPACT, RESULT_STATUSES, Ref
from inspec_textfile.report.problems import NotAReport, kind_of
from inspec_textfile.text import as_text, visible

_MAX_TAG_DEPTH = 50
_MAX_REMOVED = 1e9
_MAX_RUN_TIME = 1e9
"""Seconds: 31 years. The sum of all tests of the largest report stays a finite number."""

_AGAIN = "have InSpec write it again"


class Listing(NamedTuple):
    """A list in a report in which findings are, directly or below."""

    keys: tuple[str, ...]
    """All keys that it stands under, InSpec's first. Another alias is added here, and nowhere else."""
    keys_of_one: frozenset[str]
    """Keys that an element always has. `_is_one` tells by them whether an object is the only element itself."""
    id_key: str = ""
    """The field that the key fills where elements are an object by id; "" for none."""

    @property
    def name(self) -> str:
        """What a message calls its elements."""
        return self.keys[0]


RESULTS = Listing(("results",), frozenset({"status", "code_desc"}))
CONTROLS = Listing(("controls",), frozenset({"id", *RESULTS.keys}), "id")
PROFILES = Listing(("profiles",), frozenset({"name", *CONTROLS.keys}), "name")
# InSpec before 2 wrote tests that are not part of a control there (v1.51.21 lib/inspec/formatters/base.rb, `other_checks`).
OTHER_CHECKS = Listing(("other_checks",), CONTROLS.keys_of_one, "id")


def value_of(item: Mapping[str, Any], listing: Listing) -> Any:
    """Return what stands under the listing's key, as it is; None if nothing does."""
    for key in listing.keys:
        value = item.get(key)
        if value is not None:
            return value
    return None


def objects(item: Mapping[str, Any], listing: Listing) -> list[Mapping[str, Any]]:
    """Return the profiles, controls or results that a report, profile or control has.

    Instead of a list they may be an object by id, as InSpec before 1.0 wrote controls (inspec/inspec#811), or the only element
    itself, as PowerShell's ConvertTo-Json writes a list of one. Raises NotAReport for anything else, and if there are none but
    another field looks like them.
    """
    value = value_of(item, listing)
    if value is None or value in ("", {}, []):
        _refuse_other_name(item, listing)
        return []
    if isinstance(value, dict):
        return _of_object(value, listing)
    if not isinstance(value, list):
        raise NotAReport(f"has {kind_of(value)} where the list of {listing.name} should be: findings may be lost; {_AGAIN}")
    for element in value:
        if not isinstance(element, dict):
            raise NotAReport(f"has {kind_of(element)} in a list of {listing.name}: findings may be lost; {_AGAIN}")
    return value


def _of_object(value: Mapping[str, Any], listing: Listing) -> list[Mapping[str, Any]]:
    if any(key in value and not isinstance(value[key], dict) for key in listing.keys_of_one):
        return [value]
    if not all(isinstance(element, dict) for element in value.values()):
        raise NotAReport(f"has an object where the list of {listing.name} should be: findings may be lost; {_AGAIN}")
    if not listing.id_key:
        return list(value.values())
    return [{listing.id_key: key, **element} for key, element in value.items()]


def _refuse_other_name(item: Mapping[str, Any], listing: Listing) -> None:
    """Raise NotAReport if another field has what looks like the elements of a listing: a damaged or a new name."""
    for key, value in item.items():
        elements = value if isinstance(value, list) else [value] if isinstance(value, dict) and value else ()
        if key not in listing.keys and elements and isinstance(elements[0], dict) and listing.keys_of_one <= elements[0].keys():
            raise NotAReport(
                f"has what looks like {listing.name} under another name, {visible(key)[:40]!r}: findings may be lost; {_AGAIN}"
            )


def as_number(value: Any) -> float | None:
    """Return a finite number, from a text too; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def read_impact(value: Any) -> float | None:
    """Return an impact from a number or a name (lib/inspec/impact.rb); None if there is none."""
    named = LEAST_IMPACT.get(value.strip().lower()) if isinstance(value, str) else None
    return as_number(value) if named is None else named


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
    refs: list[Ref] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            text = item.get("ref")
            if isinstance(text, (list, dict)):
                refs.extend(read_refs(text))
                text = None
            url = as_text(item.get("url") or item.get("uri"))
            if text or url:
                refs.append(Ref(as_text(text), url))
        elif item:
            refs.append(Ref(as_text(item), ""))
    return tuple(refs)


def read_run_time(value: Any) -> float | None:
    """Return a duration in seconds; None for what is none: negative, infinite, or longer than anybody waits."""
    seconds = as_number(value)
    return seconds if seconds is not None and 0 <= seconds <= _MAX_RUN_TIME else None


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


def read_removed(value: Any) -> Mapping[str, int]:
    """Return how many results were left out, by status, from `removed_results_counts` (chef/chef, Compliance::Reporter)."""
    counts = {status: as_number(count) or 0 for status, count in as_mapping(value).items()}
    counts[FAILED] = counts.get(FAILED, 0) + counts.get(ERROR, 0)
    return {status: int(min(counts[status], _MAX_REMOVED)) for status in RESULT_STATUSES if counts.get(status, 0) > 0}
