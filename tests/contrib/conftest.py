"""The servers that test_prometheus.py and test_grafana.py share, started once for both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.stack import Stack, running_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Genuine results on their way to a Prometheus that evaluates all rules twice a second: for no longer than a file."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
