"""contrib/cron/: run_inspec.sh with a stand-in for InSpec, as cron runs it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.host import others_may_enter, parse_series
from helpers.marks import long
from helpers.needs import missing, require
from helpers.paths import REPORTS, REPOSITORY
from helpers.servers import eventually, node_exporter
from helpers.stand_in import CRON, SYSTEMD, StandIn, all_commands_of, as_cron_runs, report

RUN_INSPEC = CRON / "run_inspec.sh"


class CronHost:
    """A results folder, a config, logs and a stand-in for InSpec."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.logs = folder / "logs"
        self.config = folder / "inspec textfile.conf"
        self.textfiles = folder / "textfiles"
        self.metrics = self.textfiles / "inspec_exec.prom"
        self.stand_in = StandIn(folder / "inspec home")
        self.results.mkdir(mode=0o750)
        self.textfiles.mkdir()
        self.environment = {
            "INSPEC_TEXTFILE_RESULTS_DIR": str(self.results),
            "RUN_INSPEC_CONFIG": str(self.config),
            "RUN_INSPEC_LOGS": str(self.logs),
            "RUN_INSPEC_PROGRAM": str(self.stand_in.program),
            "INSPEC_TEXTFILE_OUTPUT": str(self.textfiles / "inspec.prom"),
        }

    def configure(self, *lines: str) -> None:
        self.config.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="surrogateescape")

    def configure_one(self, play: Path, arguments: str = "") -> None:
        self.configure(f"monitorama '{play}' {arguments}")

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return as_cron_runs(str(RUN_INSPEC), {**self.environment, **environment})

    def start(self, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(RUN_INSPEC)],
            env={"PATH": "/usr/bin:/bin", "HOME": "/", **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def result(self, name: str = "monitorama") -> bytes:
        return (self.results / f"{name}.json").read_bytes()

    def left_over(self) -> list[str]:
        """Whatever is in the results folder that is not a report."""
        return [str(path) for path in self.results.rglob("*") if path.is_file() and path.suffix != ".json"]


@pytest.fixture
def host(tmp_path: Path) -> CronHost:
    return CronHost(tmp_path)


@pytest.fixture
def with_last_good(host: CronHost) -> CronHost:
    """A host whose last run went well."""
    (host.results / "monitorama.json").write_bytes(LAST_GOOD.read_bytes())
    return host


LAST_GOOD = report("7.1.16", "all-pass")


def is_quiet(run: subprocess.CompletedProcess[str]) -> bool:
    return (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_shellcheck() -> None:
    run = subprocess.run([require("shellcheck", "shellcheck"), RUN_INSPEC], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize(
    ("case", "status"),
    [("all-pass", 0), ("ssh-baseline", 100), ("all-skip", 101), ("broken-raise", 102), ("no-distinct-exit-failed", 1)],
)
def test_statuses_that_come_with_a_report(with_last_good: CronHost, case: str, status: int) -> None:
    genuine = report("7.1.16", case)
    with_last_good.configure_one(with_last_good.stand_in.prints("profile", genuine, status, "a warning\n"))
    assert is_quiet(with_last_good.run())
    assert with_last_good.result() == genuine.read_bytes()
    assert (with_last_good.logs / "monitorama.log").read_text() == "a warning\n"
    assert not with_last_good.left_over()


@pytest.mark.parametrize("case", ["noisy", "target-id"])
def test_log_lines_before_the_document(host: CronHost, case: str) -> None:
    genuine = report("7.1.16", case)
    host.configure_one(host.stand_in.prints("profile", genuine, 0))
    assert is_quiet(host.run())
    assert host.result() == genuine.read_bytes()


def test_reports_of_every_version_are_taken(host: CronHost) -> None:
    reports = [path for path in sorted(REPORTS.glob("*/*.json")) if path.suffixes == [".json"] and path.stat().st_size]
    assert {path.parent.name[0] for path in reports} >= set("1234567")
    host.configure(*(f"{path.parent.name}/{path.stem} '{host.stand_in.prints(str(path)[1:], path, 100)}'" for path in reports))
    assert is_quiet(host.run())
    for path in reports:
        assert host.result(f"{path.parent.name}/{path.stem}") == path.read_bytes()


@pytest.mark.parametrize(
    ("play", "said"),
    [
        ("echo 'cannot load profile' >&2; exit 1", "it printed no report (exit status 1)"),
        ("exit 0", "it printed no report (exit status 0)"),
        ("exit 100", "it printed no report (exit status 100)"),
        ("echo; exit 100", "its output is not a report, or only half of one (exit status 100)"),
        ("echo '{}'; exit 0", "its output is not a report, or only half of one (exit status 0)"),
        (
            "echo 'Do you accept the licence?'; exit 172",
            "exit status 172 (Chef's licence is not accepted: set CHEF_LICENSE=accept-silent)",
        ),
        ("exit 173", "exit status 173 (Chef's licence key does not allow InSpec: set another CHEF_LICENSE_KEY)"),
        ("exit 174", "exit status 174 (there is no licence key: set CHEF_LICENSE_KEY)"),
        ("cat {report}; exit 2", "exit status 2 (a plug-in of InSpec failed)"),
        ("exit 3", "exit status 3 (the profile uses what this InSpec no longer has)"),
        ("exit 4", "exit status 4 (a gem that the profile needs is missing or cannot be loaded)"),
        ("exit 5", "exit status 5 (the profile's signature is wrong)"),
        ("exit 6", "exit status 6 (the profile has no signature, and signatures are required)"),
        ("exit 7", "exit status 7"),
        ("cat {report}; kill -9 $$", "it was killed"),
        ("cat {report}; kill -SEGV $$", "exit status 139"),
    ],
)
def test_what_is_no_report_never_replaces_the_last_good_one(with_last_good: CronHost, play: str, said: str) -> None:
    play = play.replace("{report}", f"'{report('7.1.16', 'ssh-baseline')}'")
    with_last_good.configure_one(with_last_good.stand_in.profile("profile", play))
    run = with_last_good.run()
    assert run.returncode == 1
    assert run.stdout == ""
    assert f"report 'monitorama': {said}" in run.stderr
    assert with_last_good.result() == LAST_GOOD.read_bytes()
    assert not with_last_good.left_over()


@pytest.mark.parametrize(
    ("version", "case"),
    [
        ("7.1.16", "ssh-baseline"),
        long("5.24.24", "ssh-baseline"),
        long("2.3.28", "all-pass"),
    ],
)
def test_a_report_cut_anywhere_is_refused(host: CronHost, version: str, case: str) -> None:
    whole = report(version, case).read_bytes()
    cuts = [1, *range(len(whole) // 3, len(whole) - 30, len(whole) // 3), *range(len(whole) - 9, len(whole))]
    lines = []
    for cut in cuts:
        document = host.stand_in.folder / f"cut-{cut}"
        document.write_bytes(whole[:cut])
        lines.append(f"{cut} '{host.stand_in.prints(f'profile-{cut}', document, 100)}'")
    host.configure(*lines)
    run = host.run()
    assert run.returncode == 1
    assert run.stderr.count("half of one") == len(cuts)
    assert not list(host.results.glob("*.json"))


def test_messages_are_shown_when_it_failed(host: CronHost) -> None:
    play = "printf '\\033[31mprofile is broken\\033[0m\\n' >&2; echo licence?; exit 1"
    host.configure_one(host.stand_in.profile("profile", play))
    run = host.run()
    assert f"the end of {host.logs}/monitorama.log:" in run.stderr
    assert "    [31mprofile is broken" in run.stderr
    assert "\033" not in run.stderr
    assert "licence?" in run.stderr  # what InSpec asks on standard output


def test_logs_are_bounded_and_the_one_before_is_kept(host: CronHost) -> None:
    good = report("7.1.16", "all-pass")
    host.configure_one(host.stand_in.prints("profile", good, 0, "the first run\n"))
    assert is_quiet(host.run())
    host.configure_one(host.stand_in.profile("profile", f"yes line | head -c 3000000 >&2; echo the end >&2; cat '{good}'"))
    assert is_quiet(host.run())
    assert (host.logs / "monitorama.log.1").read_text() == "the first run\n"
    log = (host.logs / "monitorama.log").read_text()
    assert len(log) <= 262144
    assert log.endswith("the end\n")
    assert is_quiet(host.run())
    assert sorted(path.name for path in host.logs.glob("[!.]*")) == ["monitorama.log", "monitorama.log.1"]


def test_one_bad_report_does_not_stop_the_others(host: CronHost) -> None:
    good = report("7.1.16", "all-pass")
    host.configure(
        f"first '{host.stand_in.profile('bad', 'exit 1')}'", f"web01/second '{host.stand_in.prints('good', good, 0)}'"
    )
    run = host.run()
    assert run.returncode == 1
    assert "'first'" in run.stderr
    assert "second" not in run.stderr
    assert [str(path.relative_to(host.results)) for path in host.results.rglob("*.json")] == ["web01/second.json"]
    assert host.result("web01/second") == good.read_bytes()


def test_arguments_are_passed_on_as_written(host: CronHost) -> None:
    profile = host.stand_in.prints("my profile's", report("7.1.16", "all-pass"), 0)
    marks = host.results.parent / "marks"
    host.configure(
        "# a comment, and an empty line",
        "",
        f"""  "a name with spaces"\t"{profile}" '--input' 'banner=it costs $5, `touch {marks}` $(touch {marks})' """
        rf"""--waiver-file=/etc/waivers.yml "it's" 'say "hi"' a\ b \\ * ~ "" --target ssh://audit@web01 ; touch {marks}""",
    )
    assert is_quiet(host.run())
    assert host.stand_in.arguments(profile)[2:] == [
        "--input",
        f"banner=it costs $5, `touch {marks}` $(touch {marks})",
        "--waiver-file=/etc/waivers.yml",
        "it's",
        'say "hi"',
        "a b",
        "\\",
        "*",
        "~",
        "",
        "--target",
        "ssh://audit@web01",
        ";",
        "touch",
        str(marks),
        "--reporter",
        "json",
    ]
    assert not marks.exists()
    assert host.result("a name with spaces") == report("7.1.16", "all-pass").read_bytes()
    assert (host.logs / "a name with spaces.log").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("../up PROFILE", "can't name a report"),
        ("a/../../up PROFILE", "can't name a report"),
        ("/etc/up PROFILE", "can't name a report"),
        (".hidden PROFILE", "can't name a report"),
        ("a/.hidden PROFILE", "can't name a report"),
        ("a//b PROFILE", "can't name a report"),
        ("a/ PROFILE", "can't name a report"),
        ("'' PROFILE", "can't name a report"),
        ("https://example.org/profile", "can't name a report"),
        ("monitorama.json PROFILE", "goes without .json"),
        ("caf\udce9 PROFILE", "is not UTF-8"),
        ("alone", "not followed by a profile"),
        ("name PROFILE --reporter cli", "leave out --reporter"),
        ("name PROFILE --reporter=json:/tmp/x", "leave out --reporter"),
        ("name PROFILE 'not closed", "a quote is not closed"),
        ("good PROFILE", "is in line 1 already"),
    ],
)
def test_lines_that_are_refused(host: CronHost, line: str, said: str) -> None:
    profile = host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0)
    host.configure(f"good '{profile}'", line.replace("PROFILE", f"'{profile}'"))
    run = host.run()
    assert run.returncode == 1
    assert run.stderr.startswith(f"run_inspec.sh: {host.config}:2: ")
    assert said in run.stderr
    assert [path.name for path in host.results.parent.rglob("*.json")] == ["good.json"]


def test_other_reporter_options_are_let_through(host: CronHost) -> None:
    profile = host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0)
    host.configure_one(profile, "--reporter-message-truncation=80 --no-reporter-backtrace-inclusion")
    assert is_quiet(host.run())
    assert host.stand_in.arguments(profile)[2] == "--reporter-message-truncation=80"


def test_a_config_from_windows_without_a_last_newline(host: CronHost) -> None:
    profile = host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0)
    host.config.write_bytes(f"# comment\r\n\r\nmonitorama '{profile}' --controls a\r\nlast '{profile}'".encode())
    assert is_quiet(host.run())
    assert host.result("last") == host.result()


