"""The completion scripts of the Debian package, in real shells at a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from helpers.host import COMMAND
from helpers.marks import long
from helpers.needs import require
from helpers.paths import REPOSITORY

BASH = ["bash", "--norc", "--noprofile", "-i"]
ZSH = ["zsh", "-f", "-i"]
START = {
    "bash": ". {folder}/bash-completion/completions/inspec-textfile",
    "zsh": "fpath=({folder}/zsh/vendor-completions $fpath); autoload -Uz compinit && compinit -u -D",
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts as the package has them, made with Debian's click."""
    folder = tmp_path_factory.mktemp("scripts")
    environment = {"PATH": "/usr/bin:/bin"}
    subprocess.run([REPOSITORY / "contrib" / "debian" / "completions", folder], cwd=REPOSITORY, env=environment, check=True)
    return folder


def typed(command: list[str], start: str, keys: str, folder: Path, expected: str) -> str:
    """Type into a shell at a terminal, until what is expected is on the screen; return the screen."""
    require(command[0], command[0])
    environment = {"PATH": f"{Path(COMMAND).parent}:/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "PS1": "READY> "}
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)  # noqa: S606
    screen = ""

    def until(pattern: str) -> None:
        nonlocal screen
        end = time.monotonic() + 60
        while not re.search(pattern, screen) and time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                screen += os.read(terminal, 10_000).decode(errors="replace")
        assert re.search(pattern, screen), screen

    try:
        until("READY>|%|#|\\$")
        os.write(terminal, f"{start}; echo set'-up'\n".encode())
        until("\nset-up")
        os.write(terminal, keys.encode())
        until(expected)
        return screen
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


@pytest.mark.parametrize("shell", [BASH, ZSH], ids=["bash", "zsh"])
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("--reports\t", "--reports-dir"),
        ("of-the-ho\t", r"of-the-host\.json"),
        long("--settings of-the-ho\t", r"of-the-host\.json"),
    ],
    ids=["an option", "a file", "the file of an option"],
)
def test_the_first_tab(shell: list[str], keys: str, expected: str, scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "of-the-host.json").touch()
    start = START[shell[0]].format(folder=scripts)

    typed(shell, start, f"inspec-textfile {keys}", tmp_path, expected)
