"""A real Prometheus that scrapes a real node_exporter that serves what inspec-textfile wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from helpers.host import Host, others_may_enter
from helpers.paths import REPOSITORY
from helpers.servers import eventually, node_exporter, prometheus
from helpers.stand_in import CRON, StandIn, report

PROMETHEUS = REPOSITORY / "contrib" / "prometheus"
RULES = PROMETHEUS / "inspec-textfile.rules.yml"
ORIGINAL_RULES = PROMETHEUS / "original-exporter.rules.yml"
DASHBOARD = REPOSITORY / "contrib" / "grafana" / "inspec-textfile.json"

# Every kind of trouble that results can show, in genuine reports; the last is what InSpec left when it failed.
REPORTS = (
    "edge-outcomes",
    "multi-empty",
    "multi-only-empty-filtered",
    "multi-with-broken",
    "ssh-baseline",
    "waivers",
    "wrapper-skipped-dep",
    "broken-syntax",
)
IN_A_FOLDER = "host 1/tls+baseline"
TARGET = "db1.example.org"
"""The host that IN_A_FOLDER is about; the others do not tell any."""
OLD_FILE = "ssh-baseline"
FRESH = "overlay"
"""The one report of which InSpec ran today, made by run_inspec.sh. It ran yesterday too, when less failed."""
NEVER_MADE = "never made"
"""A report that run_inspec.sh should make and can't."""


@dataclass(frozen=True)
class Stack:
    """The host, and the Prometheus that has scraped it."""

    host: Host
    url: str
    instance: str

    def api(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer of Prometheus' HTTP API."""
        try:
            return _get(f"{self.url}/api/v1/{path}?{urlencode(parameters)}")["data"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{path} {parameters}: {error.read().decode()}")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression is now: a list of series."""
        return list(self.api("query", query=expression)["result"])

    def rules(self, file: str) -> list[dict[str, Any]]:
        """Return the rules of one file, as Prometheus has them."""
        groups = self.api("rules")["groups"]
        return [rule for group in groups if Path(group["file"]).name == file for rule in group["rules"]]


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # a loopback address made here
        return json.load(answer)


def _at_once(rules: str) -> str:
    """Return the alerts alone, without waiting: a test has no time for `for`.

    With a label of their own: two rules that write the same ALERTS series get in each other's way ("out of order sample").
    """
    alerts = "".join(re.findall(r"(?m)^      - alert: .*\n(?:(?:        .*)?\n)*", rules))
    alerts = re.sub(r"(?m)^ *for: .*\n", "", alerts)
    alerts = re.sub(r"(?m)^( +)labels:\n", r"\1labels:\n\1  at_once: really\n", alerts)
    return f"groups:\n  - name: at-once\n    rules:\n{alerts}"


def often(rules: str) -> str:
    """Return the rules without the pace of their groups, so that they are evaluated as often as the configuration says."""
    return re.sub(r"(?m)^    interval: .*\n", "", rules)


def dated(case: str, when: float) -> str:
    """Return a genuine report as if InSpec had run at that Unix time."""
    text = report("7.1.16", case).read_text(encoding="utf-8")
    return re.sub(r'("start_time": ?)"[^"]*"', rf'\1"{datetime.fromtimestamp(when, timezone.utc).isoformat()}"', text)


def _inspec_runs(host: Host, case: str, status: int, when: float) -> None:
    """Run run_inspec.sh with a stand-in for InSpec, which prints that report, and for the other report of its config none."""
    stand_in = StandIn(host.root / "stand-in")
    document = stand_in.profile("document", dated(case, when))
    good = stand_in.prints("profile", document, status)
    bad = stand_in.profile("broken", "exit 1")
    config = stand_in.profile("reports.conf", f"{FRESH} '{good}'\n'{NEVER_MADE}' '{bad}'")
    done = subprocess.run(
        [CRON / "run_inspec.sh"],
        env={
            "PATH": os.environ["PATH"],
            "RUN_INSPEC_CONFIG": str(config),
            "RUN_INSPEC_PROGRAM": str(stand_in.program),
            "RUN_INSPEC_LOGS": str(host.root / "logs"),
            "INSPEC_TEXTFILE_RESULTS_DIR": str(host.results),
            "INSPEC_TEXTFILE_OUTPUT": str(host.prom),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr


def _fill(host: Host) -> None:
    """Run InSpec and inspec-textfile, yesterday and today."""
    for folder in (host.results, host.reports, host.textfiles):
        folder.mkdir()
    others_may_enter(host.textfiles)
    long_ago = time.time() - 40 * 86400  # old and overdue, on whatever day the tests run
    for case in REPORTS:
        (host.results / f"{case}.json").write_text(dated(case, long_ago), encoding="utf-8")
    remote = re.sub(r'("target_id": ?)"[^"]*"', rf'\1"{TARGET}"', dated("tls-baseline", long_ago))
    (host.results / IN_A_FOLDER).parent.mkdir()
    (host.results / f"{IN_A_FOLDER}.json").write_text(remote, encoding="utf-8")
    days_ago = time.time() - 3 * 86400
    os.utime(host.results / f"{OLD_FILE}.json", (days_ago, days_ago))
    for case, status, when in (("controls-subset-overlay", 0, time.time() - 86400), (FRESH, 100, time.time() - 60)):
        _inspec_runs(host, case, status, when)
        done = host.run("--control-series", "failing")
        assert done.returncode == 1, done.stderr  # one report is unreadable


@contextmanager
def running_stack(root: Path) -> Iterator[Stack]:
    """Run the whole way: genuine reports, inspec-textfile, node_exporter, Prometheus with our rules."""
    host = Host(root)
    _fill(host)
    rules = RULES.read_text(encoding="utf-8")
    (host.root / "now.rules.yml").write_text(_at_once(rules), encoding="utf-8")
    (host.root / RULES.name).write_text(often(rules), encoding="utf-8")
    with (
        node_exporter(host.textfiles, host.root / "node_exporter.log") as node,
        prometheus(
            host.root,
            f"""
global: {{scrape_interval: 1s, evaluation_interval: 500ms}}
rule_files: [{RULES.name}, {json.dumps(str(ORIGINAL_RULES))}, now.rules.yml]
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["{node.address}"]}}]}}]
""",
        ) as url,
    ):
        made = Stack(host, url, node.address)
        # An alert finds the host that was scanned once it is recorded, and its summary is made anew at each evaluation.
        eventually(lambda: made.query("inspec:report_target:info"), 30, "the host that was scanned is recorded")
        recorded = time.time()
        eventually(lambda: _evaluated_since(made, recorded), 30, "every rule was evaluated")
        yield made


def _evaluated_since(stack: Stack, moment: float) -> bool:
    oldest = min(_seconds(group["lastEvaluation"]) for group in stack.api("rules")["groups"])
    return oldest > moment


def _seconds(rfc3339: str) -> float:
    """Return a time of Prometheus' API, to the second: Python 3.10 can't read nanoseconds."""
    whole = re.sub(r"\.\d+", "", rfc3339).replace("Z", "+00:00")
    return datetime.fromisoformat(whole).timestamp()
