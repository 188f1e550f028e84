"""`--check` says what is wrong with a set-up, and changes nothing."""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inspec_textfile.check import exporter, folders
from inspec_textfile.check.exporter import Exporter, running_exporters, textfile_folders
from inspec_textfile.check.served import NotAsked, find_address, served_findings

from helpers.host import COMMAND, Host, others_may_enter
from helpers.needs import missing, require
from helpers.servers import NOBODY, Node, eventually, node_exporter


@pytest.fixture
def node(host: Host) -> Iterator[Node]:
    others_may_enter(host.textfiles)
    with node_exporter(host.textfiles, host.root / "node_exporter.log") as running:
        yield running


def add_fresh(host: Host, name: str = "ssh-baseline.json", started: str | None = None) -> Path:
    """Add a report of a run that has just ended, or that was started then."""
    path = host.add("7.1.16/ssh-baseline", name)
    started = started or time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    path.write_text(re.sub(r'"start_time": *"[^"]*"', f'"start_time":"{started}"', path.read_text()))
    return path


def problems(host: Host, *arguments: str) -> list[str]:
    """Return what is wrong; nothing else may have changed."""
    before = times(host)
    done = host.run("--check", *arguments)
    assert times(host) == before
    assert done.stderr == ""
    found = [line.removeprefix("PROBLEM  ") for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert done.returncode == (1 if found else 0)
    return found


def times(host: Host) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in host.root.rglob("*") if path.suffix != ".log"}


def only(host: Host, text: str) -> None:
    found = problems(host)
    assert len(found) == 1, found
    assert text in found[0]


@pytest.fixture
def good(host: Host, node: Node) -> Host:
    """A host with results, metrics, pages and a node_exporter that reads them."""
    assert node
    add_fresh(host)
    assert host.run().returncode == 0
    return host


def test_nothing_is_wrong(good: Host) -> None:
    done = good.run("--check")

    assert problems(good) == []
    assert re.search(r"results: 1 report, the newest \d+ (?:s|min) old, the oldest", done.stdout)
    assert f"reads {good.textfiles} as user" in done.stdout
    assert good.run("--check", "--quiet").stdout == ""


def test_warnings_that_every_run_repeats(good: Host) -> None:
    path = good.results / "ssh-baseline.json"
    path.write_text(path.read_text().replace("{", '{"note": NaN, ', 1))
    assert "holds NaN" in good.run().stderr

    assert any("holds NaN, which is not JSON" in found for found in problems(good))


def test_options_that_do_not_go_together(good: Host) -> None:
    done = good.run("--check", env={"INSPEC_TEXTFILE_NO_REPORTS": "1", "INSPEC_TEXTFILE_UPLOAD": "s3://bucket/x"})

    assert done.returncode == 1
    assert "--upload publishes the pages, and --no-reports makes none" in done.stdout


def test_no_results(good: Host) -> None:
    (good.results / "ssh-baseline.json").unlink()

    only(good, f"{good.results}: holds no results (*.json): have InSpec write there: run_inspec.sh does, from cron or")


def test_no_results_folder(good: Host) -> None:
    (missing,) = problems(good, "--results-dir", "/nonexistent")
    assert missing == (
        "/nonexistent: does not exist: install -d -m 2750 /nonexistent, and have InSpec write there: run_inspec.sh does, from "
        "cron or systemd, or --reporter json:/nonexistent/NAME.json; or pass another folder"
    )
    (missing,) = problems(good, "/nonexistent/web01.json")
    assert missing == "/nonexistent/web01.json: does not exist: check the spelling, and whether InSpec wrote it"
    (missing,) = problems(good, "--results-dir", str(good.prom))
    assert missing == f"{good.prom}: is not a folder: pass one to --results-dir"


def test_an_empty_folder_that_was_given(good: Host) -> None:
    empty = good.root / "empty"
    empty.mkdir()

    (found,) = problems(good, str(empty))

    assert found.startswith(f"{empty}: holds no results (*.json): have InSpec write there: ")
    assert found.endswith(f"--reporter json:{empty}/NAME.json")


