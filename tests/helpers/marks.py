"""A mark for some parameters of a test."""

from __future__ import annotations

from typing import Any

import pytest


def long(*values: object, **options: Any) -> Any:
    """Return parameters of a test that only `make long` runs: others prove the same sooner."""
    return pytest.param(*values, marks=pytest.mark.long, **options)
