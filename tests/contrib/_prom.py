"""A real Prometheus that scrapes a real node_exporter that serves what inspec-textfile wrote."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from conftest import REPOSITORY, Host, others_may_enter
from servers import eventually, node_exporter, prometheus

PROMETHEUS = REPOSITORY / "contrib" / "prometheus"
RULES = PROMETHEUS / "inspec-textfile.rules.yml"
ORIGINAL_RULES = PROMETHEUS / "original-exporter.rules.yml"
DASHBOARD = REPOSITORY / "contrib" / "grafana" / "inspec-textfile.json"

# Every kind of trouble that results can show, in genuine reports; the last is what InSpec left when it failed.
REPORTS = (
    "7.1.16/edge-outcomes",
    "7.1.16/multi-empty",
    "7.1.16/multi-with-broken",
    "7.1.16/overlay",
    "7.1.16/ssh-baseline",
    "7.1.16/waivers",
    "7.1.16/wrapper-skipped-dep",
    "7.1.16/broken-syntax",
)
IN_A_FOLDER = "host 1/tls+baseline"
TOO_OLD = "ssh-baseline"


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
    head, alerts = rules.split("groups:\n", 1)
    groups = alerts[alerts.index("  - name: inspec-textfile-compliance\n") :]
    groups = re.sub(r"(?m)^ *for: .*\n", "", groups).replace("- name: ", "- name: at-once-")
    return head + "groups:\n" + re.sub(r"(?m)^( +)labels:\n", r"\1labels:\n\1  at_once: really\n", groups)


@contextmanager
def running_stack(root: Path) -> Iterator[Stack]:
    """Run the whole way: genuine reports, inspec-textfile, node_exporter, Prometheus with our rules."""
    host = Host(root)
    for folder in (host.results, host.reports, host.textfiles):
        folder.mkdir()
    others_may_enter(host.textfiles)
    for case in REPORTS:
        host.add(case)
    host.add("7.1.16/tls-baseline", f"{IN_A_FOLDER}.json")
    days_ago = time.time() - 3 * 86400
    os.utime(host.results / f"{TOO_OLD}.json", (days_ago, days_ago))
    done = host.run("--control-series", "failing")
    assert done.returncode == 1, done.stderr  # one report is unreadable

    (host.root / "now.rules.yml").write_text(_at_once(RULES.read_text(encoding="utf-8")), encoding="utf-8")
    with (
        node_exporter(host.textfiles, host.root / "node_exporter.log") as node,
        prometheus(
            host.root,
            f"""
global: {{scrape_interval: 250ms, evaluation_interval: 250ms}}
rule_files: [{json.dumps(str(RULES))}, {json.dumps(str(ORIGINAL_RULES))}, now.rules.yml]
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["{node.address}"]}}]}}]
""",
        ) as url,
    ):
        made = Stack(host, url, node.address)
        # An alert finds the base URL once it is recorded, and its annotation is made anew at each evaluation.
        eventually(lambda: made.query("inspec:reports_url:info"), 30, "the base URL is recorded")
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
