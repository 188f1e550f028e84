"""How long Prometheus takes for the alert rules, and for the dashboard, with a large fleet.

    python tests/benchmark/rules.py                        2,000 hosts; needs 2 GB of memory and two minutes
    python tests/benchmark/rules.py --hosts 10000          needs 10 GB and a quarter of an hour
    python tests/benchmark/rules.py --rules OTHER.yml      other rules on the same fleet

Each host has two failing reports, and five alerts: the series of two sample reports, with `instance` replaced. Prometheus and
promtool are those on PATH. A rule's seconds are those that Prometheus tells (evaluationTime), the median of some evaluations;
where other programs use the machine, compare seconds of CPU, which all evaluations of all rules took together.
Run it with the Python of the environment in which inspec-textfile is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

REPOSITORY = Path(__file__).parents[2]
SAMPLES = [REPOSITORY / "tests/data/sample" / name for name in ("ssh-baseline.json", "waivers.json")]
RULES = REPOSITORY / "contrib/prometheus/inspec-textfile.rules.yml"
DASHBOARD = REPOSITORY / "contrib/grafana/inspec-textfile.json"
COMMAND = str(Path(sys.executable).parent / "inspec-textfile")
EVALUATIONS = 3
AGES = (2400, 1200, 0)
"""How long ago, in seconds, the samples of each series are: three within the hour that the alerts look at."""
STEP = 120
"""Of the dashboard's lines, in seconds, over the last hour."""
OF_NODE_EXPORTER = (
    'node_textfile_mtime_seconds{file="/var/lib/prometheus/node-exporter/inspec.prom"} %d',
    "node_textfile_scrape_error 0",
    "up 1",
)


def series_of_a_host(folder: Path, now: int) -> list[str]:
    """Return the lines that a host serves, without an instance, for the sample reports as if InSpec had just run."""
    for sample in SAMPLES:
        when = datetime.fromtimestamp(now - 1800, timezone.utc).isoformat()
        text = re.sub(r'("start_time": ?)"[^"]*"', rf'\1"{when}"', sample.read_text(encoding="utf-8"))
        (folder / sample.name).write_text(text, encoding="utf-8")
    arguments = [COMMAND, "-q", "--no-reports", "-o", str(folder / "inspec.prom"), str(folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: the sample has waivers to complain about
        raise SystemExit(done.stderr)
    lines = (folder / "inspec.prom").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")] + [
        line % now if "%d" in line else line for line in OF_NODE_EXPORTER
    ]


def write_fleet(lines: Sequence[str], hosts: int, now: int, file: Path) -> None:
    """Write the OpenMetrics text of so many hosts that all serve these lines."""
    with file.open("w", encoding="utf-8") as output:
        for line in lines:
            head, _, value = line.rpartition(" ")
            name, _, labels = head.partition("{")
            rest = f",{labels}" if labels else "}"
            for host in range(hosts):
                series = f'{name}{{job="node",instance="host{host:05}.example.com:9100"{rest}'
                output.writelines(f"{series} {value} {now - age}\n" for age in AGES)
        output.write("# EOF\n")


def rules_without_pace(rules: str) -> str:
    """Return the rules without the intervals of their groups, so that the benchmark's own holds."""
    return re.sub(r"(?m)^    interval: .*\n", "", rules)


class Server:
    """A Prometheus that is running."""

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._process = process

    def get(self, path: str, **parameters: str | int) -> Any:
        """Return the data of an answer of the HTTP API."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=600) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def cpu_seconds(self) -> float:
        """Return how much of a processor it has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def evaluated(self) -> dict[str, str]:
        """Return when each group was last evaluated. The API of the rules would tell, but takes seconds for all alerts."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as answer:  # noqa: S310
            text = answer.read().decode()
        return dict(
            re.findall(r'(?m)^prometheus_rule_group_last_evaluation_timestamp_seconds\{rule_group="(.*)"\} (.*)$', text)
        )

    def evaluations(self, count: int) -> Iterator[tuple[list[dict[str, Any]], float]]:
        """Yield the rules after each of so many evaluations of all groups, and the CPU seconds that it took.

        The first one is not counted: alerts, and what the rules record, begin in it.
        """
        before = self.evaluated()  # 0 for those that never were
        for evaluation in range(count + 1):
            begin = self.cpu_seconds()
            now = before
            while any(when == before.get(group) for group, when in now.items()):
                time.sleep(0.2)
                now = self.evaluated()
            seconds, before = self.cpu_seconds() - begin, now
            if evaluation:
                yield [rule for group in self.get("rules")["groups"] for rule in group["rules"]], seconds


@contextmanager
def prometheus(folder: Path, interval: int) -> Iterator[Server]:
    """Run Prometheus on the blocks and with the rules in a folder."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(f"global: {{evaluation_interval: {interval}s}}\nrule_files: [rules.yml]\n")
    arguments = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        "--query.lookback-delta=90m",
        "--query.timeout=10m",
        "--log.level=warn",
    ]
    with subprocess.Popen(arguments) as process:
        try:
            while True:
                time.sleep(0.2)
                if process.poll() is not None:
                    raise SystemExit("prometheus ended")
                try:
                    with urllib.request.urlopen(f"http://{address}/-/ready", timeout=5):
                        break
                except OSError:
                    continue
            yield Server(f"http://{address}", process)
        finally:
            process.terminate()