def test_time_limit(with_last_good: CronHost) -> None:
    play = f"cat '{report('7.1.16', 'ssh-baseline')}'; sleep 60"
    with_last_good.configure_one(with_last_good.stand_in.profile("profile", play))
    run = with_last_good.run(RUN_INSPEC_TIMEOUT="0.5s")
    assert run.returncode == 1
    assert "it took longer than 0.5s and was ended" in run.stderr
    assert with_last_good.result() == LAST_GOOD.read_bytes()


@pytest.mark.long
def test_what_ignores_the_time_limit_is_killed(with_last_good: CronHost) -> None:
    with_last_good.configure_one(with_last_good.stand_in.profile("profile", "trap '' TERM; while :; do sleep 1; done"))
    run = with_last_good.run(RUN_INSPEC_TIMEOUT="2s", RUN_INSPEC_KILL_AFTER="0.5s")
    assert run.returncode == 1
    assert "it was killed" in run.stderr
    assert with_last_good.result() == LAST_GOOD.read_bytes()


@pytest.fixture
def slow(with_last_good: CronHost) -> Iterator[CronHost]:
    """A host whose InSpec has printed half a report, says its process id in the file `pid`, and goes on for long."""
    half = with_last_good.results.parent / "half"
    half.write_bytes(report("7.1.16", "ssh-baseline").read_bytes()[:4000])
    pid = pid_file(with_last_good)
    with_last_good.configure_one(with_last_good.stand_in.profile("profile", f"cat '{half}'; echo $$ >'{pid}'; exec sleep 120"))
    yield with_last_good
    if pid.exists() and is_running(int(pid.read_text())):
        os.kill(int(pid.read_text()), signal.SIGKILL)


