"""Where reports are: in this repository, and beside it."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
REPORTS = REPOSITORY / "tests" / "data" / "reports"
CASES = REPOSITORY / "tests" / "data" / "cases"
"""Small inputs from the field, each in a folder with a README that says what is right."""
SHARED = REPOSITORY.parent / "shared"
"""Published reports, which are not part of the repository."""
