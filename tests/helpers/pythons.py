"""The versions of Python that are supported, each as it can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from helpers.needs import missing, require

OLDEST = "3.9"
NEWEST = "3.14"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", NEWEST)

# Debian's packages, extracted and nothing more: what pivot_root, a shell and Python need.
_PACKAGES = ("dash", "coreutils", "mount", "util-linux", f"python{NEWEST}-minimal", f"libpython{NEWEST}-stdlib")


def find_python(version: str) -> str:
    """Return the path of a Python of this machine: the system's or pyenv's."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in (Path(f"/usr/bin/python{version}"), *sorted(home.glob(f"{version}.*/bin/python{version}"))):
        if path.exists():
            return str(path)
    missing(f"Python {version}", f"pyenv install {version}")
    raise AssertionError("missing() does not return")


def make_newest_root(root: Path) -> Path:
    """Make a root folder with the newest Python, from Debian testing: Debian 12 does not have it."""
    mmdebstrap = require("mmdebstrap", "mmdebstrap")
    if os.geteuid() != 0:
        missing("root", "only root can make a root folder")
    command: Sequence[str | Path] = [
        *(mmdebstrap, "--quiet", "--mode=root", "--variant=extract", f"--include={','.join(_PACKAGES)}"),
        # The mirror in reach may be a copy that is some weeks old.
        *("--aptopt=Acquire::Check-Valid-Until false", "--dpkgopt=path-exclude=/usr/share/*"),
        *("forky", root, "http://deb.debian.org/debian"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    for name in ("bin", "sbin", "lib", "lib64"):  # links that a package's script would make
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for name in ("proc", "sys", "run", "dev", "mnt", "opt", "tmp"):
        (root / name).mkdir(exist_ok=True)
    shutil.copy("/etc/passwd", root / "etc" / "passwd")
    return root
