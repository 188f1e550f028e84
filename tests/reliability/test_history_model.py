"""Random histories of one report, through whole runs, against a model that is written from docs/history.md alone.

InSpec runs day after day: controls fail, are repaired, waived, skipped, filtered out and moved, profiles get other versions and
names, clocks are wrong, results are put back, the file is renamed, runs of the program are killed and its memory is damaged.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from inspec_textfile import files, parallel
from inspec_textfile.messages import Messages
from inspec_textfile.run import Clock, run

from helpers import history_model as model
from helpers.history_model import SEVERITIES, Control, Past, ProfileRun, Run
from helpers.jobs import job_of
from helpers.marks import long
from helpers.strict import Series, parse

DAY = 86_400.0
FIRST = 1_795_000_000.0
IDS = ("critical-1", "critical-2", "high-1", "high-2", "medium-1", "medium-2")
NAMES = ("base", "linux", "wrapper", "tests from x")
OUTCOMES = ("passed", "failed", "error", "skipped", "empty", "na")
MEMORY = ".inspec.prom.state"
BEFORE = f"{MEMORY}.before"
SOURCES = Path(__file__).read_text() + Path(str(model.__file__)).read_text()
WAIVERS = ("", "always", "2026-11-25", "2026-12-03", "2099-01-01")


def document(run: Run) -> bytes:
    """Return the results file of a run."""
    profiles = [
        {
            "name": name,
            "version": profile.version,
            "status": profile.status,
            "controls": [_control(id_, control, run.start) for id_, control in profile.controls.items()],
        }
        for name, profile in run.profiles.items()
    ]
    platform = {"name": "debian", "release": "12", "target_id": run.host}
    return json.dumps({"version": "7.0.0", "platform": platform, "profiles": profiles}).encode()


def _control(id_: str, control: Control, start: float) -> dict[str, Any]:
    time = datetime.fromtimestamp(start, timezone.utc).isoformat()
    made: dict[str, Any] = {"id": id_, "title": id_, "impact": SEVERITIES[model.severity(id_)], "results": []}
    if control.outcome == "na":
        made["impact"] = 0.0
    if control.outcome != "empty":
        status = {"error": "failed", "na": "passed"}.get(control.outcome, control.outcome)
        made["results"] = [{"status": status, "code_desc": "x", "start_time": time}]
    if control.outcome == "error":
        made["results"][0] |= {"exception": "RuntimeError", "backtrace": ["x"], "message": "broke"}
    if control.waiver:
        date = "" if control.waiver == "always" else control.waiver
        made["waiver_data"] = {"justification": "known", "run": True} | ({"expiration_date": date} if date else {})
    return made


class Killed(BaseException):
    """The process ends here."""


class Host(RuleBasedStateMachine):
    """One host over time."""

    def __init__(self) -> None:
        super().__init__()
        self.cores, parallel.cores = parallel.cores, lambda: 1  # in this process, so that it can be killed
        self.root = Path(tempfile.mkdtemp())
        self.results, self.out = self.root / "results", self.root / "out"
        self.results.mkdir()
        self.out.mkdir()
        self.name = "web01"
        self.now = FIRST
        # What InSpec will find.
        self.profiles = {
            "base": ProfileRun("1", {id_: Control("failed") for id_ in IDS[:4]}),
            "linux": ProfileRun("1", {id_: Control("failed") for id_ in IDS[4:]}),
        }
        self.left_out: set[str] = set()
        self.host = "web01"
        # What is on the disk, and what each content of the memory that there was stands for.
        self.run: Run | None = None
        self.readable = False
        self.pasts: dict[bytes, Past] = {}
        self.done: list[Run] = []

    def teardown(self) -> None:
        shutil.rmtree(self.root)
        parallel.cores = self.cores

    # --- what becomes of the host -------------------------------------------------------------------------------------------

    @rule(data=st.data(), days=st.integers(1, 3), changes=st.integers(0, 3))
    def some_days_pass(self, data: Any, days: int, changes: int) -> None:
        """Things change, InSpec runs, and so does the program, unless it is not told to."""
        for _ in range(changes):
            data.draw(st.sampled_from(self.CHANGES))(self, data)
        self.inspec_runs(days)
        if data.draw(st.integers(0, 9)):
            self.it_runs()

    def _controls_change(self, data: Any) -> None:
        for _ in range(data.draw(st.integers(1, 4))):
            self._change(data, lambda control: control._replace(outcome=data.draw(st.sampled_from(OUTCOMES))))

    def _a_waiver_changes(self, data: Any) -> None:
        self._change(data, lambda control: control._replace(waiver=data.draw(st.sampled_from(WAIVERS))))

    def _controls_are_filtered(self, data: Any) -> None:
        self.left_out = data.draw(st.sets(st.sampled_from(IDS), max_size=5))

    def _a_profile_has_another_version(self, data: Any) -> None:
        name = self._one(data)
        known = self.profiles[name].controls
        ids = data.draw(st.sets(st.sampled_from(IDS), min_size=1))
        version = data.draw(st.sampled_from("12"))
        self.profiles[name] = ProfileRun(version, {id_: known.get(id_, Control("failed")) for id_ in sorted(ids)})

    def _a_profile_is_renamed(self, data: Any) -> None:
        name, to = self._one(data), data.draw(st.sampled_from(NAMES))
        if to not in self.profiles:
            self.profiles[to] = self.profiles.pop(name)

    def _a_profile_is_added(self, data: Any) -> None:
        ids = data.draw(st.sets(st.sampled_from(IDS), min_size=1))
        made = ProfileRun("1", {id_: Control("failed") for id_ in sorted(ids)})
        self.profiles.setdefault(data.draw(st.sampled_from(NAMES)), made)

    def _a_profile_is_removed(self, data: Any) -> None:
        if len(self.profiles) > 1:
            del self.profiles[self._one(data)]

    def _a_profile_is_taken_into_another(self, data: Any) -> None:
        if len(self.profiles) > 1:
            old, new = data.draw(st.permutations(sorted(self.profiles)))[:2]
            gone, other = self.profiles.pop(old), self.profiles[new]
            version = data.draw(st.sampled_from("12"))
            self.profiles[new] = ProfileRun(version, {**gone.controls, **other.controls}, other.status)

    def _a_profile_loads_or_does_not(self, data: Any) -> None:
        name = self._one(data)
        self.profiles[name] = self.profiles[name]._replace(status=data.draw(st.sampled_from(["loaded", "skipped", "failed"])))

    def _a_control_moves(self, data: Any) -> None:
        if len(self.profiles) < 2:
            return
        old, new = data.draw(st.permutations(sorted(self.profiles)))[:2]
        ids = sorted(set(self.profiles[old].controls) - set(self.profiles[new].controls))
        if ids and len(self.profiles[old].controls) > 1:
            id_ = data.draw(st.sampled_from(ids))
            controls = dict(self.profiles[old].controls)
            moved = {**self.profiles[new].controls, id_: controls.pop(id_)}
            self.profiles[old] = self.profiles[old]._replace(controls=controls)
            self.profiles[new] = self.profiles[new]._replace(controls=moved)

    def _the_host_is_another(self, data: Any) -> None:
        self.host = data.draw(st.sampled_from(["web01", "web02"]))

    CHANGES = (
        _controls_change,
        _controls_change,
        _controls_change,
        _a_waiver_changes,
        _controls_are_filtered,
        _controls_are_filtered,
        _a_profile_has_another_version,
        _a_profile_is_renamed,
        _a_profile_is_added,
        _a_profile_is_removed,
        _a_profile_is_taken_into_another,
        _a_profile_loads_or_does_not,
        _a_control_moves,
        _the_host_is_another,
    )

    def _one(self, data: Any) -> str:
        return str(data.draw(st.sampled_from(sorted(self.profiles))))

    def _change(self, data: Any, change: Callable[[Control], Control]) -> None:
        name = self._one(data)
        profile = self.profiles[name]
        id_ = data.draw(st.sampled_from(sorted(profile.controls)))
        self.profiles[name] = profile._replace(controls={**profile.controls, id_: change(profile.controls[id_])})

    # --- what becomes of the results ----------------------------------------------------------------------------------------

    def inspec_runs(self, days: int) -> None:
        self.now += days * DAY
        self._put(self._found(self.now))

    @rule()
    def inspec_runs_under_a_clock_that_is_ahead(self) -> None:
        self._put(self._found(self.now + 400 * DAY))

    @precondition(lambda self: self.run)
    @rule(data=st.data())
    def the_results_are_corrected(self, data: Any) -> None:
        """In some way; or another host's run began at the same time."""
        assert self.run
        data.draw(st.sampled_from(self.CHANGES))(self, data)
        self._put(self._found(self.run.start))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def old_results_are_put_back(self, data: Any) -> None:
        self._put(data.draw(st.sampled_from(self.done)))

    @precondition(lambda self: self.run)
    @rule()
    def the_results_break(self) -> None:
        self._path().write_text("{")
        self.readable = False

    @precondition(lambda self: self.readable and self._known().last)
    @rule(inspec_runs=st.booleans())
    def the_file_is_renamed(self, inspec_runs: bool) -> None:
        name = f"web{int(self.name[3:]) + 1:02}"
        self._path().rename(self.results / f"{name}.json")
        self.name = name
        assert self.run
        if inspec_runs or not model.is_last(self._known(), self.run):
            self.inspec_runs(1)
        self.pasts[self._content(MEMORY)] = model.renamed(self._known(), self.run)
        self.it_runs()
        self.inspec_runs(1)  # so that the memory of the run before knows the new name, too
        self.it_runs()

    def _found(self, start: float) -> Run:
        profiles = {}
        for name, profile in self.profiles.items():
            left = {id_: control for id_, control in profile.controls.items() if id_ not in self.left_out}
            profiles[name] = profile._replace(controls=left if profile.status == "loaded" else {})
        if not any(control.outcome != "empty" for profile in profiles.values() for control in profile.controls.values()):
            profiles["ok"] = ProfileRun("1", {"high-0": Control("passed")})  # so that the results tell their time
        return Run(start, profiles, self.host)

    def _put(self, run: Run) -> None:
        self.run, self.readable = run, True
        self._path().write_bytes(document(run))

    def _path(self) -> Path:
        return self.results / f"{self.name}.json"

    # --- what becomes of the program ----------------------------------------------------------------------------------------

    @precondition(lambda self: self.run)
    @rule()
    def it_runs(self) -> None:
        told = self._run()
        known = self._known()
        if self.readable and self.run and known.last:
            assert bool(told) == bool(known.told if known.last == self.run else known.last.host != self.run.host), told

    @precondition(lambda self: self.run and self._known().last)
    @rule()
    def it_runs_under_a_clock_that_is_far_behind(self) -> None:
        """As on a host that boots without one: the memory knows that it is later, so nothing is forgotten."""
        self._run(self.now - 4000 * DAY)

    @precondition(lambda self: self.run)
    @rule(writes=st.integers(0, 3))
    def it_is_killed(self, writes: int) -> None:
        with self._killed_after(writes), suppress(Killed):
            self._run()

    @precondition(lambda self: (self.out / "inspec.prom").exists() and (self.out / BEFORE).exists())
    @rule(gone=st.booleans())
    def its_memory_is_lost(self, gone: bool) -> None:
        """The memory of the run before serves, and that is told."""
        memory = self.out / MEMORY
        memory.unlink(missing_ok=True)
        if not gone:
            memory.write_bytes(b"damaged")
        assert self._run()
        model.RULES["the memory of the run before serves"] += 1

    def _run(self, now: float | None = None) -> list[str]:
        """Run the program, let the model read the same results, and compare the two."""
        clock, known, content = now or self.now + 600, self._known(), self._content(MEMORY)
        new = self._read(known, clock)
        try:
            told = self._program_runs(clock)
        finally:
            is_written = self._content(MEMORY) != content
            if is_written:
                self._keep(new._replace(written=clock), content)
        assert is_written or new == known, "what changed is not remembered"
        self._compare(new)
        return told

    def _program_runs(self, now: float) -> list[str]:
        told: list[str] = []
        job = job_of(self.results, self.out, self.root)._replace(reports_dir=None, control_series="failing")
        clock = Clock(now=lambda: now, elapsed=lambda: 0.5)
        run(job, clock=clock, write_stdout=lambda _: None, messages=Messages(told.append, lambda _: None))
        return told

    def _content(self, name: str) -> bytes:
        path = self.out / name
        return path.read_bytes() if path.exists() else b""

    def _known(self) -> Past:
        """Return what the memory says, or that of the run before if it is lost."""
        return self.pasts.get(self._content(MEMORY)) or self.pasts.get(self._content(BEFORE), Past())

    def _read(self, known: Past, clock: float) -> Past:
        """Return what the model knows after a run at a time."""
        if not self.readable:
            return known._replace(read=None)
        assert self.run
        self.done.append(self.run)
        return model.read(known, self.run, clock)

    def _keep(self, past: Past, old: bytes) -> None:
        """Take down what the new memory stands for; `old`: the content of the one before, which may be damaged."""
        self.pasts[self._content(MEMORY)] = past
        if old in self.pasts:
            model.RULES["a run that changes the memory keeps the one before"] += 1
            assert self._content(BEFORE) == old

    def _compare(self, known: Past) -> None:
        """Compare the .prom with the model. If older results are on show, the page says less."""
        if self.readable and known.last == self.run:
            found, expected = _shown(parse((self.out / "inspec.prom").read_bytes())), model.shown(known)
            if found != expected:
                pytest.fail(_difference(expected, found))

    @contextmanager
    def _killed_after(self, writes: int) -> Iterator[None]:
        real = files.OutputFolder.replace
        left = [writes]

        def replace(folder: files.OutputFolder, *arguments: Any, **options: Any) -> None:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            real(folder, *arguments, **options)

        files.OutputFolder.replace = replace  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            files.OutputFolder.replace = real  # type: ignore[method-assign]


