"""A results file's bytes, made a Report. All the oddities of real reports end here.

Tolerant in detail, strict in the large: a field of another type than InSpec gives it is read as well as possible, but
what holds no profiles and no controls is no report, and the caller learns what it is instead (`NotAReport`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inspec_textfile.dates import parse_time
from inspec_textfile.model import (
    ERROR,
    FAILED,
    LOADED,
    PASSED,
    PROFILE_STATUSES,
    SKIPPED,
    ControlEntry,
    Dependency,
    ProfileEntry,
    Ref,
    Report,
    Result,
    Waiver,
)
from inspec_textfile.outcome import OWN_STATUSES
from inspec_textfile.overlay import MOST_COUNTED, Tangled, resolve
from inspec_textfile.text import as_text, clean, visible
from inspec_textfile.unchanged import digest_of

_RESULT_STATUSES = {status: status for status in (PASSED, FAILED, SKIPPED, ERROR)}
# lib/inspec/impact.rb, IMPACT_SCORES
_IMPACT_NAMES = {"none": 0.0, "low": 0.1, "medium": 0.4, "high": 0.7, "critical": 0.9}
_MOST_LOG_LINES_TRIED = 50
_MOST_NOTES = 20
_DEEPEST_TAG = 50
_MOST_TIMES_TRIED = 1000
"""Distinct start times that cannot be read; finding that out is slow."""

# What one report may hold. InSpec's largest have some 10 profiles, 1,000 controls and 300,000 values; without these limits a
# few megabytes made to harm would take the memory or the time of gigabytes.
MOST_VALUES = 5_000_000
"""JSON values, about; counted in the bytes before anything is made of them."""
MOST_PROFILES = 1000
MOST_CONTROLS = 100_000
_LONGEST_TOKEN = len(r"\u0000")
_USE_JSON = "run InSpec with --reporter json"


class NotAReport(Exception):
    """The bytes are no report of InSpec's; the message is a sentence that says what they are and what to do."""


def parse_report(data: bytes, name: str, modified_ns: int) -> Report:
    """Read one results file.

    Takes the file's bytes, the report's name and the file's mtime (Unix time, nanoseconds). Raises NotAReport.
    """
    notes = _Notes()
    if len(data) > MOST_VALUES:  # each takes a byte at least, so the others need not be counted
        _refuse_too_many(sum(map(data.count, (b",", b"[", b"{"))), MOST_VALUES, "values")
    document = _document(data, notes)
    try:
        entries = _entries(document, notes)
        _refuse_too_many(sum(len(entry.controls) for entry in entries), MOST_CONTROLS, "controls")
        statistics = _dict(document.get("statistics"))
        platform = _dict(document.get("platform"))
        return Report(
            name=name,
            modified_ns=modified_ns,
            inspec_version=clean(as_text(document.get("version"))),
            platform=clean(as_text(platform.get("name"))),
            platform_release=clean(as_text(platform.get("release"))),
            target=clean(as_text(document.get("node_name") or document.get("fqdn") or platform.get("target_id"))),
            started=_started(entries),
            duration=_number(statistics.get("duration")),
            entries=entries,
            profiles=resolve(entries),
            digest=digest_of(data),
            notes=tuple(notes),
        )
    except RecursionError:
        raise NotAReport("is nested too deeply to be a report of InSpec's") from None
    except Tangled:
        raise NotAReport(f"has profiles below so many others that they come to over {MOST_COUNTED:,} controls") from None


def _refuse_too_many(number: int, most: int, what: str) -> None:
    if number > most:
        raise NotAReport(f"holds some {number:,} {what}, more than the {most:,} that are read: split the run")


class _Notes(list[str]):
    """What was odd, each thing once, and not everything if that is much."""

    def add(self, note: str) -> None:
        if len(self) <= _MOST_NOTES and note not in self:
            self.append(note if len(self) < _MOST_NOTES else "has more that is odd")


# --- bytes -> JSON ---------------------------------------------------------------------------------------------------------


def _document(data: bytes, notes: _Notes) -> dict[str, Any]:
    """Return the object that a results file holds."""
    text = _decode(data)
    if not text.strip():
        raise NotAReport("is empty: InSpec failed before it wrote a report, see what it printed on stderr")
    try:
        document, end = _find_document(text, _decoder(notes).raw_decode)
    except RecursionError:
        raise NotAReport("is nested too deeply to be a report of InSpec's") from None
    if not isinstance(document, dict):
        raise NotAReport(f"is JSON, but {_kind(document)} instead of a report; {_USE_JSON}")
    if not _is_report(document):
        raise NotAReport(f"is JSON, but no report: {_keys(document)}; {_USE_JSON}")
    if re.search(r"^[^\S\n]*[\[{]", text[end:], re.MULTILINE):
        raise NotAReport("holds more than one document: write every report to a file of its own")
    return document


