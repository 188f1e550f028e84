"""Runs that are killed at random moments, while a reader looks at the files all the time.

    PYTHONPATH=tests python -m helpers.killed --long       1,000 runs
    PYTHONPATH=tests python -m helpers.killed --runs 100 --seed 1

Each run has results of its own generation, which every page and every part of the .prom names: so a mix of two runs shows. Half
of the runs get SIGKILL while they write a file, by strace, the others after a random time. Every tenth run is left alone, the
reader sees what it wrote, and nothing of the killed ones may be left after it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from inspec_textfile.memory import fallback_name, file_name
from inspec_textfile.pages.overviews import OVERVIEWS

from helpers.host import COMMAND, Host
from helpers.paths import REPORTS
from helpers.servers import eventually
from helpers.strict import parse
from helpers.tracing import number_of_calls, on_our_folders, traced

_OF_7 = ("overlay", "ssh-baseline", "waivers", "edge-outcomes", "multi-three", "docs-markdown", "noisy")
CASES = (*(f"7.1.16/{name}" for name in _OF_7), "1.51.21/linux-files", "2.3.28/all-pass", "5.24.24/target-id")
LONG = 1000

_VERSION = re.compile(r"<dt>InSpec</dt><dd>9\.(\d+)<")


@dataclass
class Seen:
    """What a reader saw."""

    states: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of all runs."""

    runs: int = 0
    whole: int = 0
    """Runs that were left alone."""
    killed_writing: int = 0
    """Runs that were killed and left a temporary file."""
    states: int = 0
    """Runs of which the reader saw a whole file."""
    wrong: list[str] = field(default_factory=list)


def write_results(results: Path, generation: int) -> None:
    for case in CASES:
        text = (REPORTS / f"{case}.json").read_text()
        report = json.loads(text[text.index('{"platform"') if '{"platform"' in text else text.index("{") :])
        report["version"] = f"9.{generation}"
        path = results / f"{case.replace('/', '-')}.json"
        path.write_text(json.dumps(report))
        os.utime(path, (generation, generation))


def generation_of(data: bytes) -> int:
    """Return the generation of a .prom. Raises ValueError if it is not valid, or a mix."""
    series = parse(data)
    of_versions = {dict(labels)["inspec_version"] for name, labels in series if name == "inspec_profile_info"}
    of_times = {value for (name, _), value in series.items() if name == "inspec_report_modified_timestamp_seconds"}
    readable = [value for (name, _), value in series.items() if name == "inspec_report_readable"]
    if len(readable) != len(CASES) or not all(readable):
        raise ValueError(f"{len(readable)} reports, {sum(readable)} of them readable")
    if len(of_times) != 1 or of_versions != {f"9.{int(min(of_times))}"}:
        raise ValueError(f"a mix of {of_versions} and {of_times}")
    return int(of_times.pop())


def page_generation(data: bytes) -> int:
    text = data.decode()
    found = set(_VERSION.findall(text))
    if not text.startswith("<!DOCTYPE html>") or not text.endswith("</html>\n") or len(found) != 1:
        raise ValueError(f"a page of {len(data)} bytes, generations {found}")
    return int(found.pop())


def read_on(root: Path, done: Event, answers: multiprocessing.Queue[Seen], newest: Synchronized[int]) -> None:
    """Look at all files again and again, as node_exporter and a browser do."""
    seen = Seen()
    last: dict[Path, bytes] = {}
    pages = [root / "reports" / f"inspec-{case.replace('/', '-')}.json.html" for case in CASES]
    parent = os.getppid()
    while not done.is_set() and len(seen.wrong) < 10 and os.getppid() == parent:
        for path in (root / "textfiles" / "inspec.prom", *pages):
            try:
                data = path.read_bytes()
                if data == last.get(path):
                    continue
                last[path] = data
                if path.suffix == ".prom":
                    generation = generation_of(data)
                    seen.states.add(generation)
                    if generation < newest.value:
                        seen.wrong.append(f"{generation} after {newest.value}")
                    newest.value = generation
                else:
                    page_generation(data)
            except (OSError, ValueError) as error:
                seen.wrong.append(f"{path.name}: {error!r}")
        time.sleep(0.0005)  # leave the runs some of the processor
    answers.put(seen)