def pid_file(host: CronHost) -> Path:
    return host.results.parent / "pid"


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for_pid(host: CronHost) -> int:
    return eventually(lambda: pid_file(host).exists() and int(pid_file(host).read_text() or 0), 10, "InSpec was started")


def test_runs_do_not_overlap(slow: CronHost) -> None:
    first = slow.start()
    pid = wait_for_pid(slow)
    second = slow.run()
    assert second.returncode == 75
    assert re.search(r"the run that started \d{4}-\d\d-\d\d", second.stderr)
    assert "still goes on; nothing was started" in second.stderr
    os.kill(pid, signal.SIGTERM)
    first.communicate(timeout=60)
    assert first.returncode == 1
    assert slow.result() == LAST_GOOD.read_bytes()


def test_a_run_that_was_killed_leaves_nothing_behind(slow: CronHost) -> None:
    first = slow.start()
    pid = wait_for_pid(slow)
    first.kill()
    first.communicate(timeout=60)
    assert slow.left_over()  # half a report, which inspec-textfile does not see

    assert slow.run().returncode == 75  # its InSpec still runs

    os.kill(pid, signal.SIGKILL)
    slow.configure_one(slow.stand_in.prints("good", report("7.1.16", "ssh-baseline"), 100))
    eventually(lambda: is_quiet(slow.run()), 10, "the lock is free")
    assert slow.result() == report("7.1.16", "ssh-baseline").read_bytes()
    assert not slow.left_over()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_inspec_too(slow: CronHost, number: signal.Signals, status: int) -> None:
    run = slow.start()
    pid = wait_for_pid(slow)
    run.send_signal(number)
    _, messages = run.communicate(timeout=60)
    assert run.returncode == status
    assert "stopped by a signal" in messages
    eventually(lambda: not is_running(pid), 10, "InSpec is gone")
    assert not slow.left_over()
    assert slow.result() == LAST_GOOD.read_bytes()


def test_what_a_control_leaves_in_the_background_does_not_hold_the_lock(host: CronHost) -> None:
    pid = pid_file(host)
    play = f"sleep 60 >/dev/null 2>&1 & echo $! >'{pid}'; cat '{report('7.1.16', 'all-pass')}'"
    host.configure_one(host.stand_in.profile("profile", play))
    try:
        assert is_quiet(host.run())
        assert is_running(int(pid.read_text()))
        os.kill(int(pid.read_text()), 0)
        host.configure_one(host.stand_in.prints("other", report("7.1.16", "all-pass"), 0))
        assert is_quiet(host.run())
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def with_own_mounts(host: CronHost, command: str) -> subprocess.CompletedProcess[str]:
    if os.geteuid() != 0:
        missing("root", "only root can mount")
    return as_cron_runs(f"exec unshare --mount sh -c {shlex.quote(command)}", host.environment)


