"""One run at a time in a folder: a lock file that nobody else can open, so nobody else can hold it.

The lock is flock(2) on the file, not the file: what a killed run leaves behind is not locked. A run removes the file when it
ends, so whoever waited for it locks a file that is gone, notices, and starts over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time

from inspec_textfile.ownership import FolderOwner

LOCK_FILE = ".inspec-textfile.lock"
_POLL_SECONDS = 0.05
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OTHERS = 0o007


class LockError(Exception):
    """A folder could not be locked; the message is a sentence without the folder's name."""


class Lock:
    """The lock of a folder."""

    def __init__(self, folder: int, owner: FolderOwner) -> None:
        """`folder`: a descriptor, which stays open until the lock is released."""
        self._folder = folder
        self._owner = owner
        self._file: int | None = None
        self._holder = ""
        """The process id of the run that holds the lock, as part of a sentence; "" if it is not known."""

    def acquire(self, seconds: float) -> None:
        """Take the lock; wait up to `seconds` for another run to end. Raises LockError.

        Where nothing can be written or locked, it does nothing: then the rename that replaces a file must do.
        """
        end = time.monotonic() + seconds
        while not self._try():
            if time.monotonic() >= end:
                raise LockError(
                    f"another run{self._holder} has been writing here for over {seconds:.0f} s; find out why it hangs"
                )
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Remove the lock file and let go of it."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                if self._is_in_place(self._file):
                    os.unlink(LOCK_FILE, dir_fd=self._folder)
            with contextlib.suppress(OSError):
                os.close(self._file)

    def _try(self) -> bool:
        """Return False if another run holds the lock, or the lock file was not ours and is gone now."""
        try:
            file = self._open()
        except OSError:  # a folder that cannot be written to: whatever is written next says why
            return True
        if file is None:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(OSError, ValueError):
                self._holder = f" (process {int(os.pread(file, 20, 0))})"
            os.close(file)
            return False
        except OSError:  # a network file system without locks
            pass
        if not self._is_in_place(file):
            os.close(file)
            return False
        self._file = file
        with contextlib.suppress(OSError):  # a full disk
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)
        return True

    def _open(self) -> int | None:
        """Return the descriptor of the lock file, None if there was one that is not ours. Raises OSError, LockError."""
        with contextlib.suppress(FileExistsError):
            file = os.open(LOCK_FILE, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=self._folder)
            with contextlib.suppress(OSError):
                self._owner.give(file, 0o660 if self._owner.is_shared and not os.geteuid() else 0o600)
            return file
        with contextlib.suppress(OSError):  # a link, or another user's
            file = os.open(LOCK_FILE, _FLAGS, dir_fd=self._folder)
            status = os.fstat(file)
            # A second link would make it somebody's file that was put here to be written to.
            is_ours = stat.S_ISREG(status.st_mode) and status.st_nlink < 2 and self._owner.trusts(status)
            if is_ours and not status.st_mode & _OTHERS:
                return file
            os.close(file)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(LOCK_FILE, dir_fd=self._folder)
        except OSError:
            raise LockError(f"{LOCK_FILE} in it is not this program's; remove it") from None
        return None

    def _is_in_place(self, file: int) -> bool:
        """Return whether the lock file is still this one."""
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(file), os.lstat(LOCK_FILE, dir_fd=self._folder))
        return False
