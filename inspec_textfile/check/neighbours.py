"""The .prom files of the folder, ours and those of other programs: node_exporter reads them all, and one can spoil another."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from inspec_textfile.check.findings import Finding, note, ok, problem
from inspec_textfile.check.textfile import BrokenTextfile, Series, Textfile, parse_textfile
from inspec_textfile.files import read_at_most
from inspec_textfile.ownership import user_name

_MAX_BYTES = 256 * 1024 * 1024
_OF_RUN_INSPEC = "inspec_exec"
"""What the names of the files that run_inspec.sh writes begin with: one for each of its configs."""
_Reads = dict[Path, Textfile]


def textfile_findings(folders: list[Path], own: Path) -> Iterator[Finding]:
    """Parse every .prom file of the folders that one node_exporter reads; `own` is ours."""
    found: _Reads = {}
    present = {path for folder in folders for path in folder.glob("*.prom")}
    for path in sorted((path for path in present if path == own or path.resolve() != own), key=str):  # not a link to ours
        try:
            found[path] = parse_textfile(_read(path))
        except BrokenTextfile as error:
            yield problem(f"{path}, line {error.line}: {error}; {_remedy(path == own)}")
        except PermissionError:
            if path != own:
                yield note(f"{path}: was not checked: user {user_name()} cannot read it (permission denied)")
        except OSError as error:
            if path != own:
                yield problem(f"{path}: {error.strerror}: node_exporter reports an error for it; remove it")
    for path, textfile in found.items():
        yield from _twice(path, textfile)
    ours = [path for path in found if path == own or path.name.startswith(_OF_RUN_INSPEC)]
    conflicts: list[Finding] = []
    for number, path in enumerate(ours, 1):
        others = {other: textfile for other, textfile in found.items() if other not in ours[:number]}
        conflicts += _conflicts(path, found[path], others)
    yield from conflicts
    if own in found and not conflicts:
        yield ok(f"metrics: {own} and {len(found) - 1} other .prom files can be read by node_exporter")


def _remedy(is_own: bool) -> str:
    return "run inspec-textfile again" if is_own else "correct or remove the file, and find out what writes it"


def _read(path: Path) -> bytes:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise OSError(0, "is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "is not a regular file")
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return read_at_most(file, _MAX_BYTES)


def _twice(path: Path, textfile: Textfile) -> Iterator[Finding]:
    if textfile.repeated:
        series, line = next(iter(textfile.repeated.items()))
        yield problem(
            f"{path}, line {line}: {_shown(series)} is already on line {textfile.lines[series]}: node_exporter drops one "
            "of the two"
        )


def _conflicts(own: Path, ours: Textfile, others: _Reads) -> Iterator[Finding]:
    """Find files that also have our series, or that have another HELP or TYPE for our families."""
    for path, other in others.items():
        shared = [series for series in ours.values if series in other.values]
        if shared:
            yield problem(
                f"{path}, line {other.lines[shared[0]]}: also has {len(shared)} series of {own}, such as {_shown(shared[0])}: "
                "node_exporter drops what it reads second, the whole family if the HELP differs; remove that file"
            )
            continue
        for family in sorted(ours.helps.keys() & other.types.keys()):
            if other.helps.get(family) != ours.helps[family] or other.types[family] != ours.types.get(family):
                yield problem(
                    f"{path}: has {family} with a different HELP or TYPE from {own}: node_exporter silently drops one of the "
                    "two; remove that file, or have one version of inspec-textfile write both"
                )
                break


def _shown(series: Series) -> str:
    name, labels = series
    shown = ",".join(f'{key}="{value}"' for key, value in labels)
    return f"{name}{{{shown}}}" if labels else name