def _is_report(document: Any) -> bool:
    return isinstance(document, dict) and any(isinstance(document.get(key), list) for key in ("profiles", "controls"))


def _decode(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 and UTF-32 as PowerShell's `>` writes them; what is none of it becomes U+FFFD."""
    encoding = json.detect_encoding(data)
    return data.decode("utf-8-sig" if encoding.startswith("utf-8") else encoding, errors="replace").lstrip("\ufeff")


def _decoder(notes: _Notes) -> json.JSONDecoder:
    def pairs_to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        return made if len(made) == len(pairs) else _join_repeated(pairs, notes)

    def constant(name: str) -> None:
        notes.add(f"{name} is not JSON: read as null")

    # strict=False: control characters in strings are read, as the JSON libraries of Ruby and JavaScript never write them.
    return json.JSONDecoder(object_pairs_hook=pairs_to_dict, parse_constant=constant, strict=False)


def _join_repeated(pairs: Iterable[tuple[str, Any]], notes: _Notes) -> dict[str, Any]:
    """Return an object that names keys twice: of lists nothing is lost, else the last value counts, as everywhere."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            notes.add(f"names the key {visible(key)!r} twice in one object: lists were joined, else the last one counts")
            if isinstance(value, list) and isinstance(made[key], list):
                made[key].extend(value)
                continue
        made[key] = value
    return made


_Decode = Callable[[str, int], tuple[Any, int]]


def _find_document(text: str, decode: _Decode) -> tuple[Any, int]:
    """Return the report in a text and where it ends, passing over log lines that were printed before it.

    A report starts at the start of a line; what profiles and loggers print may look like JSON too.
    """
    others: list[tuple[Any, int]] = []
    errors: list[json.JSONDecodeError] = []
    end = 0
    for found in re.finditer(r"\A\s*|^(?=\{)", text, re.MULTILINE):
        if found.end() < end:
            continue
        try:
            document, end = decode(text, found.end())
        except json.JSONDecodeError as error:
            errors.append(error)
            if len(errors) > _MOST_LOG_LINES_TRIED:
                break
            continue
        except ValueError:
            raise NotAReport("holds a number of thousands of digits, which InSpec never writes") from None
        if _is_report(document):
            return document, end
        others.append((document, end))
    if others and not errors:
        return others[0]
    raise NotAReport(_what_it_is(text, errors[0]))


_LOOKS_LIKE = (
    (re.compile(r"\A\s*<\?xml|\A\s*<testsuite", re.IGNORECASE), "XML (--reporter junit or junit2?)"),
    (re.compile(r"\A\s*<", re.IGNORECASE), "HTML (--reporter html or html2?)"),
    (re.compile(r"\A---\s|^:?(?:platform|profiles|controls|statistics):\s*$", re.MULTILINE), "YAML (--reporter yaml?)"),
    (
        re.compile(r"^[^\S\n]*(?:Profile:|Profile Summary:|Test Summary:)", re.MULTILINE),
        "InSpec's text for people (--reporter cli?)",
    ),
)


def _what_it_is(text: str, error: json.JSONDecodeError) -> str:
    looks_like = next((kind for pattern, kind in _LOOKS_LIKE if pattern.search(text)), None)
    if looks_like:
        return f"is {looks_like}, not JSON; {_USE_JSON}"
    if re.search(r'^[^\S\n]*\{\s*("|\Z)', text, re.MULTILINE):
        at = f"line {error.lineno}, column {error.colno}"
        text = text.rstrip()
        # A token at the very end that makes no sense was going to be a longer one.
        in_token = len(text) - error.pos <= _LONGEST_TOKEN and text[-1] not in "]}"
        if error.pos >= len(text) or in_token or error.msg.startswith("Unterminated"):
            return f"is cut short ({at}): InSpec is still writing it, or died"
        return f"is broken JSON ({error.msg}, {at}): have InSpec write it again"
    return f"is not JSON; {_USE_JSON}"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _keys(document: Mapping[str, Any]) -> str:
    shown = ", ".join(visible(key)[:40] for key in list(document)[:5])
    return f"an object with the keys {shown}" if shown else "an empty object"


# --- JSON -> entries -------------------------------------------------------------------------------------------------------


def _entries(document: Mapping[str, Any], notes: _Notes) -> tuple[ProfileEntry, ...]:
    if isinstance(document.get("profiles"), list):
        profiles = _dicts(document["profiles"], "profiles", notes)
        _refuse_too_many(len(profiles), MOST_PROFILES, "profiles")
        return tuple(_profile(item, notes) for item in profiles)
    controls = _dicts(document["controls"], "controls", notes)
    if controls and not any("profile_id" in item or "status" in item for item in controls):
        raise NotAReport(f"describes a profile (inspec json, inspec export), not a run of it; {_USE_JSON}")
    return _minimal_entries(controls)


def _profile(item: Mapping[str, Any], notes: _Notes) -> ProfileEntry:
    controls = _dicts(item.get("controls"), "controls", notes)
    status = item.get("status") or LOADED
    if status not in PROFILE_STATUSES:
        status = LOADED if controls else FAILED
    parent = item.get("parent_profile")
    return ProfileEntry(
        name=clean(as_text(item.get("name")) or as_text(item.get("title")) or "unnamed"),
        parent=clean(parent) if isinstance(parent, str) and parent else None,
        depends=tuple(map(_dependency, _dicts(item.get("depends"), "depends", notes))),
        status=status,
        message=as_text(item.get("status_message") or item.get("skip_message")),
        title=clean(as_text(item.get("title"))),
        version=clean(as_text(item.get("version"))),
        summary=as_text(item.get("summary")),
        maintainer=as_text(item.get("maintainer")),
        license=as_text(item.get("license")),
        copyright=as_text(item.get("copyright")),
        supports=tuple(map(_supports, _list(item.get("supports")))),
        inputs=tuple(map(_input, _dicts(item.get("attributes"), "attributes", notes))),
        controls=tuple(_control(control, number, notes) for number, control in enumerate(controls, 1)),
    )


def _minimal_entries(controls: Iterable[Mapping[str, Any]]) -> tuple[ProfileEntry, ...]:
    """Return the profiles of a json-min report: a flat list of results, each with the ids of its control and profile."""
    found: dict[str, dict[str, list[Result]]] = {}
    for number, item in enumerate(controls, 1):
        results = found.setdefault(clean(as_text(item.get("profile_id")) or "unnamed"), {})
        results.setdefault(_id(item, number), []).append(_result(item))
    _refuse_too_many(len(found), MOST_PROFILES, "profiles")
    return tuple(
        ProfileEntry(
            name=name,
            parent=None,
            depends=(),
            status=LOADED,
            message="",
            title="",
            version="",
            summary="",
            maintainer="",
            license="",
            copyright="",
            supports=(),
            inputs=(),
            controls=tuple(
                ControlEntry(id_, None, None, None, tuple(results), None, None, (), {}, (), "", "")
                for id_, results in by_id.items()
            ),
        )
        for name, by_id in found.items()
    )


def _control(item: Mapping[str, Any], number: int, notes: _Notes) -> ControlEntry:
    get = item.get
    results = get("results")
    title = get("title")
    desc = get("desc")
    own_status = get("status")
    waiver = get("waiver_data")
    tags = get("tags")
    return ControlEntry(
        id=_id(item, number),
        title=title if title is None or isinstance(title, str) else str(title),
        desc=desc if desc is None or isinstance(desc, str) else str(desc),
        impact=_impact(get("impact")),
        results=tuple([_result(result) for result in _dicts(results, "results", notes)]) if results else (),
        own_status=own_status if isinstance(own_status, str) and own_status in OWN_STATUSES else None,
        waiver=_waiver(waiver) if waiver and isinstance(waiver, dict) else None,
        descriptions=_descriptions(get("descriptions")),
        tags=_tags(tags) if tags else {},
        refs=_refs(get("refs")),
        code=as_text(get("code")),
        source=_source(get("source_location")),
    )


def _id(item: Mapping[str, Any], number: int) -> str:
    """Return a control's id. One without gets a number, for it must be counted and must not fall together with another."""
    return clean(as_text(item.get("id"))) or f"(no id {number})"


def _result(item: Mapping[str, Any]) -> Result:
    get = item.get
    status = get("status")
    backtrace = get("backtrace")
    resource = get("resource_class")
    return Result(
        _RESULT_STATUSES.get(status, ERROR) if isinstance(status, str) else ERROR,
        as_text(get("code_desc")),
        as_text(get("message")),
        as_text(get("skip_message")),
        as_text(get("exception")),
        tuple(map(as_text, backtrace)) if isinstance(backtrace, list) else (),
        resource if isinstance(resource, str) else "",
        as_text(get("start_time")),
        _number(get("run_time")),
    )


def _impact(value: Any) -> float | None:
    if isinstance(value, str):
        named = _IMPACT_NAMES.get(value.strip().lower())
        if named is not None:
            return named
        try:
            value = float(value)
        except ValueError:
            return None
    return _number(value)


def _waiver(item: Mapping[str, Any]) -> Waiver:
    known = {"justification", "expiration_date", "run", "message", "skipped_due_to_waiver"}
    run = item.get("run")
    if isinstance(run, str):  # from a CSV or quoted in YAML
        run = {"true": True, "yes": True, "false": False, "no": False}.get(run.strip().lower())
    message = as_text(item.get("message"))
    expires = as_text(item.get("expiration_date"))
    return Waiver(
        justification=as_text(item.get("justification")),
        expires=parse_time(expires),
        expires_text=expires,
        # lib/inspec/rule.rb, __apply_waivers: "Waiver expired on DATE, evaluating control normally"
        expired=message.startswith("Waiver expired"),
        run=run if isinstance(run, bool) else None,
        message=message,
        extra=tuple((as_text(key), as_text(value)) for key, value in item.items() if key not in known),
    )


def _descriptions(value: Any) -> tuple[tuple[str, str], ...]:
    """Return (label, text) from a list of {label, data}, or from a dict as older reports and HDF have it."""
    if isinstance(value, dict):
        return tuple((as_text(label), as_text(data)) for label, data in value.items())
    if not isinstance(value, list):
        return ()
    return tuple((as_text(item.get("label")), as_text(item.get("data"))) for item in value if isinstance(item, dict))


def _tags(value: Any) -> Mapping[str, Any]:
    _refuse_deep(value, _DEEPEST_TAG)
    return value if isinstance(value, dict) else {"tags": value}


def _refuse_deep(value: Any, levels: int) -> None:
    """Raise RecursionError for what whoever shows it would raise it for."""
    if levels == 0:
        raise RecursionError
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_deep(item, levels - 1)


def _refs(value: Any) -> tuple[Ref, ...]:
    """Return references from {ref}, {url}, {ref, url}, {ref, uri}, lists of those below `ref`, or plain texts."""
    found: list[Ref] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            text = item.get("ref")
            if isinstance(text, (list, dict)):
                found.extend(_refs(text))
                text = None
            url = as_text(item.get("url") or item.get("uri"))
            if text or url:
                found.append(Ref(as_text(text), url))
        elif item:
            found.append(Ref(as_text(item), ""))
    return tuple(found)


def _source(value: Any) -> str:
    if not isinstance(value, dict):
        return as_text(value)
    path, line = as_text(value.get("ref")), as_text(value.get("line"))
    return f"{path}:{line}" if path and line else path


def _dependency(item: Mapping[str, Any]) -> Dependency:
    return Dependency(
        name=clean(as_text(item.get("name"))),
        status=as_text(item.get("status")) or LOADED,
        message=as_text(item.get("status_message") or item.get("skip_message")),
    )


def _supports(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{as_text(key)}: {as_text(part)}" for key, part in value.items())
    return as_text(value)


def _input(item: Mapping[str, Any]) -> tuple[str, str]:
    options = _dict(item.get("options"))
    value = options.get("value", options.get("default"))
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return as_text(item.get("name")), shown


def _started(entries: Iterable[ProfileEntry]) -> float | None:
    """Return the earliest start of any test."""
    texts = dict.fromkeys(result.start_time for entry in entries for control in entry.controls for result in control.results)
    found: list[float] = []
    tried = 0
    for text in texts:
        time = parse_time(text)
        if time is not None:
            found.append(time)
        elif (tried := tried + 1) == _MOST_TIMES_TRIED:
            break
    return min(found, default=None)


def _number(value: Any) -> float | None:
    if type(value) is float or type(value) is int:
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any, what: str, notes: _Notes) -> list[Mapping[str, Any]]:
    """Return the objects of a list, with a note where something else should be one."""
    if value is None:
        return []
    if not isinstance(value, list):
        notes.add(f"has {_kind(value)} where the list of {what} should be")
        return []
    found: list[Mapping[str, Any]] = [item for item in value if isinstance(item, dict)]
    if len(found) != len(value):
        notes.add(f"has something else than objects in a list of {what}: passed over")
    return found
