"""The old file or the new one, never half of one, whatever fails and wherever."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile import files
from inspec_textfile.files import OutputError, OutputFolder, read_at_most
from inspec_textfile.ownership import user_name

from helpers.servers import NOBODY

LEFTOVER = ".inspec-textfile-0123456789abcdef0123456789abcdef.tmp"
OLD, NEW = b"old", b"new " * 10_000


def replace(folder: Path, name: str = "x.prom", data: bytes = NEW, mode: int = 0o644) -> None:
    with OutputFolder(str(folder), wait=0.1) as opened:
        opened.replace(name, data, mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.prom").write_bytes(OLD)
    return tmp_path


def test_replaces_content_and_mode_whatever_the_umask(folder: Path) -> None:
    old_umask = os.umask(0o077)
    try:
        replace(folder, mode=0o640)
        replace(folder, "new.prom", mode=0o644)
    finally:
        os.umask(old_umask)

    assert (folder / "x.prom").read_bytes() == NEW
    assert stat.S_IMODE((folder / "x.prom").stat().st_mode) == 0o640
    assert stat.S_IMODE((folder / "new.prom").stat().st_mode) == 0o644
    assert sorted(path.name for path in folder.iterdir()) == ["new.prom", "x.prom"]


def test_nobody_else_reads_a_file_that_is_not_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    fchmod = os.fchmod

    def noted(descriptor: int, mode: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fchmod(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", noted)

    replace(folder)

    assert set(modes) == {0o600}


def test_a_file_that_is_being_read_stays_whole(folder: Path) -> None:
    with (folder / "x.prom").open("rb") as reader:
        replace(folder)
        assert reader.read() == OLD


def test_folders_below_are_made(folder: Path) -> None:
    old_umask = os.umask(0o077)
    try:
        replace(folder, "a/b/c.html")
    finally:
        os.umask(old_umask)

    assert (folder / "a/b/c.html").read_bytes() == NEW
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a/b/c.html").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("open", errno.ENOSPC),
        ("open", errno.EDQUOT),
        ("open", errno.EROFS),
        ("write", errno.ENOSPC),
        ("write", errno.EIO),
        ("fchmod", errno.EPERM),
        ("fsync", errno.EIO),
        ("close", errno.EIO),
        ("rename", errno.EACCES),
        ("stat", errno.EIO),
    ],
)
def test_a_failure_at_any_step_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    with OutputFolder(str(folder)) as opened:
        _fail(monkeypatch, call, OSError(error, os.strerror(error)))
        with pytest.raises(OutputError, match=r"x\.prom: .*; the old file is unchanged|: .*; files there are unchanged"):
            opened.replace("x.prom", NEW, 0o644)
        monkeypatch.undo()

    assert (folder / "x.prom").read_bytes() == OLD
    assert os.listdir(folder) == ["x.prom"]


@pytest.mark.parametrize("call", ["write", "fchmod", "fsync", "rename"])
def test_an_interruption_leaves_the_old_file_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    with OutputFolder(str(folder)) as opened:
        _fail(monkeypatch, call, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            opened.replace("x.prom", NEW, 0o644)
        monkeypatch.undo()

    assert (folder / "x.prom").read_bytes() == OLD
    assert os.listdir(folder) == ["x.prom"]


def _fail(monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException) -> None:
    """Make one step of writing fail: a system call, or a method of the file that is written."""

    def fails(*_: Any, **__: Any) -> None:
        raise error

    if call not in ("open", "fchmod", "fsync", "link", "mkdir", "rename", "stat"):
        real: Callable[..., Any] = open

        class Failing:
            def __init__(self, *arguments: Any, **options: Any) -> None:
                self.file = real(*arguments, **options)

            def __enter__(self) -> Failing:
                return self

            def __exit__(self, *_: Any) -> None:
                self.file.close()
                if call == "close":
                    raise error

            def write(self, data: memoryview) -> int:
                written = self.file.write(data[:10])
                if call == "write":
                    raise error
                return int(written)

            def fileno(self) -> int:
                return int(self.file.fileno())

        monkeypatch.setattr(files, "open", Failing, raising=False)
    else:
        monkeypatch.setattr(os, call, fails)


def test_short_writes_are_continued(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write may take less than it was given, on a full pipe, on a network file system, when a signal comes."""
    _fail(monkeypatch, "nothing, but write ten bytes at a time", AssertionError())

    replace(folder, data=bytes(range(256)))

    assert (folder / "x.prom").read_bytes() == bytes(range(256))


