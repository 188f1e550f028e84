"""What is new, since when, and what cannot be compared: a table of histories, and any history against a simple model."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspec_textfile.compare import advance, history, other_profile, without_future
from inspec_textfile.history import MAX_RUNS, ControlKey, Failure, History, Past, Regression
from inspec_textfile.report.model import Report

from helpers.runs import DAY, FIRST, Ran, report

A, B = ControlKey("p", "a"), ControlKey("p", "b")


def day(number: float) -> float:
    return FIRST + number * DAY


def after(*reports: Report) -> History:
    """Return the history after some runs, with the past passed through the memory's format between them."""
    past = Past()
    for one in reports:
        past = Past.from_json(json.loads(json.dumps(advance(past, one).as_json())))
    return history(past, reports[-1])


def states(*statuses: str, control: str = "a") -> list[Report]:
    return [report(number, p=Ran({control: status})) for number, status in enumerate(statuses)]


def test_the_first_run_tells_nothing_new() -> None:
    told = after(*states("failed"))

    assert told.failures == {A: Failure(since=day(0), runs=1, first_seen=True, tests=1)}
    assert told.changes.previous is None
    assert (told.changes.newly_failing, told.changes.fixed) == ((), ())
    assert [run.failed for run in told.runs] == [1]


def test_newly_failing_then_failing_for_longer_then_fixed() -> None:
    told = after(*states("passed", "failed"))
    assert told.failures == {A: Failure(since=day(1), runs=1, first_seen=False, tests=1)}
    assert told.changes.newly_failing == (A,)
    assert told.changes.previous == day(0)

    told = after(*states("passed", "failed", "error", "failed"))
    assert told.failures == {A: Failure(since=day(1), runs=3, first_seen=False, tests=1)}
    assert told.changes.newly_failing == ()
    assert told.oldest_failure == day(1)

    told = after(*states("passed", "failed", "passed"))
    assert told.failures == {}
    assert told.changes.fixed == (A,)
    assert told.oldest_failure is None

    assert after(*states("passed", "failed", "passed", "passed")).changes.fixed == ()


@pytest.mark.parametrize("between", ["waived", "not_reviewed"])
def test_what_hides_a_failure_does_not_end_its_row(between: str) -> None:
    assert after(*states("passed", "failed", between)).changes.fixed == ()

    told = after(*states("passed", "failed", between, between, "failed"))

    assert told.failures[A].since == day(1)
    assert told.failures[A].runs == 2
    assert told.changes.newly_failing == ()


def test_a_waived_control_that_passes_is_fixed() -> None:
    assert after(*states("failed", "waived", "passed")).changes.fixed == (A,)


def test_not_applicable_ends_a_row_and_fixes_nothing() -> None:
    told = after(*states("failed", "not_applicable", "failed"))

    assert told.failures[A].since == day(2)
    assert told.changes.newly_failing == (A,)
    assert after(*states("failed", "not_applicable")).changes.fixed == ()


def test_a_control_that_fails_in_more_tests_is_a_regression() -> None:
    assert after(*states("1", "3")).changes.regressions == (Regression(A, 2),)
    assert after(*states("3", "1")).changes.regressions == ()
    assert after(*states("1", "waived", "3")).changes.regressions == (), "nobody knows when that happened"


def test_a_hidden_row_ends_at_last() -> None:
    hidden = ["not_reviewed"] * (MAX_RUNS + 1)

    assert after(*states("failed", *hidden[1:], "failed")).failures[A].since == day(0)
    assert after(*states("failed", *hidden, "failed")).failures[A].since == day(MAX_RUNS + 2)


def test_a_control_that_was_not_run_is_neither_fixed_nor_gone() -> None:
    full = Ran({"a": "failed", "b": "passed"})
    told = after(report(0, p=full), report(1, p=Ran({"b": "passed"})))
    assert told.changes.fixed == ()
    assert told.changes.notes == ("profile p: 1 control fewer than in the run before",)

    told = after(report(0, p=full), report(1, p=Ran({"b": "passed"})), report(2, p=full))
    assert told.failures[A].since == day(0)
    assert told.changes.newly_failing == ()
    assert told.changes.notes == ("profile p: 1 control more than in the run before",)


