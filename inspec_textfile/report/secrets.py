"""Values of sensitive inputs, masked wherever they stand in a report: InSpec masks them in one place, if at all.

In titles, code, messages, other inputs and addresses. Ids, names, statuses and times stay as they are: findings are counted and
compared by them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from inspec_textfile.report.fields import CONTROLS, OTHER_CHECKS, PROFILES, RESULTS, as_mapping
from inspec_textfile.report.inputs import is_sensitive, items_of, parsed, sensitive_names

MASK = "***"
_MIN_LENGTH = 6
"""Characters of a value that is masked: a shorter one stands in other texts by chance."""
_MIN_LINE = 16
"""Characters of a line of a longer value, such as a key, that is masked on its own: messages quote line by line."""
_MAX_VALUES = 200
"""Values that are looked for, the longest first: the time is limited by their number and the size of the report."""


class _Place(NamedTuple):
    """What stands in an object of a report."""

    kept: frozenset[str] = frozenset()
    """Keys whose values stay as they are."""
    places: Mapping[str, _Place] = {}
    """Keys below which objects of other kinds are."""
    masks_keys: bool = False
    """Whether its keys, and those of all below, are texts of a profile."""


_NOTHING = _Place()
_TEXTS = _Place(masks_keys=True)
_VALUES = {"value": _TEXTS, "default": _TEXTS}
_INPUT = _Place(frozenset({"name"}), {"options": _Place(places=_VALUES), **_VALUES})
_RESULT = _Place(frozenset({"status", "start_time", "run_time", "resource_class"}))
_CONTROL = _Place(
    frozenset({"id", "profile_id", "impact", "status", "start_time", "run_time"}),
    {
        **dict.fromkeys(RESULTS.keys, _RESULT),
        "tags": _TEXTS,
        "descriptions": _TEXTS,
        "waiver_data": _Place(frozenset({"expiration_date", "run", "skipped_due_to_waiver"})),
        "attestation_data": _Place(frozenset({"status", "updated", "frequency"})),
    },
)
_PROFILE = _Place(
    frozenset({"name", "version", "status", "parent_profile"}),
    {
        **dict.fromkeys(CONTROLS.keys, _CONTROL),
        "depends": _Place(frozenset({"name", "status"})),
        "attributes": _INPUT,
        "inputs": _INPUT,
    },
)
_DOCUMENT = _Place(
    frozenset({"version", "status", "statistics"}),
    {**dict.fromkeys(PROFILES.keys, _PROFILE), **dict.fromkeys((*CONTROLS.keys, *OTHER_CHECKS.keys), _CONTROL)},
)


def without_sensitive_values(document: dict[str, Any]) -> dict[str, Any]:
    """Return a report without the values of its sensitive inputs. Raises RecursionError."""
    profiles = [item for key in PROFILES.keys for item in _objects(document.get(key))]
    names = sensitive_names(profiles)
    if not names:
        return document
    found = {text for profile in profiles for item in items_of(profile) if is_sensitive(item, names) for text in _texts(item)}
    values = sorted({form for text in found for form in _forms(text)}, key=lambda text: (-len(text), text))[:_MAX_VALUES]
    return _masked(document, values, _DOCUMENT) if values else document


def _objects(value: Any) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else [value, *value.values()] if isinstance(value, dict) else []
    return [item for item in items if isinstance(item, dict)]


def _texts(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of an input's value and default that are long enough to be told from others."""
    options = as_mapping(item.get("options"))
    for value in (options.get("value"), options.get("default"), item.get("value"), item.get("default")):
        for text in _leaves(value):
            for part in (text, text.strip(), *(line.strip() for line in text.splitlines() if len(line.strip()) >= _MIN_LINE)):
                if len(part) >= _MIN_LENGTH and part.strip("*") and not part.endswith("does not have a value. Skipping test."):
                    yield part


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        inner = parsed(value)
        if inner is not value:
            yield from _leaves(inner)
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)


def _forms(text: str) -> Iterable[str]:
    """Return a value as it stands in texts, in code and JSON, and in addresses."""
    in_json = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    addresses = (quote(text, safe, errors="surrogatepass") for safe in ("", "/"))
    return {text, *in_json, *addresses, quote_plus(text, errors="surrogatepass")}


def _masked(value: Any, values: list[str], place: _Place) -> Any:
    if isinstance(value, str):
        for secret in values:
            if secret in value:
                value = value.replace(secret, MASK)
        return value
    if isinstance(value, list):
        return [_masked(item, values, place) for item in value]
    if isinstance(value, dict):
        below = _TEXTS if place.masks_keys else _NOTHING
        return {
            _masked(key, values, _NOTHING) if place.masks_keys else key: (
                item if key in place.kept else _masked(item, values, place.places.get(key, below))
            )
            for key, item in value.items()
        }
    return MASK if type(value) in (int, float) and str(value) in values else value
