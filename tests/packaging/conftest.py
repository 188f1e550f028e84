"""The release, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.release import build_release


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release of this checkout."""
    return build_release(tmp_path_factory.mktemp("release") / "dist")
