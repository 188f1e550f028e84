"""contrib/systemd/: the units as the README installs them, under a real systemd, and what its sandbox lets the converter do."""

from __future__ import annotations

import contextlib
import json
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.host import parse_series
from helpers.isolated_host import PYTHON, IsolatedHost, isolated_host
from helpers.needs import require
from helpers.paths import REPOSITORY
from helpers.servers import eventually
from helpers.stand_in import SYSTEMD, StandIn, all_commands_of, commands_of, report

UNITS = ("inspec.service", "inspec.timer", "inspec-textfile.service")
RESULTS = "/usr/local/etc/inspec-results"
PAGES = "/usr/local/etc/inspec-reports"
METRICS = "/var/lib/inspec-textfile"
TEXTFILES = "/var/lib/prometheus/node-exporter"
"""node_exporter's folder, which is root's: metrics of the converter are seen there by a link."""
OWN_TMP = "/var/tmp"  # noqa: S108  # nothing is put there: the sandbox has one of its own
STAND_IN = "/opt/stand-in"

# What README.md says, with the programs in their places. All other units of this host are put out of the way.
PREPARE = f"""
for folder in /usr/lib/systemd/system /etc/systemd/system /usr/lib/systemd/system-generators; do
    mount -t tmpfs tmpfs $folder
done
for target in sysinit basic timers network-online shutdown umount; do
    printf '[Unit]\\nDefaultDependencies=no\\n' >/usr/lib/systemd/system/$target.target
done
rm -rf {RESULTS} {PAGES} {METRICS} {TEXTFILES}
install -d {TEXTFILES} {STAND_IN}
ip link set lo up
cd {REPOSITORY}
{commands_of(SYSTEMD / "README.md")}
cd /
echo RUN_INSPEC_PROGRAM={STAND_IN}/inspec >>/etc/default/inspec-textfile
for unit in inspec.service inspec-textfile.service; do
    mkdir -p /etc/systemd/system/$unit.d
    cat >/etc/systemd/system/$unit.d/test.conf <<END
[Service]
StandardOutput=append:/run/$unit.log
StandardError=inherit
END
done
touch /tmp/a-secret-of-another
"""

