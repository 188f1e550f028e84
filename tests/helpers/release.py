"""Builds a release, by the command that CONTRIBUTING.md names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from helpers.needs import require
from helpers.paths import REPOSITORY


def build_release(folder: Path, env: Mapping[str, str] | None = None, umask: int = 0o022) -> Path:
    """Build a release of this checkout into a folder, and return the folder."""
    for program, package in (
        ("git", "git"),
        ("dh", "debhelper"),
        ("dh_python3", "dh-python"),
        ("dpkg-buildpackage", "dpkg-dev"),
    ):
        require(program, package)
    command = f"umask {umask:o} && exec {REPOSITORY}/contrib/release/build {folder}"
    done = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, **(env or {})},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return folder