def test_a_full_disk(host: CronHost) -> None:
    """The results are on a file system of 64 kB that holds a good report and has no room for a larger one."""
    big = report("7.1.16", "ssh-baseline")
    play = f"for i in 1 2 3 4 5 6 7 8 9 10 11; do cat '{big}' || exit 1; done"
    host.configure_one(host.stand_in.profile("profile", play))
    command = (
        f"mount -t tmpfs -o size=64k,mode=750 tmpfs '{host.results}' && cp '{LAST_GOOD}' '{host.results}/monitorama.json' && "
        f"'{RUN_INSPEC}'; status=$?; cmp '{LAST_GOOD}' '{host.results}/monitorama.json' && ls -A '{host.results}'; exit $status"
    )
    run = with_own_mounts(host, command)
    assert run.returncode == 1, run.stderr
    assert "No space left on device" in run.stderr
    assert run.stdout.split() == ["monitorama.json"]


def test_a_results_folder_that_is_read_only(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    run = with_own_mounts(host, f"mount -t tmpfs -o ro,mode=750 tmpfs '{host.results}' && '{RUN_INSPEC}'")
    assert run.returncode == 2
    assert f"{host.results} can't be written to" in run.stderr


def test_logs_that_cannot_be_written(with_last_good: CronHost) -> None:
    with_last_good.logs.write_text("a file in the place of the folder")
    with_last_good.configure_one(with_last_good.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    run = with_last_good.run()
    assert run.returncode == 2
    assert f"{with_last_good.logs} can't be made or written to" in run.stderr


def test_a_log_that_cannot_be_written(with_last_good: CronHost) -> None:
    (with_last_good.logs / "monitorama.log.1").mkdir(parents=True)
    (with_last_good.logs / "monitorama.log").write_text("the last run")
    with_last_good.configure_one(with_last_good.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    run = with_last_good.run()
    assert run.returncode == 1
    assert "monitorama.log can't be written. The last good report stays." in run.stderr


def test_a_folder_in_the_place_of_a_report(host: CronHost) -> None:
    (host.results / "monitorama.json").mkdir()
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    run = host.run()
    assert run.returncode == 1
    assert "it could not be put in place" in run.stderr
    assert not host.left_over()


def test_the_group_of_the_folder_may_read_and_others_may_not(host: CronHost) -> None:
    host.results.chmod(0o2750)
    os.chown(host.results, -1, 12345)
    host.configure(f"web01/a '{host.stand_in.prints('profile', report('7.1.16', 'all-pass'), 0)}'")
    assert is_quiet(host.run())
    for path, mode in ((host.results / "web01", 0o2750), (host.results / "web01" / "a.json", 0o640)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.stat().st_gid == 12345


OTHERS = 65534
"""A user and a group that are not this one."""


def make_writable(folder: Path, how: str) -> None:
    """Let others write to a folder."""
    if how == "owner":
        os.chown(folder, OTHERS, -1)
    else:
        folder.chmod({"group": 0o770, "everyone": 0o1777}[how])


def as_another(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody else, which only root can."""
    if os.geteuid() != 0:
        missing("root", "only root can become another user")
    become = ["setpriv", f"--reuid={OTHERS}", f"--regid={OTHERS}", "--clear-groups"]
    return subprocess.run([*become, *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", ["owner", "group", "everyone"])
def test_results_that_others_may_write_to_are_refused_unless_told(with_last_good: CronHost, how: str) -> None:
    host = with_last_good
    genuine = report("7.1.16", "ssh-baseline")
    host.configure_one(host.stand_in.prints("profile", genuine, 100))
    make_writable(host.results, how)
    run = host.run()
    assert run.returncode == 2
    assert f"{host.results} can be written to by its " in run.stderr
    assert host.result() == LAST_GOOD.read_bytes()
    assert outcome(host) == 0
    assert is_quiet(host.run(RUN_INSPEC_SHARED_RESULTS="yes"))
    assert host.result() == genuine.read_bytes()


@pytest.mark.parametrize("how", ["owner", "group", "everyone"])
def test_a_folder_of_somebody_else_among_the_results(host: CronHost, how: str) -> None:
    """Reports that others deliver have a folder of their own, which run_inspec.sh leaves alone."""
    profile = host.stand_in.prints("profile", LAST_GOOD, 0)
    (host.results / "web01").mkdir()
    make_writable(host.results / "web01", how)
    host.configure(f"db01/linux '{profile}'")
    assert is_quiet(host.run())
    host.configure(f"db01/linux '{profile}'", f"web01/linux '{profile}'")
    run = host.run()
    assert run.returncode == 1
    assert f"report 'web01/linux': {host.results}/web01 can be written to by its " in run.stderr
    assert [outcome(host, name) for name in ("db01/linux", "web01/linux")] == [1, 0]
    assert list((host.results / "web01").iterdir()) == []


def test_a_sender_delivers_into_a_folder_of_its_own(host: CronHost) -> None:
    """docs/operations.md, "Reports that others deliver"."""
    (commands,) = (block for block in all_commands_of(REPOSITORY / "docs" / "operations.md") if "-o from-web01" in block)
    commands = commands.replace("useradd --system --create-home --shell /bin/sh from-web01", "")
    for placeholder, here in {
        "/usr/local/etc/inspec-results": str(host.results),
        "-o from-web01": f"-o {OTHERS}",
        "-g inspec-textfile": f"-g {OTHERS - 1}",
    }.items():
        assert placeholder in commands
        commands = commands.replace(placeholder, here)
    others_may_enter(host.results.parent)
    assert is_quiet(as_cron_runs(commands))
    for command, may in (
        (f"cd '{host.results}/web01' && echo '{{}}' >.linux && mv .linux linux.json", True),
        (f"ls '{host.results}'", False),
        (f"echo >'{host.results}/db01.json'", False),
    ):
        assert (as_another("sh", "-c", command).returncode == 0) is may, command
    host.configure(f"db01/linux '{host.stand_in.prints('profile', LAST_GOOD, 0)}'")
    assert is_quiet(host.run())
    assert host.result("web01/linux") == b"{}\n"
    assert stat.S_IMODE((host.results / "web01").stat().st_mode) == 0o2750
    assert as_another("cat", host.results / "db01" / "linux.json").returncode != 0


@pytest.mark.parametrize("name", [".run_inspec.partial", ".run_inspec.lock", "web01", "web01/linux.json"])
@pytest.mark.parametrize("shared", ["no", "yes"])
def test_no_link_among_the_results_is_followed(host: CronHost, name: str, shared: str) -> None:
    elsewhere = host.results.parent / "elsewhere"
    elsewhere.mkdir()
    precious = elsewhere / "linux.json"
    precious.write_text("precious")
    link = host.results / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere if name == "web01" else precious)
    host.configure(f"web01/linux '{host.stand_in.prints('profile', LAST_GOOD, 0)}'")
    run = host.run(RUN_INSPEC_SHARED_RESULTS=shared)
    assert (run.returncode, "web01 is a link" in run.stderr) == ((1, True) if name == "web01" else (0, False))
    assert precious.read_text() == "precious"
    assert list(elsewhere.iterdir()) == [precious]
    if name != "web01":
        assert host.result("web01/linux") == LAST_GOOD.read_bytes()


def test_a_folder_that_becomes_a_link_while_inspec_runs(host: CronHost) -> None:
    """The report goes into the folder that was there when InSpec was started."""
    elsewhere = host.results.parent / "elsewhere"
    elsewhere.mkdir()
    swap = f"cd '{host.results}' && mv web01 moved && ln -s '{elsewhere}' web01 && cp moved/.run_inspec.* web01/"
    host.configure(f"web01/linux '{host.stand_in.profile('swap', f'{swap}; cat {shlex.quote(str(LAST_GOOD))}')}'")
    assert is_quiet(host.run(RUN_INSPEC_SHARED_RESULTS="yes"))
    assert (host.results / "moved" / "linux.json").read_bytes() == LAST_GOOD.read_bytes()
    assert not (elsewhere / "linux.json").exists()


def test_the_partial_file_that_becomes_a_link_while_inspec_runs(host: CronHost) -> None:
    """What InSpec prints goes on into the file that was made for it."""
    precious = host.results.parent / "precious"
    precious.write_text("precious")
    swap = f"cd '{host.results}' && for partial in .run_inspec.*; do rm $partial; ln -s '{precious}' $partial; done"
    host.configure_one(host.stand_in.profile("swap", f"{swap}; cat '{LAST_GOOD}'"))
    host.run(RUN_INSPEC_SHARED_RESULTS="yes")
    assert precious.read_text() == "precious"


def test_nobody_else_can_hold_the_lock(host: CronHost) -> None:
    """Neither a member of the group of results and logs, who may read both."""
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    for folder in (host.results, host.logs):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o2750)
        os.chown(folder, -1, OTHERS)
        others_may_enter(folder.parent)
    assert is_quiet(host.run())
    files = [path for folder in (host.results, host.logs) for path in folder.rglob("*") if path.is_file()]
    (lock,) = (path for path in files if path.suffix == ".lock")
    held = {path.name for path in files if as_another("flock", "--nonblock", path, "true").returncode == 0}
    assert held == {"monitorama.json", "monitorama.log"}
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_logs_that_others_may_write_to(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    host.logs.mkdir()
    make_writable(host.logs, "group")
    run = host.run(RUN_INSPEC_SHARED_RESULTS="yes")
    assert run.returncode == 2
    assert f"{host.logs} can be written to by its group or everyone (mode 770)" in run.stderr


def test_settings_that_others_may_write_to(host: CronHost) -> None:
    settings = host.results.parent / "settings"
    settings.write_text("touch /nonexistent\n")
    settings.chmod(0o660)
    run = as_cron_runs(f"'{RUN_INSPEC}' --settings '{settings}'", host.environment)
    assert run.returncode == 2
    assert run.stderr.startswith(f"run_inspec.sh: {settings} can be written to by its group or everyone (mode 660)")
    assert "nonexistent" not in run.stderr


def test_set_up_that_is_wrong(host: CronHost) -> None:
    missing = host.run()
    assert missing.returncode == 2
    assert f"{host.config} can't be read" in missing.stderr

    host.configure("# nothing yet")
    empty = host.run()
    assert empty.returncode == 2
    assert "names no report" in empty.stderr

    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    nowhere = host.run(RUN_INSPEC_PROGRAM="/nonexistent/inspec")
    assert nowhere.returncode == 2
    assert "/nonexistent/inspec does not exist" in nowhere.stderr

    no_results = host.run(INSPEC_TEXTFILE_RESULTS_DIR="/nonexistent/results")
    assert no_results.returncode == 2
    assert "install -d -m 2750 /nonexistent/results" in no_results.stderr

    usage = as_cron_runs(f"'{RUN_INSPEC}' --help")
    assert usage.returncode == 2
    assert "usage: run_inspec.sh [--settings FILE] [CONFIG]" in usage.stderr


def test_a_setting_that_does_not_exist_is_named(host: CronHost) -> None:
    host.configure_one(host.stand_in.profile("profile", f"cat '{LAST_GOOD}'"))
    done = host.run(RUN_INSPEC_TIMEOT="5m")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("run_inspec.sh: RUN_INSPEC_TIMEOT: there is no such setting; ")
    assert done.stderr.count("\n") == 1
    assert host.result() == LAST_GOOD.read_bytes()


def test_settings_from_a_file(host: CronHost) -> None:
    """By hand, with the settings that cron and systemd use, and a config of one's own."""
    settings = host.results.parent / "settings"
    settings.write_text("".join(f'{name}="{value}"\n' for name, value in host.environment.items()))
    seen = host.results.parent / "environment"
    host.configure_one(host.stand_in.profile("profile", f"env >'{seen}'; cat '{LAST_GOOD}'"))
    assert is_quiet(as_cron_runs(f"cd '{settings.parent}' && '{RUN_INSPEC}' --settings settings"))
    assert f"RUN_INSPEC_LOGS={host.logs}" in seen.read_text().splitlines()  # exported
    assert host.result() == LAST_GOOD.read_bytes()

    other = host.results.parent / "other.conf"
    other.write_text(f"other '{host.stand_in.folder / 'profile'}'\n")
    assert is_quiet(as_cron_runs(f"'{RUN_INSPEC}' --settings '{settings}' '{other}'"))
    assert host.result("other") == LAST_GOOD.read_bytes()

    nowhere = as_cron_runs(f"'{RUN_INSPEC}' --settings /nonexistent/settings")
    assert nowhere.returncode == 2
    assert "/nonexistent/settings can't be read" in nowhere.stderr


def test_no_inspec_at_all(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    run = host.run(RUN_INSPEC_PROGRAM="")
    assert run.returncode == 2
    assert "neither inspec nor cinc-auditor in /usr/bin:/bin:/usr/local/sbin" in run.stderr


@pytest.mark.parametrize("name", ["inspec", "cinc-auditor"])
def test_which_inspec(host: CronHost, name: str) -> None:
    programs = host.results.parent / "bin"
    programs.mkdir()
    (programs / name).symlink_to(host.stand_in.program)
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    assert is_quiet(host.run(RUN_INSPEC_PROGRAM="", PATH=f"{programs}:/usr/bin:/bin"))
    assert host.result() == report("7.1.16", "all-pass").read_bytes()


def test_what_inspec_finds_in_its_environment(host: CronHost) -> None:
    seen = host.results.parent / "environment"
    host.configure_one(host.stand_in.profile("profile", f"env >'{seen}'; cat '{report('7.1.16', 'all-pass')}'"))
    assert is_quiet(host.run(CHEF_LICENSE="accept-silent"))
    environment = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    assert environment["LANG"] == "C.UTF-8"
    assert "/usr/sbin" in environment["PATH"].split(":")
    assert environment["CHEF_LICENSE"] == "accept-silent"
    assert environment["HOME"] == "/"


def test_the_config_may_be_an_argument(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", "all-pass"), 0))
    del host.environment["RUN_INSPEC_CONFIG"]
    assert is_quiet(as_cron_runs(f"'{RUN_INSPEC}' '{host.config}'", host.environment))


def test_the_samples_lines_are_right(host: CronHost) -> None:
    """The sample config, its comment signs taken off, is taken as it is."""
    lines = (CRON / "inspec-textfile.conf").read_text().splitlines()
    samples = [line[1:] for line in lines if line.startswith("#") and not line.startswith("# ") and len(line) > 1]
    assert len(samples) == 4
    host.configure(*samples)
    anything = host.stand_in.folder / "anything"
    anything.write_text(f"#!/bin/sh\nprintf '<%s>' \"$@\" >&2\ncat '{LAST_GOOD}'\n")
    anything.chmod(0o755)
    assert is_quiet(host.run(RUN_INSPEC_PROGRAM=str(anything)))
    assert "<--input><banner=For authorised use only>" in (host.logs / "linux.log").read_text()
    assert host.result("web01/linux") == LAST_GOOD.read_bytes()


STARTED = "inspec_exec_last_start_timestamp_seconds"
ENDED = "inspec_exec_last_end_timestamp_seconds"
EXIT_STATUS = "inspec_exec_last_exit_status"
SUCCESS = "inspec_exec_success"


def outcome(host: CronHost, name: str = "monitorama", family: str = SUCCESS) -> float | None:
    """What the metrics say of a report; nothing, if there is no such series."""
    return parse_series(host.metrics.read_text()).get(f'{family}{{report="{name}"}}')


@pytest.mark.parametrize(
    ("case", "status", "success"),
    [
        ("all-pass", 0, 1),
        ("ssh-baseline", 100, 1),
        ("all-skip", 101, 1),
        ("broken-raise", 102, 1),  # there is a report, and it tells by itself that a profile did not load
        ("no-distinct-exit-failed", 1, 1),
        ("broken-syntax", 1, 0),  # the file is empty
        ("ssh-baseline", 2, 0),
    ],
)
def test_what_became_of_a_run(host: CronHost, case: str, status: int, success: int) -> None:
    host.configure_one(host.stand_in.prints("profile", report("7.1.16", case), status))
    before = int(time.time())
    host.run()
    assert before <= (outcome(host, family=STARTED) or 0) <= (outcome(host, family=ENDED) or 0) <= time.time()
    assert outcome(host, family=EXIT_STATUS) == status
    assert outcome(host) == success
    assert host.metrics.read_text().count("\n# TYPE ") == 4
    assert stat.S_IMODE(host.metrics.stat().st_mode) == 0o644
    assert [path.name for path in host.textfiles.iterdir()] == ["inspec_exec.prom"]


def test_node_exporter_and_promtool_take_any_name(host: CronHost, tmp_path: Path) -> None:
    names = ("a]b", "@", "*", "$(id)", 'say "hi"', "back\\slash\\n", "x} 5", "café/web01", "a{b", "%s", "-n")
    profile = host.stand_in.prints("profile", LAST_GOOD, 0)
    host.configure(*(f"{shlex.quote(name) if chr(39) not in name else name} '{profile}'" for name in names))
    assert is_quiet(host.run())
    assert is_quiet(host.run())  # what is taken over from the last run
    others_may_enter(host.textfiles)
    with node_exporter(host.textfiles, tmp_path / "node_exporter.log") as node:
        served = parse_series(node.scrape())
    assert served["node_textfile_scrape_error"] == 0
    labels = {name.replace("\\", r"\\").replace('"', r"\"") for name in names}
    for family in (STARTED, ENDED, EXIT_STATUS, SUCCESS):
        assert {f'{family}{{report="{label}"}}' for label in labels} == {name for name in served if name.startswith(family)}
    check = [require("promtool", "prometheus"), "check", "metrics"]
    run = subprocess.run(check, input=host.metrics.read_bytes(), capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_a_report_that_has_never_succeeded_has_series(host: CronHost) -> None:
    good = host.stand_in.prints("good", LAST_GOOD, 0)
    host.configure(f"never '{host.stand_in.profile('bad', 'exit 1')}'", "no-profile", f"good '{good}'")
    assert host.run().returncode == 1
    assert [outcome(host, name) for name in ("never", "no-profile", "good")] == [0, 0, 1]
    assert outcome(host, "no-profile", STARTED) is None  # it was not started


def test_a_line_that_breaks_keeps_its_series(host: CronHost) -> None:
    """An alert that fires for it must not resolve because somebody forgot a quote."""
    profile = host.stand_in.prints("profile", LAST_GOOD, 0)
    host.configure(f"web01 '{profile}'")
    assert is_quiet(host.run())
    host.configure(f"web01 '{profile}", f"'web02 {profile}")
    run = host.run()
    assert (run.returncode, run.stderr.count("a quote is not closed")) == (1, 2)
    assert outcome(host, "web01") == 0
    assert outcome(host, "web01", STARTED)


def test_nothing_can_run(host: CronHost) -> None:
    """The figures of the last run stay, but success: that is over."""
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    assert is_quiet(host.run())
    started = outcome(host, family=STARTED)
    assert host.run(RUN_INSPEC_PROGRAM="/nonexistent/inspec").returncode == 2
    assert (outcome(host, family=STARTED), outcome(host, family=EXIT_STATUS), outcome(host)) == (started, 0, 0)
    assert is_quiet(host.run())
    assert outcome(host) == 1
    assert host.run(INSPEC_TEXTFILE_RESULTS_DIR="/nonexistent/results").returncode == 2
    assert outcome(host) == 0


def test_a_report_that_is_no_longer_in_the_config_has_no_series(host: CronHost) -> None:
    profile = host.stand_in.prints("profile", LAST_GOOD, 0)
    host.configure(f"stays '{profile}'", f"goes '{profile}'")
    assert is_quiet(host.run())
    host.configure(f"stays '{profile}'")
    assert is_quiet(host.run())
    assert (outcome(host, "stays"), outcome(host, "goes")) == (1, None)


def test_a_config_of_its_own_has_metrics_of_its_own(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    assert is_quiet(host.run())
    hourly = host.results.parent / "hourly.conf"
    hourly.write_text(f"hourly '{host.stand_in.folder / 'profile'}'\n")
    assert is_quiet(as_cron_runs(f"'{RUN_INSPEC}' '{hourly}'", host.environment))
    assert sorted(path.name for path in host.textfiles.iterdir()) == ["inspec_exec-hourly.prom", "inspec_exec.prom"]
    assert (outcome(host), outcome(host, "hourly")) == (1, None)


def test_while_inspec_runs_its_start_is_new_and_the_rest_is_the_last_runs(slow: CronHost) -> None:
    slow.metrics.write_text(
        "".join(
            f'{family}{{report="monitorama"}} {value}\n'
            for family, value in ((STARTED, 7), (ENDED, 9), (EXIT_STATUS, 100), (SUCCESS, 1))
        )
    )
    run = slow.start()
    wait_for_pid(slow)
    assert (outcome(slow, family=STARTED) or 0) > time.time() - 60
    assert (outcome(slow, family=ENDED), outcome(slow, family=EXIT_STATUS), outcome(slow)) == (9, 100, 1)
    run.terminate()
    run.communicate(timeout=60)
    assert (outcome(slow, family=EXIT_STATUS), outcome(slow)) == (100, 0)  # stopped: it wrote no report
    assert (outcome(slow, family=ENDED) or 0) >= (outcome(slow, family=STARTED) or 0)


def test_a_run_that_was_killed_has_a_start_and_no_end(slow: CronHost) -> None:
    run = slow.start()
    wait_for_pid(slow)
    run.kill()
    run.communicate(timeout=60)
    assert (outcome(slow, family=STARTED) or 0) > time.time() - 60
    assert outcome(slow, family=ENDED) == 0


@pytest.mark.parametrize("what", ["link", "fifo", "partial link", "partial folder"])
def test_what_others_put_into_the_folder_of_metrics(host: CronHost, what: str) -> None:
    """Under systemd the converter's user may write there, and run_inspec.sh is root."""
    precious = host.results.parent / "precious"
    precious.write_text(f'{SUCCESS}{{report="monitorama"}} 1')
    partial = host.textfiles / ".inspec_exec.prom.partial"
    if what == "link":
        host.metrics.symlink_to(precious)
    elif what == "fifo":
        os.mkfifo(host.metrics)
    elif what == "partial link":
        partial.symlink_to(precious)
    else:
        partial.mkdir()
    mode = precious.stat().st_mode
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    run = host.run()
    assert (precious.read_text(), precious.stat().st_mode) == (f'{SUCCESS}{{report="monitorama"}} 1', mode)
    assert host.result() == LAST_GOOD.read_bytes()
    if what == "partial folder":
        assert run.returncode == 1
        assert f"{host.metrics} can't be written" in run.stderr
    else:
        assert is_quiet(run)
        assert outcome(host) == 1
        assert not host.metrics.is_symlink()


@pytest.mark.parametrize("output", ["/nonexistent/inspec.prom", "/dev/full/inspec.prom"])
def test_metrics_that_cannot_be_written_are_told_once_and_stop_nothing(host: CronHost, output: str) -> None:
    profile = host.stand_in.prints("profile", LAST_GOOD, 0)
    host.configure(f"first '{profile}'", f"second '{profile}'")
    run = host.run(INSPEC_TEXTFILE_OUTPUT=output)
    assert run.returncode == 1
    assert run.stderr.count("can't be written; set RUN_INSPEC_METRICS") == 1
    assert host.result("second") == LAST_GOOD.read_bytes()


@pytest.mark.parametrize("output", ["", "-", "/nonexistent/inspec.prom"])
def test_the_folder_of_metrics_may_be_set(host: CronHost, output: str) -> None:
    """Where the converter has a folder of its own, which node_exporter does not read."""
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    assert is_quiet(host.run(INSPEC_TEXTFILE_OUTPUT=output, RUN_INSPEC_METRICS=str(host.textfiles)))
    assert outcome(host) == 1


def test_no_metrics_where_inspec_textfile_prints_its_own(host: CronHost) -> None:
    host.configure_one(host.stand_in.prints("profile", LAST_GOOD, 0))
    assert is_quiet(host.run(INSPEC_TEXTFILE_OUTPUT="-"))
    assert not list(host.textfiles.iterdir())


def cron_line() -> str:
    """The command of the sample for /etc/cron.d."""
    (line,) = (line for line in (CRON / "inspec-textfile.cron").read_text().splitlines() if "run_inspec.sh;" in line)
    fields = line.split(None, 6)
    assert fields[5] == "root"
    assert "%" not in fields[6]  # a newline, to cron
    return fields[6]


def test_the_cron_line_runs_the_converter_whatever_inspec_did(host: CronHost) -> None:
    """Both programs in the places of PATH, the settings in /etc/default; whatever happens, the second runs."""
    programs = host.results.parent / "bin"
    programs.mkdir()
    converter = programs / "inspec-textfile"
    note = f">>'{host.results.parent}/converted'"
    converter.write_text(f'#!/bin/sh\necho "$(ulimit -v) $INSPEC_TEXTFILE_RESULTS_DIR" {note}\n')
    converter.chmod(0o755)
    (programs / "run_inspec.sh").symlink_to(RUN_INSPEC)
    settings = host.results.parent / "default"
    command = cron_line().replace("/etc/default/inspec-textfile", f"'{settings}'")
    path = {"PATH": f"{programs}:/usr/bin:/bin"}

    without_settings = as_cron_runs(command, path)
    assert "can't be read" in without_settings.stderr or "does not exist" in without_settings.stderr

    settings.write_text("".join(f'{name}="{value}"\n' for name, value in host.environment.items()))
    limit = host.results.parent / "limit"
    host.configure_one(host.stand_in.profile("profile", f"ulimit -v >'{limit}'; cat '{LAST_GOOD}'"))
    assert is_quiet(as_cron_runs(command, path))
    assert limit.read_text() == "unlimited\n"  # InSpec's memory is its own affair
    host.configure_one(host.stand_in.profile("bad", "exit 1"))
    assert "it printed no report" in as_cron_runs(command, path).stderr
    assert (host.results.parent / "converted").read_text().splitlines() == [
        "2097152 ",
        f"2097152 {host.results}",
        f"2097152 {host.results}",
    ]


def test_the_sample_of_settings_is_shell_and_all_comments() -> None:
    sample = SYSTEMD / "inspec-textfile.default"
    assert all(line.startswith("#") for line in sample.read_text().splitlines() if line)
    settings = (line[1:] for line in sample.read_text().splitlines() if line[:1] == "#" and line[1:2].isupper())
    run = as_cron_runs("\n".join(["set -aeu", *settings, "env"]))
    assert run.returncode == 0
    assert "RUN_INSPEC_TIMEOUT=30m" in run.stdout