@pytest.mark.parametrize("kind", ["symlink", "dangling", "folder", "fifo"])
def test_what_is_no_file_is_not_replaced(folder: Path, tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    target = folder / "y.prom"
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
    if kind == "symlink":
        elsewhere.write_bytes(OLD)
        target.symlink_to(elsewhere)
    elif kind == "dangling":
        target.symlink_to(elsewhere)
    elif kind == "folder":
        target.mkdir()
    else:
        os.mkfifo(target)

    if kind in ("symlink", "dangling"):
        why = "is a symbolic link, which is not followed; remove it"
    else:
        why = "is not a regular file; remove it, or choose another name"
    with pytest.raises(OutputError, match=f"y.prom: {why}; the old file is unchanged"):
        replace(folder, "y.prom")

    assert not elsewhere.exists() or elsewhere.read_bytes() == OLD
    assert sorted(os.listdir(folder)) == ["x.prom", "y.prom"]


def test_a_link_in_place_of_a_folder_below_is_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "host1").symlink_to(elsewhere)

    with pytest.raises(OutputError, match="host1: is not a folder"):
        replace(folder, "host1/x.html")

    assert not os.listdir(elsewhere)


def test_the_temporary_name_cannot_be_guessed_and_is_no_textfile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = os.rename

    def rename(old: str, new: str, **options: int) -> None:
        seen.append(old)
        real(old, new, **options)

    monkeypatch.setattr(os, "rename", rename)

    replace(folder)
    replace(folder)

    assert len(set(seen)) == 2
    assert all(len(name) > 40 and name.startswith(".") and not name.endswith(".prom") for name in seen)


def test_leftovers_of_a_killed_run_are_cleared_and_nothing_else(folder: Path) -> None:
    (folder / "below").mkdir()
    for name in (LEFTOVER, f"below/{LEFTOVER}", ".inspec-textfile-mine.tmp", f"x{LEFTOVER}"):
        (folder / name).touch()

    replace(folder)
    replace(folder, "below/x.html")

    assert not (folder / LEFTOVER).exists()
    assert not (folder / "below" / LEFTOVER).exists()
    assert (folder / ".inspec-textfile-mine.tmp").exists()
    assert (folder / f"x{LEFTOVER}").exists()


def test_a_second_run_waits_and_gives_up(folder: Path) -> None:
    told = rf"another run \(process {os.getpid()}\) has been writing here for over 0 s; find out why it hangs"
    with OutputFolder(str(folder)), pytest.raises(OutputError, match=told):
        OutputFolder(str(folder), wait=0.1)

    assert os.listdir(folder) == ["x.prom"], "no lock file is left"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_nobody_else_can_hold_the_lock(folder: Path) -> None:
    """Who may read the folder can lock the folder, but not a file that only we can open."""
    attack = (
        "import fcntl, os, sys, time\n"
        f"os.setresuid({NOBODY}, {NOBODY}, {NOBODY})\n"
        "held = [os.open(sys.argv[1], os.O_RDONLY)]\n"
        "try: held.append(os.open(sys.argv[1] + '/.inspec-textfile.lock', os.O_RDONLY))\n"
        "except PermissionError: pass\n"
        "for one in held: fcntl.flock(one, fcntl.LOCK_EX)\n"
        "print(flush=True); time.sleep(60)"
    )
    for path in (folder, *list(folder.parents)[:3]):
        path.chmod(0o755)
    (folder / ".inspec-textfile.lock").touch(0o600)
    with subprocess.Popen([sys.executable, "-c", attack, str(folder)], stdout=subprocess.PIPE) as attacker:
        assert attacker.stdout
        attacker.stdout.readline()
        with OutputFolder(str(folder), wait=0):
            pass
        attacker.kill()


