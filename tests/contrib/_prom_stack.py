"""The fixture that test_prometheus.py and test_grafana.py share, as a plugin so that the servers start once for both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from _prom import Stack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Genuine results on their way through inspec-textfile, node_exporter and Prometheus."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
