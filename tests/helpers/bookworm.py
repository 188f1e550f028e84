"""A fresh Debian 12, made by debootstrap, for `isolated_host(root=...)` to make copies of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from helpers.needs import missing, require

_KEPT_DAYS = 7
_MIRROR = "http://deb.debian.org/debian"

# In memory, for packages sync each of their files; in a mount namespace, so that nothing of it is left whatever happens.
_MAKE = """
set -e
mount -t tmpfs -o mode=755,size=2g tmpfs "$1"
debootstrap --variant=minbase --include="$2" bookworm "$1/root" "$3" >&2
rm -f "$1"/root/var/cache/apt/archives/*.deb
cp -a --one-file-system "$1/root" "$4"
"""


def fresh_bookworm(packages: Sequence[str] = ()) -> Path:
    """Return a folder with a minimal Debian 12 and these packages. Nothing may be changed in it: it is kept for some days."""
    debootstrap = require("debootstrap", "debootstrap")
    if os.geteuid() != 0:
        missing("root", "only root can run debootstrap")
    name = hashlib.sha256("\0".join(sorted(packages)).encode()).hexdigest()[:8]
    kept = Path.home() / ".cache" / "inspec-textfile-tests"
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / f"bookworm-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # A name for each span of days: a copy that is still in use is not touched.
        root = kept / f"bookworm-{name}-{int(time.time() / 86400 / _KEPT_DAYS)}"
        if not root.exists():
            _make(debootstrap, packages, root)
    return root


def _make(debootstrap: str, packages: Sequence[str], root: Path) -> None:
    partial = root.with_name(f".{root.name}.{os.getpid()}")
    work = root.with_name(f".{root.name}.work")
    work.mkdir(exist_ok=True)
    include = ",".join(("ca-certificates", *packages))
    run = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _MAKE, debootstrap, work, include, _MIRROR, partial],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, f"debootstrap: {run.stderr[-2000:]}"
    partial.rename(root)