def test_times_ahead_of_the_clock(good: Host) -> None:
    ahead = time.time() + 400 * 86400
    os.utime(good.results / "ssh-baseline.json", (ahead, ahead))

    only(good, "ssh-baseline.json: the file is dated 400 d ahead of this host's clock, so that it never looks old")


def test_a_fresh_copy_of_an_old_run_is_old(good: Host) -> None:
    """As a file that is fetched again every hour from a host where InSpec no longer runs."""
    add_fresh(good, started="2026-01-10T06:00:00+00:00")
    only(good, "does InSpec still run?")

    add_fresh(good, started="2099-01-10T06:00:00+00:00")
    only(good, "the run in it is dated")


def test_files_that_are_skipped(good: Host) -> None:
    for name in ("web01.json.gz", "WEB02.JSON", "web03.json.1", "README.md", ".hidden.json.gz", "web05.json.license"):
        (good.results / name).touch()

    assert problems(good) == [
        f"{good.results}/WEB02.JSON: is skipped because its name does not end in .json: rename it, unpack it, or remove it",
        f"{good.results}/web01.json.gz: is skipped because its name does not end in .json: rename it, unpack it, or remove it",
        f"{good.results}/web03.json.1: is skipped because its name does not end in .json: rename it, unpack it, or remove it",
    ]


@pytest.mark.parametrize("name", ["a.json.2026-11-24.gz", "a.json.prev", "a.json.rpmsave", "a.jsonl"])
def test_other_names_of_files_that_are_skipped(good: Host, name: str) -> None:
    (good.results / name).touch()

    only(good, f"{name}: is skipped because its name does not end in .json: rename it, unpack it, or remove it")


def test_a_pile_of_dated_files(good: Host) -> None:
    for day in ("20", "21", "22"):
        add_fresh(good, f"web01-2026-11-{day}.json")
        add_fresh(good, f"web02-202611{day}060000.json")  # runs of one report: the newest counts

    only(good, f"{good.results}/web01-DATE.json: 3 files count as 3 reports; if they are runs of one, have InSpec overwrite")


def test_runs_that_count_as_history(good: Host) -> None:
    for day in range(10, 17):
        add_fresh(good, f"web02-202611{day}060000.json")

    newest = f"{good.results}/web02-20261116060000.json"
    told = f"{newest}: is the newest run of the report web02; the runs before it are history: "
    for lines in (good.run("--check").stdout, good.run("-v").stderr):
        (line,) = (line for line in lines.splitlines() if told in line)
        assert line.endswith("web02-20261114060000.json, web02-20261115060000.json and 1 more")


def test_a_pile_of_dated_folders(good: Host) -> None:
    for day in ("20", "21", "22"):
        add_fresh(good, f"202611{day}060000/web01.json")

    only(good, f"{good.results}/DATE/web01.json: 3 files count as 3 reports; if they are runs of one, have InSpec overwrite")


def test_old_and_unreadable_results(good: Host) -> None:
    old = time.time() - 3 * 86400
    os.utime(good.results / "ssh-baseline.json", (old, old))
    (good.results / "broken.json").write_text("{")

    broken, stale = problems(good)

    assert "broken.json: is cut short" in broken
    assert "the oldest 3 d" in stale
    assert "does InSpec still run?" in stale


def test_pages_that_cannot_be_written(good: Host) -> None:
    (found,) = problems(good, "--reports-dir", "/nonexistent/reports")
    assert "does not exist and cannot be created" in found
    (found,) = problems(good, "--reports-dir", str(good.prom))
    assert "is not a folder" in found
    assert problems(good, "--reports-dir", str(good.root / "new")) == []
    assert problems(good, "--reports-dir", "/nonexistent/reports", "--no-reports") == []