# Tried under the unit in place of the program. Each prints whether it could.
PROBE = """
import ctypes, json, mmap, os, socket, sys

def can(what):
    try:
        return what() or True
    except (OSError, PermissionError) as error:
        return False

def touch(folder):
    path = os.path.join(folder, ".probe")
    open(path, "w").close()
    os.unlink(path)

libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)

def family(number):
    socket.socket(number, socket.SOCK_STREAM).close()

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no new privileges": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
    "namespaces": {name: os.readlink("/proc/self/ns/" + name) for name in ("net", "user", "ipc", "uts", "mnt")},
    "interfaces": [line.split(":")[0].strip() for line in open("/proc/self/net/dev") if ":" in line],
    "writable mounts": [folder for folder in sys.argv[1:] if not os.statvfs(folder).f_flag & os.ST_RDONLY],
    "write": [folder for folder in sys.argv[1:] if can(lambda: touch(folder))],
    "list": [folder for folder in ("/root", "/home", "/run/user", "/etc") if can(lambda: os.listdir(folder))],
    "see /tmp": os.listdir("/tmp"),
    "see pids": [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()],
    "see /proc/meminfo": os.path.exists("/proc/meminfo"),
    "devices": sorted(os.listdir("/dev")),
    "could": [name for name, what in {
        "unix socket": lambda: family(socket.AF_UNIX),
        "inet socket": lambda: family(socket.AF_INET),
        "inet6 socket": lambda: family(socket.AF_INET6),
        "netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "memory to write and run": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
        "unshare": lambda: call("unshare", 0x10000000),
        "mount": lambda: call("mount", b"none", b"/mnt", b"tmpfs", 0, None),
        "chown": lambda: os.chown("/etc/hostname", 1, 1),
        "chroot": lambda: os.chroot("/"),
        "setuid": lambda: os.setuid(1),
        "sethostname": lambda: socket.sethostname("x"),
        "personality": lambda: call("personality", 0x0008),
        "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        "setuid file": lambda: os.open(sys.argv[-1] + "/.suid", os.O_CREAT | os.O_WRONLY, 0o4755),
        "ptrace": lambda: call("ptrace", 0, 0, 0, 0),
        "clock": lambda: __import__("time").clock_settime(0, 0),
        "kernel log": lambda: call("klogctl", 10, None, 0),
        "bpf": lambda: call("syscall", 321, 0, None, 0),
    }.items() if can(what)],
}))
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedHost]:
    """A copy of this host whose first process is a real systemd with nothing but our units."""
    systemd = require("/lib/systemd/systemd", "systemd")
    first = [systemd, "--unit=basic.target", "--log-target=kmsg"]
    with isolated_host(tmp_path_factory.mktemp("systemd"), first, PREPARE) as isolated:
        eventually(lambda: isolated.run("systemctl", "is-active", "basic.target").returncode == 0, 20, "systemd is up")
        yield isolated


@pytest.fixture
def stand_in(host: IsolatedHost) -> StandIn:
    stand_in = StandIn(host.path(STAND_IN))
    assert stand_in.program.exists()
    return stand_in


def configure(host: IsolatedHost, profile: Path) -> None:
    host.path("/etc/inspec-textfile.conf").write_text(f"monitorama {STAND_IN}/{profile.name}\n")


def put(host: IsolatedHost, stand_in: StandIn, case: str, status: int) -> None:
    """Make the stand-in print a report, which it must find in there."""
    document = stand_in.folder / f"{case}.json"
    document.write_bytes(report("7.1.16", case).read_bytes())
    configure(host, stand_in.profile(case, f"cat {STAND_IN}/{case}.json; exit {status}"))


def user_in(host: IsolatedHost, name: str) -> int:
    return int(host.run("id", "-u", name).stdout)


def metrics(host: IsolatedHost) -> str:
    path = host.path(f"{METRICS}/inspec.prom")
    return path.read_text(encoding="utf-8") if path.exists() else ""


def logged(host: IsolatedHost, unit: str) -> str:
    path = host.path(f"/run/{unit}.log")
    return path.read_text() if path.exists() else ""


def state(host: IsolatedHost, unit: str, *names: str) -> list[str]:
    shown = host.run("systemctl", "show", unit, *(f"--property={name}" for name in names)).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines())
    return [found[name] for name in names]


def settle(host: IsolatedHost) -> None:
    """Wait for runs that a test before this one started."""

    def idle() -> bool:
        states = (state(host, unit, "ActiveState")[0] for unit in ("inspec.service", "inspec-textfile.service"))
        return all(found in ("inactive", "failed") for found in states)

    eventually(idle, 20, "no unit runs")


def forget(host: IsolatedHost) -> None:
    """Remove what the last run of the converter wrote, so that the next one is seen."""
    settle(host)
    host.path(f"{METRICS}/inspec.prom").unlink(missing_ok=True)


def analysis_of_security(*arguments: str) -> str:
    command = [require("systemd-analyze", "systemd"), "security", "--offline=true", "--no-pager", *arguments]
    run = subprocess.run([*command, SYSTEMD / "inspec-textfile.service"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_exposure() -> None:
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", analysis_of_security("--threshold=10"))
    assert float(exposure) <= 0.4


def test_each_restriction_is_there() -> None:
    """Layers overlap, so the sandbox below would not tell of each line that goes; this does."""
    found = json.loads(analysis_of_security("--json=short"))
    assert {item["json_field"] for item in found if not item["set"]} == {
        "RootDirectoryOrRootImage",  # it needs the host's Python
        "PrivateMounts",  # the others bring it
        "DeviceAllow",  # ProtectClock= leaves the clock to be read
        "UMask",  # pages are for the group of their folder
    }


@pytest.mark.parametrize("unit", UNITS)
def test_verify(host: IsolatedHost, unit: str) -> None:
    run = host.run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{unit}")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_folders_and_user(host: IsolatedHost) -> None:
    ours = user_in(host, "inspec-textfile")
    for folder, owner, mode in (
        (RESULTS, 0, 0o2750),
        (PAGES, ours, 0o2750),
        (METRICS, ours, 0o755),
        (TEXTFILES, 0, 0o755),  # still its package's
    ):
        found = host.path(folder).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (owner, mode)


def test_node_exporter_reads_the_metrics_by_the_link(host: IsolatedHost, stand_in: StandIn) -> None:
    """From the first moment on: before the first run there is an empty file."""
    exporter = require("prometheus-node-exporter", "prometheus-node-exporter")
    listen = "127.0.0.1:9100"
    options = [f"--web.listen-address={listen}", "--collector.disable-defaults", "--collector.textfile"]
    as_another_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    command = host.command(*as_another_user, exporter, *options, f"--collector.textfile.directory={TEXTFILES}")
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def served() -> dict[str, float]:
        return parse_series(host.run("curl", "-s", f"http://{listen}/metrics").stdout)

    def served_after_a_run() -> dict[str, float]:
        found = served()
        return found if "inspec_textfile_last_run_timestamp_seconds" in found else {}

    try:
        before = eventually(served, 20, "node_exporter answers")
        assert before["node_textfile_scrape_error"] == 0
        assert not any(series.startswith("inspec_") for series in before)
        put(host, stand_in, "ssh-baseline", 100)
        assert host.run("systemctl", "start", "inspec.service").returncode == 0
        after = eventually(served_after_a_run, 20, "metrics are served")
        assert after["node_textfile_scrape_error"] == 0
        assert after['inspec_exec_success{report="monitorama"}'] == 1
        settle(host)
        by_hand = ("runuser", "-u", "inspec-textfile", "--", "inspec-textfile", "--settings", "/etc/default/inspec-textfile")
        check = host.run(*by_hand, "--check")
        assert re.search(rf"ok +node_exporter: process \d+ reads {METRICS} as user nobody", check.stdout), check.stdout
        assert re.search(rf"ok +node_exporter .* serves all \d+ series of {METRICS}/inspec.prom", check.stdout), check.stdout
    finally:
        running.kill()
        running.wait()


def test_the_timer_runs_inspec_and_then_the_converter(host: IsolatedHost, stand_in: StandIn) -> None:
    put(host, stand_in, "ssh-baseline", 100)
    drop_in = host.path("/run/systemd/system/inspec.timer.d")
    drop_in.mkdir(parents=True)
    (drop_in / "now.conf").write_text("[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\nRandomizedDelaySec=0\nAccuracySec=1us\n")
    assert host.run("systemctl", "daemon-reload").returncode == 0
    assert host.run("systemctl", "enable", "--now", "inspec.timer").returncode == 0
    found = eventually(lambda: metrics(host), 30, "inspec.prom is there")
    assert host.run("systemctl", "disable", "--now", "inspec.timer").returncode == 0
    (drop_in / "now.conf").unlink()
    host.run("systemctl", "daemon-reload")
    assert 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"}' in found
    assert 'inspec_report_readable{report="monitorama"} 1' in found
    assert logged(host, "inspec.service") == logged(host, "inspec-textfile.service") == ""  # all is well: silence

    ours = user_in(host, "inspec-textfile")
    prom = host.path(f"{METRICS}/inspec.prom").stat()
    assert (prom.st_uid, stat.S_IMODE(prom.st_mode)) == (ours, 0o644)  # node_exporter may read it
    page = host.path(f"{PAGES}/inspec-monitorama.json.html").stat()
    assert page.st_uid == ours
    assert (page.st_gid, stat.S_IMODE(page.st_mode)) == (host.path(PAGES).stat().st_gid, 0o640)
    outcome = host.path(f"{TEXTFILES}/inspec_exec.prom")
    assert 'inspec_exec_success{report="monitorama"} 1' in outcome.read_text().splitlines()
    assert stat.S_IMODE(outcome.stat().st_mode) == 0o644
    result = host.path(f"{RESULTS}/monitorama.json").stat()
    assert (result.st_uid, result.st_gid, stat.S_IMODE(result.st_mode)) == (0, host.path(PAGES).stat().st_gid, 0o640)


def test_timer_as_it_is(host: IsolatedHost) -> None:
    names = ("Persistent", "RandomizedDelayUSec", "FixedRandomDelay", "Unit")
    assert state(host, "inspec.timer", *names) == ["yes", "1h", "yes", "inspec.service"]


def test_the_converter_runs_when_inspec_failed(host: IsolatedHost, stand_in: StandIn) -> None:
    configure(host, stand_in.profile("crash", "echo 'undefined method' >&2; exit 1"))
    forget(host)
    assert host.run("systemctl", "start", "inspec.service").returncode != 0
    assert state(host, "inspec.service", "Result", "ExecMainStatus") == ["exit-code", "1"]
    assert "undefined method" in logged(host, "inspec.service")
    eventually(lambda: metrics(host), 20, "inspec.prom is there")


def test_the_converter_runs_when_inspec_was_killed(host: IsolatedHost, stand_in: StandIn) -> None:
    configure(host, stand_in.profile("hang", f"echo >{STAND_IN}/started; sleep 600"))
    forget(host)
    assert host.run("systemctl", "start", "--no-block", "inspec.service").returncode == 0
    eventually((stand_in.folder / "started").exists, 20, "InSpec was started")
    assert host.run("systemctl", "kill", "--signal=KILL", "inspec.service").returncode == 0
    eventually(lambda: metrics(host), 20, "inspec.prom is there")
    assert state(host, "inspec.service", "Result") == ["signal"]
    put(host, stand_in, "ssh-baseline", 100)  # and what it left behind is no trouble for the next run
    assert host.run("systemctl", "start", "inspec.service").returncode == 0
    assert not list(host.path(RESULTS).glob(".run_inspec.partial"))


def test_what_inspec_finds_in_its_environment(host: IsolatedHost, stand_in: StandIn) -> None:
    put(host, stand_in, "ssh-baseline", 100)
    configure(host, stand_in.profile("look", f"env >{STAND_IN}/environment; . {STAND_IN}/ssh-baseline"))
    with host.path("/etc/default/inspec-textfile").open("a") as settings:
        settings.write("CHEF_LICENSE=accept-silent\n")
    assert host.run("systemctl", "start", "inspec.service").returncode == 0
    environment = (stand_in.folder / "environment").read_text().splitlines()
    assert {"HOME=/root", "CHEF_LICENSE=accept-silent", "LANG=C.UTF-8"} <= set(environment)


def test_starting_it_twice_runs_it_once(host: IsolatedHost, stand_in: StandIn) -> None:
    put(host, stand_in, "ssh-baseline", 100)
    play = f"echo run >>{STAND_IN}/runs; sleep 2; . {STAND_IN}/ssh-baseline"
    configure(host, stand_in.profile("slow", play))
    assert host.run("systemctl", "start", "--no-block", "inspec.service").returncode == 0
    assert host.run("systemctl", "start", "inspec.service").returncode == 0
    assert (stand_in.folder / "runs").read_text().splitlines() == ["run"]


def test_a_web_server_reads_pages_and_nothing_else(host: IsolatedHost, stand_in: StandIn) -> None:
    """docs/operations.md, "Serve the pages": its line and its commands."""
    put(host, stand_in, "ssh-baseline", 100)
    profile = stand_in.folder / "ssh-baseline"
    host.path("/etc/inspec-textfile.conf").write_text(f"web01/ssh {STAND_IN}/{profile.name}\n")
    operations = REPOSITORY / "docs" / "operations.md"
    (line,) = re.findall(r"(?m)^    (d .* www-data)$", operations.read_text())
    (commands,) = (found for found in all_commands_of(operations) if "systemd-tmpfiles" in found)
    rules = host.path("/etc/tmpfiles.d/inspec-textfile.conf")
    rules.write_text(re.sub(rf"(?m)^d {PAGES} .*$", line, rules.read_text()))
    assert host.run("sh", "-ec", commands).returncode == 0
    forget(host)
    assert host.run("systemctl", "start", "inspec.service").returncode == 0
    eventually(lambda: metrics(host), 20, "inspec.prom is there")
    settle(host)

    def may_read(user: str, path: str) -> bool:
        return host.run("runuser", "-u", user, "--", "cat", path).returncode == 0

    for page in (f"{PAGES}/index.html", f"{PAGES}/inspec-web01/ssh.json.html"):
        assert (may_read("www-data", page), may_read("nobody", page)) == (True, False)
    assert host.path(f"{RESULTS}/web01/ssh.json").exists()
    for other in (f"{RESULTS}/web01/ssh.json", "/etc/default/inspec-textfile", f"{METRICS}/.inspec.prom.state"):
        assert not may_read("www-data", other)
    for text in ("inspec.prom", "inspec_exec.prom"):
        assert may_read("nobody", f"{TEXTFILES}/{text}")


def test_a_run_by_hand_as_root_keeps_the_memory_and_its_owner(host: IsolatedHost, stand_in: StandIn) -> None:
    """Not what README.md says, but what people do."""
    put(host, stand_in, "ssh-baseline", 100)
    forget(host)
    assert host.run("systemctl", "start", "inspec.service").returncode == 0
    eventually(lambda: metrics(host), 20, "inspec.prom is there")
    settle(host)
    run = host.run("inspec-textfile", "--settings", "/etc/default/inspec-textfile", "-v")
    assert run.returncode == 0, run.stderr
    assert "starts over" not in run.stderr
    for name in ("inspec.prom", ".inspec.prom.state"):
        assert host.path(f"{METRICS}/{name}").stat().st_uid == user_in(host, "inspec-textfile")


def many_controls(case: str, times: int) -> str:
    """Return a genuine report whose controls are there many times over."""
    document = json.loads(report("7.1.16", case).read_text(encoding="utf-8"))
    controls = document["profiles"][0]["controls"]
    document["profiles"][0]["controls"] = [{**one, "id": f"{one['id']}-{n}"} for n in range(times) for one in controls]
    return json.dumps(document)


@contextlib.contextmanager
def limits(host: IsolatedHost, lines: str) -> Iterator[None]:
    """Have other limits in the unit, and nothing else among the results than what is put there."""
    drop_in = host.path("/run/systemd/system/inspec-textfile.service.d/zz-limits.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(f"[Service]\n{lines}")
    aside = host.path("/run/aside")
    forget(host)
    host.run("sh", "-c", f"mv {RESULTS} /run/aside; rm -f {METRICS}/.inspec.prom.*")
    host.run("install", "-d", "-m", "2750", "-g", "inspec-textfile", RESULTS)
    host.run("systemctl", "daemon-reload")
    try:
        yield
    finally:
        drop_in.unlink()
        host.run("rm", "-rf", RESULTS)
        host.run("cp", "-a", "/run/aside", RESULTS)
        assert aside.exists()
        host.run("rm", "-rf", "/run/aside")
        host.run("systemctl", "daemon-reload")


def test_limits_of_memory(host: IsolatedHost) -> None:
    """The first process alone can't take what all of them may."""
    one, all_of_them, policy = state(host, "inspec-textfile.service", "LimitAS", "MemoryMax", "OOMPolicy")
    assert (int(one), int(all_of_them), policy) == (2 * 2**30, 4 * 2**30, "continue")