def _shown(series: dict[Series, float]) -> model.Shown:
    rows: dict[str, dict[tuple[str, ...], float]] = {"since": {}, "oldest": {}, "not_tested": {}, "changes": {}}
    families = {
        "inspec_control_failing_since_timestamp_seconds": ("since", ("profile", "control", "severity")),
        "inspec_oldest_failure_timestamp_seconds": ("oldest", ("profile", "severity")),
        "inspec_findings_not_tested": ("not_tested", ("profile", "severity")),
        "inspec_control_changes": ("changes", ("change", "profile", "severity")),
    }
    for (name, pairs), value in series.items():
        if name in families and value:
            what, labels = families[name]
            rows[what][tuple(dict(pairs)[label] for label in labels)] = value
    return model.Shown(**rows)  # type: ignore[arg-type]  # whole numbers are floats there


def _difference(expected: model.Shown, found: model.Shown) -> str:
    lines = ["the .prom is not what docs/history.md says"]
    for name in model.Shown._fields:
        if getattr(expected, name) != getattr(found, name):
            lines += [
                f"{name} by the page: {dict(getattr(expected, name))}",
                f"{name} in the file: {dict(getattr(found, name))}",
            ]
    return "\n".join(lines)


@pytest.mark.parametrize("histories", [25, long(300)])
def test_random_histories_are_what_the_page_says(histories: int) -> None:
    run_state_machine_as_test(
        Host,
        settings=settings(
            max_examples=histories,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )

    if histories > 100:
        assert set(re.findall(r'RULES\["(.*?)"\]', SOURCES)) - set(model.RULES) == set(), "these rules decided nothing"
