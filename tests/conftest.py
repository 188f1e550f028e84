"""What tests share: where reports are, real programs, and the installed command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
REPORTS = REPOSITORY / "tests" / "data" / "reports"
SHARED = REPOSITORY.parent / "shared"
CI = bool(os.environ.get("CI"))


def missing(what: str, how: str) -> None:
    """Skip a test that lacks something; in CI, where .ci/run installs everything, fail instead."""
    message = f"{what} is missing: {how}"
    if CI:
        pytest.fail(message)
    pytest.skip(message)


def require(program: str, package: str) -> str:
    """Return the path of a program from a Debian package."""
    # Debian keeps daemons where only root's PATH leads.
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        missing(program, f"apt-get install {package}")
    return str(found)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reports beside the repository, which is not part of it."""
    if not SHARED.is_dir():
        missing(str(SHARED), "these tests read published reports in place, which are no part of this repository")
    return SHARED


@dataclass(frozen=True)
class Host:
    """A host as inspec-textfile sees it: its three folders, all empty."""

    root: Path

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def textfiles(self) -> Path:
        return self.root / "textfiles"

    @property
    def prom(self) -> Path:
        return self.textfiles / "inspec.prom"

    def add(self, case: str, name: str | None = None) -> Path:
        """Put a genuine report among the results: `7.1.16/overlay` as `overlay.json`."""
        source = REPORTS / f"{case}.json"
        target = self.results / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(source, target))

    def run(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        """Run the installed command on these folders."""
        return self.start([*self.options(), *arguments], stdin, env, **options)

    def options(self) -> list[str]:
        return ["--results-dir", str(self.results), "--reports-dir", str(self.reports), "-o", str(self.prom)]

    def start(
        self, arguments: list[str], stdin: bytes = b"", env: Mapping[str, str] | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        """Run the installed command with these arguments only, in the host's root."""
        environment = {"PATH": os.environ["PATH"], **(env or {})}
        done = subprocess.run(
            [COMMAND, *arguments], input=stdin, capture_output=True, cwd=self.root, env=environment, timeout=120, **options
        )  # type: ignore[call-overload]  # options are those of subprocess.run
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def series(self) -> dict[str, float]:
        """Return the series of the written file, by what stands before the value."""
        return parse_series(self.prom.read_text())


COMMAND = str(Path(sys.executable).parent / "inspec-textfile")


def parse_series(text: str) -> dict[str, float]:
    """Return series -> value of a text in exposition format."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


def others_may_enter(folder: Path) -> None:
    """Let node_exporter's user reach a folder of pytest's, which are for their owner only."""
    for path in (folder, *folder.parents):
        if Path("/tmp") in path.parents:  # noqa: S108  # where pytest has its folders
            path.chmod(path.stat().st_mode & 0o7777 | 0o055)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    for folder in (made.results, made.reports, made.textfiles):
        folder.mkdir()
    return made
