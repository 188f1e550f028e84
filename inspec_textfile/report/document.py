"""A results file's bytes -> the JSON object that is the report, or a sentence that says what the bytes are instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from inspec_textfile.report.fields import CONTROLS, PROFILES, RESULTS, as_list, objects, value_of
from inspec_textfile.report.problems import NotAReport, ScanFailed, Warnings, kind_of, refuse_too_many
from inspec_textfile.report.secrets import without_sensitive_values
from inspec_textfile.text import as_text, visible

MAX_VALUES = 5_000_000
"""Approximate number of JSON values, counted before parsing. A few megabytes of `[` would take gigabytes of memory."""

USE_JSON = "run InSpec with --reporter json"

_MAX_FAILURES = 10_000
_MAX_SEARCHED = 500_000_000
"""Characters that the search for the report may pass over in all, or 50 times the text's length if that is more. Each attempt
that fails counts its position: for an error's line number, the decoder looks at all that comes before it."""
_LISTS = "|".join((*PROFILES.keys, *CONTROLS.keys))
_REPORT_START = rf'\{{\s*"(?:platform|version|statistics|{_LISTS})"\s*:'
_FINDINGS = rf'"(?:{_LISTS})"\s*:\s*\[\s*\{{'
# Where JSON may start: at the start of the text or of a line, or anywhere with an object's first key, which may be cut off.
_START = re.compile(r'\A\s*|^(?=\{)|(?=\{\s*(?:"|\Z))', re.MULTILINE)
_KEYS_OF_LISTS = {*PROFILES.keys, *CONTROLS.keys, *RESULTS.keys, "status"}
_KEYS_OF_REPORT = {"version", "statistics"}
_KEYS_OF_PROFILE = {"name", "sha256", "supports", "groups", "generator"}
_AUTOMATE_KEYS = {"job_id", "node_id"}
GOOD_STATUSES = {"passed", "skipped", "waived", "loaded", "success", "ok", "complete", "completed"}
_MAX_TOKEN = len(r"\u0000")


def read_document(data: bytes, warnings: Warnings) -> dict[str, Any]:
    """Return the report that a results file holds, as JSON, without the values of sensitive inputs.

    Adds problems that do not stop it from being read to `warnings`. Raises NotAReport.
    """
    _refuse_compressed(data)
    if len(data) > MAX_VALUES:  # each takes at least one byte, so smaller files need not be counted
        refuse_too_many(sum(map(data.count, (b",", b"[", b"{"))), MAX_VALUES, "values")
    text = _decode(data)
    if not text.strip():
        raise NotAReport("is empty: InSpec failed before it wrote a report, see what it printed on stderr")
    try:
        document, end = _find_document(text, _decoder(warnings).raw_decode)
        holds_another = _holds_report(text[end:])
        document = without_sensitive_values(document) if isinstance(document, dict) else document
    except RecursionError:
        raise NotAReport("is nested too deeply to be an InSpec report") from None
    if not isinstance(document, dict):
        if isinstance(document, list) and any(map(_is_report, document)):
            raise NotAReport(f"is a list of {len(document):,} documents: write every report to a file of its own")
        raise NotAReport(f"is JSON, but {kind_of(document)} instead of a report; {USE_JSON}")
    _refuse_failed_scan(document)
    if document.get("baselines") and not value_of(document, PROFILES):
        raise NotAReport(
            "is HDF of the next schema (baselines and requirements), which is not read: have the converter write the one "
            "before (profiles and controls)"
        )
    if not _is_report(document):
        raise NotAReport(_what_object_it_is(document))
    if holds_another:
        raise NotAReport("holds more than one report: write every report to a file of its own")
    return document


_COMPRESSED = (
    (b"\x1f\x8b", "gunzip"),
    (b"BZh", "bunzip2"),
    (b"\xfd7zXZ\x00", "unxz"),
    (b"\x28\xb5\x2f\xfd", "unzstd"),
    (b"PK\x03\x04", "unzip"),
)


def _refuse_compressed(data: bytes) -> None:
    for start, program in _COMPRESSED:
        if data.startswith(start):
            raise NotAReport(f"is compressed: {program} it")


def _is_report(document: Any) -> bool:
    """Return whether JSON is a report. Log lines, settings and profiles have keys of the same names."""
    if not isinstance(document, dict):
        return False
    profiles = value_of(document, PROFILES)
    if isinstance(profiles, list):
        return not profiles or any(isinstance(item, dict) for item in profiles)
    return bool(isinstance(profiles, dict) and profiles) or _is_minimal(document)


