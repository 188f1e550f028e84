"""Files that other programs read at any moment: replaced whole, or not at all.

Everything goes by the descriptor of a folder that was opened once, so swapping a folder for a link during a run
redirects nothing; links at a file's own name are never followed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import pwd
import re
import stat
import time
from types import TracebackType
from typing import BinaryIO

# Read by neither node_exporter, which takes *.prom only, nor inspec-textfile, which skips names with a leading dot.
_TEMPORARY = ".inspec-textfile-{}{}.tmp"
_LEFTOVER = re.compile(r"\.inspec-textfile-[0-9a-f]{32}\.tmp\Z")
_POLL_SECONDS = 0.05
_CHUNK = 1024 * 1024
MAX_OUTPUT_BYTES = 256 * 1024 * 1024
"""Bytes. A file of an output folder that is larger is not read back."""
_OF_THE_FOLDER = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
"""What fails for one file in a folder fails for all of them."""


class OutputError(Exception):
    """A file or folder could not be used; the message is a sentence that names it and says what to do."""


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """Return up to `most` bytes of a file, without allocating memory for all of them at once as `read(most)` does."""
    found = bytearray()
    while chunk := file.read(min(_CHUNK, most - len(found))):  # None if a non-blocking read has nothing yet
        found += chunk
    return bytes(found)


class OutputFolder:
    """A folder that a run writes to, locked against other runs while it is open."""

    def __init__(self, path: str, *, wait: float = 60.0, create: bool = False) -> None:
        """Open the folder, create it first if `create`; wait up to `wait` seconds for another run to end.

        Raises OutputError.
        """
        self.path = path
        self._token = os.urandom(8).hex()  # shared by the processes of one run, which must leave each other's files alone
        try:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(path)
            _refuse_link_of_others(path)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}") from None
        self._below: dict[str, int] = {}
        status = os.fstat(self._descriptor)
        self._owner = (status.st_uid, status.st_gid) if status.st_uid else None
        """User and group of new files if root writes them, by hand: the service must be able to replace them. None: root's."""
        try:
            self._lock(wait)
            self._clear(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for descriptor in (*self._below.values(), self._descriptor):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def share_user(self, other: OutputFolder) -> None:
        """Give new files to the owner of another folder of the run, if this one is root's and that user may write to it."""
        status = os.fstat(self._descriptor)
        if other._owner and not status.st_uid and status.st_mode & stat.S_IWGRP:
            with contextlib.suppress(KeyError):  # a user without a name is in no group
                user = pwd.getpwuid(other._owner[0])
                if status.st_gid in os.getgrouplist(user.pw_name, user.pw_gid):
                    self._owner = (user.pw_uid, status.st_gid)

    def read(self, name: str, most: int) -> bytes | None:
        """Return the first `most` bytes of a file, None if there is not a regular file of that name that can be read."""
        try:
            with self._opened(name) as file:
                return read_at_most(file, most) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except (OSError, OutputError):
            return None

    def _opened(self, name: str) -> BinaryIO:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(os.path.basename(name), flags, dir_fd=self._folder_of(name, create=False))
        return open(descriptor, "rb")

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file in hexadecimal, "" if there is not a regular file of that name that can be read."""
        try:
            with self._opened(name) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return ""
                found = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
                return found.hexdigest()
        except (OSError, OutputError):
            return ""

    def has(self, name: str) -> bool:
        """Return whether there is anything of that name."""
        with contextlib.suppress(OSError, OutputError):
            os.lstat(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
            return True
        return False

    def is_own(self, name: str) -> bool:
        """Return whether a file is this user's, and nobody else may write to it.

        Root also trusts files of the folder's owner, or of the group that may write to the folder: they may put anything
        there. Root runs the program by hand where the service runs it as a user of its own.
        """
        with contextlib.suppress(OSError, OutputError):
            status = os.lstat(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
            owner_is_trusted = status.st_uid == os.geteuid()
            if not os.geteuid():
                folder = os.fstat(self._descriptor)
                of_its_group = bool(folder.st_mode & stat.S_IWGRP) and status.st_gid == folder.st_gid
                owner_is_trusted = status.st_uid in (0, folder.st_uid) or of_its_group
            return owner_is_trusted and not status.st_mode & 0o022
        return False

    def remove(self, name: str) -> None:
        """Remove a file. Raises OutputError."""
        try:
            os.unlink(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
        except OSError as error:
            raise OutputError(f"{os.path.join(self.path, name)}: cannot be removed: {error.strerror}") from None

    def replace(self, name: str, data: bytes, mode: int | None = None) -> None:
        """Write a file's whole content under a temporary name, and rename it to `name` when it is safe on disk.

        `mode`: the file's mode, whatever the umask; None: what the umask leaves of 0666. `name` may lead into folders below;
        they are made if missing. On any failure the old file is unchanged and nothing is left behind. Raises OutputError.
        """
        path = os.path.join(self.path, name)
        try:
            folder = self._folder_of(name, create=True)
            base = os.path.basename(name)
            old = _present_file(base, folder)
            temporary = _TEMPORARY.format(self._token, os.urandom(8).hex())
            try:
                _write(temporary, folder, data, mode, (old.st_uid, old.st_gid) if old else self._owner)
                os.rename(temporary, base, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            with contextlib.suppress(OSError):  # the file is in place; some file systems cannot fsync a folder
                os.fsync(folder)
        except OSError as error:
            if error.errno in _OF_THE_FOLDER:
                raise OutputError(_folder_message(os.path.dirname(path), error)) from None
            raise OutputError(f"{path}: {_why(error)}; the old file is unchanged") from None

    def _folder_of(self, name: str, *, create: bool) -> int:
        """Return the descriptor of the folder that holds `name`."""
        parent, _, _ = name.rpartition("/")
        if not parent:
            return self._descriptor
        if parent not in self._below:
            above = self._folder_of(parent, create=create)
            base = os.path.basename(parent)
            is_new = create and self._make(parent, above)
            try:
                self._below[parent] = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
                # The folder's owner may have put another one in its place: only an empty one is given away.
                if is_new and self._owner and not os.listdir(self._below[parent]):
                    _give(self._below[parent], self._owner)
            except OSError as error:
                raise OutputError(f"{os.path.join(self.path, parent)}: {_why(error)}") from None
            self._clear(self._below[parent])
        return self._below[parent]

    def _make(self, name: str, above: int) -> bool:
        """Make a folder in the one with the descriptor `above`, and return whether it was missing."""
        try:
            os.mkdir(os.path.basename(name), dir_fd=above)
            return True
        except FileExistsError:
            return False
        except OSError as error:
            raise OutputError(_folder_message(os.path.dirname(os.path.join(self.path, name)), error)) from None

    def _lock(self, wait: float) -> None:
        """Lock the folder itself: no lock file that a killed run could leave behind."""
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise OutputError(
                        f"{self.path}: another run has been writing here for over {wait:.0f} s; find out why it hangs"
                    ) from None
                time.sleep(_POLL_SECONDS)
            except OSError:
                return  # a network file system without locks on folders: rename is still atomic

    def _clear(self, descriptor: int) -> None:
        """Remove the temporary files of runs that were killed; no other run uses any: this run holds the lock."""
        own = _TEMPORARY.format(self._token, "").removesuffix(".tmp")
        with contextlib.suppress(OSError):
            for name in filter(_LEFTOVER.match, os.listdir(descriptor)):
                if not name.startswith(own):
                    os.unlink(name, dir_fd=descriptor)


def _umask() -> int:
    """Return the umask, which cannot be read without setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _write(name: str, folder: int, data: bytes, mode: int | None, owner: tuple[int, int] | None) -> None:
    """Write a new file. `owner`: user and group that it gets if root writes it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o600, dir_fd=folder), "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        _give(file.fileno(), owner)
        os.fchmod(file.fileno(), mode if mode is not None else 0o666 & ~_umask())
        os.fsync(file.fileno())


def _give(descriptor: int, owner: tuple[int, int] | None) -> None:
    """Give a new file or folder to a user and group, if root runs the program and the file system knows owners."""
    if owner and os.geteuid() == 0:
        status = os.fstat(descriptor)
        if owner != (status.st_uid, status.st_gid):
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, *owner)


def _present_file(name: str, folder: int) -> os.stat_result | None:
    """Return the status of the file that is there, None if there is none. Refuse to replace anything but a regular file."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link, which is not followed; remove it")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "is not a regular file; remove it, or choose another name")
    return status


def _refuse_link_of_others(path: str) -> None:
    """Refuse a folder that is reached by another user's link, so that root's files do not go where that user likes."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, f"is a link that belongs to user {status.st_uid}; pass the folder that it points to")


def _folder_message(folder: str, error: OSError) -> str:
    """Return what to say when nothing can be written to a folder: the same for every file, so that it is reported once."""
    return f"{folder}: {_why(error)}; files there are unchanged"


def user_name(user: int | None = None) -> str:
    """Return the name of a user (default: who runs this), the number where it has no name."""
    number = os.geteuid() if user is None else user
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _why(error: OSError) -> str:
    hints = {
        errno.ENOENT: "the folder does not exist; create it, or pass another one",
        errno.ENOTDIR: "is not a folder; pass one, or remove it",
        errno.EACCES: f"user {user_name()} cannot write to it (permission denied); change its owner, or run as another user",
        errno.EROFS: "the file system is read-only",
        errno.ENOSPC: "no space is left on the device",
        errno.EDQUOT: "the disk quota is used up",
    }
    return hints.get(error.errno or 0) or f"{error.strerror}"
