"""What the tests of contrib/ share: a stand-in for InSpec, and cron's way to run a command."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.paths import REPORTS, REPOSITORY

CRON = REPOSITORY / "contrib" / "cron"
SYSTEMD = REPOSITORY / "contrib" / "systemd"


def report(version: str, case: str) -> Path:
    """Return a genuine report (an empty file is what InSpec left when it failed)."""
    path = REPORTS / version / f"{case}.json"
    assert path.exists(), path
    return path


def commands_of(readme: Path, block: int = 0) -> str:
    """Return one of a README's blocks of commands, as a reader copies it."""
    return all_commands_of(readme)[block]


def all_commands_of(readme: Path) -> list[str]:
    """Return a README's blocks of commands."""
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", readme.read_text(encoding="utf-8"))


def as_cron_runs(
    command: str, environment: Mapping[str, str] | None = None, seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command line as Debian's cron does: /bin/sh, next to no environment, no terminal, in HOME."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": "/", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", **(environment or {})},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        start_new_session=True,
        check=False,
    )


@dataclass(frozen=True)
class StandIn:
    """A program that takes InSpec's place: its "profiles" are pieces of shell that say what to print and how to exit."""

    folder: Path

    @property
    def program(self) -> Path:
        """Return the program; it notes its arguments beside the profile and then plays the profile."""
        path = self.folder / "inspec"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(
                '#!/bin/sh\n[ "$1" = exec ] || exit 1\nprintf "%s\\n" "$@" >"$2.arguments"\n. "$2"\n', encoding="ascii"
            )
            path.chmod(0o755)
        return path

    def profile(self, name: str, play: str) -> Path:
        """Make, or make anew, a profile that plays some shell."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(play + "\n", encoding="utf-8")
        return path

    def prints(self, name: str, document: Path, status: int, messages: str = "") -> Path:
        """Make a profile that prints a report, and messages on standard error, and exits with a status."""
        play = f"printf %s {shlex.quote(messages)} >&2\ncat {shlex.quote(str(document))}\nexit {status}"
        return self.profile(name, play)

    def arguments(self, profile: Path) -> list[str]:
        """Return the arguments of the last run of a profile."""
        return Path(f"{profile}.arguments").read_text(encoding="utf-8").splitlines()