@pytest.mark.parametrize("kind", ["link", "hard link", "readable", "fifo", "stranger's"])
def test_a_lock_file_that_is_not_ours_goes(folder: Path, kind: str) -> None:
    lock, precious = folder / ".inspec-textfile.lock", folder / "x.prom"
    if kind == "link":
        lock.symlink_to("x.prom")
    elif kind == "hard link":
        os.link(precious, lock)
    elif kind == "fifo":
        os.mkfifo(lock)
    else:
        lock.touch(0o644)
        if kind == "stranger's":
            if os.geteuid():
                pytest.skip("only root can make another user's file")
            lock.chmod(0o600)
            os.chown(lock, NOBODY, -1)

    with OutputFolder(str(folder), wait=1):
        status = lock.lstat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, os.geteuid())

    assert precious.read_bytes() == OLD


def test_a_lock_file_that_cannot_be_removed_is_told(folder: Path) -> None:
    (folder / ".inspec-textfile.lock").mkdir()
    with pytest.raises(OutputError, match=r": \.inspec-textfile\.lock in it is not this program's; remove it"):
        OutputFolder(str(folder))


def test_what_another_run_did_while_this_one_waited_is_not_undone(folder: Path) -> None:
    """It waits for a lock file that is removed, and must then lock the new one."""
    script = (
        f"from inspec_textfile.files import OutputFolder\nfor n in range(200):\n with OutputFolder({str(folder)!r}) as f:\n"
    )
    script += "  count = int(f.read('count', 9) or 0)\n  f.replace('count', str(count + 1).encode(), durable=False)"
    runs = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]

    assert [run.wait() for run in runs] == [0, 0]
    assert (folder / "count").read_bytes() == b"400"


def test_a_file_system_without_locks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuses)
    replace(folder)

    assert (folder / "x.prom").read_bytes() == NEW


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_folder_that_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "file":
        path.touch()

    with pytest.raises(OutputError, match="does not exist; create it" if kind == "missing" else "is not a folder"):
        OutputFolder(str(path))


def test_a_folder_is_made_where_that_is_asked_for(tmp_path: Path) -> None:
    with OutputFolder(str(tmp_path / "reports"), create=0o777):
        pass
    with OutputFolder(str(tmp_path / "reports"), create=0o777):
        pass
    with pytest.raises(OutputError, match="does not exist"):
        OutputFolder(str(tmp_path / "none" / "reports"), create=0o777)

    assert os.listdir(tmp_path) == ["reports"]


def test_reading(folder: Path) -> None:
    (folder / "link").symlink_to("x.prom")
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()

    with OutputFolder(str(folder)) as opened:
        assert opened.read("x.prom", 2) == b"ol"
        assert opened.read("x.prom", 99) == OLD
        for name in ("none", "link", "fifo", "folder", "below/x"):
            assert opened.read(name, 99) is None
    assert not (folder / "below").exists()


def test_what_cannot_be_read_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "read_at_most", fails)
    with OutputFolder(str(folder)) as opened:
        assert opened.read("x.prom", 9) is None


def test_reading_takes_no_more_memory_than_there_is_to_read(folder: Path) -> None:
    with (folder / "x.prom").open("rb") as file:
        assert read_at_most(file, 1 << 60) == OLD


def test_reading_in_pieces(folder: Path) -> None:
    data = bytes(range(256)) * 10_000
    (folder / "x.prom").write_bytes(data)

    with OutputFolder(str(folder)) as opened:
        for most in (0, 1, 1024 * 1024, 1024 * 1024 + 1, len(data) - 1, len(data), len(data) + 1):
            assert opened.read("x.prom", most) == data[:most]


def test_what_there_is(folder: Path) -> None:
    (folder / "dangling").symlink_to("none")
    (folder / "below").mkdir()
    (folder / "below" / "x").touch()

    with OutputFolder(str(folder)) as opened:
        found = [
            name for name in ("x.prom", "dangling", "below", "below/x", "none", "other/x", "below/none") if opened.has(name)
        ]

    assert found == ["x.prom", "dangling", "below", "below/x"]
    assert not (folder / "other").exists()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("ours", None),
        ("private", None),
        ("missing", ""),
        ("link", "is a symbolic link, which is not followed; remove it"),
        ("fifo", "is not a regular file; remove it"),
        ("group", "other users may write to it; remove it"),
        ("all", "other users may write to it; remove it"),
    ],
)
def test_a_file_is_read_if_nobody_else_can_have_written_it(folder: Path, kind: str, why: str | None) -> None:
    path = folder / "x.prom"
    if kind in ("link", "fifo", "missing"):
        path.rename(folder / "y")
    if kind == "link":
        path.symlink_to("y")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind != "missing":
        path.chmod({"ours": 0o644, "private": 0o600, "group": 0o664, "all": 0o646}[kind])

    with OutputFolder(str(folder)) as opened:
        if why:
            with pytest.raises(OutputError, match=f"x.prom: {why}$"):
                opened.read_checked("x.prom", 99)
        else:
            assert opened.read_checked("x.prom", 2) == (None if why == "" else OLD[:2])


