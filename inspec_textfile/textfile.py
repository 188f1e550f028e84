"""Files that other programs read at any moment: replaced whole, or not at all.

Everything goes by the descriptor of a folder that was opened once, so that a folder which is swapped for a link during
a run leads nowhere else; links at a file's own name are never followed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

# Never read by node_exporter, which takes *.prom only, nor by inspec-textfile, which passes over names with a leading dot.
_TEMPORARY = ".inspec-textfile-{}.tmp"
_LEFTOVER = re.compile(r"\.inspec-textfile-[0-9a-f]{32}\.tmp\Z")
_POLL_SECONDS = 0.05
_CHUNK = 1024 * 1024


class TextfileError(Exception):
    """A file or folder could not be used; the message is a sentence that names it and says what to do."""


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """Return up to so many bytes of a file, without taking the memory for all of them at once as `read(most)` does."""
    found = bytearray()
    while chunk := file.read(min(_CHUNK, most - len(found))):  # None from a file of the kernel's that would block
        found += chunk
    return bytes(found)


class Folder:
    """A folder that a run writes to, locked against other runs while it is open."""

    def __init__(self, path: str, *, wait: float = 60.0, create: bool = False) -> None:
        """Open the folder, made first with mode 0755 if `create`; wait that many seconds for another run to end.

        Raises TextfileError.
        """
        self.path = path
        try:
            if create:
                with contextlib.suppress(FileExistsError):
                    _make_folder(path)
            _refuse_link_of_others(path)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise TextfileError(f"{path}: {_why(error)}") from None
        self._below: dict[str, int] = {}
        try:
            self._lock(wait)
            self._clear(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for descriptor in (*self._below.values(), self._descriptor):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def read(self, name: str, most: int) -> bytes | None:
        """Return the first `most` bytes of a file, None if there is no regular file of that name that can be read."""
        try:
            descriptor = os.open(
                os.path.basename(name),
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                dir_fd=self._folder_of(name, create=False),
            )
            with open(descriptor, "rb") as file:
                return read_at_most(file, most) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        except (OSError, TextfileError):
            return None

    def has(self, name: str) -> bool:
        """Tell whether there is anything of that name."""
        with contextlib.suppress(OSError, TextfileError):
            os.lstat(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
            return True
        return False

    def is_own(self, name: str) -> bool:
        """Tell whether a file is this user's, and nobody else may write to it."""
        with contextlib.suppress(OSError, TextfileError):
            status = os.lstat(os.path.basename(name), dir_fd=self._folder_of(name, create=False))
            return status.st_uid == os.geteuid() and not status.st_mode & 0o022
        return False

    def replace(self, name: str, data: bytes, mode: int) -> None:
        """Write a file's whole content under a temporary name, and rename it to `name` when it is safe on disk.

        `name` may lead into folders below; they are made if missing. On any failure the old file stands and nothing is left
        behind. Raises TextfileError.
        """
        path = os.path.join(self.path, name)
        try:
            folder = self._folder_of(name, create=True)
            base = os.path.basename(name)
            _refuse_what_is_no_file(base, folder)
            temporary = _TEMPORARY.format(os.urandom(16).hex())
            try:
                _write(temporary, folder, data, mode)
                os.rename(temporary, base, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            with contextlib.suppress(OSError):  # in place already; some file systems know no fsync of folders
                os.fsync(folder)
        except OSError as error:
            raise TextfileError(f"{path}: {_why(error)}; the old file stands") from None

    def _folder_of(self, name: str, *, create: bool) -> int:
        """Return the descriptor of the folder that holds `name`."""
        parent, _, _ = name.rpartition("/")
        if not parent:
            return self._descriptor
        if parent not in self._below:
            above = self._folder_of(parent, create=create)
            base = os.path.basename(parent)
            if create:
                with contextlib.suppress(FileExistsError):
                    _make_folder(base, above)
            try:
                self._below[parent] = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
            except OSError as error:
                raise TextfileError(f"{os.path.join(self.path, parent)}: {_why(error)}") from None
            self._clear(self._below[parent])
        return self._below[parent]

    def _lock(self, wait: float) -> None:
        """Lock the folder itself: no lock file that a killed run could leave behind."""
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise TextfileError(
                        f"{self.path}: another run has been writing here for over {wait:.0f} s; see what it hangs on"
                    ) from None
                time.sleep(_POLL_SECONDS)
            except OSError:
                return  # a network file system without locks on folders: rename is still atomic

    def _clear(self, descriptor: int) -> None:
        """Remove the temporary files of runs that were killed; none can be in use, for this run holds the lock."""
        with contextlib.suppress(OSError):
            for name in filter(_LEFTOVER.match, os.listdir(descriptor)):
                os.unlink(name, dir_fd=descriptor)


def _make_folder(path: str, above: int | None = None) -> None:
    with _umask(0o022):
        os.mkdir(path, 0o755, dir_fd=above)


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def _write(name: str, folder: int, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o600, dir_fd=folder), "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fchmod(file.fileno(), mode)  # whatever the umask: node_exporter runs as another user
        os.fsync(file.fileno())


def _refuse_what_is_no_file(name: str, folder: int) -> None:
    """Refuse to put a file in the place of something else: whoever made it there meant something by it."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link, which is not followed; remove it")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "is no regular file; remove it, or choose another name")


def _refuse_link_of_others(path: str) -> None:
    """Refuse a folder that is reached by another user's link, so that root's files do not go where that user likes."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
        raise OSError(errno.ELOOP, f"is a link that belongs to user {status.st_uid}; pass the folder that it leads to")


def _why(error: OSError) -> str:
    hints = {
        errno.ENOENT: "the folder does not exist; make it, or pass another one",
        errno.ENOTDIR: "is not a folder; pass one, or remove it",
        errno.EACCES: "this user must not write here; change owner or mode, or run as another user",
        errno.EROFS: "the file system is read-only",
        errno.ENOSPC: "no space is left on the device",
        errno.EDQUOT: "the disk quota is used up",
    }
    return hints.get(error.errno or 0) or f"{error.strerror}"
