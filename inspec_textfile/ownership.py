"""Whose files are in a folder: what root makes there, and whose files are to be trusted.

Somebody may run the program by hand as root where the service runs it as a user of its own.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from typing import NamedTuple


class FolderOwner(NamedTuple):
    """Who owns a folder, and who else may put files there."""

    user: int
    group: int
    is_shared: bool
    """Whether the group may put files there."""
    mask: int
    """What the modes of files in it may hold: nothing for others, if they may not enter the folder anyway."""

    @classmethod
    def of(cls, descriptor: int) -> FolderOwner:
        """Return the owner of a folder that is open. Raises OSError."""
        status = os.fstat(descriptor)
        mask = 0o777 if status.st_mode & stat.S_IXOTH else 0o770
        return cls(status.st_uid, status.st_gid, bool(status.st_mode & stat.S_IWGRP), mask)

    def trusts(self, status: os.stat_result) -> bool:
        """Return whether the owner of a file in the folder may tell this program what it did earlier: this user, or root.

        Root also trusts the folder's owner and the group that may write to it, who may put anything there.
        """
        if os.geteuid():
            return status.st_uid in (0, os.geteuid())
        return status.st_uid in (0, self.user) or (self.is_shared and status.st_gid == self.group)

    def give(self, descriptor: int, mode: int | None = None) -> None:
        """Give a new file its mode, and what root made, file or folder, to the folder's owner, who must be able to replace it.

        In a folder that a group may write to, that group may read root's files: the service's user is in there.
        """
        if os.geteuid() == 0:
            status = os.fstat(descriptor)
            if (self.user, self.group) != (status.st_uid, status.st_gid):
                with contextlib.suppress(PermissionError):  # a file system that knows no owners
                    os.fchown(descriptor, self.user, self.group)
            if mode is not None and self.is_shared:
                mode |= stat.S_IRGRP
        if mode is not None:
            os.fchmod(descriptor, mode)


def user_name(user: int | None = None) -> str:
    """Return the name of a user (default: who runs this), the number where it has no name."""
    number = os.geteuid() if user is None else user
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