def test_a_control_that_is_gone_with_another_version_of_its_profile_is_forgotten() -> None:
    old, new = Ran({"a": "failed", "b": "passed"}), Ran({"b": "passed", "c": "failed", "d": "passed"}, version="1.1")
    told = after(report(0, p=old), report(1, p=new))

    assert told.changes.fixed == ()
    assert told.changes.newly_failing == (ControlKey("p", "c"),)
    assert told.changes.notes == ("profile p 1.0 -> 1.1: 2 controls added, 1 control gone",)
    assert after(report(0, p=old), report(1, p=new), report(2, p=old)).failures[A].since == day(2)


def test_a_profile_that_did_not_load_hides_its_controls() -> None:
    full, broken = Ran({"a": "failed", "b": "passed"}), Ran(status="failed")
    told = after(report(0, p=full), report(1, p=broken))
    assert told.changes.fixed == ()
    assert told.changes.notes == ("profile p did not load: 2 controls were not run",)

    told = after(report(0, p=full), report(1, p=broken), report(2, p=Ran({"a": "failed", "b": "failed"})))
    assert told.failures[A].since == day(0)
    assert told.changes.newly_failing == (B,), "it passed when it was last run"
    assert told.changes.notes == ()


def test_a_profile_that_is_not_in_the_report_hides_its_controls() -> None:
    p, q = Ran({"a": "failed"}), Ran({"b": "passed"})

    told = after(report(0, p=p, q=q), report(1, q=q))
    assert told.changes.notes == ("profile p is not in this report: 1 control was not run",)
    assert after(report(0, p=p, q=q), report(1, q=q), report(2, p=p, q=q)).failures[A].since == day(0)


def test_a_new_profile_is_first_seen_not_newly_failing() -> None:
    told = after(report(0, q=Ran({"b": "passed"})), report(1, q=Ran({"b": "passed"}), p=Ran({"a": "failed"})))

    assert told.failures[A].first_seen
    assert told.changes.newly_failing == ()
    assert told.changes.notes == ("profile p is new: 1 control",)


def test_far_fewer_tests_are_told() -> None:
    told = after(*states("9", "4"))

    assert told.changes.notes == ("profile p: only 4 tests, 9 in the run before",)


def test_a_control_that_moves_to_another_profile_goes_on_failing() -> None:
    before = report(0, p=Ran({"a": "failed", "x": "passed"}), q=Ran({"b": "passed"}))
    moved = report(1, p=Ran({"x": "passed"}), q=Ran({"b": "passed", "a": "failed"}))

    told = after(before, moved)

    assert told.failures == {ControlKey("q", "a"): Failure(since=day(0), runs=2, first_seen=True, tests=1)}
    assert told.changes.newly_failing == ()


def test_controls_of_one_id_in_two_profiles_are_two() -> None:
    before = report(0, p=Ran({"a": "failed"}), q=Ran({"a": "passed"}))

    told = after(before, report(1, p=Ran({"x": "passed"}), q=Ran({"a": "failed"})))

    assert told.failures[ControlKey("q", "a")].since == day(1)
    assert told.changes.newly_failing == (ControlKey("q", "a"),)


def test_a_run_that_is_put_back_changes_nothing() -> None:
    first, second = states("failed", "passed")
    told = after(first, second, first)

    assert told.changes.notes == ("these results are older than others that were read before, and are not compared with any",)
    assert (told.changes.newly_failing, told.changes.fixed) == ((), ())
    assert len(told.runs) == 2
    assert after(first, second, first, second) == after(first, second)


def test_the_same_run_again_is_no_new_run() -> None:
    first, second = states("passed", "failed")

    assert after(first, second, second, second) == after(first, second)


def test_a_corrected_report_of_the_same_run_takes_its_place() -> None:
    """An attestation that was applied afterwards, say."""
    first, second = states("failed", "failed")
    corrected = report(1, p=Ran({"a": "passed"}))

    told = after(first, second, corrected)

    assert told == after(first, corrected)
    assert told.changes.fixed == (A,)


