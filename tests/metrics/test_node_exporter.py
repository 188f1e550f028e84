"""The written file is accepted whole by the real node_exporter and by promtool."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.host import Host, others_may_enter, parse_series
from helpers.paths import REPORTS
from helpers.promtool import OBJECTION, check_promtool, split
from helpers.servers import Node, node_exporter


@pytest.fixture
def node(host: Host) -> Iterator[Node]:
    others_may_enter(host.textfiles)
    with node_exporter(host.textfiles, host.root / "node_exporter.log") as running:
        yield running


def check_served(host: Host, node: Node) -> None:
    """Every series is served with its value, and nothing was wrong."""
    served = parse_series(node.scrape())
    assert served["node_textfile_scrape_error"] == 0
    expected = {tuple(sorted(split(series))): value for series, value in host.series().items()}
    found = {tuple(sorted(split(series))): value for series, value in served.items()}
    assert expected.items() <= found.items()
    assert "level=error" not in node.log()
    assert "error gathering" not in node.log()


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_every_series_is_served_to_another_user(host: Host, node: Node, umask: int) -> None:
    for case in ("ssh-baseline", "edge-outcomes", "overlay", "waivers", "docs-markdown", "multi-with-broken"):
        host.add(f"7.1.16/{case}")
    host.add("1.51.21/linux-files", 'old hosts/ünï "q" \\ b.json')
    (host.results / "broken.json").write_text("{")

    assert host.run("--control-series", "all", preexec_fn=lambda: os.umask(umask)).returncode == 1

    assert (host.prom.stat().st_mode & 0o777) == 0o644
    check_served(host, node)
    check_promtool(host, OBJECTION)


def test_hostile_labels_are_served(host: Host, node: Node) -> None:
    text = (REPORTS / "7.1.16" / "ssh-baseline.json").read_text()
    hostile = '\\"} 1\\n# TYPE inspec_controls counter\\r\\n\\u0000\\ud800\\u2028\\u202e{x=\\"y\\"} \\\\'
    for number, part in enumerate(('"acme-ssh-baseline"', '"ssh-01"', '"7.1.16"', '"debian"', '"Acme SSH Server Baseline"')):
        assert part in text
        (host.results / f"{number}.json").write_text(text.replace(part, f'"{hostile}"'))
    (host.results / 'q"} 1.json').write_text(text)

    assert host.run("--control-series", "all").returncode == 0

    check_served(host, node)
    check_promtool(host, OBJECTION)


def test_a_run_without_results_is_served(host: Host, node: Node) -> None:
    host.run()

    check_served(host, node)
    check_promtool(host)


def test_all_reports_at_once_are_served(host: Host, node: Node, shared: Path) -> None:
    done = host.run("--no-reports", "--control-series", "all", str(shared / "inspec-reports"), str(shared / "corpus"))

    assert done.returncode == 1, "some of them are empty"
    assert len(host.series()) > 10_000
    check_served(host, node)
    check_promtool(host, OBJECTION)


def test_a_file_for_its_owner_only_is_not_served(host: Host, node: Node) -> None:
    """What the default mode is for; and the proof that the tests above can fail."""
    if os.geteuid() != 0:
        pytest.skip("node_exporter runs as ourselves")
    host.run("--mode", "0600")

    assert parse_series(node.scrape())["node_textfile_scrape_error"] == 1
