"""What a test needs of the machine: it is skipped without, and fails in CI."""

from __future__ import annotations

import os
import shutil

import pytest

CI = bool(os.environ.get("CI"))


def missing(what: str, how: str) -> None:
    """Skip a test that lacks something; in CI, where .ci/run installs everything, fail instead."""
    message = f"{what} is missing: {how}"
    if CI:
        pytest.fail(message)
    pytest.skip(message)


def require(program: str, package: str) -> str:
    """Return the path of a program from a Debian package."""
    # Debian keeps daemons where only root's PATH leads.
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        missing(program, f"apt-get install {package}")
    return str(found)