def _is_minimal(document: Mapping[str, Any]) -> bool:
    """Return whether an object is a json-min report, rather than a profile, or a profile torn out of a report."""
    controls = value_of(document, CONTROLS)
    if not isinstance(controls, list) and not (isinstance(controls, dict) and controls):
        return False
    items = controls if isinstance(controls, list) else [controls, *controls.values()]
    is_run = _KEYS_OF_REPORT & document.keys() or any(isinstance(item, dict) and "profile_id" in item for item in items)
    return bool(is_run) and not _KEYS_OF_PROFILE & document.keys()


def _refuse_failed_scan(document: Mapping[str, Any]) -> None:
    """Raise ScanFailed for a report that itself says that the scan failed.

    Chef Infra Client writes one when its Compliance Phase fails (chef/chef, lib/chef/compliance/runner.rb, `failed_report`).
    An export of Chef Automate has the verdict on the controls in the same place, without a message.
    """
    status, message = document.get("status"), as_text(document.get("status_message")).strip()
    status = status.strip().lower() if isinstance(status, str) else ""
    if not message and not _is_report(document):
        return
    has_content = _has_content(document)
    if status == "failed":
        failed = bool(message) or not (has_content and _AUTOMATE_KEYS & document.keys())
    else:
        # Whatever other word stands for it: a scan that ended well has no message, or at least profiles with content.
        failed = status not in GOOD_STATUSES and bool((status and message) or ((status or message) and not has_content))
    if failed:
        reason = visible(message) if message else f"its status is {visible(status)}, without a message"
        raise ScanFailed(f"says that the scan failed: {reason}")


def _has_content(document: Mapping[str, Any]) -> bool:
    """Return whether there are controls, or profiles that say why they have none."""
    profiles = value_of(document, PROFILES)
    items = profiles.values() if isinstance(profiles, dict) else as_list(profiles)
    keys = (*CONTROLS.keys, "status", "status_message", "skip_message")
    return bool(value_of(document, CONTROLS)) or any(isinstance(item, dict) and any(map(item.get, keys)) for item in items)


