"""How far inspec-textfile is from the floor: the least that a program in Python can do for the same results (floor.py).

    python tests/benchmark/run.py              a table; both in one run, alternating, medians
    python tests/benchmark/run.py --growth     and how time and memory grow: takes some minutes and 4 GB of disk

Run it with the Python of the environment in which inspec-textfile is installed, as a wheel: a checkout has no compiled files.
No test asserts a time: a slow machine proves nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared"
SMALL = REPOSITORY / "tests/data/reports/7.1.16/ssh-baseline.json"
COMMAND = str(Path(sys.executable).parent / "inspec-textfile")
FLOOR = str(Path(__file__).with_name("floor.py"))
ROUNDS = 11


def measure(arguments: Sequence[str]) -> tuple[float, float]:
    """Run a program and return its wall time in seconds and its peak memory in MiB."""
    null = os.open(os.devnull, os.O_WRONLY)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    begin = time.perf_counter()
    child = os.posix_spawn(arguments[0], list(arguments), os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    os.close(null)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"failed: {' '.join(arguments)}")
    return seconds, usage.ru_maxrss / 1024


def alternate(ours: Callable[[], Sequence[str]], floor: Callable[[], Sequence[str]], rounds: int) -> tuple[float, float]:
    """Return the median times of two programs, run in turn so that both see the same machine."""
    pairs = [(measure(ours())[0], measure(floor())[0]) for _ in range(rounds)]
    return statistics.median(one for one, _ in pairs), statistics.median(two for _, two in pairs)


class Bench:
    """A table of ratios, made in a folder of its own."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder = folder
        self.rounds = rounds

    def compare(self, name: str, goal: float, ours: Callable[[], Sequence[str]], floor: Callable[[], Sequence[str]]) -> None:
        """Print one row."""
        measure(ours())  # files into the cache
        measure(floor())
        mine, least = alternate(ours, floor, self.rounds)
        print(f"{name:42} {mine * 1000:9.1f} {least * 1000:9.1f} {mine / least:7.2f} {goal:6.1f}", flush=True)

    def reports(self, name: str, inputs: Sequence[Path]) -> None:
        """Print the rows of one set of reports: cold and warm, with pages and without."""
        pages, prom = self.folder / "pages", self.folder / "out" / "inspec.prom"
        prom.parent.mkdir(exist_ok=True)
        files = [str(path) for path in inputs]
        ours = [COMMAND, "-q", "-o", str(prom), "--reports-dir", str(pages), *files]

        def cold() -> Sequence[str]:
            shutil.rmtree(pages, ignore_errors=True)
            return ours

        def floor(sizes: Sequence[int]) -> Sequence[str]:
            target = self.folder / "floor"
            target.mkdir(exist_ok=True)
            return [sys.executable, FLOOR, str(target), *map(str, sizes), "--", *files]

        measure(cold())
        written = [path.stat().st_size for path in pages.rglob("*.html")]
        metrics = prom.stat().st_size
        self.compare(f"{name}, cold", 2.0, cold, lambda: floor([metrics, *written]))
        measure(ours)
        self.compare(f"{name}, warm", 1.2, lambda: ours, lambda: floor([metrics]))
        self.compare(f"{name}, metrics only", 1.2, lambda: [*ours, "--no-reports"], lambda: floor([metrics]))

    def many(self, count: int) -> None:
        """Print the rows of many small reports: warm, and with one of them changed, compared with a warm run."""
        source = json.loads(SMALL.read_bytes())
        folders = [self.folder / "many" / name for name in ("warm", "changing")]
        for folder in folders:
            (folder / "results").mkdir(parents=True)
            (folder / "out").mkdir()
            for number in range(count):
                (folder / "results" / f"{number:04}.json").write_text(json.dumps(distinct(source, number)))
        warm, changing = (
            [
                COMMAND,
                "-q",
                "-o",
                f"{root}/out/inspec.prom",
                "--reports-dir",
                f"{root}/pages",
                "--results-dir",
                f"{root}/results",
            ]
            for root in folders
        )
        measure(warm)
        measure(changing)
        sizes = [str((folders[0] / "out" / "inspec.prom").stat().st_size)]
        files = [str(path) for path in sorted((folders[0] / "results").iterdir())]
        (self.folder / "floor").mkdir(exist_ok=True)
        floor = [sys.executable, FLOOR, str(self.folder / "floor"), *sizes, "--", *files]
        self.compare(f"{count:,} reports, warm", 1.2, lambda: warm, lambda: floor)
        numbers = itertools.count()

        def changed() -> Sequence[str]:
            path = folders[1] / "results" / "0500.json"
            path.write_text(json.dumps({**json.loads(path.read_bytes()), "statistics": {"duration": next(numbers)}}))
            return changing

        self.compare(f"{count:,} reports, 1 changed, against warm", 1.3, changed, lambda: warm)


