"""What docs/operations.md and docs/install.md tell an administrator to do, done on a copy of this host."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from helpers.isolated_host import PROGRAM_HOME, IsolatedHost, isolated_host
from helpers.paths import REPOSITORY
from helpers.stand_in import SYSTEMD, commands_of

SAMPLE = REPOSITORY / "tests" / "data" / "sample"
RESULTS = "/usr/local/etc/inspec-results"
SEARCH = "find /etc /root /usr/local /var/lib /var/log -name '*inspec*'"
CONVERT = "runuser -u inspec-textfile -- inspec-textfile"
PREPARE = f"""
rm -rf {RESULTS} /usr/local/etc/inspec-reports /var/lib/inspec-textfile
find /var/lib/prometheus -name '*inspec*' -delete
{SEARCH} >/run/before
cd {REPOSITORY}
{commands_of(SYSTEMD / "README.md")}
cd /
"""


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedHost]:
    """A host set up as contrib/systemd/README.md says, without a running systemd."""
    with isolated_host(tmp_path_factory.mktemp("host"), ["sleep", "infinity"], PREPARE) as running:
        yield running


def commands_below(page: str, heading: str) -> str:
    """Return the commands between a heading of a page and the next one."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    section = text.partition(f"# {heading}\n")[2].partition("\n#")[0]
    return "".join(re.findall(r"(?ms)^```sh\n(.*?)^```$", section))


def test_a_sender_replaces_its_own_reports_and_no_others(host: IsolatedHost) -> None:
    assert host.run("sh", "-ec", commands_below("operations.md", "Reports that others deliver")).returncode == 0
    host.path(f"{RESULTS}/ours.json").write_bytes((SAMPLE / "waivers.json").read_bytes())

    def as_sender(command: str) -> bool:
        return host.run("runuser", "-u", "from-web01", "--", "sh", "-ec", command).returncode == 0

    host.path("/run/report").write_bytes((SAMPLE / "ssh-baseline.json").read_bytes())
    assert as_sender(f"cd {RESULTS}/web01; cp /run/report .linux.partial; mv .linux.partial linux.json")
    for forbidden in (f"ls {RESULTS}", f"touch {RESULTS}/other.json", f"mv -f {RESULTS}/web01/linux.json {RESULTS}/ours.json"):
        assert not as_sender(forbidden), forbidden

    assert host.run("sh", "-c", f"chgrp inspec-textfile {RESULTS}/ours.json; {CONVERT}").returncode == 0
    figures = host.path("/var/lib/inspec-textfile/inspec.prom").read_text()
    assert set(re.findall(r'inspec_report_readable\{report="(.*)"\} 1', figures)) == {"ours", "web01/linux"}


def test_uninstalling_leaves_the_results_and_nothing_else(host: IsolatedHost) -> None:
    host.path(f"{RESULTS}/web01.json").write_bytes((SAMPLE / "ssh-baseline.json").read_bytes())
    assert host.run("sh", "-c", f"chgrp inspec-textfile {RESULTS}/*; {CONVERT}").returncode == 0
    assert host.path("/usr/local/etc/inspec-reports/index.html").exists()
    uninstall = commands_below("install.md", "Uninstall")
    assert f"rm -rf {PROGRAM_HOME}\n" in uninstall

    # In here the program is this checkout, read-only.
    host.run("sh", "-c", uninstall.replace(f"rm -rf {PROGRAM_HOME}\n", ""))

    left = set(host.run("sh", "-c", SEARCH).stdout.splitlines())
    before = set(host.path("/run/before").read_text().splitlines())
    assert left - before == {RESULTS}
    assert host.path(f"{RESULTS}/web01.json").exists()
    assert not host.path("/var/lib/prometheus/node-exporter/.inspec.prom.state").exists()