def _leftovers(root: Path) -> list[str]:
    return [name for folder in ("reports", "textfiles") for name in os.listdir(root / folder) if name.endswith(".tmp")]


def _start(host: Host) -> subprocess.Popen[bytes]:
    return subprocess.Popen([COMMAND, *host.options()], stderr=subprocess.PIPE)


def _whole_run(host: Host, generation: int, outcome: Outcome) -> None:
    """Let a run end, and check that it left just what it should."""
    root = host.root
    process = _start(host)
    _, said = process.communicate(timeout=120)
    if process.returncode or said:
        outcome.wrong.append(f"exit status {process.returncode}: {said.decode()}")
    if _leftovers(root):
        outcome.wrong.append(f"left over: {_leftovers(root)}")
    pages = {f"inspec-{case.replace('/', '-')}.json.html" for case in CASES}
    files = {name for folder in ("reports", "textfiles") for name in os.listdir(root / folder)}
    expected = {*pages, *(overview.file_name for overview in OVERVIEWS), "inspec.prom", file_name("inspec.prom")}
    if files - {fallback_name("inspec.prom")} != expected:  # not there after the first run
        outcome.wrong.append(f"files: {files ^ expected}")
    if generation_of((root / "textfiles" / "inspec.prom").read_bytes()) != generation:
        outcome.wrong.append("not the newest results")
    for name in pages:
        if page_generation((root / "reports" / name).read_bytes()) != generation:
            outcome.wrong.append(f"{name}: not the newest results")


def _kill_at_some_moment(host: Host, chance: random.Random, duration: float) -> None:
    process = _start(host)
    time.sleep(chance.uniform(0, duration * 1.2))
    process.kill()
    process.communicate()


def _kill_while_it_writes(host: Host, chance: random.Random, calls: int, outcome: Outcome) -> None:
    """Kill a run before one of its files gets its name."""
    before = set(_leftovers(host.root))
    done = traced(host, *on_our_folders(host, "renameat", inject=f"signal=SIGKILL:when={chance.randint(1, calls)}"))
    outcome.killed_writing += done.returncode == -9 and bool(set(_leftovers(host.root)) - before)


def run_all(root: Path, runs: int, seed: int, say: Callable[[str], object]) -> Outcome:
    chance = random.Random(seed)  # noqa: S311  # no secret
    host = Host(root)
    for folder in (host.results, host.reports, host.textfiles):
        folder.mkdir()
    outcome = Outcome()
    write_results(host.results, 1)
    started = time.monotonic()
    _whole_run(host, 1, outcome)
    duration = time.monotonic() - started
    write_results(host.results, 2)
    calls = number_of_calls(host, "renameat")
    context: Any = multiprocessing.get_context("spawn")
    done, answers, newest = context.Event(), context.Queue(), context.Value("i", 0)
    reader = context.Process(target=read_on, args=(root, done, answers, newest))
    reader.start()
    for generation in range(3, runs + 3):
        write_results(host.results, generation)
        outcome.runs += 1
        if generation % 10 == 0 or outcome.runs == runs:
            _whole_run(host, generation, outcome)
            outcome.whole += 1
            eventually(lambda now=generation: newest.value == now, 30, "it is seen", every=0.001)  # type: ignore[misc]
        elif generation % 2:
            _kill_while_it_writes(host, chance, calls, outcome)
        else:
            _kill_at_some_moment(host, chance, duration)
        if outcome.runs % 100 == 0:
            say(f"{outcome.runs} runs, {outcome.killed_writing} of them killed while writing")
    done.set()
    seen = answers.get(timeout=30)
    reader.join()
    outcome.states = len(seen.states)
    outcome.wrong += seen.wrong
    return outcome


def main(arguments: list[str], say: Callable[[str], object]) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--long", action="store_true")
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_all(Path(folder), LONG if given.long else given.runs, given.seed, say)
    say(f"{outcome}, {time.monotonic() - started:.0f} s")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], lambda text: print(text, flush=True)))  # noqa: T201  # a program of its own
