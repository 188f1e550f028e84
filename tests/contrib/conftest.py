"""The servers that test_prometheus.py and test_grafana.py share, started once for both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Genuine results on their way through inspec-textfile, node_exporter and Prometheus."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
