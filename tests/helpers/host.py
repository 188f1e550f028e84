"""The installed command on a host of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.forks import started
from helpers.paths import REPORTS

COMMAND = str(Path(sys.executable).parent / "inspec-textfile")
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
"""How `make coverage` reaches the processes that tests start."""

_AFTER_THE_START = ("INSPEC_TEXTFILE_", "AWS_", "AZURE_", "GOOGLE_")
"""Variables that are read by a run; others, such as PYTHONPATH and LANG, are read by Python as it starts."""


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
        """Run the installed command with these arguments only, in the host's root: by a fork where that is the same."""
        environment = {"PATH": os.environ["PATH"], **MEASURED, **(env or {})}
        if options or MEASURED or not all(name.startswith(_AFTER_THE_START) for name in env or ()):
            done = subprocess.run(
                [COMMAND, *arguments], input=stdin, capture_output=True, cwd=self.root, env=environment, timeout=120, **options
            )  # type: ignore[call-overload]  # options are those of subprocess.run
            return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        status, stdout, stderr = started(COMMAND).run(arguments, stdin, environment, self.root)
        return subprocess.CompletedProcess([COMMAND, *arguments], status, stdout.decode(), stderr.decode())

    def series(self) -> dict[str, float]:
        """Return the series of the written file, by what stands before the value."""
        return parse_series(self.prom.read_text())


def parse_series(text: str) -> dict[str, float]:
    """Return series -> value of a text in exposition format."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines)}


def others_may_enter(folder: Path) -> None:
    """Let node_exporter's user reach a folder of pytest's, which are for their owner only."""
    for path in (folder, *folder.parents):
        if Path("/tmp") in path.parents:  # noqa: S108  # where pytest has its folders
            path.chmod(path.stat().st_mode & 0o7777 | 0o055)
