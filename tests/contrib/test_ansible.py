"""contrib/ansible/: real ansible-core sets up a fresh Debian 12 with a real systemd, and the second time changes nothing."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.bookworm import fresh_bookworm
from helpers.host import parse_series
from helpers.isolated_host import PROGRAM_HOME, IsolatedHost, isolated_host
from helpers.needs import missing, require
from helpers.paths import REPOSITORY
from helpers.release import build_release
from helpers.servers import eventually, free_port
from helpers.stand_in import report

pytestmark = pytest.mark.long

ANSIBLE = REPOSITORY / "contrib" / "ansible"
METRICS = "/var/lib/inspec-textfile"
TEXTFILES = "/var/lib/prometheus/node-exporter"
"""node_exporter's folder, where the role puts a link to the metrics."""
PAGES = "/usr/local/etc/inspec-reports"
PACKAGES = ("cron", "prometheus-node-exporter", "python3-apt", "python3-venv", "systemd")

# What a container manager does: the kernel's settings are not this root's. The stand-in for InSpec prints a genuine report.
PREPARE = f"""
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /sys
mkdir -p {Path(sys.base_prefix).parent} && ln -s {PROGRAM_HOME}/python {sys.base_prefix}
ln -sf /dev/null /etc/systemd/system/apt-daily.timer
ln -sf /dev/null /etc/systemd/system/apt-daily-upgrade.timer
printf '#!/bin/sh\\ncat {PROGRAM_HOME}/reports/ssh-baseline.json; exit 100\\n' >/usr/local/bin/inspec
chmod 755 /usr/local/bin/inspec
"""


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release, as contrib/release/build makes it."""
    return build_release(tmp_path_factory.mktemp("release") / "dist")


def artifact(folder: Path, kind: str) -> str:
    (found,) = folder.glob(f"*.{kind}")
    return f"{PROGRAM_HOME}/dist/{found.name}"


def control_node() -> dict[str, Path]:
    """Return the folders that Ansible needs to run: in there it is no part of what is set up."""
    if not importlib.util.find_spec("ansible"):
        missing("ansible-core", "pip install ansible-core")
    return {"control": Path(sys.prefix), "python": Path(sys.base_prefix), "contrib": REPOSITORY / "contrib"}


@contextmanager
def fresh_host(folder: Path, artifacts: Path) -> Iterator[IsolatedHost]:
    """Start a fresh Debian 12 with systemd as its first process, and this network: apt has to reach Debian."""
    binds = {**control_node(), "dist": artifacts, "reports": report("7.1.16", "ssh-baseline").parent}
    first = ["/lib/systemd/systemd", "--unit=basic.target"]
    root = fresh_bookworm(PACKAGES)
    with isolated_host(folder, first, PREPARE, own_network=False, root=root, binds=binds) as host:
        eventually(lambda: host.run("systemctl", "is-active", "basic.target").returncode == 0, 60, "systemd is up")
        yield host


def play(host: IsolatedHost, role: str, variables: Mapping[str, Any]) -> dict[str, int]:
    """Run a role on this very host, and return how many tasks were ok, changed, failed, and so on."""
    playbook = [{"name": "Test", "hosts": "localhost", "roles": [{"role": role, "vars": dict(variables)}]}]
    host.path("/root/playbook.yml").write_text(json.dumps(playbook))
    environment = ("env", f"ANSIBLE_ROLES_PATH={PROGRAM_HOME}/contrib/ansible/roles", "LANG=C.UTF-8")
    ansible = (f"{PROGRAM_HOME}/control/bin/python", "-m", "ansible", "playbook", "--diff", "-i", "localhost,")
    local = ("-c", "local", "-e", "ansible_python_interpreter=/usr/bin/python3", "/root/playbook.yml")
    run = host.run(*environment, *ansible, *local, seconds=240)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    (recap,) = re.findall(r"(?m)^localhost +: (.*)$", run.stdout)
    counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", recap)}
    # Not for the assertion alone: which task it was.
    print("\n".join(line for line in run.stdout.splitlines() if line.startswith(("TASK", "changed"))))  # noqa: T201
    return counts


def plays_twice(host: IsolatedHost, role: str, variables: Mapping[str, Any]) -> None:
    """Run a role twice: the second time it changes nothing."""
    assert play(host, role, variables)["changed"] > 0
    assert play(host, role, variables)["changed"] == 0


def served(host: IsolatedHost) -> dict[str, float]:
    """Return what the host's own node_exporter serves."""
    address = f"127.0.0.1:{free_port()}"
    host.path("/etc/default/prometheus-node-exporter").write_text(f'ARGS="--web.listen-address={address}"\n')
    assert host.run("systemctl", "restart", "prometheus-node-exporter").returncode == 0

    def scrape() -> str:
        try:
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    return parse_series(eventually(scrape, 30, "node_exporter answers"))


def unit(host: IsolatedHost, name: str, what: str) -> str:
    return host.run("systemctl", "show", name, f"--property={what}", "--value").stdout.strip()


def has_run(host: IsolatedHost) -> bool:
    """Return whether the converter has written its metrics: the file is there from the start, and empty."""
    return host.path(f"{METRICS}/inspec.prom").stat().st_size > 0


def modes(host: IsolatedHost, *paths: str) -> list[str]:
    return host.run("stat", "--format=%U:%G %a", *paths).stdout.splitlines()


CONFIG = ["web01/ssh /etc/inspec/profiles/ssh --input 'banner=no entry'"]
FAILED = 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"}'