def print_rules(server: Server) -> None:
    """Print the seconds of each rule, slowest first, and of all."""
    evaluations = list(server.evaluations(EVALUATIONS))
    alerts = 0
    table = []
    for same in zip(*(rules for rules, _ in evaluations)):
        rule = same[-1]
        if rule.get("lastError"):
            raise SystemExit(f"{rule['name']}: {rule['lastError']}")
        alerts += len(rule.get("alerts", ()))
        table.append((statistics.median(each["evaluationTime"] for each in same), rule["name"], len(rule.get("alerts", ()))))
    for median, name, count in sorted(table, reverse=True):
        print(f"{median:8.3f} s  {name}{f', {count:,} alerts' if count else ''}")
    cpu = statistics.median(seconds for _, seconds in evaluations)
    print(f"{sum(row[0] for row in table):8.3f} s  all rules, {alerts:,} alerts; {cpu:.1f} s of CPU an evaluation", flush=True)


def print_dashboard(server: Server, now: int) -> None:
    """Print seconds and series of each query of the dashboard, slowest first."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    values = {variable["name"]: variable.get("allValue", variable["query"]) for variable in board["templating"]["list"]}
    table = []
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            expression = with_variables(target["expr"], values)
            begin = time.perf_counter()
            if target.get("instant"):
                found = server.get("query", query=expression, time=now)["result"]
            else:
                found = server.get("query_range", query=expression, start=now - 3600, end=now, step=STEP)["result"]
            table.append((time.perf_counter() - begin, panel["title"], target["refId"], len(found)))
    for seconds, title, letter, count in sorted(table, reverse=True):
        print(f"{seconds:8.3f} s  {title} {letter}, {count:,} series")
    print(f"{sum(row[0] for row in table):8.3f} s  all {len(table)} queries of the dashboard", flush=True)


def with_variables(expression: str, values: Mapping[str, str]) -> str:
    """Return a query with the variables of the dashboard filled in."""
    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))", lambda found: values.get(found[1] or found[2], found[0]), expression)


def main() -> None:
    """Make the fleet, and print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=2000)
    parser.add_argument("--rules", type=Path, default=RULES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = int(time.time())
        (folder / "host").mkdir()
        lines = series_of_a_host(folder / "host", now)
        print(f"{options.hosts:,} hosts, {len(lines) * options.hosts:,} series, {os.cpu_count()} cores", flush=True)
        write_fleet(lines, options.hosts, now, folder / "fleet.txt")
        make = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", str(folder / "fleet.txt"), str(folder / "data")]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        (folder / "fleet.txt").unlink()
        (folder / "rules.yml").write_text(rules_without_pace(options.rules.read_text(encoding="utf-8")), encoding="utf-8")
        with prometheus(folder, max(10, options.hosts // 100)) as server:
            print_rules(server)
            print_dashboard(server, now)


if __name__ == "__main__":
    main()
