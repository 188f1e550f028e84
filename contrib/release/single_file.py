"""Packs a folder of installed packages into the single file: an archive that Python runs.

    single_file.py FOLDER FILE

The bytes depend on the packages and on SOURCE_DATE_EPOCH alone, not on the machine, its Python or its zlib. So the archive
holds sources and no bytecode, which would serve one version of Python only, and stores them uncompressed.
"""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

SHEBANG = b"#!/usr/bin/env python3\n"
OLDER = "python3.9"
"""Folder of packages whose newest versions do not run on that Python, in the versions that do."""
MAIN = f"""\
import sys

if sys.version_info < (3, 10):
    sys.path.insert(0, __file__.rpartition("/")[0] + "/{OLDER}")

from inspec_textfile.__main__ import main

main()
"""
_EARLIEST = 315532800
"""1980-01-01, the earliest time in a zip file."""


def wanted(path: Path) -> bool:
    """Return whether a file of an installed package belongs in the archive: what is imported, and what licences require."""
    top = path.parts[1] if path.parts[0] == OLDER else path.parts[0]
    if "__pycache__" in path.parts or top == "bin":
        return False
    return not top.endswith(".dist-info") or path.name == "METADATA" or "LICEN" in path.name.upper() or path.name == "NOTICE"


def entries(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each entry, sorted by name."""
    contents = {"__main__.py": MAIN.encode()}
    for path in folder.rglob("*"):
        if path.is_file() and wanted(path.relative_to(folder)):
            contents[path.relative_to(folder).as_posix()] = path.read_bytes()
    yield from sorted(contents.items())


def write(folder: Path, target: Path, seconds: int) -> None:
    """Write the archive, executable, with one time (Unix seconds) for all entries."""
    with target.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, content in entries(folder):
                entry = zipfile.ZipInfo(name, time.gmtime(max(seconds, _EARLIEST))[:6])
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, content)
    target.chmod(0o755)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), int(os.environ["SOURCE_DATE_EPOCH"]))
