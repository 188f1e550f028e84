"""Is this host set up right? The answer to "my metrics don't show up". Changes nothing, and asks nobody but /proc.

What node_exporter does with its options: https://github.com/prometheus/node_exporter, collector/textfile.go and its --help.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspec_textfile.metrics import FAMILIES
from inspec_textfile.results import NotAReport, parse_report
from inspec_textfile.sources import SourceError, find_sources, read_source

_PROGRAMS = ("node_exporter", "prometheus-node-exporter")
_DEBIANS_FOLDER = "/var/lib/prometheus/node-exporter"
"""What Debian's build reads without --collector.textfile.directory; others then read none."""
_STALE_HOURS = 26
_LARGEST = 16 * 1024 * 1024
"""Bytes of another program's .prom that are looked at."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    text: str
    """A sentence; of what is not good, also what to do."""


@dataclass(frozen=True)
class Exporter:
    """A node_exporter that is running."""

    pid: int
    user: int
    groups: frozenset[int]
    folders: tuple[str, ...]
    """Absolute paths that its textfile collector reads, which is off if there are none."""
    root: str
    """Where its / is, as seen from here: it may run in a container."""


def check(
    arguments: Sequence[str], results_dir: str, reports_dir: str | None, output_dir: str, output_file: str, *, now: float
) -> Iterator[Finding]:
    """Look at everything that a run needs. `now`: Unix time in seconds."""
    yield from _results(arguments, results_dir, now)
    if reports_dir:
        yield _reports_folder(reports_dir)
    yield from _textfile(output_dir, output_file, now)
    yield from _exporters(Path(output_dir), output_file, list(running_exporters()))
    yield from _others(Path(output_dir), output_file)


# --- what goes in ----------------------------------------------------------------------------------------------------------


def _results(arguments: Sequence[str], results_dir: str, now: float) -> Iterator[Finding]:
    sources = find_sources(arguments, results_dir, "stdin")
    for problem in sources.problems:
        yield Finding(False, problem)
    ages = []
    for source in sources.found:
        try:
            data, modified_ns = read_source(source)
            parse_report(data, source.name, modified_ns)
        except (SourceError, NotAReport) as error:
            yield Finding(False, f"{source.path}: {error}")
            continue
        ages.append((now - modified_ns / 1e9, source.path))
    if not sources.found and sources.complete:
        yield Finding(
            False, f"{results_dir}: holds no results: have InSpec write them, --reporter json:{results_dir}/NAME.json"
        )
    if ages:
        oldest, path = max(ages)
        text = f"results: {len(ages)} reports, the newest {_age(min(ages)[0])} old, the oldest {_age(oldest)} ({path})"
        if oldest > _STALE_HOURS * 3600:
            yield Finding(False, f"{text}: does InSpec still run? see its cron job or timer; or remove the file")
        else:
            yield Finding(True, text)


def _age(seconds: float) -> str:
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    return next((f"{seconds / size:.0f} {unit}" for size, unit in units if seconds >= size), f"{max(0.0, seconds):.0f} s")


# --- what comes out --------------------------------------------------------------------------------------------------------


def _reports_folder(path: str) -> Finding:
    if os.path.isdir(path):
        return _may_write(path, f"pages: {path} is there and can be written to")
    above = os.path.dirname(os.path.abspath(path))
    if os.path.lexists(path):
        return Finding(False, f"{path}: is not a folder: remove it, or pass another --reports-dir")
    if os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK):
        return Finding(True, f"pages: {path} will be made by the first run")
    return Finding(
        False, f"{path}: does not exist and cannot be made: mkdir -p it, and give it to the user who runs inspec-textfile"
    )


def _may_write(folder: str, text: str) -> Finding:
    if os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return Finding(True, text)
    return Finding(False, f"{folder}: user {os.geteuid()} must not write here: change its owner, or run as another user")


def _textfile(folder: str, name: str, now: float) -> Iterator[Finding]:
    path = os.path.join(folder, name)
    if not os.path.isdir(folder):
        yield Finding(
            False, f"{folder}: is no folder: make it, or pass the one of node_exporter's --collector.textfile.directory"
        )
        return
    yield _may_write(folder, f"metrics: {folder} is there and can be written to")
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        yield Finding(False, f"{path}: does not exist yet: run inspec-textfile once")
        return
    if not stat.S_ISREG(status.st_mode):
        yield Finding(False, f"{path}: is no regular file: remove it")
        return
    age = now - status.st_mtime
    if status.st_uid not in (os.geteuid(), 0):
        yield Finding(False, f"{path}: belongs to user {status.st_uid}, not to this one: do two users run inspec-textfile?")
    if age > _STALE_HOURS * 3600:
        yield Finding(False, f"{path}: is {_age(age)} old: does inspec-textfile still run? see its cron job or timer")
    else:
        yield Finding(True, f"metrics: {path} is {_age(age)} old, mode {stat.S_IMODE(status.st_mode):04o}")


def _others(folder: Path, own: str) -> Iterator[Finding]:
    """Find files that carry our series too: node_exporter drops one of the two silently."""
    ours = tuple(prefix + name for name in FAMILIES for prefix in ("", "# HELP ", "# TYPE "))
    for path in sorted(folder.glob("*.prom")):
        if path.name == own or not path.is_file():
            continue
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                found = next((line for line in file.read(_LARGEST).split("\n") if line.startswith(ours)), None)
        except OSError:
            continue
        if found:
            family = next(name for name in FAMILIES if name in found)
            yield Finding(
                False,
                f"{path}: has {family} too, of which node_exporter would silently drop one or the other: remove that file",
            )


# --- who reads it ----------------------------------------------------------------------------------------------------------


def running_exporters(proc: str = "/proc") -> Iterator[Exporter]:
    """Find the node_exporters that are running."""
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        base = Path(proc, str(pid))
        try:
            arguments = base.joinpath("cmdline").read_bytes().decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
            status = dict(line.split(":", 1) for line in base.joinpath("status").read_text().splitlines() if ":" in line)
        except OSError:
            continue
        program = os.path.basename(arguments[0])
        if program in _PROGRAMS:
            groups = {int(status["Gid"].split()[1]), *map(int, status.get("Groups", "").split())}
            try:
                started_in = os.readlink(base / "cwd")
            except OSError:  # another user's process
                started_in = "/"
            folders = tuple(os.path.join(started_in, folder) for folder in textfile_folders(program, arguments[1:]))
            yield Exporter(pid, int(status["Uid"].split()[1]), frozenset(groups), folders, str(base / "root"))


def textfile_folders(program: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that a node_exporter with these arguments reads .prom files from."""
    folders = []
    enabled = True
    words = iter(arguments)
    for word in words:
        option, equals, value = word.lstrip("-").partition("=")
        if option == "collector.textfile.directory":
            folders.append(value if equals else next(words, ""))
        elif option in ("collector.disable-defaults", "no-collector.textfile"):
            enabled = "collector.textfile" in {other.lstrip("-") for other in arguments} and option != "no-collector.textfile"
    if not folders and program == "prometheus-node-exporter":
        folders = [_DEBIANS_FOLDER]
    return tuple(filter(None, folders)) if enabled else ()