def test_a_run_from_a_clock_that_was_wrong_is_forgotten() -> None:
    first, wrong, third = states("failed", "passed", "failed")[0], report(4000, p=Ran({"a": "passed"})), states("failed")[0]
    third = report(2, p=Ran({"a": "failed"}))
    past = advance(advance(Past(), first), wrong)

    told = history(advance(without_future(past, day(3)), third), third)

    assert told.failures[A].since == day(0)
    assert [run.started for run in told.runs] == [day(0), day(2)]
    assert without_future(past, day(5000)) == past


def test_two_runs_from_a_clock_that_was_wrong_end_no_streak() -> None:
    first, *wrong, last = (report(number, p=Ran({"a": "failed"})) for number in (0, 4000, 4001, 2))
    past = advance(advance(advance(Past(), first), wrong[0]), wrong[1])

    told = history(advance(without_future(past, day(3)), last), last)

    assert told.failures[A].since == day(0)
    assert [run.started for run in told.runs] == [day(0), day(2)]


def test_nothing_is_forgotten_because_our_own_clock_is_wrong() -> None:
    """A host without a clock of its own starts in 1970, and runs the program before it knows the time."""
    past = Past()
    for one in states("passed", "failed", "failed"):
        past = advance(past, one)

    assert without_future(past, 100.0) == past


@pytest.mark.slow
def test_ten_thousand_runs_take_the_room_of_sixty() -> None:
    past = Past()
    sizes = set()
    for number in range(10_000):
        past = advance(past, report(number, p=Ran({"a": "failed" if number % 7 else "passed", "b": "failed"})))
        if number > 9_000:
            sizes.add(len(json.dumps(past.as_json())))

    assert len(past.runs) == MAX_RUNS
    assert max(sizes) < 5_000
    assert max(sizes) - min(sizes) < 500


# --- any history --------------------------------------------------------------------------------------------------------------

_STATUSES = ("passed", "failed", "error", "not_reviewed", "waived", "not_applicable", "2", "absent")
_profiles = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1.0", "1.1"]),
        "status": st.sampled_from(["loaded", "loaded", "loaded", "failed", "absent"]),
        "controls": st.lists(st.sampled_from(_STATUSES), min_size=3, max_size=3),
    }
)
_runs = st.lists(st.tuples(st.integers(0, 12), _profiles, _profiles), min_size=1, max_size=14)
_Step = tuple[int, "dict[str, object]", "dict[str, object]"]


def _report(step: tuple[int, dict[str, object], dict[str, object]]) -> Report:
    number, *profiles = step
    made: dict[str, Ran] = {}
    for name, parts in zip("pq", profiles):
        if parts["status"] == "absent":
            continue
        statuses: Sequence[str] = parts["controls"] if parts["status"] == "loaded" else ()  # type: ignore[assignment]
        controls = {f"{name}{at}": status for at, status in enumerate(statuses) if status != "absent"}
        made[name] = Ran(controls, str(parts["version"]), str(parts["status"]))
    return report(number, **made)  # type: ignore[arg-type]  # none is called `name`


def _counted_runs(reports: Sequence[Report]) -> list[Report]:
    """Return the runs that count, in order: each later than all before it, the last report of each."""
    counted: list[Report] = []
    for one in reports:
        start = one.started or 0
        if counted and (counted[-1].started or 0) == start:
            counted[-1] = one
        elif not counted or (counted[-1].started or 0) < start:
            counted.append(one)
    return counted