def _decode(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 and UTF-32 as PowerShell's `>` writes them.

    A byte that is not UTF-8 becomes a lone surrogate (surrogateescape): ids that differ in such a byte alone stay different.
    """
    encoding = json.detect_encoding(data).replace("utf-8-sig", "utf-8")  # a mark at its start goes in any case
    try:
        return data.decode(encoding, errors="surrogateescape" if encoding == "utf-8" else "surrogatepass").lstrip("\ufeff")
    except UnicodeDecodeError:  # UTF-16 or UTF-32 that is cut within a character
        return data.decode(encoding, errors="replace").lstrip("\ufeff")


def _decoder(warnings: Warnings) -> json.JSONDecoder:
    def pairs_to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        return members if len(members) == len(pairs) else _join_repeated(pairs, warnings)

    def constant(name: str) -> None:
        warnings.add("constant", name)

    # Strict: a raw line break in a string is damage (a log driver, a terminal), and may stand in a key or an id. Neither Ruby
    # nor jq writes control characters that way.
    return json.JSONDecoder(object_pairs_hook=pairs_to_dict, parse_constant=constant)


def _join_repeated(pairs: Iterable[tuple[str, Any]], warnings: Warnings) -> dict[str, Any]:
    """Return an object with repeated keys. Lists are joined; otherwise the last value counts, if no finding is lost."""
    joined: dict[str, Any] = {}
    for key, value in pairs:
        if key not in joined:
            joined[key] = value
            continue
        first = joined[key]
        warnings.add("repeated-key", key)
        if isinstance(value, list) and isinstance(first, list):
            first.extend(value)
        elif value != first and (key == "status" or isinstance(first, (list, dict))):
            # It may be no report: then its keys are nobody's business.
            name = f"the key {key!r}" if key in _KEYS_OF_LISTS else "a key"
            raise NotAReport(f"names {name} twice in one object, with different values: findings may be lost")
        else:
            joined[key] = value
    return joined


_Decode = Callable[[str, int], tuple[Any, int]]


class _Failure(NamedTuple):
    """Where something that looked like JSON starts, and where it turned out not to be, or is broken."""

    start: int
    error: json.JSONDecodeError


def _find_document(text: str, decode: _Decode) -> tuple[Any, int]:
    """Return the report in a text and where it ends, skipping what was printed before it.

    Output of profiles and loggers may also look like JSON. The search does not look inside a document that cannot be read:
    one of its profiles would pass for a report.
    """
    others: list[tuple[Any, int]] = []
    failures: list[_Failure] = []
    for document, end in _documents(text, decode, failures):
        if _is_report(document):
            if any(_is_of_report(text, failure) for failure in failures):
                break  # the report may be another one, or what a broken one holds
            return document, end
        # A date at the start of a log line is a number, too.
        if isinstance(document, (dict, list)) or not text[end:].strip():
            others.append((document, end))
    if others and not failures:
        return others[0]
    raise NotAReport(_what_it_is(text, [failure.error for failure in failures]))


def _documents(text: str, decode: _Decode, failures: list[_Failure]) -> Iterator[tuple[Any, int]]:
    """Yield all JSON in a text, and where it ends; nothing twice. What cannot be read is added to `failures`."""
    end = broken = searched = 0
    limit = max(_MAX_SEARCHED, 50 * len(text))
    for match in _START.finditer(text):
        start = match.end()
        starts_line = start == 0 or text[start - 1] == "\n" or match.start() == 0
        if start < end or (start < broken and not starts_line):
            continue
        try:
            document, end = decode(text, start)
        except json.JSONDecodeError as error:
            failures.append(_Failure(start, error))
            broken = error.pos
            searched += broken
            if searched > limit or len(failures) > _MAX_FAILURES:
                return
            continue
        except ValueError:
            raise NotAReport("holds a number with thousands of digits, which InSpec never writes") from None
        yield document, end


def _is_of_report(text: str, failure: _Failure) -> bool:
    """Return whether what could not be read is of a report, and not a line of a log."""
    return bool(re.compile(_FINDINGS).search(text, failure.start, failure.error.pos))


def _holds_report(rest: str) -> bool:
    """Return whether what follows a report is another one, or a part of one. Other output may follow."""
    failures: list[_Failure] = []
    documents = _documents(rest, json.JSONDecoder().raw_decode, failures)
    with suppress(NotAReport, RecursionError):  # numbers and brackets without end
        if any(_is_report(document) for document, _ in documents):
            return True
    return any(_is_of_report(rest, failure) for failure in failures)


_LOOKS_LIKE = (
    (r"(?i)\A\s*<\?xml|\A\s*<testsuite", "XML (--reporter junit or junit2?)"),
    (r"\A\s*<", "HTML (--reporter html or html2?)"),
    (r"(?m)\A---\s|^:?(?:platform|profiles|controls|statistics):\s*$", "YAML (--reporter yaml?)"),
    (r"(?m)^[^\S\n]*(?:Profile:|Profile Summary:|Test Summary:)", "InSpec's text output (--reporter cli?)"),
)


# A line of the report after something else, and the next one too: the prefix that kubectl, docker and CI systems put there.
_PREFIXED = r'(?m)^[^\n{"]{1,200}\{[^\S\n]*\n[^\n{"\s][^\n{"]{0,200}"\w+"\s*:'


def _what_it_is(text: str, errors: Sequence[json.JSONDecodeError]) -> str:
    looks_like = next((kind for pattern, kind in _LOOKS_LIKE if re.search(pattern, text)), None)
    if looks_like:
        return f"is {looks_like}, not JSON; {USE_JSON}"
    if re.search(_PREFIXED, text):
        return "has something else at the start of each line: have InSpec write the file itself, with --reporter json:FILE"
    if '{\\"' in text and re.search(_REPORT_START, text.replace('\\"', '"')):
        return "holds a report within a text of another document: have InSpec write the file itself, with --reporter json:FILE"
    start = re.search(rf'{_REPORT_START}|^[^\S\n]*\{{\s*("|\Z)', text, re.MULTILINE)
    if not start or not errors:
        return f"is not JSON; {USE_JSON}"
    # The error in the report, not one in a line printed before it.
    error = next((error for error in errors if error.pos >= start.start()), errors[0])
    at = f"line {error.lineno}, column {error.colno}"
    text = text.rstrip()
    # An invalid token at the very end is the start of a longer one.
    in_token = len(text) - error.pos <= _MAX_TOKEN and text[-1] not in "]}"
    if error.pos >= len(text) or in_token or error.msg.startswith("Unterminated"):
        return f"is cut short ({at}): InSpec is still writing it, or died"
    return f"is broken JSON ({error.msg}, {at}): have InSpec write it again"


def _what_object_it_is(document: Mapping[str, Any]) -> str:
    """Return a sentence about an object that is no report."""
    if value_of(document, PROFILES):
        objects(document, PROFILES)  # says what is wrong with them, if that is all that is wrong
    controls = as_list(value_of(document, CONTROLS))
    if any(isinstance(control, dict) and value_of(control, RESULTS) is not None for control in controls):
        return "holds controls without the report that they are part of, so findings may be lost: have InSpec write it again"
    if controls and _KEYS_OF_PROFILE & document.keys():
        return f"describes a profile (inspec json, inspec export), not a run of it; {USE_JSON}"
    # Which keys it has is not said: a link may lead to any file, and reasons stand on pages.
    return f"is JSON, but not a report: {'an object without profiles' if document else 'an empty object'}; {USE_JSON}"
