"""docs/install.md, from a bare Debian to an alert, done as it says on a copy of this host, where step 1 is done already."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from helpers.isolated_host import isolated_host
from helpers.needs import require
from helpers.paths import REPOSITORY
from helpers.servers import eventually
from helpers.stand_in import commands_of

pytestmark = pytest.mark.long

CRON = REPOSITORY / "contrib" / "cron"
CHECK = "inspec-textfile --settings /etc/default/inspec-textfile --check || true"


def steps_in(page: str) -> list[str]:
    """Return the commands of a page that belong to the walk."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- walk -->\n( *)```sh\n(.*?)\n\1```", text, re.DOTALL)
    return [textwrap.dedent(commands) for _, commands in blocks]


def test_from_a_bare_debian_to_an_alert(tmp_path: Path) -> None:
    for program, package in (
        ("nginx", "nginx-light"),
        ("prometheus", "prometheus"),
        ("prometheus-node-exporter", "prometheus-node-exporter"),
        ("curl", "curl"),
        ("ip", "iproute2"),
    ):
        require(program, package)
    prepare = f"rm -rf /usr/local/etc/inspec-results /usr/local/etc/inspec-reports\nip link set lo up\ncd {REPOSITORY}\n"
    with isolated_host(tmp_path, ["sleep", "infinity"], prepare) as host:

        def shell(commands: str) -> str:
            done = host.run("sh", "-ec", f"cd {REPOSITORY}\n{commands}", seconds=120)
            # Debian's start scripts, made for hosts with an init, may say 1 though they started what they should.
            assert done.returncode == 0 or commands.rstrip().endswith("restart"), done.stdout + done.stderr
            return done.stdout

        def alerts() -> dict[str, str]:
            answer = host.run("curl", "-s", "http://localhost:9090/api/v1/alerts").stdout
            found = json.loads(answer or '{"data": {"alerts": []}}')["data"]["alerts"]
            return {
                f"{alert['labels']['alertname']} {alert['labels'].get('profile')}": alert["annotations"].get("report_url", "")
                for alert in found
            }

        _programs, sample, rules = steps_in("install.md")
        own_group, nginx = steps_in("operations.md")
        for commands in (commands_of(CRON / "README.md"), sample, own_group, nginx, rules):
            shell(commands)
        shell("service prometheus-node-exporter restart")
        eventually(lambda: "inspec_checks_total" in shell("curl -s http://localhost:9100/metrics || true"), 30, "served")
        problems = [line for line in shell(CHECK).splitlines() if line.startswith("PROBLEM")]
        assert all("does InSpec still run?" in line for line in problems), problems  # the sample is some days old

        name = "InspecCriticalControlsFailed acme-ssh-baseline"
        link = eventually(lambda: alerts().get(name), 120, f"{name}, with its link")

        address, _, filters = link.partition("?")
        assert address == "http://localhost:8080/inspec-reports/inspec-ssh-baseline.json.html"
        assert filters == "status=failed&severity=critical"
        page = shell(f"curl -sfi '{link}'")
        assert re.search("(?m)^Content-Security-Policy: sandbox allow-scripts ", page)
        assert "Content-Type: text/csv" in shell(f"curl -sfi {address.rpartition('/')[0]}/findings.csv")
        assert "Direct root login must be refused" in page
        assert 'id="c:acme-ssh-baseline/ssh-01"' in page

        # Pages that cron's line makes are for the web server too, and not for everyone.
        shell("cp tests/data/sample/ssh-baseline.json /usr/local/etc/inspec-results/of-cron.json")
        line = host.path("/etc/cron.d/inspec-textfile").read_text().splitlines()[-1].split(None, 6)[6]
        host.run("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", line)
        made = host.path("/usr/local/etc/inspec-reports/inspec-of-cron.json.html")
        assert made.stat().st_mode & 0o777 == 0o640
        assert "Direct root login" in shell("curl -sf http://localhost:8080/inspec-reports/inspec-of-cron.json.html")
