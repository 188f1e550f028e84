"""A results file's bytes -> the JSON object that is the report, or a sentence that says what the bytes are instead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from inspec_textfile.report.problems import NotAReport, ScanFailed, Warnings, kind_of, refuse_too_many
from inspec_textfile.text import as_text, visible

MAX_VALUES = 5_000_000
"""Approximate number of JSON values, counted before parsing. A few megabytes of `[` would take gigabytes of memory."""

USE_JSON = "run InSpec with --reporter json"

_MAX_LOG_LINES_TRIED = 50
_REPORT_START = r'\{\s*"(?:platform|profiles|controls|version|statistics)"\s*:'
# Where JSON may start: at the start of the text or of a line, or anywhere with an object's first key.
_START = re.compile(r'\A\s*|^(?=\{)|(?=\{\s*")', re.MULTILINE)
_ANOTHER = re.compile(rf'^[^\S\n]*(?:\{{\s*["}}]|\[\s*[\[{{])|{_REPORT_START}', re.MULTILINE)
_AUTOMATE_KEYS = {"job_id", "node_id"}
_GOOD_STATUSES = {"passed", "skipped", "waived", "loaded"}
_LONGEST_TOKEN = len(r"\u0000")


def read_document(data: bytes, warnings: Warnings) -> dict[str, Any]:
    """Return the report that a results file holds, as JSON.

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
    except RecursionError:
        raise NotAReport("is nested too deeply to be an InSpec report") from None
    if not isinstance(document, dict):
        raise NotAReport(f"is JSON, but {kind_of(document)} instead of a report; {USE_JSON}")
    _refuse_failed_scan(document)
    if not _is_report(document):
        raise NotAReport(f"is JSON, but not a report: {_keys(document)}; {USE_JSON}")
    if _ANOTHER.search(text[end:]):
        raise NotAReport("holds more than one document: write every report to a file of its own")
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
    return isinstance(document, dict) and any(
        isinstance(value, list) or (isinstance(value, dict) and value)
        for value in (document.get("profiles"), document.get("controls"))
    )


def _refuse_failed_scan(document: Mapping[str, Any]) -> None:
    """Raise ScanFailed for a report that itself says that the scan failed.

    Chef Infra Client writes one when its Compliance Phase fails (chef/chef, lib/chef/compliance/runner.rb, `failed_report`).
    An export of Chef Automate has the verdict on the controls in the same place, without a message.
    """
    status, message = document.get("status"), as_text(document.get("status_message")).strip()
    known = isinstance(status, str) and status.strip().lower()
    # Whatever other word stands for it: a scan that ended well has no message.
    bad = known == "failed" or (known and message and known not in _GOOD_STATUSES)
    if not bad or not (message or _is_report(document)):
        return
    if not message and _AUTOMATE_KEYS & document.keys():
        return
    said = visible(message) if message else "its status is failed, without a message"
    raise ScanFailed(f"says that the scan failed: {said}")


def _decode(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 and UTF-32 as PowerShell's `>` writes them; other bytes become U+FFFD."""
    encoding = json.detect_encoding(data).replace("utf-8-sig", "utf-8")  # a mark at its start goes in any case
    return data.decode(encoding, errors="replace").lstrip("\ufeff")


def _decoder(warnings: Warnings) -> json.JSONDecoder:
    def pairs_to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else _join_repeated(pairs, warnings)

    def constant(name: str) -> None:
        warnings.add(f"{name} is not JSON: read as null")

    # strict=False: accept control characters in strings. JSON does not allow them, but reports have them.
    return json.JSONDecoder(object_pairs_hook=pairs_to_dict, parse_constant=constant, strict=False)


def _join_repeated(pairs: Iterable[tuple[str, Any]], warnings: Warnings) -> dict[str, Any]:
    """Return an object with repeated keys. Lists are joined; otherwise the last value counts, if no finding is lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key not in found:
            found[key] = value
            continue
        first = found[key]
        warnings.add(f"names the key {visible(key)!r} twice in one object: lists were joined, else the last one counts")
        if isinstance(value, list) and isinstance(first, list):
            first.extend(value)
        elif value != first and (key == "status" or isinstance(first, (list, dict))):
            raise NotAReport(f"names the key {visible(key)!r} twice in one object, with different values: findings may be lost")
        else:
            found[key] = value
    return found


_Decode = Callable[[str, int], tuple[Any, int]]


def _find_document(text: str, decode: _Decode) -> tuple[Any, int]:
    """Return the report in a text and where it ends, skipping what was printed before it.

    Output of profiles and loggers may also look like JSON. The search does not look inside a document that cannot be read:
    one of its profiles would pass for a report.
    """
    others: list[tuple[Any, int]] = []
    errors: list[json.JSONDecodeError] = []
    end = 0
    for found in _START.finditer(text):
        start = found.end()
        starts_line = start == 0 or text[start - 1] == "\n" or found.start() == 0
        if start < end or (errors and not starts_line and start < errors[-1].pos):
            continue
        try:
            document, end = decode(text, start)
        except json.JSONDecodeError as error:
            errors.append(error)
            if len(errors) > _MAX_LOG_LINES_TRIED:
                break
            continue
        except ValueError:
            raise NotAReport("holds a number with thousands of digits, which InSpec never writes") from None
        if _is_report(document):
            return document, end
        others.append((document, end))
    if others and not errors:
        return others[0]
    raise NotAReport(_what_it_is(text, errors))


_LOOKS_LIKE = (
    (r"(?i)\A\s*<\?xml|\A\s*<testsuite", "XML (--reporter junit or junit2?)"),
    (r"\A\s*<", "HTML (--reporter html or html2?)"),
    (r"(?m)\A---\s|^:?(?:platform|profiles|controls|statistics):\s*$", "YAML (--reporter yaml?)"),
    (r"(?m)^[^\S\n]*(?:Profile:|Profile Summary:|Test Summary:)", "InSpec's text output (--reporter cli?)"),
)


def _what_it_is(text: str, errors: Sequence[json.JSONDecodeError]) -> str:
    looks_like = next((kind for pattern, kind in _LOOKS_LIKE if re.search(pattern, text)), None)
    if looks_like:
        return f"is {looks_like}, not JSON; {USE_JSON}"
    start = re.search(rf'{_REPORT_START}|^[^\S\n]*\{{\s*("|\Z)', text, re.MULTILINE)
    if not start:
        return f"is not JSON; {USE_JSON}"
    # The error in the report, not one in a line printed before it.
    error = next((error for error in errors if error.pos >= start.start()), errors[0])
    at = f"line {error.lineno}, column {error.colno}"
    text = text.rstrip()
    # An invalid token at the very end is the start of a longer one.
    in_token = len(text) - error.pos <= _LONGEST_TOKEN and text[-1] not in "]}"
    if error.pos >= len(text) or in_token or error.msg.startswith("Unterminated"):
        return f"is cut short ({at}): InSpec is still writing it, or died"
    return f"is broken JSON ({error.msg}, {at}): have InSpec write it again"


def _keys(document: Mapping[str, Any]) -> str:
    shown = ", ".join(visible(key)[:40] for key in list(document)[:5])
    return f"an object with the keys {shown}" if shown else "an empty object"
