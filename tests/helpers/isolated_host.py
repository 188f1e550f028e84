"""A copy of this very host to try things on as root: namespaces of its own and a file system that forgets (an overlay of /).

Or of another root folder, such as a fresh Debian (helpers/bookworm.py).

The first process in it may be a real systemd, or a shell that waits while others are run in it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from helpers.needs import missing, require
from helpers.servers import eventually

PROGRAM_HOME = "/opt/inspec-textfile"
"""Where the program is in there: the tests' own copy may be in /tmp or in a home folder, which a sandbox hides."""

PYTHON = f"{PROGRAM_HOME}/bin/python"
"""The Python that runs the tests, as it is run in there."""

# Two hosts at a time, each with a systemd, would share groups of processes and end those of each other. So each is in a group
# of its own, which its namespace takes for the root. Arguments: a folder to mount the groups on, the name, and a command.
_IN_A_GROUP = """
set -e
mount --make-rprivate /
mount -t cgroup2 cgroup2 "$0"
group=$0$(sed -n 's/^0:://p' /proc/self/cgroup)/$1
shift
mkdir -p "$group"
echo $$ >"$group/cgroup.procs"
exec "$@"
"""

_REMOVE_GROUP = """
mount -t cgroup2 cgroup2 "$0" || exit 0 # no host was made, then
find "$0" -depth -type d -path "*/$1*" -exec rmdir {} +
"""

_BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir changed work root
mount -t overlay overlay -o lowerdir="$3",upperdir="$PWD/changed",workdir="$PWD/work" root
cd root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/lock
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    : >dev/$device
    mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
: >dev/kmsg # a plain file: what systemd says, for whoever debugs a test
for folder in $2; do
    mkdir -p "./opt/inspec-textfile/${folder%%=*}"
    mount --bind "${folder#*=}" "./opt/inspec-textfile/${folder%%=*}"
    # Read-only: what is tried in here must not be able to remove the Python that tries it.
    mount -o remount,bind,ro "./opt/inspec-textfile/${folder%%=*}"
done
cp "$0.prepare" run/prepare # the folder it is in cannot be seen from another root
mkdir -p mnt/old
pivot_root . mnt/old
cd /
umount -l mnt/old
rmdir mnt/old
shift 3
echo made
. /run/prepare
: >/run/ready
exec "$@"
"""


class IsolatedHost:
    """A running copy of this host."""

    def __init__(self, process: subprocess.Popen[bytes], pid: int) -> None:
        self._process = process
        self.pid = pid
        """Its first process, as seen from outside."""

    def path(self, inside: str) -> Path:
        """Return a path in there as it can be opened from outside. Links with absolute targets lead outside."""
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def command(self, *command: str | Path) -> list[str]:
        """Return the command that runs a command in there."""
        inside = ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        return [*inside, *map(str, command)]

    def run(self, *command: str | Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command in there."""
        return subprocess.run(
            self.command(*command),
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )


@contextlib.contextmanager
def isolated_host(
    folder: Path,
    first: Sequence[str],
    prepare: str = "",
    own_network: bool = True,
    root: Path = Path("/"),
    binds: Mapping[str, Path] | None = None,
) -> Iterator[IsolatedHost]:
    """Start a copy of this host, or of `root`, with `first` as its first process, after the shell commands `prepare`.

    `binds`: names and folders of this host that are seen in there, read-only, below PROGRAM_HOME. Without any, the program is
    installed in there. At the end all of it is killed.
    """
    if os.geteuid() != 0:
        missing("root", "only root can make an isolated host")
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("mount", "mount")):
        require(program, package)
    if binds is None:
        binds = _program()
        prepare = _install_program() + prepare
    script = folder / "boot"
    script.write_text(_BOOT, encoding="utf-8")
    Path(f"{script}.prepare").write_text(prepare, encoding="utf-8")
    inside = folder / "host"
    inside.mkdir()
    groups = folder / "groups"
    groups.mkdir()
    name = f"inspec-textfile-{os.getpid()}-{time.monotonic_ns()}"
    log = folder / "boot.log"
    with log.open("wb") as out:
        namespaces = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", *(["--net"] if own_network else [])]
        mounts = " ".join(f"{name}={path}" for name, path in binds.items())
        boot = ["sh", str(script), str(inside), mounts, str(root), *first]
        process = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "sh",
                "-c",
                _IN_A_GROUP,
                groups,
                name,
                "unshare",
                *namespaces,
                "--fork",
                "--kill-child",
                *boot,
            ],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "container": "test"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def first_pid() -> int:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8", errors="replace")
                assert "made\n" not in said, f"the isolated host could not be prepared: {said}"
                missing("an isolated host", f"this machine can't hold one: {said}")
            pid = children.read_text().strip()
            return int(pid) if pid and Path(f"/proc/{pid}/root/run/ready").exists() else 0

        yield IsolatedHost(process, eventually(first_pid, 20, "the isolated host is up"))
    finally:
        process.kill()  # --kill-child: and with it every process in there
        process.wait()
        eventually(lambda: not _remove_group(groups, name), 20, "its processes have ended")


def _remove_group(groups: Path, name: str) -> int:
    """Remove the group of a host with all below it; it can't be removed as long as a process of the host is there."""
    command = ["unshare", "--mount", "sh", "-c", _REMOVE_GROUP, str(groups), name]
    return subprocess.run(command, capture_output=True, check=False).returncode


def _program() -> dict[str, Path]:
    """Return the folders that the program needs to run on the Python that runs the tests."""
    spec = importlib.util.find_spec("inspec_textfile")
    click = importlib.util.find_spec("click")
    assert spec is not None, "the package is not importable"
    assert spec.origin is not None
    assert click is not None
    assert click.origin is not None
    return {
        "source": Path(spec.origin).parents[1],
        "libraries": Path(click.origin).parents[1],
        "python": Path(sys.base_prefix),
    }


def _install_program() -> str:
    """Return shell that installs the program in there, on the Python that runs the tests."""
    return f"""
mkdir {PROGRAM_HOME}/bin
cat >{PYTHON} <<'END'
#!/bin/sh
export LD_LIBRARY_PATH={PROGRAM_HOME}/python/lib PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH={PROGRAM_HOME}/source:{PROGRAM_HOME}/libraries
exec {PROGRAM_HOME}/python/bin/{Path(sys.executable).resolve().name} "$@"
END
printf '#!/bin/sh\\nexec {PYTHON} -m inspec_textfile "$@"\\n' >/usr/local/bin/inspec-textfile
chmod 755 {PYTHON} /usr/local/bin/inspec-textfile
"""
