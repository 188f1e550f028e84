"""A .prom file as node_exporter reads it: all of it, or nothing.

The rules are those of `expfmt.TextParser` (github.com/prometheus/common, expfmt/text_parse.go) and of the textfile collector
(github.com/prometheus/node_exporter, collector/textfile.go). prometheus_client's parser is laxer and does not give the line.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

_SKIPPED = ": node_exporter skips the whole file"

Series = tuple[str, tuple[tuple[str, str], ...]]
"""Name and sorted labels. An empty label is the same as none, so it is left out."""

_NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
_COMMENT = re.compile(r"[ \t]*#[ \t]*(HELP|TYPE)[ \t]+([^\n]*)\Z")
_DESCRIBED = re.compile(rf"({_NAME})(?:[ \t]+(.*))?\Z", re.DOTALL)
_SAMPLE_START = re.compile(rf"[ \t]*({_NAME})[ \t]*")
_LABEL = re.compile(r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\["\\n])*)"[ \t]*')
_LABELS_END = re.compile(r"[ \t]*\}[ \t]*")
_VALUE = re.compile(r"([^ \t]+)(?:[ \t](.*))?\Z", re.DOTALL)
_NUMBER = re.compile(r"(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?|nan)\Z", re.IGNORECASE | re.ASCII)
_BAD_ESCAPE = re.compile(r'(?:\\\\|\\n|\\"|[^\\])*\\(?:[^\\n"]|\Z)', re.DOTALL)
_TYPES = ("counter", "gauge", "summary", "untyped", "histogram")
_SUFFIXES = {"summary": ("_count", "_sum"), "histogram": ("_count", "_sum", "_bucket")}
_UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class BrokenTextfile(Exception):
    """A .prom file that breaks a rule; the message says which, and what node_exporter then does."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class _Crash(ValueError):
    """A line that does worse than make node_exporter skip the file."""


@dataclass(frozen=True)
class Textfile:
    """What a .prom file says."""

    values: dict[Series, float] = field(default_factory=dict)
    lines: dict[Series, int] = field(default_factory=dict)
    """Line on which a series first occurs."""
    repeated: dict[Series, int] = field(default_factory=dict)
    """Series that occur twice, and the line of the second: node_exporter keeps one of the two."""
    helps: dict[str, str] = field(default_factory=dict)
    """Family -> HELP, as it is written."""
    types: dict[str, str] = field(default_factory=dict)
    """Family -> TYPE, untyped where none was given."""


def parse_textfile(data: bytes) -> Textfile:
    """Return what a .prom file says. Raises BrokenTextfile if node_exporter would skip it, or stop on it."""
    found = Textfile()
    *lines, rest = data.split(b"\n")
    for number, raw in enumerate(lines, 1):
        try:
            _read_line(raw, number, found)
        except _Crash as error:
            raise BrokenTextfile(number, str(error)) from None
        except ValueError as error:
            raise BrokenTextfile(number, f"{error}{_SKIPPED}") from None
    if rest.strip(b" \t"):
        raise BrokenTextfile(len(lines) + 1, f"the last line does not end in a newline{_SKIPPED}")
    return found


def _read_line(raw: bytes, number: int, found: Textfile) -> None:
    """Read one line into `found`. Raises ValueError."""
    stripped = raw.strip(b" \t")
    if stripped.startswith(b"#"):
        comment = _COMMENT.match(raw.decode("utf-8", "surrogateescape"))
        if comment:
            _read_comment(comment[1], comment[2], found)
        return
    if raw.endswith(b"\r"):
        raise ValueError("the line has a Windows line ending (CR LF)")
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if stripped:
        _read_sample(line, number, found)


def _read_comment(keyword: str, text: str, found: Textfile) -> None:
    if not text:
        return
    described = _DESCRIBED.match(text)
    if not described:
        raise ValueError(f"the {keyword} does not name a valid metric")
    name = _family(described[1], found)
    value = described[2] or ""
    if not value:
        return
    if keyword == "HELP":
        if name in found.helps:
            raise ValueError(f"a second HELP of {name}")
        if not value.isprintable() and any("\udc80" <= character <= "\udcff" for character in value):
            raise _Crash(f"the HELP of {name} is not UTF-8: Prometheus refuses all metrics of this host")
        if _BAD_ESCAPE.match(value):
            raise ValueError(f"the HELP of {name} holds a backslash that escapes nothing; write \\\\")
        found.helps[name] = value
    else:
        if name in found.types:
            raise ValueError(f"a second TYPE of {name}, or one after its first sample")
        if value.lower() not in _TYPES:
            raise ValueError(f"{value!r} is not a type that node_exporter knows ({', '.join(_TYPES)})")
        found.types[name] = value.lower()


def _family(name: str, found: Textfile) -> str:
    """Return the family of a sample: `x` for the `x_sum` of a summary."""
    if name in found.types or name in found.helps:
        return name
    for kind, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            if name.endswith(suffix) and found.types.get(name[: -len(suffix)]) == kind:
                return name[: -len(suffix)]
    return name


def _read_sample(line: str, number: int, found: Textfile) -> None:
    start = _SAMPLE_START.match(line)
    if not start:
        raise ValueError("does not begin with a valid metric name")
    name = start[1]
    end = start.end()
    labels: dict[str, str] = {}
    if line[end : end + 1] == "{":
        labels, end = _read_labels(line, end + 1)
    elif not line[end - 1 : end].isspace():
        raise ValueError(f"the metric name {name} is followed by neither labels nor a value")
    value = _VALUE.match(line[end:])
    if not value:
        raise ValueError("has no value")
    if value[2] is not None:
        timestamped = value[2].strip(" \t").lstrip("+-").isdecimal()
        raise ValueError("has a timestamp, which node_exporter refuses" if timestamped else "has something after its value")
    family = _family(name, found)
    bound = {"histogram": "le", "summary": "quantile"}.get(found.types.setdefault(family, "untyped"))
    if bound in labels:
        _number(labels[bound])
    series = (name, tuple(sorted((key, text) for key, text in labels.items() if text)))
    if series in found.values:
        found.repeated.setdefault(series, number)
    else:
        found.values[series] = _number(value[1])
        found.lines[series] = number


def _read_labels(line: str, start: int) -> tuple[dict[str, str], int]:
    """Return the labels, and the position after them."""
    labels: dict[str, str] = {}
    while not (end := _LABELS_END.match(line, start)):
        label = _LABEL.match(line, start)
        if not label:
            raise ValueError(f'the labels are not of the form name="value" near {line[start : start + 20]!r}')
        name = label[1]
        if name in labels:
            raise ValueError(f"has the label {name} twice")
        if name.startswith("__"):
            raise _Crash(f"the label {name} begins with __: node_exporter crashes on it")
        labels[name] = re.sub(r"\\.", lambda escape: _UNESCAPED[escape[0]], label[2])
        start = label.end()
        if line[start : start + 1] == ",":
            start += 1
        elif line[start : start + 1] != "}":
            raise ValueError(f"expected a comma or }} after the label {name}")
    return labels, end.end()


def _number(text: str) -> float:
    """Return a value as Go's `strconv.ParseFloat` reads it, except hexadecimal."""
    if not _NUMBER.match(text):
        raise ValueError(f"{text!r} is not a number")
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(f"{text!r} is too large a number")
    return value
