"""The whole way: cron, run_inspec.sh with a stand-in for InSpec, inspec-textfile, node_exporter, Prometheus with our rules.

All of it is real but InSpec, installed as contrib/cron/README.md says, on an isolated copy of this host with default settings.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from helpers.host import Host
from helpers.isolated_host import IsolatedHost, isolated_host
from helpers.needs import require
from helpers.paths import REPOSITORY
from helpers.servers import eventually, free_port, prometheus, running
from helpers.stack import RULES, Stack, dated, often
from helpers.stand_in import CRON, SYSTEMD, StandIn, commands_of, report

pytestmark = pytest.mark.long

RESULTS = "/usr/local/etc/inspec-results"
PAGES = "/usr/local/etc/inspec-reports"
METRICS = "/var/lib/prometheus/node-exporter"
MAIL = "/var/mail/root"
STAND_IN = "/opt/stand-in"
REPORT = "web01/linux"
A_WHILE = 40
"""Seconds for Prometheus to scrape, evaluate and fire; it takes one or two."""

# Failed controls of the profile, and the same profile when they are repaired: genuine reports of two runs of it.
FAILING = ("overlay", 100)
GOOD = ("overlay", 0)
"""The same, repaired: all that failed passes."""
CRASHED = ("broken-syntax", 1)

# What this host runs already is put out of the way; mail for root goes into a file.
PREPARE = f"""
rm -rf {RESULTS} {PAGES} {METRICS} /var/lib/inspec-textfile {MAIL} /etc/cron.d/* /var/spool/cron/crontabs/*
: >/etc/crontab
install -d {METRICS} {STAND_IN}
cat >/usr/sbin/sendmail <<'END'
#!/bin/sh
exec cat >>{MAIL}
END
chmod 755 /usr/sbin/sendmail
cd {REPOSITORY}
{commands_of(CRON / "README.md")}
cd /
echo '{REPORT} {STAND_IN}/profile --waiver-file=/etc/waivers.yml' >/etc/inspec-textfile.conf
printf '%s\\n' RUN_INSPEC_PROGRAM={STAND_IN}/inspec INSPEC_TEXTFILE_CONTROL_SERIES=failing >>/etc/default/inspec-textfile
"""


class Way:
    """The host with all that runs on it."""

    def __init__(self, host: IsolatedHost, prometheus: Stack) -> None:
        self.host = host
        self.prometheus = prometheus
        self.stand_in = StandIn(host.path(STAND_IN))
        assert self.stand_in.program.exists()

    def inspec_finds(self, outcome: tuple[str, int]) -> None:
        """From now on the stand-in for InSpec does what InSpec did."""
        case, status = outcome
        document = dated(case, time.time())
        if status == 0:
            document = re.sub(r'("status": ?)"failed"', r'\1"passed"', document)
        (self.stand_in.folder / "report").write_text(document, encoding="utf-8")
        complaint = "" if status != 1 else "echo 'profile.rb:3: syntax error, unexpected end-of-input' >&2; "
        self.stand_in.profile("profile", f"{complaint}cat {STAND_IN}/report; exit {status}")

    def result(self) -> Path:
        """Return where the results are."""
        return self.host.path(f"{RESULTS}/{REPORT}.json")

    def grow_old(self) -> None:
        """Make the results two days old."""
        then = time.time() - 2 * 86400
        os.utime(self.result(), (then, then))

    def run_as_cron_does(self, trouble: bool = False) -> None:
        """Run the line of /etc/cron.d at once, as cron runs it; it has to be silent unless there is trouble."""
        line = self.host.path("/etc/cron.d/inspec-textfile").read_text().splitlines()[-1]
        command = self.host.command("env", "-i", "HOME=/root", "LOGNAME=root", "SHELL=/bin/sh", f"PATH={self.cron_path()}")
        run = subprocess.run([*command, "/bin/sh", "-c", line.split(None, 6)[6]], capture_output=True, timeout=60, check=False)
        assert run.stdout == b""
        assert bool(run.stderr) == trouble, run.stderr

    def cron_path(self) -> str:
        (path,) = re.findall(r"(?m)^PATH=(.*)$", self.host.path("/etc/cron.d/inspec-textfile").read_text())
        return str(path)

    def cron_runs(self) -> None:
        """Run real cron until it has run its line once: up to a minute, for no crontab can say "now"."""
        crontab = self.host.path("/etc/cron.d/inspec-textfile")
        crontab.write_text(re.sub(r"(?m)^17 4 ", "* * ", crontab.read_text()))
        before = self.last_run()
        cron = subprocess.Popen(self.host.command("cron", "-f"), stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            eventually(lambda: self.last_run() > before, 75, "cron ran its line")
            eventually(lambda: not self.busy(), 30, "what cron ran has ended")
        finally:
            self.host.run("sh", "-c", "kill $(cat /run/crond.pid)")
            cron.wait(timeout=10)

    def busy(self) -> bool:
        running = self.host.run("ps", "-e", "-o", "args=").stdout
        return "run_inspec.sh" in running or "inspec_textfile" in running

    def last_run(self) -> float:
        path = self.host.path(f"{METRICS}/inspec.prom")
        found = re.search(r"(?m)^inspec_textfile_last_run_timestamp_seconds (\S+)$", path.read_text() if path.exists() else "")
        return float(found[1]) if found else 0

    def mail(self) -> str:
        path = self.host.path(MAIL)
        return path.read_text() if path.exists() else ""

    def firing(self) -> dict[str, dict[str, Any]]:
        """Return the alerts that fire now, by name; those on single controls by name and control."""
        alerts = self.prometheus.api("alerts")["alerts"]
        return {
            " ".join(filter(None, (alert["labels"]["alertname"], alert["labels"].get("control")))): alert
            for alert in alerts
            if alert["state"] == "firing"
        }

    def fires(self, *names: str) -> dict[str, dict[str, Any]]:
        """Wait until exactly these alerts fire; return them."""

        def as_expected() -> list[dict[str, dict[str, Any]]]:
            now = self.firing()
            return [now] if now.keys() == set(names) else []

        return eventually(as_expected, A_WHILE, f"these alerts fire, and no others: {names}")[0]

    def scraped(self) -> None:
        """Wait until Prometheus has the present file, and has evaluated all rules on it several times."""
        last_run = self.last_run()
        eventually(
            lambda: any(
                float(found["value"][1]) == last_run
                for found in self.prometheus.query("inspec_textfile_last_run_timestamp_seconds")
            ),
            A_WHILE,
            "Prometheus has scraped the present file",
        )
        time.sleep(3)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    for program, package in (("cron", "cron"), ("prometheus", "prometheus"), ("ps", "procps")):
        require(program, package)
    node_exporter = require("prometheus-node-exporter", "prometheus-node-exporter")
    exporter = f"127.0.0.1:{free_port()}"
    # The rules as they are, but nothing has to last before it counts.
    rules = re.sub(r"(?m)^( +for:) .*$", r"\1 0s", often(RULES.read_text(encoding="utf-8")))
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    configuration = f"""
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["{exporter}"]}}]}}]
"""
    with isolated_host(tmp_path, ["sleep", "infinity"], PREPARE, own_network=False) as host:
        as_another_user = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        exporting = running(
            host.command(
                *(*as_another_user, node_exporter, f"--web.listen-address={exporter}"),
                *("--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={METRICS}"),
            ),
            f"http://{exporter}/metrics",
            tmp_path / "node_exporter.log",
        )
        with exporting, prometheus(tmp_path, configuration) as url:
            yield Way(host, Stack(Host(tmp_path), url, exporter))


class Ids(HTMLParser):
    """The ids of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # HTMLParser's
        self.found.update(value for name, value in attrs if name == "id" and value)


def linked(way: Way, name: str) -> tuple[Path, str]:
    """Return the file that the link of an alert leads to, and the id in it: "" for the whole page."""
    link = urlsplit(way.firing()[name]["annotations"]["report_url"])
    assert (link.scheme, link.netloc) == ("https", "127.0.0.1")
    base, _, page = link.path.partition("/inspec-reports/")
    assert base == ""
    return way.host.path(f"{PAGES}/{unquote(page)}"), link.fragment


def test_from_cron_to_the_alert_and_back(way: Way) -> None:
    compliance = ("InspecCriticalControlsFailed", "InspecControlFailing ssh-01")

    # A control fails: cron runs InSpec, which exits with 100; nobody gets mail, and the alerts fire.
    way.inspec_finds(FAILING)
    way.cron_runs()
    assert way.stand_in.arguments(way.stand_in.folder / "profile")[2:] == [
        "--waiver-file=/etc/waivers.yml",
        "--reporter",
        "json",
    ]
    fired = way.fires(*compliance)
    assert way.mail() == ""
    expected = {"job": "node", "instance": way.prometheus.instance, "report": REPORT, "profile": "acme-prod-overlay"}
    assert fired[compliance[0]]["labels"] == {**expected, "alertname": compliance[0], "severity": "critical"}
    assert fired[compliance[0]]["value"] == "1e+00"
    single = {"alertname": "InspecControlFailing", "severity": "info", "control": "ssh-01"}
    assert fired[compliance[1]]["labels"] == {**expected, **single}

    # Their links lead to the report's page, and on it to the control.
    page, anchor = linked(way, compliance[0])
    assert (page.relative_to(way.host.path(PAGES)), anchor) == (Path(f"inspec-{REPORT}.json.html"), "")
    assert page.exists()
    page, anchor = linked(way, compliance[1])
    assert anchor == "c:acme-prod-overlay/ssh-01"
    assert anchor in Ids(page.read_text(encoding="utf-8")).found

    # It is repaired: the alerts resolve.
    way.inspec_finds(GOOD)
    way.run_as_cron_does()
    way.fires()

    # It fails again, and then InSpec crashes and prints nothing: that repairs nothing. Cron mails why.
    again = (*compliance, "InspecNewFailures")
    way.inspec_finds(FAILING)
    way.run_as_cron_does()
    way.fires(*again)
    last_good = way.result().read_bytes()
    way.inspec_finds(CRASHED)
    way.cron_runs()
    mail = eventually(way.mail, 10, "cron sends mail")
    assert f"report '{REPORT}': it printed no report (exit status 1). The last good report stays." in mail
    assert "profile.rb:3: syntax error" in mail
    assert way.result().read_bytes() == last_good
    way.scraped()
    way.fires(*again, "InspecExecFailing")

    # Days later it still crashes: the results are stale, which is said, and the last word on compliance stands.
    way.grow_old()
    way.run_as_cron_does(trouble=True)
    stale = way.fires(*again, "InspecExecFailing", "InspecResultsStale")["InspecResultsStale"]
    assert stale["labels"]["report"] == REPORT
    assert linked(way, "InspecResultsStale")[0].exists()

    # InSpec is repaired, and so was the host: nothing is left to say.
    way.inspec_finds(GOOD)
    way.run_as_cron_does()
    way.fires()


def test_crashes_after_good_results(way: Way) -> None:
    way.inspec_finds(GOOD)
    way.run_as_cron_does()
    way.scraped()
    assert way.firing() == {}
    way.inspec_finds(CRASHED)
    way.run_as_cron_does(trouble=True)
    way.fires("InspecExecFailing")
    way.grow_old()
    way.run_as_cron_does(trouble=True)
    way.fires("InspecExecFailing", "InspecResultsStale")


def test_a_profile_that_fails_from_the_first_day(way: Way) -> None:
    way.inspec_finds(CRASHED)
    way.run_as_cron_does(trouble=True)
    failing = way.fires("InspecExecFailing", "InspecNoReports")["InspecExecFailing"]
    assert failing["labels"]["report"] == REPORT
    assert "(exit status 1)" in failing["annotations"]["description"]

    way.inspec_finds(GOOD)
    way.run_as_cron_does()
    way.fires()


def test_inspec_textfile_as_a_user_of_its_own(tmp_path: Path) -> None:
    """The line of README.md's last section, with the user and the folders of contrib/systemd/."""
    (line,) = re.findall(r"(?m)^    (run_inspec.sh; .*)$", (CRON / "README.md").read_text())
    install = commands_of(SYSTEMD / "README.md").partition("install -m 755 ../cron")[0]
    settings = commands_of(CRON / "README.md", 2)
    prepare = f"{PREPARE}\nrmdir {RESULTS} {PAGES}\ncd {REPOSITORY}\n{install}\n{settings}\ncd /\n"
    with isolated_host(tmp_path, ["sleep", "infinity"], prepare) as host:
        stand_in = StandIn(host.path(STAND_IN))
        assert stand_in.program.exists()
        (stand_in.folder / "report").write_bytes(report("7.1.16", "overlay").read_bytes())
        stand_in.profile("profile", f"cat {STAND_IN}/report; exit 100")
        run = host.run("sh", "-c", f"set -a; . /etc/default/inspec-textfile; {line}")
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
        ours = int(host.run("id", "-u", "inspec-textfile").stdout)
        written = ("/var/lib/inspec-textfile/inspec.prom", f"{PAGES}/inspec-{REPORT}.json.html", f"{PAGES}/index.html")
        assert [host.path(path).stat().st_uid for path in written] == [ours] * 3
        assert host.path(f"{RESULTS}/{REPORT}.json").stat().st_uid == 0
        assert "inspec_controls{" in host.run("cat", f"{METRICS}/inspec.prom").stdout  # by the link
        assert host.path(METRICS).stat().st_gid == 0

        # And by hand, with the settings, which that user may read.
        (by_hand,) = re.findall(r"(?m)^runuser .* -v$", (SYSTEMD / "README.md").read_text())
        run = host.run("sh", "-c", by_hand)
        assert run.returncode == 0, run.stderr
        assert "settings: /etc/default/inspec-textfile" in run.stderr
        assert "starts over" not in run.stderr
        assert [host.path(path).stat().st_uid for path in written] == [ours] * 3


def test_by_hand_as_root(tmp_path: Path) -> None:
    """README.md's lines to try what cron will run."""
    with isolated_host(tmp_path, ["sleep", "infinity"], PREPARE) as host:
        stand_in = StandIn(host.path(STAND_IN))
        assert stand_in.program.exists()
        (stand_in.folder / "report").write_bytes(report("7.1.16", "overlay").read_bytes())
        stand_in.profile("profile", f"cat {STAND_IN}/report; exit 100")
        run = host.run("sh", "-ec", commands_of(CRON / "README.md", 1))
        assert run.returncode == 0, run.stderr
        assert f"{METRICS}/inspec.prom" in run.stderr
        assert {"inspec.prom", "inspec_exec.prom", "web01", "index.html"} <= set(run.stdout.split())