def distinct(document: Any, number: int) -> Any:
    """Return a report like a given one, in which ids and prose are of its own."""
    copy = json.loads(json.dumps(document))
    for profile in copy["profiles"]:
        for control in profile["controls"]:
            control["id"] = f"{control['id']}-{number}"
            control["desc"] = f"{control.get('desc') or ''} ({number})"
            for text in control.get("descriptions") or []:
                text["data"] = f"{text.get('data') or ''} ({number})"
    return copy


def growth(folder: Path) -> None:
    """Print how time and memory grow with the number of reports, and with the size of one."""
    source = json.loads((SHARED / "corpus/rhel7-ece-results.json").read_bytes())
    results = folder / "results"
    results.mkdir()
    for number in range(1000):
        (results / f"{number:04}.json").write_text(json.dumps(distinct(source, number)))
    for count in (10, 100, 1000):
        files = [str(path) for path in sorted(results.iterdir())[:count]]
        arguments = [COMMAND, "-q", "-o", str(folder / "g.prom"), "--reports-dir", str(folder / f"g{count}"), *files]
        cold, memory = measure(arguments)
        warm, warm_memory = measure(arguments)
        print(
            f"{count:5} reports of 1.7 MB: cold {cold:7.1f} s, {memory:5.0f} MiB; warm {warm:6.1f} s, {warm_memory:5.0f} MiB",
            flush=True,
        )
        shutil.rmtree(folder / f"g{count}")
    shutil.rmtree(results)
    control = json.loads(SMALL.read_bytes())["profiles"][0]["controls"][4]
    for count in (1_000, 10_000, 100_000):
        large = folder / "large.json"
        with large.open("w") as file:
            file.write('{"version": "5", "profiles": [{"name": "p", "controls": [')
            for number in range(count):
                text = json.dumps(control | {"id": f"c-{number}", "desc": f"Number {number} is not as it should be."})
                file.write(f"{',' if number else ''}{text}")
            file.write("]}]}")
        cold, memory = measure([COMMAND, "-q", "-o", str(folder / "g.prom"), "--reports-dir", str(folder / "l"), str(large)])
        print(f"{count:6} controls, {large.stat().st_size / 1e6:5.0f} MB: cold {cold:6.1f} s, {memory:5.0f} MiB", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, medians of {options.rounds}")
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), options.rounds)
        print(f"{'':42} {'ours, ms':>9} {'floor, ms':>9} {'ratio':>7} {'goal':>6}")
        bench.compare("--version", 1.5, lambda: [COMMAND, "--version"], lambda: [sys.executable, "-c", "import click"])
        bench.reports("one report of 9 kB", [SMALL])
        bench.reports("one report of 2.5 MB", [SHARED / "corpus/vSphere8_report.json"])
        bench.reports("13 reports of 12 MB", sorted((SHARED / "corpus").glob("*.json")))
        bench.many(1000)
        if options.growth:
            growth(Path(name))


if __name__ == "__main__":
    main()
