"""Files that other programs read at any moment: replaced whole, or not at all.

Everything goes by the descriptor of a folder that was opened once, so swapping a folder for a link during a run
redirects nothing; links at a file's own name are never followed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
from types import TracebackType
from typing import BinaryIO

from inspec_textfile.lock import Lock, LockError
from inspec_textfile.ownership import FolderOwner, user_name

# Read by neither node_exporter, which takes *.prom only, nor inspec-textfile, which skips names with a leading dot.
_TEMPORARY = ".inspec-textfile-{}{}.tmp"
_LEFTOVER = re.compile(r"\.inspec-textfile-[0-9a-f]{32}\.tmp\Z")
_CHUNK = 1024 * 1024
MAX_OUTPUT_BYTES = 256 * 1024 * 1024
"""Bytes. A file of an output folder that is larger is not read back."""
_OF_THE_FOLDER = (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
"""What fails for one file in a folder fails for all of them."""
_NO_LINKS = (errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system without hard links answers, or the kernel for a file that is root's."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class OutputError(Exception):
    """A file or folder could not be used; the message is a sentence that names it and says what to do."""


class BusyError(OutputError):
    """Another run holds the lock of a folder."""


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """Return up to `most` bytes of a file, without allocating memory for all of them at once as `read(most)` does."""
    found = bytearray()
    while chunk := file.read(min(_CHUNK, most - len(found))):  # None if a non-blocking read has nothing yet
        found += chunk
    return bytes(found)


class OutputFolder:
    """A folder that a run writes to, locked against other runs while it is open."""

    def __init__(self, path: str, *, wait: float = 60.0, create: int | None = None, locked: bool = True) -> None:
        """Open the folder; wait up to `wait` seconds for another run to end.

        `create`: the mode, less the umask, with which it is made if it is missing; `locked`: False only to read, which changes
        nothing. Raises OutputError, BusyError.
        """
        self.path = path
        self._token = os.urandom(8).hex()  # shared by the processes of one run, which must leave each other's files alone
        self._below: dict[str, int] = {}
        try:
            if create is not None:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(path, create)
            _refuse_link_of_others(path)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}") from None
        self._owner = FolderOwner.of(self._descriptor)
        self._lock = Lock(self._descriptor, self._owner)
        if not locked:
            return
        try:
            try:
                self._lock.acquire(wait)
            except LockError as error:
                raise BusyError(f"{path}: {error}") from None
            self._clear(self._descriptor)
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        self._lock.release()
        for descriptor in (*self._below.values(), self._descriptor):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def read(self, name: str, most: int) -> bytes | None:
        """Return the first `most` bytes of a file, None if there is not a regular file of that name that can be read."""
        try:
            with self._opened(name) as file:
                return read_at_most(file, most)
        except (OSError, OutputError):
            return None

    def read_checked(self, name: str, most: int) -> bytes | None:
        """Return the first `most` bytes of a file that nobody else can have written, None if there is nothing of that name.

        What is checked is what is read: the file that was opened. Raises OutputError for a file that others may write to, or
        whose owner is not trusted (`ownership`), and for anything but a file.
        """
        path = os.path.join(self.path, name)
        try:
            with self._opened(name) as file:
                status = os.fstat(file.fileno())
                if not self._owner.trusts(status):
                    raise OutputError(
                        f"{path}: belongs to user {user_name(status.st_uid)}; remove it, and run as one user only"
                    )
                if status.st_mode & 0o022:
                    raise OutputError(f"{path}: other users may write to it; remove it")
                return read_at_most(file, most)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(f"{path}: {_why(error)}") from None

    def _opened(self, name: str) -> BinaryIO:
        """Return a regular file, open. Raises OSError, OutputError."""
        descriptor = os.open(os.path.basename(name), _OLD, dir_fd=self._folder_of(name, create=False))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "is not a regular file; remove it")
        return open(descriptor, "rb")

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file in hexadecimal, "" if there is not a regular file of that name that can be read."""
        try:
            with self._opened(name) as file:
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

    def remove(self, name: str) -> None:
        """Remove a file, and the folders below this one that it leaves empty. Raises OutputError."""
        try:
            os.unlink(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
        except OSError as error:
            raise OutputError(f"{os.path.join(self.path, name)}: cannot be removed: {error.strerror}") from None
        parent = os.path.dirname(name)
        with contextlib.suppress(OSError):  # there is something else in it
            while parent:
                os.rmdir(parent, dir_fd=self._descriptor)
                parent = os.path.dirname(parent)

    def replace(self, name: str, data: bytes, mode: int | None = None, *, durable: bool = True, kept_as: str = "") -> None:
        """Write a file's whole content under a temporary name, and rename it to `name`.

        `mode`: the file's mode, whatever the umask; None: what the umask leaves of 0666, and nothing for those who may not
        enter the folder. `durable`: wait until all of it is safe on disk, for what cannot be made again. `kept_as`: another
        name in this folder under which the old file stays. `name` may lead into folders below; they are made if missing. On
        any failure the old file is unchanged and nothing is left behind. Raises OutputError.
        """
        path = os.path.join(self.path, name)
        try:
            folder = self._folder_of(name, create=True)
            base = os.path.basename(name)
            _refuse_all_but_files(base, folder)
            temporary = self._temporary()
            try:
                with open(os.open(temporary, _NEW, 0o600, dir_fd=folder), "wb", buffering=0) as file:
                    view = memoryview(data)
                    while view:
                        view = view[file.write(view) :]
                    self._owner.give(file.fileno(), mode if mode is not None else 0o666 & ~_umask() & self._owner.mask)
                    if durable:
                        os.fsync(file.fileno())
                if kept_as:
                    self.keep_as(name, kept_as)
                os.rename(temporary, base, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            if durable:
                _sync_folder(folder)
        except OSError as error:
            if error.errno in _OF_THE_FOLDER:
                raise OutputError(_folder_message(os.path.dirname(path), error)) from None
            raise OutputError(f"{path}: {_why(error)}; the old file is unchanged") from None

    def keep_as(self, name: str, other: str) -> None:
        """Have a file that is there under another name, too, in the place of what has that: it stays when `name` is replaced.

        Both are in the folder itself. Does nothing if there is no file. Raises OutputError.
        """
        temporary = self._temporary()
        try:
            _refuse_all_but_files(other, self._descriptor)
            os.link(name, temporary, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor, follow_symlinks=False)
            try:
                os.rename(temporary, other, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            finally:  # a rename of one link to another of the same file does nothing
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=self._descriptor)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise OutputError(f"{os.path.join(self.path, other)}: {_why(error)}; the old file is unchanged") from None
            self._copy(name, other)

    def _copy(self, name: str, other: str) -> None:
        with contextlib.suppress(OSError), self._opened(name) as file:
            status = os.fstat(file.fileno())
            data = read_at_most(file, status.st_size)
            self.replace(other, data, stat.S_IMODE(status.st_mode))

    def _temporary(self) -> str:
        return _TEMPORARY.format(self._token, os.urandom(8).hex())

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
                if is_new and not os.listdir(self._below[parent]):
                    self._owner.give(self._below[parent])
            except OSError as error:
                raise OutputError(f"{os.path.join(self.path, parent)}: {_why(error)}") from None
            self._clear(self._below[parent])
        return self._below[parent]

    def _make(self, name: str, above: int) -> bool:
        """Make a folder in the one with the descriptor `above`, and return whether it was missing."""
        try:
            os.mkdir(os.path.basename(name), 0o777 & self._owner.mask, dir_fd=above)
            return True
        except FileExistsError:
            return False
        except OSError as error:
            raise OutputError(_folder_message(os.path.dirname(os.path.join(self.path, name)), error)) from None

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


def _sync_folder(folder: int) -> None:
    with contextlib.suppress(OSError):  # the file is in place; some file systems cannot fsync a folder
        os.fsync(folder)


def _refuse_all_but_files(name: str, folder: int) -> None:
    """Raise OSError where a name is taken by anything but a regular file."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "is not a regular file; remove it, or choose another name")


def _refuse_link_of_others(path: str) -> None:
    """Refuse a folder that is reached by another user's link, so that root's files do not go where that user likes."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
        raise OSError(errno.EPERM, f"is a link that belongs to user {status.st_uid}; pass the folder that it points to")


def _folder_message(folder: str, error: OSError) -> str:
    """Return what to say when nothing can be written to a folder: the same for every file, so that it is reported once."""
    return f"{folder}: {_why(error)}; files there are unchanged"


def _why(error: OSError) -> str:
    hints = {
        errno.ENOENT: "the folder does not exist; create it, or pass another one",
        errno.ENOTDIR: "is not a folder; pass one, or remove it",
        errno.EACCES: f"permission denied for user {user_name()}; change its owner, or run as another user",
        errno.ELOOP: "is a symbolic link, which is not followed; remove it",
        errno.EROFS: "the file system is read-only",
        errno.ENOSPC: "no space is left on the device",
        errno.EDQUOT: "the disk quota is used up",
    }
    return hints.get(error.errno or 0) or f"{error.strerror}"
