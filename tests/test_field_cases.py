"""Cases from the field: each has a script that runs the program and prints what is wrong. To add one, copy its folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from helpers.host import COMMAND
from helpers.marks import long
from helpers.paths import CASES

pytestmark = pytest.mark.slow


LARGE = ("30-over-the-limit",)
"""Makes 200,000 series; tests of limits do so with smaller limits."""
NAMES = [path.parent.name for path in sorted(CASES.glob("*/check.sh"))]


@pytest.mark.parametrize("case", [long(name) if name in LARGE else name for name in NAMES])
def test_case(case: str, tmp_path: Path) -> None:
    done = subprocess.run([CASES / case / "check.sh", COMMAND, tmp_path], capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stdout) == (0, ""), f"{done.stdout}{done.stderr}"
