"""The folders that a run writes to, and the .prom file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator

from inspec_textfile.check.findings import Finding, note, ok, problem, reason
from inspec_textfile.ownership import user_name
from inspec_textfile.text import age

STALE_HOURS = 26


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
    why = why_not_writable(folder)
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
    if status.st_uid not in (os.geteuid(), 0):
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


def why_not_writable(folder: str) -> str | None:
    """Return why no file can be created in a folder, None if one can."""
    try:
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder}: the file system is read-only: mount it with rw, or pass another folder"
    except OSError as error:
        return f"{folder}: user {user_name()} cannot access it ({reason(error)})"
    if os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return None
    return (
        f"{folder}: user {user_name()} cannot write to it (permission denied): chown {user_name()} {folder}, or run "
        "inspec-textfile as its owner"
    )
