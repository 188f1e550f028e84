"""Hostile reports, made from genuine ones: from the parser to both outputs.

    PYTHONPATH=tests python -m helpers.fuzz --long                  200,000 cases, two processes
    PYTHONPATH=tests python -m helpers.fuzz --cases 5000 --from 0   these only
    PYTHONPATH=tests python -m helpers.fuzz --show 1234             one case's bytes, to keep it as a regression case

A case is made from its number alone. About two in three change the structure (drop, null, retype, nest, duplicate, enlarge any
field of a report cut to a few controls), the rest change bytes, of a report or of the memory. For each: no exception but
NotAReport, bounded time and memory for its size, a .prom that the strict parser takes, and the same numbers in it, on the page
and in the model.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from inspec_textfile import pages
from inspec_textfile.history.model import Past
from inspec_textfile.history.past import advance, shown
from inspec_textfile.memory import Damaged, FileFacts, Memory, ReportMemory, decode, encode, output_parts, past_parts
from inspec_textfile.metrics.figures import CONTROL_SERIES, figures
from inspec_textfile.metrics.of_run import ReportRow
from inspec_textfile.report.model import Report, Unreadable
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport
from inspec_textfile.report.status import count_results, exporter_status
from inspec_textfile.summary import summarize

from helpers.exposed import file_of, remembered, row_of
from helpers.pasts import fleet_of, overviews_of
from helpers.paths import REPORTS
from helpers.strict import parse, total

LONG = 200_000
LARGEST = 500_000
"""Bytes of a case, about."""

# What a case may take. Of processor time: so much, and so much more for each byte; rendering Markdown is the slowest by far.
SECONDS = 1.0
SECONDS_A_BYTE = 20e-6
HANGS = 60
"""Seconds after which a case is broken off."""
MEMORY = 2 * 1024**3
"""Bytes of address space of a process that tries cases; see LARGEST."""
PAGE_BYTES, PAGE_BYTES_A_BYTE = 200_000, 40

_CONTROL = re.compile(r'<details class="c (\w+)" data-v="(\w+)"')


# --- making cases ----------------------------------------------------------------------------------------------------------


@functools.cache
def _originals() -> list[bytes]:
    paths = [path for path in sorted(REPORTS.glob("*/*.json")) if path.stat().st_size]
    return [path.read_bytes() for path in paths]


@functools.cache
def _documents() -> list[Any]:
    """Return genuine reports as JSON, those that are some."""
    found = []
    for data in _originals():
        try:
            found.append(json.loads(data))
        except ValueError:  # with log lines before it
            continue
    return found


_TEXTS = (
    "", " ", "x", "\n", "\0", "\ud800", "\u2028", "\u202e\u0627", "\x1b[31mred", '"', "\\", "\\n", "}", '{a="b"} 1',
    "# TYPE x gauge", "<script>alert(1)</script>", "</details>", "&amp;", "]]>", "javascript:alert(1)", "http://[",
    "![x](y)", "[x](javascript:y)", "`" * 50, "*" * 300, "[" * 300, "> " * 200, "| a | b |\n|---|---|\n" * 20,
    "_" * 199+"a", "\t- x\n" * 50, "<" * 500, "&#0;", "passed", "failed", "skipped", "error", "waived", "loaded",
    "none", "critical", "NaN", "1e999", "-0", "0.95", "true", "Waiver expired on 2020-01-01",
    "2026-11-24T00:12:26+00:00", "9999-99-99", "2026-02-30 25:61:61 +99:99", "0000-00-00", "١٢٣",
    "\U0001d518\U0001d52b\U0001d526", "e\u0301" * 40, "../../etc/passwd", "RSpec::Core::MultipleExceptionError",
    "noop", "a" * 2000, "\n" * 3000, "\r\n" * 9,
)  # fmt: skip
_NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    0.1,
    0.4,
    0.7,
    0.9,
    1.0,
    5,
    1e308,
    -1e308,
    10**40,
    10**400,
    2**63,
    1e-320,
    float("inf"),
    float("nan"),
)


def _value(chance: random.Random) -> Any:
    kind = chance.randrange(8)
    if kind == 0:
        return None
    if kind == 1:
        return chance.choice((True, False))
    if kind == 2:
        return chance.choice(_NUMBERS)
    if kind == 3:
        return [_value(chance) for _ in range(chance.randrange(4))]
    if kind == 4:
        return {chance.choice(_TEXTS): _value(chance) for _ in range(chance.randrange(4))}
    return chance.choice(_TEXTS)


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of everything in a document, the top first."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    for node in waiting:
        if len(found) > LARGEST // 10:
            break
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            found.append((node, key))
            if isinstance(node[key], (dict, list)):
                waiting.append(node[key])
    return found


def _weight(document: Any) -> int:
    """Return about how long a document is as JSON; what occurs several times counts each time."""
    places = _places(document)
    texts = [value for container, key in places if isinstance(value := container[key], str)]
    return sum(map(len, texts)) + 10 * len(places) + sum(len(key) for _, key in places if isinstance(key, str))


def _nested(value: Any, chance: random.Random) -> Any:
    for _ in range(chance.choice((1, 2, 5, 100, 700, 5000))):
        value = [value] if chance.random() < 0.5 else {chance.choice(("ref", "name", "x")): value}
    return value


def _enlarged(value: Any, chance: random.Random) -> Any:
    times = chance.choice((2, 10, 100, 1000))
    if isinstance(value, str):
        return value * max(1, min(times, 200_000 // max(1, len(value))))
    if isinstance(value, list):
        return value * (times if times * len(str(value)[:100_000]) < 200_000 else 2)
    if isinstance(value, dict):
        times = min(times, 20, 200_000 // len(str(value)))
        return {**value, **{f"{key}{number}": part for number in range(times) for key, part in value.items()}}
    return value * 10**times if isinstance(value, int) else value


def _one_change(document: Any, chance: random.Random) -> None:
    places = _places(document)
    if not places:
        return
    # A field deep below is one of thousands; those that steer are near the top.
    container, key = chance.choice(places if chance.random() < 0.6 else places[: max(1, len(places) // 4)])
    operation = chance.randrange(8)
    if operation == 0:
        del container[key]
    elif operation == 1:
        container[key] = None
    elif operation == 2:
        container[key] = _nested(container[key], chance)
    elif operation == 3:
        with contextlib.suppress(RecursionError):
            container[key] = _enlarged(container[key], chance)
    elif operation == 4 and isinstance(container, list):
        container.insert(chance.randrange(len(container) + 1), container[key])
    elif operation == 4:
        container["\ue000" + key] = chance.choice((container[key], _value(chance)))  # becomes the key, twice
    elif operation == 5:
        other, other_key = chance.choice(places)
        try:
            container[key] = json.loads(json.dumps(other[other_key]))
        except (KeyError, IndexError, ValueError, RecursionError):  # gone, or nested too deeply for the encoder
            container[key] = None
    else:
        container[key] = _value(chance)


def _cut(document: Any, chance: random.Random) -> Any:
    """Return a document with a few controls and results of each list, so that a case takes milliseconds."""
    if isinstance(document, dict):
        return {key: _cut(value, chance) for key, value in document.items()}
    if isinstance(document, list):
        kept = document if len(document) <= 4 else chance.sample(document, chance.randrange(1, 5))
        return [_cut(value, chance) for value in kept]
    return document


def _structure(chance: random.Random) -> bytes:
    document = _cut(chance.choice(_documents()), chance)
    if isinstance(document, dict) and chance.random() < 0.2:  # two reports in one
        document.get("profiles", []).extend(_cut(chance.choice(_documents()), chance).get("profiles", []))
    for _ in range(chance.choice((1, 1, 2, 3, 6, 12))):
        _one_change(document, chance)
    if _weight(document) > LARGEST:
        return _bytes(chance)
    try:
        text = json.dumps(document, ensure_ascii=chance.random() < 0.5).replace("\\ue000", "").replace("\ue000", "")
    except RecursionError:
        depth = chance.choice((900, 3000, 100_000))
        text = '{"profiles": [{"name": "deep", "controls": ' + "[" * depth + "]" * depth + "}]}"
    return text.encode(chance.choice(("utf-8",) * 8 + ("utf-8-sig", "utf-16", "utf-32")), "surrogatepass")


_TOKENS = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b"null", b"true", b"NaN",
    b"-Infinity", b"1e999", b"0" * 5000, b"[" * 2000, b'{"a":' * 2000, b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\0",
    b"\n{", b"\n" * 500, b"\r\n", b" " * 500, b"/*", b"//", b"'", b'"status":"failed"', b'"impact":0',
    b'"results":[]', b'"profiles":[', b'{"profiles":[]}', b"<xml", b"---\n",
)  # fmt: skip


def _mutated(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(made) + 1)
        span = min(chance.choice((1, 1, 2, 8, 64, 512)), len(made) - at)
        operation = chance.randrange(6)
        if operation == 0 and at < len(made):
            made[at] = chance.randrange(256)
        elif operation == 1:
            del made[at : at + span]
        elif operation == 2:
            made[at:at] = chance.choice(_TOKENS)
        elif operation == 3:
            made[at:at] = made[at : at + span] * chance.choice((1, 2, 50))
        elif operation == 4:
            other = chance.choice(_originals())
            start = chance.randrange(len(other))
            made[at : at + span] = other[start : start + span]
        else:
            del made[at:]
            break
    return bytes(made)


def _bytes(chance: random.Random) -> bytes:
    small = [data for data in _originals() if len(data) < 20_000]
    return _mutated(chance.choice(small), chance)


def case(number: int) -> tuple[str, bytes]:
    """Return what a case is, `report` or `state`, and its bytes."""
    chance = random.Random(number)  # noqa: S311  # no secret
    kind = chance.random()
    if kind < 0.65:
        return "report", _structure(chance)
    if kind < 0.95:
        return "report", _bytes(chance)
    return "state", _mutated(_state(), chance)


@functools.cache
def _state() -> bytes:
    """Return a memory of a few reports."""
    reports = {}
    for number, data in enumerate(_originals()[:40:8]):
        report = parse_report(data, f"r{number}", 5_000_000)
        past = advance(Past(), report)
        history = shown(past, report)
        parts = {**output_parts(figures(report, history, "all"), summarize(report, history)), **past_parts(past)}
        reports[report.name] = ReportMemory(report.name, FileFacts(digest="d" * 64), parts)
    return encode(Memory(reports))


# --- trying them -----------------------------------------------------------------------------------------------------------


class Wrong(Exception):
    """A promise that was not kept."""


def check(kind: str, data: bytes, name: str) -> bool:
    """Try one case and return whether it could be read. Raises whatever fails."""
    started = time.process_time()
    readable = _check_state(data) if kind == "state" else _check_report(data, name)
    spent = time.process_time() - started
    if spent > SECONDS + SECONDS_A_BYTE * len(data):
        raise Wrong(f"took {spent:.1f} s for {len(data):,} bytes")
    return readable


def _check_report(data: bytes, name: str) -> bool:
    try:
        report = parse_report(data, name, 1_700_000_000_123_456_789)
    except NotAReport as error:
        _check_message(str(error))
        overviews_of(fleet_of([], [Unreadable(name, f"{name}.json", str(error))]))
        return False
    for warning in report.warnings:
        _check_message(warning.text)
    control_series = CONTROL_SERIES[len(data) % 3]
    row = row_of(report, control_series)
    text = file_of([row], control_series, 50)
    _check_sums(report, parse(text))
    _check_remembered(row, text, control_series)
    _check_page(report, len(data))
    return True


def _check_message(text: str) -> None:
    if not text or "\n" in text or not text.isprintable() or len(text) > 1000:
        raise Wrong(f"a message that is no line: {text[:1200]!r}")


def _check_sums(report: Report, series: dict[Any, float]) -> None:
    for profile in report.profiles:
        counted = total(series, "inspec_controls", report=report.name, profile=profile.name)
        if len(profile.name) <= 70 and counted != len(profile.controls):
            raise Wrong(f"{counted} controls instead of {len(profile.controls)}")
        results = sum(count_results(profile.controls).values())
        if len(profile.name) <= 70 and total(series, "inspec_results", profile=profile.name) != results:
            raise Wrong("results that are not counted")
    if total(series, "inspec_controls") != sum(len(profile.controls) for profile in report.profiles):
        raise Wrong("controls that are not counted")
    tested = [
        control for entry in report.entries if not entry.outside for control in entry.controls if exporter_status(control)
    ]
    if total(series, "inspec_checks_total") != len(tested):
        raise Wrong("controls that the original exporter would count")
    ids = {control.id for entry in report.entries for control in entry.controls}
    if ids != {control.id for profile in report.profiles for control in profile.controls}:
        raise Wrong("a control that is lost, or made up")


def _check_remembered(row: ReportRow, text: bytes, control_series: str) -> None:
    """What is written can be remembered, all of it."""
    again = parse(file_of([remembered(row)], control_series, 50))
    first = parse(text)
    changed = {name for name, _ in (key for key in first if first[key] != again[key])}
    if changed != {"inspec_report_readable", "inspec_textfile_reports"}:
        raise Wrong("a series that does not come back")


def _check_page(report: Report, size: int) -> None:
    page = pages.render_report(report)
    counted = Counter((severity, status) for status, severity in _CONTROL.findall(page))
    if counted != Counter((control.severity, control.status) for profile in report.profiles for control in profile.controls):
        raise Wrong("a page that shows other numbers than the metrics")
    summary = summarize(report)
    if summary.tally.total != sum(counted.values()):
        raise Wrong("an index that shows other numbers than the page")
    encoded = page.encode()
    if len(encoded) > PAGE_BYTES + PAGE_BYTES_A_BYTE * size:
        raise Wrong(f"a page of {len(encoded):,} bytes from {size:,}")
    if page.count("<script") != 1 or any(character in page for character in "\0\x1b\u202e\ud800"):
        raise Wrong("markup or a character that should not be there")
    for text in overviews_of(fleet_of([summary])).values():
        text.encode()


def _check_state(data: bytes) -> bool:
    """A damaged memory is recognised, whatever was changed in it."""
    try:
        decode(data)
    except Damaged:
        return data != _state()
    raise Wrong("a damaged memory that is believed")


class _Hang(Exception):
    pass


def try_case(number: int) -> tuple[bool, str]:
    """Try a case within its time; return whether it could be read, and what is wrong with it."""

    def broken_off(*_: object) -> None:
        raise _Hang(f"still busy after {HANGS} s")

    before = signal.signal(signal.SIGALRM, broken_off)
    signal.alarm(HANGS)
    try:
        kind, data = case(number)
        return check(kind, data, f"case-{number}"), ""
    except Exception:
        return False, traceback.format_exc(limit=-6)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_cases(numbers: Iterable[int]) -> Iterator[tuple[int, bool, str]]:
    for number in numbers:
        yield number, *try_case(number)


# --- the long mode ---------------------------------------------------------------------------------------------------------


def _worker(span: tuple[int, int]) -> tuple[int, int, list[tuple[int, str]]]:
    found = list(try_cases(range(*span)))
    return len(found), sum(readable for _, readable, _ in found), [(number, wrong) for number, _, wrong in found if wrong]


def _prepare() -> None:
    os.nice(3)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main(arguments: list[str], say: Callable[[str], object]) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("--cases", type=int, default=3000)
    options.add_argument("--from", type=int, default=0, dest="first")
    options.add_argument("--show", type=int)
    given = options.parse_args(arguments)
    if given.show is not None:
        sys.stdout.buffer.write(case(given.show)[1])
        return 0
    last = given.first + (LONG if given.long else given.cases)
    spans = [(first, min(first + 500, last)) for first in range(given.first, last, 500)]
    started = time.monotonic()
    tried = read = 0
    kinds: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(2, _prepare, maxtasksperchild=40) as pool:
        for done, readable, wrong in pool.imap_unordered(_worker, spans):
            tried += done
            read += readable
            for number, text in wrong:
                kind = text.strip().splitlines()[-1]
                kinds[kind] += 1
                if kinds[kind] <= 3:
                    say(f"case {number}:\n{text}")
            if tried % 10_000 == 0:
                seconds = time.monotonic() - started
                say(f"{tried:,} cases, {read:,} of them readable, {sum(kinds.values())} wrong, {seconds:.0f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    seconds = time.monotonic() - started
    say(f"{tried:,} cases, {read:,} readable, {sum(kinds.values())} wrong, {seconds:.0f} s, peak {peak} MiB")
    for kind, number in kinds.most_common():
        say(f"{number:6} {kind}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda text: print(text, flush=True)))  # noqa: T201  # a program of its own