def test_the_file_that_is_checked_is_the_one_that_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may put another file in its place at any moment."""
    honest = os.fstat

    def swap(descriptor: int) -> os.stat_result:
        (folder / "x.prom").unlink(missing_ok=True)
        (folder / "x.prom").write_bytes(b"forged")
        return honest(descriptor)

    with OutputFolder(str(folder)) as opened:
        monkeypatch.setattr(os, "fstat", swap)
        assert opened.read_checked("x.prom", 99) == OLD
        monkeypatch.undo()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_another_users_file_is_not_read_as_ours(folder: Path) -> None:
    os.chown(folder / "x.prom", NOBODY, -1)
    with OutputFolder(str(folder)) as opened, pytest.raises(OutputError, match="belongs to user nobody; remove it"):
        opened.read_checked("x.prom", 99)
    os.chown(folder, NOBODY, -1)
    with OutputFolder(str(folder)) as opened:
        assert opened.read_checked("x.prom", 99) == OLD, "root trusts who may put anything there"


def test_a_file_is_kept_under_another_name(folder: Path) -> None:
    with OutputFolder(str(folder)) as opened:
        opened.keep_as("x.prom", "before")
        opened.replace("x.prom", NEW)
        assert (opened.read("before", 99), opened.read("x.prom", 99)) == (OLD, NEW[:99])
        opened.keep_as("x.prom", "before")
        opened.keep_as("x.prom", "before")
        assert opened.read("before", 99) == NEW[:99]
        opened.keep_as("none", "before")
        assert opened.read("before", 99) == NEW[:99]

    assert sorted(os.listdir(folder)) == ["before", "x.prom"]


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_it_is_copied_where_there_are_no_hard_links(folder: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    (folder / "x.prom").chmod(0o600)
    with OutputFolder(str(folder)) as opened:
        _fail(monkeypatch, "link", OSError(error, os.strerror(error)))
        opened.keep_as("x.prom", "before")
        monkeypatch.undo()

    assert (folder / "before").read_bytes() == OLD
    assert stat.S_IMODE((folder / "before").stat().st_mode) == 0o600
    assert sorted(os.listdir(folder)) == ["before", "x.prom"]


def test_what_cannot_be_kept_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "before").symlink_to("x.prom")
    with OutputFolder(str(folder)) as opened:
        with pytest.raises(OutputError, match="before: is a symbolic link, which is not followed; remove it"):
            opened.keep_as("x.prom", "before")
        (folder / "before").unlink()
        _fail(monkeypatch, "rename", OSError(errno.ENOSPC, "x"))
        with pytest.raises(OutputError, match="before: no space is left on the device; the old file is unchanged"):
            opened.keep_as("x.prom", "before")
        monkeypatch.undo()

    assert os.listdir(folder) == ["x.prom"]


def test_a_folder_behind_a_link_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "real").mkdir()
    (folder / "link").symlink_to("real")
    with OutputFolder(str(folder / "link")):
        pass
    honest = os.lstat

    def others(path: str, **options: int) -> os.stat_result:
        found = list(honest(path, **options))
        found[stat.ST_UID] = 4711
        return os.stat_result(found)

    monkeypatch.setattr(os, "lstat", others)
    with pytest.raises(OutputError, match="link: is a link that belongs to user 4711; pass the folder that it points to"):
        OutputFolder(str(folder / "link"))
    with OutputFolder(str(folder / "real")):
        pass


def test_a_folder_that_cannot_be_synced_or_closed_has_the_new_file_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    honest_sync, honest_close = os.fsync, os.close

    def sync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        if synced[-1]:
            raise OSError(errno.EINVAL, "Invalid argument")
        honest_sync(descriptor)

    def close(descriptor: int) -> None:
        honest_close(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", sync)
    with OutputFolder(str(folder)) as opened:
        opened.replace("x.prom", NEW, 0o644)
        monkeypatch.setattr(os, "close", close)
    monkeypatch.undo()

    assert synced == [False, True], "first what is in the file, then its name"
    assert (folder / "x.prom").read_bytes() == NEW


def test_a_folder_that_cannot_be_locked_in_time_is_closed(folder: Path) -> None:
    with OutputFolder(str(folder)):
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(OutputError, match=f"^{folder}: another run"):
            OutputFolder(str(folder), wait=0)
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errno.ENOENT, "/x.prom: the folder does not exist; create it, or pass another one; the old file is unchanged"),
        (errno.ENOTDIR, "/x.prom: is not a folder; pass one, or remove it; the old file is unchanged"),
        (errno.EIO, "/x.prom: Input/output error; the old file is unchanged"),
        (errno.EROFS, ": the file system is read-only; files there are unchanged"),
        (errno.ENOSPC, ": no space is left on the device; files there are unchanged"),
        (errno.EDQUOT, ": the disk quota is used up; files there are unchanged"),
        (
            errno.EACCES,
            f": permission denied for user {user_name()}; change its owner, or run as another user; files there are unchanged",
        ),
    ],
)
def test_every_failure_is_told_in_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, error: int, expected: str) -> None:
    with OutputFolder(str(folder)) as opened:
        _fail(monkeypatch, "rename", OSError(error, os.strerror(error)))
        with pytest.raises(OutputError) as told:
            opened.replace("x.prom", NEW, 0o644)
        monkeypatch.undo()

    assert str(told.value) == f"{folder}{expected}"


def test_what_is_wrong_with_a_folder_is_said_of_the_folder_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OutputFolder(str(folder)) as opened:
        _fail(monkeypatch, "mkdir", OSError(errno.EROFS, "x"))
        with pytest.raises(OutputError, match=f"^{folder}: the file system is read-only; files there are unchanged$"):
            opened.replace("new/x.prom", NEW, 0o644)
        monkeypatch.undo()


@pytest.mark.parametrize(("of_folder", "expected"), [(0o750, 0o640), (0o755, 0o644), (0o2750, 0o640)])
def test_files_are_for_others_only_if_the_folder_is(folder: Path, of_folder: int, expected: int) -> None:
    old_umask = os.umask(0o022)
    try:
        with OutputFolder(str(folder / "pages"), create=of_folder) as opened:
            os.chmod(folder / "pages", of_folder)
        with OutputFolder(str(folder / "pages")) as opened:
            opened.replace("a/x.html", NEW)
            opened.replace("x.prom", NEW, 0o644)
    finally:
        os.umask(old_umask)

    modes = [stat.S_IMODE((folder / "pages" / name).stat().st_mode) & 0o777 for name in ("a", "a/x.html", "x.prom")]
    assert modes == [of_folder & 0o777, expected, 0o644]


def test_the_umask_is_as_before(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        replace(folder, "a/b.html")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_the_folders_owner(folder: Path) -> None:
    """On a new host, before the service's first run: it must be able to read and replace all of it later."""
    os.chown(folder, NOBODY, NOBODY)
    os.chown(folder / "x.prom", 4711, 4711)

    replace(folder)
    replace(folder, "a/b/c.html")

    made = [folder / "x.prom", *(folder / "a").rglob("*"), folder / "a"]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(NOBODY, NOBODY)}, (
        "a stranger's file lends us no owner"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_roots_private_file_is_for_the_group_that_may_write_to_the_folder(folder: Path) -> None:
    os.chown(folder, 0, NOBODY)
    folder.chmod(0o775)

    replace(folder, mode=0o600)

    status = (folder / "x.prom").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, NOBODY, 0o640)
    folder.chmod(0o755)
    replace(folder, mode=0o600)
    assert stat.S_IMODE((folder / "x.prom").stat().st_mode) == 0o600


@pytest.mark.parametrize(("durable", "expected"), [(True, [False, True]), (False, [])])
def test_what_can_be_made_again_is_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, expected: list[bool]
) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))
    with OutputFolder(str(folder)) as opened:
        opened.replace("x.prom", NEW, durable=durable)

    assert synced == expected