def test_a_user_who_cannot_write(good: Host) -> None:
    """Root without its right to write everywhere; one line a folder."""
    (good.reports / "inspec-web01").mkdir()
    add_fresh(good, "web01/ssh.json")
    for folder in (good.textfiles, good.reports / "inspec-web01"):
        folder.chmod(0o555)

    done = subprocess.run(
        [require("setpriv", "util-linux"), "--bounding-set=-dac_override", COMMAND, *good.options(), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    found = [line for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert found == [
        f"PROBLEM  {folder}: user root cannot write to it (permission denied): chown root {folder}, or run inspec-textfile as "
        "its owner"
        for folder in (good.reports / "inspec-web01", good.textfiles)
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_file_system_that_is_read_only(good: Host) -> None:
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'

    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", good.textfiles, COMMAND, *good.options(), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    found = [line for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert found == [f"PROBLEM  {good.textfiles}: the file system is read-only: mount it with rw, or pass another folder"]


def test_never_run(good: Host) -> None:
    good.prom.unlink()

    only(good, "inspec.prom: does not exist yet: run inspec-textfile once")


def test_not_run_for_long(good: Host) -> None:
    old = time.time() - 3 * 86400
    os.utime(good.prom, (old, old))

    only(good, "inspec.prom: is 3 d old: does inspec-textfile still run?")


def test_a_link_in_place_of_the_file(good: Host) -> None:
    good.prom.rename(good.root / "moved")
    good.prom.symlink_to(good.root / "moved")

    assert any("is not a regular file" in problem for problem in problems(good))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a node_exporter of another user")
def test_a_file_that_node_exporter_may_not_read(good: Host) -> None:
    good.run("--mode", "0600")
    only(
        good, f"inspec.prom: cannot be read by node_exporter (process {exporter_of(good)}, user nobody): chmod o+rX {good.prom}"
    )

    good.run()
    good.textfiles.chmod(0o711)
    only(good, "textfiles: cannot be read by node_exporter")


def exporter_of(host: Host) -> int:
    return next(one.pid for one in running_exporters() if str(host.textfiles) in one.folders)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a file away")
def test_a_file_of_another_user(good: Host) -> None:
    os.chown(good.prom, NOBODY, NOBODY)

    assert "belongs to user nobody, and this is user root: put `runuser -u nobody --` in front" in good.run("--check").stdout
    assert problems(good) == []


def test_one_report_in_two_configs_of_run_inspec(good: Host) -> None:
    for name in ("inspec_exec.prom", "inspec_exec-hourly.prom"):
        (good.textfiles / name).write_text('inspec_exec_success{report="web01"} 1\n')

    only(good, "has 1 series of")


def test_another_file_with_our_series(good: Host) -> None:
    ours = good.prom.read_text()
    (series,) = (line for line in ours.splitlines() if line.startswith("inspec_profile_info{"))
    (good.textfiles / "old.prom").write_text(f"x 1\n{series}\n")
    (good.textfiles / "fine.prom").write_text("my_inspec_controls 1\n")

    found = problems(good)

    assert len(found) == 1
    assert (
        f'{good.textfiles}/old.prom: has 1 series of {good.prom}, too, such as inspec_profile_info{{inspec_version="'
        in found[0]
    )


def test_two_runs_with_files_of_their_own_are_no_conflict(good: Host) -> None:
    """As of two programs that write one file each, with other reports."""
    text = re.sub(r"(?m)^inspec_(textfile|remediation_limit)_.*\n", "", good.prom.read_text()).replace("ssh-baseline", "other")
    (good.textfiles / "second.prom").write_text(text)

    assert problems(good) == []


def test_a_broken_file_of_another_program_is_what_node_exporter_says_it_is(good: Host) -> None:
    (good.textfiles / "backup.prom").write_text("backup_ok 1\nbackup_time 1 1763800000000\n")

    only(good, "reports node_textfile_scrape_error 1 for another file: its log (journalctl) names it")


def test_our_own_file_cut_short(good: Host) -> None:
    good.prom.write_text(good.prom.read_text()[:-1])

    found = problems(good)

    assert len(found) == 1, found
    assert re.search(r"does not serve \d+ of \d+ series of .*: it reports node_textfile_scrape_error 1, and its log", found[0])


def test_node_exporter_is_asked(good: Host, node: Node) -> None:
    series = len(good.series())

    assert f"{node.address}: serves all {series} series of {good.prom}\n" in good.run("--check").stdout


def test_a_node_exporter_that_serves_other_values(good: Host) -> None:
    """A second file with the same series, in a second folder of the same node_exporter, would do it; here it is a stand-in."""
    text = good.prom.read_text()
    with answering(good, text.replace("} 1.0", "} 3.0")) as found:
        assert "serves other values for" in found()
    with answering(good, "\n".join(line for line in text.split("\n") if "inspec_results" not in line)) as found:
        assert re.search(r"does not serve \d+ of \d+ series of .*inspec.prom: compare its", found())
    with answering(good, "node_textfile_scrape_error 1\n") as found:
        assert "it reports node_textfile_scrape_error 1, and its log (journalctl) names the file and the line" in found()
    with answering(good, text) as found:
        assert "serves all" in found()
    with answering(good, "", status=401) as found:
        assert "could not check whether it serves these series: http://127.0.0.1:" in found()
        assert "requires a user name and password" in found()
    with answering(good, "Client sent an HTTP request to an HTTPS server.", status=400) as found:
        assert "it uses HTTPS" in found()
    with answering(good, "<html>") as found:
        assert "something other than metrics" in found()


@contextlib.contextmanager
def answering(host: Host, text: str, status: int = 200) -> Iterator[Callable[[], str]]:
    """Answer as a node_exporter would, and return a function that returns what is found of it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running = Exporter(1, 0, frozenset(), (), "", (f"--web.listen-address=127.0.0.1:{server.server_port}",))
        yield lambda: next(served_findings(running, str(host.prom))).text
        server.shutdown()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "127.0.0.1:9100"),
        (["--web.listen-address=:9101"], "127.0.0.1:9101"),
        (["--web.listen-address", "127.0.0.5:9102"], "127.0.0.5:9102"),
        (["--web.listen-address=[::1]:9103"], "[::1]:9103"),
        (["--web.listen-address=[::]:9103"], "[::1]:9103"),
        (["--web.listen-address=localhost:9103"], "127.0.0.1:9103"),
        (["--web.listen-address=nonsense", "--web.listen-address=:9100"], "127.0.0.1:9100"),
        (["--web.listen-address=:99999"], None),
        (["--web.listen-address=example.com:9100"], None),
        (["--web.listen-address=8.8.8.8:80"], None),
        (["--web.listen-address=[2001:db8::1]:80"], None),
    ],
)
def test_only_addresses_of_this_host_are_asked(arguments: list[str], expected: str | None) -> None:
    """Anybody may call a process node_exporter, with any options."""
    if expected is None:
        with pytest.raises(NotAsked, match=r"is no address of this host"):
            find_address(arguments)
    else:
        assert str(find_address(arguments)) == expected


def test_a_process_that_only_says_that_it_is_node_exporter(good: Host) -> None:
    forged = [sys.executable, "-c", "import time; time.sleep(60)", "--collector.textfile.directory=/**/*/*"]
    with subprocess.Popen(["bash", "-c", 'exec -a node_exporter "$@"', "bash", *forged]) as process:
        try:
            eventually(lambda: any(one.pid == process.pid for one in running_exporters()), 10, "it is seen")
            done = good.run("--check")
        finally:
            process.kill()

    assert "Traceback" not in done.stderr
    assert f"reads {good.textfiles} as user" in done.stdout


# --- the rest of the chain ---------------------------------------------------------------------------------------------------


def write_inspec_runs(host: Host, success: int, started: float, ended: float, status: int = 0) -> None:
    """Write what run_inspec.sh writes."""
    path = host.textfiles / "inspec_exec.prom"
    values = {
        "last_start_timestamp_seconds": int(started),
        "last_end_timestamp_seconds": int(ended),
        "last_exit_status": status,
        "success": success,
    }
    path.write_text("".join(f'inspec_exec_{name}{{report="ssh-baseline"}} {value}\n' for name, value in values.items()))


def test_inspec_fails(good: Host) -> None:
    now = time.time()
    write_inspec_runs(good, 0, now - 600, now - 590, 172)
    told = "InSpec: made no report ssh-baseline when it was last started, 10 min ago (exit status 172): read its log, "
    only(good, f"{told}ssh-baseline.log in /var/log/inspec")

    write_inspec_runs(good, 1, now - 600, now - 590)
    assert problems(good) == []
    assert "ok       InSpec: run_inspec.sh made 1 report\n" in good.run("--check").stdout


def test_inspec_was_started_and_did_not_end(good: Host) -> None:
    now = time.time()
    write_inspec_runs(good, 1, now - 600, 0)
    assert problems(good) == [], "it still runs"

    write_inspec_runs(good, 1, now - 3 * 3600, now - 86400)
    only(good, "InSpec: was started for ssh-baseline 3 h ago and has not ended")


@pytest.mark.parametrize("kind", ["missing", "damaged", "empty", "folder", "link", "stranger's"])
def test_a_memory_that_cannot_be_used(good: Host, kind: str) -> None:
    state = good.textfiles / ".inspec.prom.state"
    if kind == "stranger's" and os.geteuid():
        pytest.skip("only root can give files away")
    if kind == "damaged":
        state.write_text("garbage")
    elif kind == "empty":
        state.write_text("")
    elif kind == "stranger's":
        os.chown(state, 4711, 4711)
    else:
        state.rename(good.root / "moved")
        if kind == "link":
            state.symlink_to(good.root / "moved")
        elif kind == "folder":
            state.mkdir()

    only(good, f"{state}: ")


def test_a_memory_that_can_be_used(good: Host) -> None:
    assert f"ok       memory: {good.textfiles}/.inspec.prom.state can be used\n" in good.run("--check").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_prom_that_is_mounted(good: Host) -> None:
    copy = good.root / "copy"
    copy.write_bytes(good.prom.read_bytes())

    done = in_a_namespace(good, 'mount --bind "$1" "$2"', copy, good.prom)

    assert f"PROBLEM  {good.prom}: is mounted as a single file, which cannot be replaced: mount its folder instead" in done


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_disk_that_is_full(good: Host) -> None:
    done = in_a_namespace(good, 'mount -t tmpfs -o size=64k tmpfs "$1"', good.textfiles)

    assert f"PROBLEM  {good.textfiles}: its disk is full: make room" in done
    assert f"{good.textfiles} can be written to" not in done


def in_a_namespace(host: Host, mount: str, *paths: Path) -> str:
    """Return what --check says after a mount that nobody else sees."""
    script = f'{mount} && shift {len(paths)} && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", script, "sh", *map(str, paths), COMMAND, *host.options(), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_prom_of_another_user_in_a_sticky_folder(good: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    good.textfiles.chmod(0o1777)
    assert folders.why_not_replaceable(str(good.prom)) is None
    monkeypatch.setattr(os, "geteuid", lambda: 4711)

    why = folders.why_not_replaceable(str(good.prom))

    assert why
    assert "in a sticky folder: only that user can replace it" in why


@pytest.mark.parametrize(("name", "attribute"), [("inspec.prom", "i"), ("inspec.prom", "a"), (".", "i")])
def test_a_prom_that_has_an_attribute(good: Host, name: str, attribute: str) -> None:
    path = good.textfiles / name
    if subprocess.run(["chattr", f"+{attribute}", str(path)], capture_output=True, check=False).returncode:
        missing("the right to set attributes", "run as root with CAP_LINUX_IMMUTABLE, on a file system that has them")
    try:
        only(good, f"{path}: cannot be changed (chattr): chattr -ia {path}")
    finally:
        subprocess.run(["chattr", f"-{attribute}", str(path)], check=True)


def test_another_program_reads_the_folder(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it reads, only its configuration says."""
    for command, level in (([], "PROBLEM"), (["/usr/bin/alloy", "run"], "note")):
        monkeypatch.setattr(exporter, "_processes", lambda _proc, names, c=command: [(7, c)] if c and "alloy" in names else [])
        (found,) = exporter.exporter_findings(host.prom, [])
        assert found.level == level
    assert found.text == f"node_exporter: is not running, but alloy (process 7) is: see that it reads {host.textfiles}"


def test_a_node_exporter_that_reads_another_folder(good: Host) -> None:
    other = good.root / "other"
    other.mkdir()

    found = problems(good, "--output", "other/inspec.prom")

    assert any(
        f"reads {good.textfiles}, but the metrics go to {other}: pass --output, or start it with" in one for one in found
    )
    assert any(f"ln -s {other}/inspec.prom {good.textfiles}/" in one for one in found)


def test_a_node_exporter_that_reads_our_file_by_a_link(good: Host) -> None:
    """As contrib/systemd sets it up: the converter writes to a folder of its own."""
    own = good.root / "own"
    own.mkdir()
    link = good.textfiles / "inspec.prom"
    link.rename(own / "inspec.prom")
    (good.textfiles / ".inspec.prom.state").rename(own / ".inspec.prom.state")
    link.symlink_to(own / "inspec.prom")

    assert problems(good, "--output", str(own / "inspec.prom")) == []

    link.unlink()
    found = problems(good, "--output", str(own / "inspec.prom"))
    assert any(f"or ln -s {own}/inspec.prom {good.textfiles}/" in one for one in found)


def test_a_folder_that_is_reached_by_a_link_is_the_same(good: Host) -> None:
    (good.root / "link").symlink_to(good.textfiles)

    assert problems(good, "--output", str(good.root / "link" / "inspec.prom")) == []


def test_what_is_no_textfile(good: Host) -> None:
    (found,) = problems(good, "--output", str(good.textfiles))
    assert "is a folder: pass a file in it" in found
    assert good.run("--check", "-o", "-").returncode == 2


def test_no_node_exporter(tmp_path: Path) -> None:
    assert list(running_exporters(str(tmp_path))) == []


def test_processes(tmp_path: Path) -> None:
    def process(pid: int, *arguments: str) -> None:
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(b"\0".join(word.encode() for word in arguments) + b"\0")
        (tmp_path / str(pid) / "status").write_bytes(b"Name:\tcaf\xe9\nUid:\t7\t8\t8\t8\nGid:\t1\t9\t9\t9\nGroups:\t4 5\n")
        (tmp_path / str(pid) / "cwd").symlink_to("/srv")

    process(1, "/sbin/init")
    process(20, "/usr/local/bin/node_exporter", "--collector.textfile.directory=text")
    process(3, "prometheus-node-exporter")
    process(4, "")
    (tmp_path / "5").mkdir()  # it has just ended

    three, twenty = running_exporters(str(tmp_path))

    assert (three.pid, three.folders) == (3, ("/var/lib/prometheus/node-exporter",))
    assert (twenty.folders, twenty.user, twenty.groups) == (("/srv/text",), 8, frozenset({4, 5, 9}))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--collector.textfile.directory=/a"], ("/a",)),
        (["--collector.textfile.directory", "/a"], ("/a",)),
        (["-collector.textfile.directory=/a", "--collector.textfile.directory=/b"], ("/a", "/b")),
        ([], ()),
        (["--collector.textfile.directory="], ()),
        (["--collector.textfile.directory=/a", "--no-collector.textfile"], ()),
        (["--collector.textfile.directory=/a", "--collector.disable-defaults"], ()),
        (["--collector.textfile.directory=/a", "--collector.disable-defaults", "--collector.textfile"], ("/a",)),
    ],
)
def test_folders_of_a_node_exporter(arguments: list[str], expected: tuple[str, ...]) -> None:
    assert textfile_folders(["node_exporter", *arguments]) == expected