def _row(runs: Sequence[Report], profile: str, control: str) -> tuple[float | None, int]:
    """Return since when a control has been failing after some runs, and in how many of them, by the rules in the docs."""
    since, seen, version = None, 0, None
    for one in runs:
        loaded = {found.name: found for found in one.profiles if found.status == "loaded"}
        if profile not in loaded:
            continue
        status = next((found.status for found in loaded[profile].controls if found.id == control), None)
        other_version = version is not None and loaded[profile].entry.version != version
        version = loaded[profile].entry.version
        if status in ("failed", "error"):
            since, seen = (since, seen + 1) if since is not None else (one.started, 1)
        elif status in ("passed", "not_applicable") or (status is None and other_version):
            since, seen = None, 0
    return since, seen


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(_runs)
def test_any_history_against_a_simple_model(steps: list[tuple[int, dict[str, object], dict[str, object]]]) -> None:
    reports = [_report(step) for step in steps]
    told = after(*reports)
    runs = _counted_runs(reports)

    assert [run.started for run in told.runs] == [one.started for one in runs]
    if reports[-1] is not runs[-1]:
        assert told.changes.newly_failing == told.changes.fixed == ()
        return
    last, before = runs[-1], runs[:-1]
    failing = {ControlKey(p.name, c.id) for p in last.profiles for c in p.controls if c.status in ("failed", "error")}
    assert {key: (row.since, row.runs) for key, row in told.failures.items()} == {key: _row(runs, *key) for key in failing}
    known = {found.name for one in before for found in one.profiles if found.status == "loaded"}
    assert set(told.changes.newly_failing) == {key for key in failing if key.profile in known and _row(before, *key)[0] is None}
    assert set(told.changes.fixed) == {
        ControlKey(p.name, c.id)
        for p in last.profiles
        for c in p.controls
        if c.status == "passed" and _row(before, p.name, c.id)[0] is not None
    }


# --- another host -------------------------------------------------------------------------------------------------------------


def test_another_host_under_the_same_name_fixes_nothing() -> None:
    first = report(0, p=Ran({"a": "failed"}))._replace(target="web01")
    other = report(1, p=Ran({"a": "passed"}))._replace(target="web02")

    told = after(first, other)

    assert told.changes.fixed == ()
    assert told.changes.notes == ("these results are of web02, and those before were of web01: they are not compared",)
    assert len(told.runs) == 1


def test_an_older_file_of_another_host_changes_nothing() -> None:
    runs = [report(number, p=Ran({"a": "failed"}))._replace(target="web01") for number in range(4)]
    other = report(1, p=Ran({"a": "failed"}))._replace(target="web02")

    assert after(*runs[:3], other, runs[3]) == after(*runs)
    assert after(*runs[:3], other).failures == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [("web01", "web01.example.org"), ("web01.example.org", "WEB01"), ("10.0.0.1", "10.0.0.2"), ("fe80::1", "web01")],
)
def test_names_that_may_be_of_one_host(old: str, new: str) -> None:
    first = report(0, p=Ran({"a": "failed"}))._replace(target=old)
    second = report(1, p=Ran({"a": "failed"}))._replace(target=new)

    assert after(first, second).failures[A].since == day(0)


def test_a_report_that_names_no_host_is_of_the_same_one() -> None:
    first, second, third = (report(number, p=Ran({"a": "failed"})) for number in range(3))

    told = after(first._replace(target="web01"), second, third._replace(target="WEB01"))

    assert told.failures[A].since == day(0)
    assert len(told.runs) == 3


# --- other profiles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "other"),
    [
        ([{"a": Ran({"x": "failed"})}, {"b": Ran({"y": "failed"})}], "a"),
        (
            [{"a": Ran({"x": "failed"}), "b": Ran({"y": "failed"})}, {"a": Ran({"x": "failed"})}, {"b": Ran({"y": "failed"})}],
            "",
        ),
        ([{"tests from .tmp.a": Ran({"x": "failed"})}, {"tests from .tmp.b": Ran({"y": "failed"})}], ""),
        ([{"cis-1.0": Ran({"x": "failed"})}, {"cis-2.0": Ran({"x": "failed", "z": "passed"})}], ""),
    ],
)
def test_results_of_other_profiles_only(runs: list[dict[str, Ran]], other: str) -> None:
    past = Past()
    for number, profiles in enumerate(runs[:-1]):
        past = advance(past, report(number, name="web01", **profiles))

    assert other_profile(past, report(len(runs), name="web01", **runs[-1])) == other