@pytest.mark.long
def test_a_report_for_which_memory_does_not_suffice_loses_its_page_alone(host: IsolatedHost) -> None:
    with limits(host, "LimitAS=300M\n"):
        host.path(f"{RESULTS}/big.json").write_text(many_controls("stig-style", 4000), encoding="utf-8")
        host.path(f"{RESULTS}/good.json").write_bytes(report("7.1.16", "ssh-baseline").read_bytes())
        assert host.run("systemctl", "start", "inspec-textfile.service").returncode != 0
        assert "does not fit into memory" in logged(host, "inspec-textfile.service")
        assert 'inspec_report_readable{report="good"} 1.0' in metrics(host)
        assert host.path(f"{PAGES}/inspec-good.json.html").exists()
        assert not host.path(f"{PAGES}/inspec-big.json.html").exists()


def probe(host: IsolatedHost, folders: list[str], loosened: str = "") -> dict[str, Any]:
    """Return what the probe found in place of the program; everything else of the unit is as installed, or loosened."""
    host.path("/opt/probe.py").write_text(PROBE)
    drop_in = host.path("/run/systemd/system/inspec-textfile.service.d/zz-probe.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(
        f"[Service]\nExecStart=\nExecStart={PYTHON} /opt/probe.py {' '.join(folders)}\n"
        f"StandardOutput=truncate:/run/probe.json\nStandardError=append:/run/probe.log\n{loosened}"
    )
    try:
        settle(host)
        host.run("systemctl", "daemon-reload")
        started = host.run("systemctl", "start", "inspec-textfile.service")
        assert started.returncode == 0, host.path("/run/probe.log").read_text()
        found: dict[str, Any] = json.loads(host.path("/run/probe.json").read_text())
        return found
    finally:
        drop_in.unlink()
        host.run("systemctl", "daemon-reload")


