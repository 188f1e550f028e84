"""Any history of a results folder, through whole runs: the .prom and the memory never tell a lie, and never one together.

The program runs in this process, on one core. Against it stands a model of a few lines, which knows of each report what its
results file holds and what its last readable run was.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from inspec_textfile import files, parallel
from inspec_textfile.messages import Messages
from inspec_textfile.pages import index
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.links import page_file
from inspec_textfile.run import Clock, State, run

from helpers.host import parse_series
from helpers.jobs import job_of
from helpers.runs import DAY, FIRST

NAMES = ("web01", "db/ssh", "mail")
CONTROLS = ("a", "b", "c")


def document(started: float, failing: frozenset[str]) -> bytes:
    """Return the results of a run: profile `p` with three controls, of which some fail."""
    controls = [
        {
            "id": id_,
            "impact": 0.7,
            "results": [{"status": "failed" if id_ in failing else "passed", "start_time": _iso(started), "code_desc": "x"}],
        }
        for id_ in CONTROLS
    ]
    return json.dumps({"version": "7", "profiles": [{"name": "p", "version": "1", "controls": controls}]}).encode()


def _iso(seconds: float) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


class Killed(BaseException):
    """The process ends here."""


class Histories(RuleBasedStateMachine):
    """One host over time."""

    def __init__(self) -> None:
        super().__init__()
        self.cores = parallel.cores
        parallel.cores = lambda: 1  # in this process, so that it can be broken off
        self.root = Path(tempfile.mkdtemp())
        self.results, self.pages, self.out = (self.root / name for name in ("results", "pages", "out"))
        for folder in (self.results, self.out):
            folder.mkdir()
        self.days = itertools.count()
        self.today = 0
        self.content: dict[str, tuple[int, frozenset[str]] | None] = {}
        """What each results file holds: day and failing controls; None: nothing that can be read."""
        self.runs: dict[str, list[tuple[int, frozenset[str]]]] = {}
        """The runs of each report that count, as far as a run of the program saw them."""
        self.shown: dict[str, tuple[int, frozenset[str]]] = {}
        """What was last read of each report."""

    def teardown(self) -> None:
        shutil.rmtree(self.root)
        parallel.cores = self.cores

    # --- what happens to the results ---

    @rule(name=st.sampled_from(NAMES), failing=st.frozensets(st.sampled_from(CONTROLS)))
    def inspec_runs(self, name: str, failing: frozenset[str]) -> None:
        self.today = next(self.days)
        self._put(name, (self.today, failing))

    @rule(name=st.sampled_from(NAMES))
    def a_file_breaks(self, name: str) -> None:
        self._put(name, None)

    @precondition(lambda self: any(self.runs.values()))
    @rule(data=st.data())
    def an_old_run_is_put_back(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, runs in self.runs.items() if runs)))
        self._put(name, data.draw(st.sampled_from(self.runs[name])))

    @precondition(lambda self: self.content)
    @rule(data=st.data())
    def a_file_is_copied_afresh(self, data: Any) -> None:
        path = self._path(data.draw(st.sampled_from(sorted(self.content))))
        os.utime(path, (2_000_000_000, 2_000_000_000))

    @precondition(lambda self: len(self.content) > 1)
    @rule(data=st.data())
    def a_file_is_removed(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(self.content)))
        self._path(name).unlink()
        del self.content[name]

    # --- what happens to the outputs ---

    @rule()
    def a_page_is_edited(self) -> None:
        for page in self.pages.rglob("inspec-*.html") if self.pages.exists() else ():
            page.write_text("edited")
            break

    @rule()
    def the_prom_is_lost(self) -> None:
        with suppress(FileNotFoundError):
            (self.out / "inspec.prom").unlink()

    @rule(writes=st.integers(0, 4))
    def a_run_is_killed(self, writes: int) -> None:
        """After so many files were written."""
        with self._killed_after(writes), suppress(Killed):
            self._run()
            self._note()
            return
        if self._memory() != self.memory_before:
            self._note()

    @rule()
    def a_run(self) -> None:
        state = self._run()
        self._note()
        self._check()
        self._check_index(state)

    # --- the model ---

    def _path(self, name: str) -> Path:
        path = self.results / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        return path

    def _put(self, name: str, content: tuple[int, frozenset[str]] | None) -> None:
        self.content[name] = content
        self._path(name).write_bytes(b"{" if content is None else document(FIRST + content[0] * DAY, content[1]))

    def _note(self) -> None:
        """Note in the model what a run saw."""
        for name, content in self.content.items():
            if content is None:
                continue
            self.shown[name] = content
            runs = self.runs.setdefault(name, [])
            if not runs or content[0] > runs[-1][0]:
                runs.append(content)
        for name in set(self.shown) - set(self.content):
            if self.content:
                del self.shown[name]

    def _memory(self) -> bytes:
        path = self.out / ".inspec.prom.state"
        return path.read_bytes() if path.exists() else b""

    def _run(self) -> State:
        self.memory_before = self._memory()
        job = job_of(self.results, self.out, self.pages)
        clock = Clock(now=lambda: FIRST + 10_000 * DAY, elapsed=lambda: 0.5)
        return run(job, clock=clock, write_stdout=lambda _: None, messages=Messages(lambda _: None, lambda _: None))

    @contextmanager
    def _killed_after(self, writes: int) -> Iterator[None]:
        real = files.OutputFolder.replace
        left = [writes]

        def replace(folder: files.OutputFolder, name: str, data: bytes, *more: Any, **options: Any) -> None:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            real(folder, name, data, *more, **options)

        files.OutputFolder.replace = replace  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            files.OutputFolder.replace = real  # type: ignore[method-assign]

    def _check(self) -> None:
        """Compare the file with the model."""
        series = parse_series((self.out / "inspec.prom").read_text())
        expected: dict[str, float] = {}
        for name, content in self.content.items():
            expected[f'inspec_report_readable{{report="{name}"}}'] = content is not None
            if name not in self.shown:
                continue
            day, failing = self.shown[name]
            expected[f'inspec_controls{{profile="p",report="{name}",severity="high",status="failed"}}'] = len(failing)
            expected[f'inspec_run_timestamp_seconds{{report="{name}"}}'] = FIRST + day * DAY
            since = [day for day in (_since(self.runs[name], day, control) for control in failing) if day is not None]
            if since:
                oldest = f'inspec_oldest_failure_timestamp_seconds{{profile="p",report="{name}",severity="high"}}'
                expected[oldest] = FIRST + min(since) * DAY
            changes = _changes(self.runs[name], day)
            for change, count in changes.items():
                expected[f'inspec_control_changes{{change="{change}",profile="p",report="{name}",severity="high"}}'] = count
        assert {name: series.get(name) for name in expected} == expected
        assert sum(name.startswith("inspec_report_readable") for name in series) == len(self.content)
        wrong = [page for page in self.pages.rglob("inspec-*.html") if page.read_text() == "edited" and self._is_whole(page)]
        assert not wrong, "a page that was edited is made again"

    def _check_index(self, state: State) -> None:
        """Compare the index with one that is made of nothing but summaries."""
        reports = [(name, one.summary, one.unreadable) for name, one in state.reports.items()]
        # A run that was killed may have removed the page of a report whose file came back, broken.
        fleet = tuple(FleetReport(*one, has_page=not one[2] or self._has_page(one[0])) for one in reports)
        assert (self.pages / "index.html").read_text() == index.render(Fleet(fleet))

    def _has_page(self, name: str) -> bool:
        return (self.pages / page_file(name)).exists()

    def _is_whole(self, page: Path) -> bool:
        name = str(page.relative_to(self.pages)).removesuffix(".json.html")
        return any(name == f"inspec-{other}" and content for other, content in self.content.items())


def _since(runs: list[tuple[int, frozenset[str]]], day: int, control: str) -> int | None:
    """Return the day since which a control has been failing; None if the run of that day is not the last one."""
    if not runs or runs[-1][0] != day:
        return None
    since = None
    for number, failing in runs:
        since = (number if since is None else since) if control in failing else None
    return since


def _changes(runs: list[tuple[int, frozenset[str]]], day: int) -> dict[str, int]:
    if len(runs) < 2 or runs[-1][0] != day:
        return {"newly_failing": 0, "fixed": 0}
    (_, before), (_, now) = runs[-2:]
    return {"newly_failing": len(now - before), "fixed": len(before - now)}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
