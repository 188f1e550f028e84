"""Folders that others may write to. Run as root, the program never writes through their links, changes nothing outside of its
folders, and never hangs."""

from __future__ import annotations

import os
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.generations import write_results
from helpers.host import Host
from helpers.strict import parse
from helpers.tracing import stopped_after

NOBODY = 65534
PRECIOUS = b"precious"
TARGETS = ("textfiles/inspec.prom", "reports/inspec-a.json.html", "reports/index.html", "reports/inspec-sub")


@pytest.fixture
def elsewhere(host: Host) -> Iterator[Path]:
    """A folder that is not ours; its content must not change."""
    folder = host.root / "elsewhere"
    folder.mkdir()
    (folder / "precious").write_bytes(PRECIOUS)
    yield folder
    assert os.listdir(folder) == ["precious"]
    assert (folder / "precious").read_bytes() == PRECIOUS


@pytest.fixture(autouse=True)
def world_writable(host: Host) -> None:
    for folder in (host.results, host.reports, host.textfiles):
        folder.chmod(0o1777)
    write_results(host, 1)
    host.add("7.1.16/all-pass", "sub/b.json")  # its page is in a folder of its own


def link(target: Path, path: Path) -> None:
    path.symlink_to(target)
    if os.geteuid() == 0:
        os.lchown(path, NOBODY, NOBODY)


Plant = Callable[[Path, Path], None]
PLANTS: dict[str, Plant] = {
    "link": lambda path, elsewhere: link(elsewhere / "precious", path),
    "dangling link": lambda path, elsewhere: link(elsewhere / "new", path),
    "link to a folder": lambda path, elsewhere: link(elsewhere, path),
    "link to itself": lambda path, _: link(path, path),
    "fifo": lambda path, _: os.mkfifo(path),
    "folder": lambda path, _: path.mkdir(),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("plant", PLANTS)
def test_whatever_is_planted_where_a_file_goes(host: Host, elsewhere: Path, target: str, plant: str) -> None:
    path = host.root / target
    PLANTS[plant](path, elsewhere)
    before = os.lstat(path)

    done = host.run()

    assert "Traceback" not in done.stderr
    if plant == "folder" and target.endswith("sub"):
        assert done.returncode == 0
        return
    if target.endswith(".prom") and plant in ("folder", "link to a folder"):
        assert done.returncode in (1, 2)  # looked at before the run, or in it
        return
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert os.lstat(path).st_ino == before.st_ino
    if target != TARGETS[0]:
        assert parse(host.prom.read_bytes())


def test_links_at_the_names_of_leftovers_are_removed_not_followed(host: Host, elsewhere: Path) -> None:
    names = [host.root / folder / f".inspec-textfile-{'0' * 31}{n}.tmp" for n, folder in enumerate(("reports", "textfiles"))]
    for name in names:
        link(elsewhere / "precious", name)

    assert host.run().returncode == 0

    assert not any(name.is_symlink() for name in names)


def test_hard_links_keep_their_content(host: Host, elsewhere: Path) -> None:
    """The names are ours afterwards, and the file that had them too is as it was."""
    (host.reports / "inspec-sub").mkdir()
    for target in (*TARGETS[:3], "reports/inspec-sub/b.json.html"):
        os.link(elsewhere / "precious", host.root / target)

    done = host.run()

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert ".inspec.prom.state: is missing" in done.stderr, "there is a .prom already"
    assert (elsewhere / "precious").stat().st_nlink == 1


@pytest.mark.parametrize("where", ["reports", "textfiles"])
def test_a_folder_that_is_another_users_link_is_refused(host: Host, elsewhere: Path, where: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's link")
    (host.root / where).rmdir()
    link(elsewhere, host.root / where)

    done = host.run()

    assert done.returncode == 1
    assert f"{where}: is a link that belongs to user {NOBODY}; pass the folder that it points to" in done.stderr


def test_a_folder_that_is_our_own_link_is_used(host: Host) -> None:
    host.reports.rmdir()
    (host.root / "real").mkdir()
    host.reports.symlink_to("real")

    assert host.run().returncode == 0

    assert (host.root / "real" / "index.html").exists()


@pytest.mark.parametrize("where", ["reports", "textfiles", "reports/inspec-sub"])
def test_a_folder_that_is_swapped_for_a_link_in_mid_run(host: Host, elsewhere: Path, where: str) -> None:
    """Everything goes to the folder that was opened, wherever it is now."""
    folder = host.root / where
    assert host.run().returncode == 0
    write_results(host, 2)
    host.add("7.1.16/ssh-baseline", "sub/b.json")
    with stopped_after(host, "write") as run:
        folder.rename(host.root / "moved")
        link(elsewhere, folder)
        status, said = run.go_on()

    assert "Traceback" not in said
    # A folder below is opened when its first page is written: before the swap, or after it, and then it is refused.
    assert where == "reports/inspec-sub" or not said
    assert status == (1 if said else 0)


def test_an_attacker_who_plants_links_all_the_time(host: Host, elsewhere: Path) -> None:
    chance = random.Random(5)  # noqa: S311  # no secret
    done = threading.Event()

    def attack() -> None:
        while not done.is_set():
            path = host.root / chance.choice(TARGETS)
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                link(chance.choice((elsewhere, elsewhere / "precious", elsewhere / "new")), path)
                time.sleep(chance.uniform(0, 0.002))
                path.unlink(missing_ok=True)
            except OSError:
                continue

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        for number in range(15):
            write_results(host, number)
            assert "Traceback" not in host.run().stderr
    finally:
        done.set()
        attacker.join()


def test_nothing_among_the_results_makes_it_hang(host: Host, elsewhere: Path) -> None:
    os.mkfifo(host.results / "fifo.json")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(host.results / "socket.json"))
        link(Path("/dev/zero"), host.results / "device.json")
        link(Path("/dev/tty"), host.results / "tty.json")
        link(Path("/proc/kmsg"), host.results / "kernel.json")
        link(host.results / "loop.json", host.results / "loop.json")
        link(host.results / "fifo.json", host.results / "linked.json")
        (host.results / "folder.json").mkdir()
        link(host.results, host.results / "again")
        link(elsewhere / "precious", host.results / "precious.json")

        done = host.run()

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a fault of inspec-textfile" not in done.stderr
    assert PRECIOUS.decode() not in done.stderr.replace("precious.json", "")
    assert host.series()['inspec_report_readable{report="a"}'] == 1
    names = ("fifo", "socket", "device", "tty", "kernel", "loop", "folder", "precious")
    assert all(host.series()[f'inspec_report_readable{{report="{name}"}}'] == 0 for name in names)
