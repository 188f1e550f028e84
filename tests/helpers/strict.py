"""A parser of Prometheus' text format that forgives nothing: less than node_exporter's own accepts, so that a file which passes
here passes there."""

from __future__ import annotations

import json
import re

_HELP = re.compile(r"# HELP ([a-zA-Z_][a-zA-Z0-9_]*) [^\n]+\Z")
_TYPE = re.compile(r"# TYPE ([a-zA-Z_][a-zA-Z0-9_]*) gauge\Z")
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*"'
_SAMPLE = re.compile(rf"([a-zA-Z_][a-zA-Z0-9_]*)(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\Z")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"')
_COMMENT = re.compile(r"# inspec-textfile (?:report|run) ")
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

Series = tuple[str, tuple[tuple[str, str], ...]]


def parse(data: bytes) -> dict[Series, float]:
    """Return (name, sorted labels) -> value of a whole file. Raises ValueError for anything that is not just so."""
    text = data.decode()
    if not text.endswith("\n"):
        raise ValueError("no newline at the end")
    described: set[str] = set()
    typed: set[str] = set()
    family = ""
    found: dict[Series, float] = {}
    for line in text[:-1].split("\n"):
        if any(character < " " or character == "\x7f" for character in line):
            raise ValueError(f"a control character: {line!r}")
        if comment := _COMMENT.match(line):
            json.loads(line[comment.end() :])
        elif matched := _HELP.match(line):
            family = _once(matched[1], described)
        elif matched := _TYPE.match(line):
            if _once(matched[1], typed) != family:
                raise ValueError(f"TYPE without HELP: {line!r}")
        elif matched := _SAMPLE.match(line):
            name, labels, value = matched.groups()
            if name != family or name not in typed:
                raise ValueError(f"outside of its family: {line!r}")
            pairs = [(key, re.sub(r"\\.", _unescape, quoted)) for key, quoted in _PAIR.findall(labels or "")]
            if len(dict(pairs)) != len(pairs):
                raise ValueError(f"a label twice: {line!r}")
            series = (name, tuple(sorted(pairs)))
            if series in found:
                raise ValueError(f"a series twice: {line!r}")
            found[series] = float(value)
        else:
            raise ValueError(f"neither a comment nor a sample: {line!r}")
    return found


def _once(name: str, seen: set[str]) -> str:
    if name in seen:
        raise ValueError(f"described twice: {name}")
    seen.add(name)
    return name


def _unescape(found: re.Match[str]) -> str:
    return _ESCAPED[found[0]]


def total(found: dict[Series, float], name: str, **labels: str) -> float:
    """Return the sum of a family's series that have these labels."""
    return sum(value for (family, pairs), value in found.items() if family == name and labels.items() <= dict(pairs).items())