def test_the_sandbox(host: IsolatedHost) -> None:
    system = ["/", "/etc", "/usr", "/usr/local/etc", RESULTS, "/var", "/var/lib", "/opt", "/run", "/sys", "/sys/fs/cgroup"]
    found = probe(host, [*system, TEXTFILES, OWN_TMP, METRICS, PAGES])
    ours = user_in(host, "inspec-textfile")
    assert found["user"][0] == ours
    assert found["capabilities"] == [0, 0, 0, 0, 0]
    assert found["no new privileges"] == "1"
    assert found["seccomp"] == "2"
    assert found["interfaces"] == ["lo"]
    outside = {name: host.run("readlink", f"/proc/1/ns/{name}").stdout.strip() for name in found["namespaces"]}
    assert [name for name, inode in found["namespaces"].items() if inode == outside[name]] == []
    assert found["writable mounts"] == [OWN_TMP, METRICS, PAGES]
    assert found["write"] == [OWN_TMP, METRICS, PAGES]
    assert found["list"] == ["/etc"]
    assert found["see /tmp"] == []
    assert found["see pids"] == []
    assert found["see /proc/meminfo"] is False
    assert not set(found["devices"]) & {"sda", "vda", "mem", "kmsg", "port"}
    assert found["could"] == []


def test_loosened_for_uploads(host: IsolatedHost) -> None:
    """README.md's lines for --upload open the network, and only that."""
    (lines,) = re.findall(r"(?m)^    \[Service\]\n((?:    .*\n)+)", (SYSTEMD / "README.md").read_text())
    found = probe(host, [RESULTS, TEXTFILES, METRICS, PAGES], re.sub(r"(?m)^    ", "", lines))
    assert found["could"] == ["unix socket", "inet socket", "inet6 socket"]
    assert found["write"] == [METRICS, PAGES]
    assert found["namespaces"]["net"] == host.run("readlink", "/proc/1/ns/net").stdout.strip()
