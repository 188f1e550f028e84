"""Which node_exporters run here, and whether they can read our file. Reads only /proc.

What node_exporter does with its options: https://github.com/prometheus/node_exporter, collector/textfile.go and its --help.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspec_textfile.check.findings import Finding, note, ok, problem
from inspec_textfile.ownership import user_name

_PROGRAMS = ("node_exporter", "prometheus-node-exporter")
_OTHERS = ("alloy", "grafana-agent", "otelcol", "otelcol-contrib", "telegraf")
"""Programs that may read the folder instead; where, only their configuration says."""
_DEBIANS_FOLDER = "/var/lib/prometheus/node-exporter"
"""What Debian's build reads without --collector.textfile.directory; other builds then read nothing."""


@dataclass(frozen=True)
class Exporter:
    """A node_exporter that is running."""

    pid: int
    user: int
    groups: frozenset[int]
    folders: tuple[str, ...]
    """Absolute paths that its textfile collector reads; none if the collector is off."""
    root: str
    """Its root folder as this process sees it: node_exporter may run in a container."""
    arguments: tuple[str, ...] = ()


def running_exporters(proc: str = "/proc") -> Iterator[Exporter]:
    """Find the node_exporters that are running."""
    for pid, arguments in _processes(proc, _PROGRAMS):
        base = Path(proc, str(pid))
        try:
            lines = base.joinpath("status").read_text(errors="replace").splitlines()
        except OSError:  # it has just ended
            continue
        status = dict(line.split(":", 1) for line in lines if ":" in line)
        try:
            started_in = os.readlink(base / "cwd")
        except OSError:  # another user's process
            started_in = "/"
        yield Exporter(
            pid=pid,
            user=int(status["Uid"].split()[1]),
            groups=frozenset(map(int, (status["Gid"].split()[1], *status.get("Groups", "").split()))),
            folders=tuple(os.path.join(started_in, folder) for folder in textfile_folders(arguments)),
            root=str(base / "root"),
            arguments=tuple(arguments[1:]),
        )


def _processes(proc: str, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the processes of some programs: process id, and the command line as a list."""
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        try:
            arguments = os.fsdecode(Path(proc, str(pid), "cmdline").read_bytes()).rstrip("\0").split("\0")
        except OSError:  # it has just ended
            continue
        if os.path.basename(arguments[0]) in names:
            yield pid, arguments


def textfile_folders(command_line: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that a node_exporter with this command line reads .prom files from."""
    program, *arguments = command_line
    folders = option_values("collector.textfile.directory", arguments)
    enabled = True
    for word in arguments:
        option = word.lstrip("-").partition("=")[0]
        if option in ("collector.disable-defaults", "no-collector.textfile"):
            enabled = "collector.textfile" in {other.lstrip("-") for other in arguments} and option != "no-collector.textfile"
    if not folders and os.path.basename(program) == "prometheus-node-exporter":
        folders = [_DEBIANS_FOLDER]
    return tuple(filter(None, folders)) if enabled else ()


def option_values(option: str, arguments: Sequence[str]) -> list[str]:
    """Return the values that a node_exporter's arguments give to an option: `--option=value` or `--option value`."""
    values = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.lstrip("-").partition("=")
        if name == option:
            values.append(value if equals else next(words, ""))
    return values


def exporter_findings(prom: Path, running: Sequence[Exporter]) -> Iterator[Finding]:
    """Say whether one of the node_exporters that are running reads our file."""
    folder = prom.parent
    if not running:
        yield _without_node_exporter(folder)
        return
    readers = readers_of(prom, running)
    for exporter in () if readers else running:
        what = f"node_exporter (process {exporter.pid}): reads"
        start = f"start it with --collector.textfile.directory={folder}"
        if exporter.folders:
            where = ", ".join(exporter.folders)
            link = f"ln -s {prom} {exporter.folders[0]}/"
            yield problem(f"{what} {where}, but the metrics go to {folder}: pass --output, or {start}, or {link}")
        else:
            yield problem(f"{what} no folder, for its textfile collector is off: {start}, and without --no-collector.textfile")
    for exporter in readers:
        user = user_name(exporter.user)
        blocked = what_blocks(exporter, prom)
        if blocked:
            yield problem(
                f"{blocked}: cannot be read by node_exporter (process {exporter.pid}, user {user}): chmod o+rX {blocked}"
            )
        else:
            yield ok(f"node_exporter: process {exporter.pid} reads {folder} as user {user}")


def _without_node_exporter(folder: Path) -> Finding:
    others = [f"{os.path.basename(arguments[0])} (process {pid})" for pid, arguments in _processes("/proc", _OTHERS)]
    if others:
        return note(f"node_exporter: is not running, but {', '.join(others)} is: see that it reads {folder}")
    return problem(
        "node_exporter: is not running, or this user cannot see it: start it, e.g. apt-get install prometheus-node-exporter"
    )


def readers_of(prom: Path, running: Sequence[Exporter]) -> list[Exporter]:
    """Return the node_exporters that read a file: in one of their folders, or by a link there that has the file's name."""
    return [
        exporter
        for exporter in running
        if any(
            _is_same(exporter, folder, prom.parent) or _is_same(exporter, os.path.join(folder, prom.name), prom)
            for folder in exporter.folders
        )
    ]


def expanded(folder: str) -> list[Path]:
    """Return the folders that one of a node_exporter's folders stands for: it may be a pattern."""
    return [Path(path) for path in glob.glob(folder)] if glob.has_magic(folder) else [Path(folder)]


def _is_same(exporter: Exporter, its_folder: str, ours: Path) -> bool:
    """Return whether its folder is ours, also within its own root: a container may see ours under another name."""
    for path in (*expanded(f"{exporter.root}/{its_folder.lstrip('/')}"), *expanded(its_folder)):
        try:
            if os.path.samefile(path, ours):
                return True
        except OSError:
            continue
    return False


def what_blocks(exporter: Exporter, path: Path) -> Path | None:
    """Return the first of a file and the folders above it that the exporter's user cannot read or enter."""
    if exporter.user == 0:
        return None
    path = path.parent.resolve() / path.name
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
