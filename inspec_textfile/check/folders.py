"""The folders that a run writes to, the .prom file and the memory."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress

from inspec_textfile import memory
from inspec_textfile.check.findings import Finding, note, ok, problem, reason
from inspec_textfile.files import OutputError, OutputFolder
from inspec_textfile.ownership import user_name
from inspec_textfile.text import age

STALE_HOURS = 26
_MIN_FREE = 1024 * 1024
"""Bytes that must be free besides what a run replaces."""
_GET_FLAGS, _IMMUTABLE, _APPEND_ONLY = 0x80086601, 0x10, 0x20
"""FS_IOC_GETFLAGS, FS_IMMUTABLE_FL, FS_APPEND_FL (ioctl_iflags(2))."""


def pages_findings(path: str, pages: Iterable[str]) -> Iterator[Finding]:
    """Say whether the pages can be written, one line a folder. `pages`: their paths below the reports folder."""
    if not os.path.lexists(path):
        above = os.path.dirname(os.path.abspath(path))
        if os.path.isdir(above) and not why_not_writable(above):
            yield ok(f"pages: the first run will create {path}")
        else:
            yield problem(f"{path}: does not exist and cannot be created: mkdir -p {path}, and chown it to user {user_name()}")
        return
    if not os.path.isdir(path):
        yield problem(f"{path}: is not a folder: remove it, or pass another --reports-dir")
        return
    folders = {path} | {os.path.join(path, os.path.dirname(page)) for page in pages if os.path.dirname(page)}
    wrong = [why for folder in sorted(folders) if os.path.isdir(folder) and (why := why_not_writable(folder))]
    yield from map(problem, wrong)
    if not wrong:
        yield ok(f"pages: {path} can be written to")


def prom_findings(folder: str, name: str, now: float) -> Iterator[Finding]:
    """Say whether the .prom file can be written, and whether it was written lately. `now`: Unix time in seconds."""
    path = os.path.join(folder, name)
    if not os.path.isdir(folder):
        what = "is not a folder" if os.path.lexists(folder) else "does not exist"
        yield problem(f"{folder}: {what}: create it, or pass the folder of node_exporter's --collector.textfile.directory")
        return
    why = why_not_writable(folder) or why_not_replaceable(path)
    yield problem(why) if why else ok(f"metrics: {folder} can be written to")
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOENT:
            yield problem(f"{path}: does not exist yet: run inspec-textfile once, as the service does")
        else:
            yield problem(f"{path}: user {user_name()} cannot access it ({reason(error)})")
        return
    if not stat.S_ISREG(status.st_mode):
        yield problem(f"{path}: is not a regular file: remove it")
        return
    if status.st_size:
        yield from _file_findings(path, status, now)
    else:  # made by the set-up, for node_exporter's link
        yield problem(f"{path}: nothing has been written yet: run inspec-textfile once, as the service does")


def _file_findings(path: str, status: os.stat_result, now: float) -> Iterator[Finding]:
    if not _is_ours(status):
        owner = user_name(status.st_uid)
        text = f"{path}: belongs to user {owner}, and this is user {user_name()}: "
        if os.geteuid():
            yield problem(f"{text}run inspec-textfile as one user, by hand too")
        else:
            yield note(f"{text}put `runuser -u {owner} --` in front of this command to check what that user may do")
    seconds = now - status.st_mtime
    if seconds > STALE_HOURS * 3600:
        yield problem(f"{path}: is {age(seconds)} old: does inspec-textfile still run? check its cron job or timer")
    elif seconds < -3600:
        yield problem(
            f"{path}: is dated {age(-seconds)} ahead of the clock: set the clock (timedatectl), and run inspec-textfile"
        )
    else:
        yield ok(f"metrics: {path} is {age(seconds)} old, mode {stat.S_IMODE(status.st_mode):04o}")


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (os.geteuid(), 0)


def memory_findings(folder: str, name: str) -> Iterator[Finding]:
    """Say whether the memory beside the .prom can be used: without it, nobody knows since when a control has been failing."""
    try:
        status = os.stat(os.path.join(folder, name))
        if not status.st_size or (os.geteuid() and not _is_ours(status)):
            return  # not written yet, or by another user: the .prom has a finding of its own
        with OutputFolder(folder, locked=False) as opened:
            last, why = memory.load(opened, name)
    except (OSError, OutputError):
        return  # the folder or the .prom has a finding of its own
    if why:
        yield problem(f"{why}: see docs/history.md, When the memory is lost")
    elif last.reports:
        yield ok(f"memory: {os.path.join(folder, memory.file_name(name))} can be used")


# --- what keeps a file from being written ------------------------------------------------------------------------------------


def why_not_writable(folder: str) -> str | None:
    """Return why no file can be created in a folder, None if one can."""
    try:
        system = os.statvfs(folder)
    except OSError as error:
        return f"{folder}: user {user_name()} cannot access it ({reason(error)})"
    if system.f_flag & os.ST_RDONLY:
        return f"{folder}: the file system is read-only: mount it with rw, or pass another folder"
    if _is_fixed(folder):
        return f"{folder}: cannot be changed (chattr): chattr -ia {folder}"
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return (
            f"{folder}: user {user_name()} cannot write to it (permission denied): chown {user_name()} {folder}, or run "
            "inspec-textfile as its owner"
        )
    free = system.f_bavail if os.geteuid() else system.f_bfree
    if free * system.f_frsize < _MIN_FREE or (system.f_files and not system.f_ffree):
        return f"{folder}: its disk is full: make room (df -h {folder}; df -i {folder})"
    return None


def why_not_replaceable(path: str) -> str | None:
    """Return why a file that is there cannot be replaced although files can be made beside it, None if it can."""
    try:
        status, folder = os.stat(path, follow_symlinks=False), os.stat(os.path.dirname(path))
    except OSError:
        return None
    if os.path.realpath(path) in _mount_points():
        return f"{path}: is mounted as a single file, which cannot be replaced: mount its folder instead (docs/operations.md)"
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, status.st_uid, folder.st_uid):
        return (
            f"{path}: belongs to user {user_name(status.st_uid)} in a sticky folder: only that user can replace it; remove it"
        )
    if stat.S_ISREG(status.st_mode) and _is_fixed(path):
        return f"{path}: cannot be changed (chattr): chattr -ia {path}"
    return None


def _mount_points() -> set[str]:
    """Return all mount points (proc(5), /proc/pid/mountinfo)."""
    with suppress(OSError), open("/proc/self/mountinfo", "rb") as file:
        fields = (line.split() for line in file)
        return {os.fsdecode(line[4].decode("unicode_escape").encode("latin-1")) for line in fields if len(line) > 4}
    return set()


def _is_fixed(path: str) -> bool:
    """Return whether a file or folder has the attributes `i` or `a` of chattr(1)."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            flags = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0)))[0]
        finally:
            os.close(descriptor)
        return bool(flags & (_IMMUTABLE | _APPEND_ONLY))
    return False
