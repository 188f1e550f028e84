"""`--check` says what is wrong with a set-up, and changes nothing."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspec_textfile.check import running_exporters, textfile_folders

from conftest import Host, others_may_enter
from servers import NOBODY, Node, node_exporter


@pytest.fixture
def node(host: Host) -> Iterator[Node]:
    others_may_enter(host.textfiles)
    with node_exporter(host.textfiles, host.root / "node_exporter.log") as running:
        yield running


def problems(host: Host, *arguments: str) -> list[str]:
    """Return what is wrong; nothing else may have changed."""
    before = {path: path.lstat().st_mtime_ns for path in host.root.rglob("*")}
    done = host.run("--check", *arguments)
    assert {path: path.lstat().st_mtime_ns for path in host.root.rglob("*")} == before
    assert done.stderr == ""
    found = [line.removeprefix("PROBLEM  ") for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert done.returncode == (1 if found else 0)
    return found


def only(host: Host, text: str) -> None:
    (found,) = problems(host)
    assert text in found


@pytest.fixture
def good(host: Host, node: Node) -> Host:
    """A host with results, metrics, pages and a node_exporter that reads them."""
    assert node
    os.utime(host.add("7.1.16/ssh-baseline"))
    assert host.run().returncode == 0
    return host


def test_nothing_is_wrong(good: Host) -> None:
    done = good.run("--check")

    assert problems(good) == []
    assert re.search(r"results: 1 reports, the newest \d s old", done.stdout)
    assert f"reads {good.textfiles} as user" in done.stdout
    assert good.run("--check", "--quiet").stdout == ""


def test_no_results(good: Host) -> None:
    (good.results / "ssh-baseline.json").unlink()

    only(good, "holds no results: have InSpec write them, --reporter json:")


def test_no_results_folder(good: Host) -> None:
    only_missing = problems(good, "--results-dir", "/nonexistent")

    assert "the folder cannot be listed" in only_missing[0]


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
    assert "does not exist and cannot be made" in found
    (found,) = problems(good, "--reports-dir", str(good.prom))
    assert "is not a folder" in found
    assert problems(good, "--reports-dir", str(good.root / "new")) == []
    assert problems(good, "--reports-dir", "/nonexistent/reports", "--no-reports") == []


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

    assert any("is no regular file" in problem for problem in problems(good))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a node_exporter of another user")
def test_a_file_that_node_exporter_may_not_read(good: Host) -> None:
    good.run("--mode", "0600")
    only(good, f"inspec.prom: node_exporter (process {exporter_of(good)}, user {NOBODY}) must not read it: chmod o+rX it")

    good.run()
    good.textfiles.chmod(0o711)
    only(good, "textfiles: node_exporter")


def exporter_of(host: Host) -> int:
    return next(exporter.pid for exporter in running_exporters() if str(host.textfiles) in exporter.folders)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a file away")
def test_a_file_of_another_user(good: Host) -> None:
    os.chown(good.prom, NOBODY, NOBODY)

    only(good, f"belongs to user {NOBODY}")


def test_another_file_with_our_series(good: Host) -> None:
    (good.textfiles / "old.prom").write_text('# TYPE x gauge\nx 1\ninspec_checks_total{profile="p",status="failed"} 1\n')
    (good.textfiles / "fine.prom").write_text("my_inspec_controls 1\n")

    only(good, "old.prom: has inspec_checks_total too")


def test_a_node_exporter_that_reads_another_folder(good: Host) -> None:
    other = good.root / "other"
    other.mkdir()

    found = problems(good, "--output", str(other / "inspec.prom"))

    assert any(
        f"reads {good.textfiles}, but the metrics go to {other}: pass --output, or start it with" in one for one in found
    )


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
        (tmp_path / str(pid) / "status").write_text("Name:\tx\nUid:\t7\t8\t8\t8\nGid:\t1\t9\t9\t9\nGroups:\t4 5\n")
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
    assert textfile_folders("node_exporter", arguments) == expected