def _exporters(folder: Path, name: str, running: Sequence[Exporter]) -> Iterator[Finding]:
    if not running:
        yield Finding(
            False,
            "node_exporter: is not running, or hidden from this user: start it, e.g. apt-get install prometheus-node-exporter",
        )
        return
    readers = [exporter for exporter in running if any(_is_same(exporter, other, folder) for other in exporter.folders)]
    if not readers:
        for exporter in running:
            where = ", ".join(exporter.folders) if exporter.folders else "no folder: its textfile collector is off"
            yield Finding(
                False,
                f"node_exporter (process {exporter.pid}): reads {where}, but the metrics go to {folder}: pass --output, or "
                f"start it with --collector.textfile.directory={folder}",
            )
    for exporter in readers:
        blocked = _what_blocks(exporter, folder.resolve() / name)
        if blocked:
            yield Finding(
                False,
                f"{blocked}: node_exporter (process {exporter.pid}, user {exporter.user}) must not read it: chmod o+rX it",
            )
        else:
            yield Finding(True, f"node_exporter: process {exporter.pid} reads {folder} as user {exporter.user}")


def _is_same(exporter: Exporter, its_folder: str, ours: Path) -> bool:
    """Tell whether its folder is ours, if need be in its own root: a container sees ours under another name."""
    if "*" in its_folder:
        return any(path.samefile(ours) for path in Path("/").glob(its_folder.lstrip("/")) if path.exists())
    for path in (f"{exporter.root}/{its_folder.lstrip('/')}", its_folder):
        try:
            if os.path.samefile(path, ours):
                return True
        except OSError:
            continue
    return False


def _what_blocks(exporter: Exporter, path: Path) -> Path | None:
    """Return the first of a file and the folders above it that the exporter's user may not read or enter."""
    if exporter.user == 0:
        return None
    for part in (*reversed(path.parents), path):
        try:
            status = part.stat()
        except OSError:
            return None  # not written yet, which has a finding of its own
        wanted = 0o5 if part == path.parent else 0o1 if part != path else 0o4
        if status.st_uid == exporter.user:
            granted = status.st_mode >> 6
        elif status.st_gid in exporter.groups:
            granted = status.st_mode >> 3
        else:
            granted = status.st_mode
        if granted & wanted != wanted:
            return part
    return None