@pytest.mark.parametrize("kind", ["pyz", "deb"])
def test_timer(tmp_path: Path, artifacts: Path, kind: str) -> None:
    variables = {
        "inspec_textfile_artifact": artifact(artifacts, kind),
        "inspec_textfile_config": CONFIG,
        "inspec_textfile_settings": {"INSPEC_TEXTFILE_CONTROL_SERIES": "all", "A_SECRET": 'of "$5" \\ `and` more'},
        "inspec_textfile_when": "*-*-* 03:30",
        "inspec_textfile_pages_group": "www-data",
        "inspec_textfile_service_override": "[Service]\nMemoryMax=1G\n",
    }
    with fresh_host(tmp_path, artifacts) as host:
        plays_twice(host, "inspec_textfile", variables)

        assert unit(host, "inspec.timer", "ActiveState") == "active"
        assert unit(host, "inspec.timer", "UnitFileState") == "enabled"
        assert "03:30" in unit(host, "inspec.timer", "TimersCalendar")
        assert unit(host, "inspec-textfile.service", "MemoryMax") == str(2**30)
        assert modes(host, "/etc/default/inspec-textfile", "/etc/inspec-textfile.conf", PAGES) == [
            "root:inspec-textfile 640",
            "root:root 640",
            "inspec-textfile:www-data 2750",
        ]
        assert host.run("systemd-tmpfiles", "--create", "inspec-textfile.conf").returncode == 0  # as at the host's next start
        assert modes(host, PAGES) == ["inspec-textfile:www-data 2750"]
        read_by_a_shell = host.run("sh", "-c", '. /etc/default/inspec-textfile; printf %s "$A_SECRET"').stdout
        assert read_by_a_shell == variables["inspec_textfile_settings"]["A_SECRET"]  # type: ignore[index]

        assert host.run("systemctl", "start", "inspec.service").returncode == 0
        eventually(lambda: has_run(host), 30, "the converter has followed")
        found = served(host)
        assert found[FAILED] == 5
        assert found['inspec_exec_success{report="web01/ssh"}'] == 1
        assert found["node_textfile_scrape_error"] == 0
        assert any(series.startswith("inspec_control_status{") for series in found)  # the settings reach the service

        # As it was before version 1.0.0, when the converter wrote into node_exporter's folder.
        host.run("sh", "-c", f"cd {TEXTFILES} && mv {METRICS}/inspec.prom . && chgrp inspec-textfile . && chmod g+w .")
        assert modes(host, TEXTFILES) == ["root:inspec-textfile 775"]
        plays_twice(host, "inspec_textfile", variables)
        assert modes(host, TEXTFILES, f"{METRICS}/inspec.prom") == ["root:root 755", "inspec-textfile:inspec-textfile 644"]
        assert served(host)[FAILED] == 5

        # Taken back.
        play(host, "inspec_textfile", {**variables, "inspec_textfile_schedule": "none", "inspec_textfile_when": ""})
        assert unit(host, "inspec.timer", "ActiveState") == "inactive"
        assert unit(host, "inspec.timer", "UnitFileState") == "disabled"


def test_cron(tmp_path: Path, artifacts: Path) -> None:
    """With the wheel; its dependencies come from a folder, as they may from an index of one's own."""
    wheels = str(artifacts / "wheels")
    needs = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, "-r"]
    needs.append(str(REPOSITORY / "contrib" / "release" / "requirements.txt"))
    subprocess.run(needs, check=True, capture_output=True)
    variables = {
        "inspec_textfile_artifact": artifact(artifacts, "whl"),
        "inspec_textfile_config": CONFIG,
        "inspec_textfile_schedule": "cron",
        "inspec_textfile_when": "* * * * *",
        "inspec_textfile_pip_arguments": f"--no-index --find-links {PROGRAM_HOME}/dist/wheels",
    }
    with fresh_host(tmp_path, artifacts) as host:
        plays_twice(host, "inspec_textfile", variables)

        assert host.run("systemctl", "start", "cron").returncode == 0
        eventually(lambda: has_run(host), 75, "cron has run both programs")
        assert served(host)[FAILED] == 5
        assert modes(host, f"{METRICS}/inspec.prom", f"{PAGES}/index.html")[0] == "inspec-textfile:inspec-textfile 644"


def test_rules(tmp_path: Path) -> None:
    """On a copy of this host, which has Prometheus."""
    require("prometheus", "prometheus")
    prepare = "mkdir -p /etc/prometheus; echo 'rule_files: [inspec-textfile.rules.yml]' >/etc/prometheus/prometheus.yml\n"
    url = "http://reports.example.org/$1"
    with isolated_host(tmp_path, ["sleep", "infinity"], prepare, binds=control_node()) as host:
        host.run("service", "prometheus", "start")
        plays_twice(host, "inspec_textfile_rules", {"inspec_textfile_rules_base_url": url})
        written = host.path("/etc/prometheus/inspec-textfile.rules.yml").read_text(encoding="utf-8")
        assert f'"{url}" $labels.instance' in written
        assert host.run("promtool", "check", "config", "/etc/prometheus/prometheus.yml").returncode == 0


def test_the_example_can_be_read() -> None:
    ansible: Sequence[str] = (sys.executable, "-m", "ansible", "playbook", "--syntax-check", "-i", "localhost,", "example.yml")
    control_node()
    run = subprocess.run(ansible, cwd=ANSIBLE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_ansible_lint() -> None:
    if not importlib.util.find_spec("ansiblelint"):
        missing("ansible-lint", "pip install ansible-lint")
    lint = [sys.executable, "-m", "ansiblelint", "--offline", "--profile", "production", "--strict"]
    run = subprocess.run(lint, cwd=ANSIBLE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
