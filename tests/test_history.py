"""What is new, since when, and what cannot be compared: a table of histories, and any history against a simple model."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspec_textfile.history import codec
from inspec_textfile.history.model import MAX_RUNS, Change, Changes, ControlKey, Difference, Finding, History, Past, Replaced
from inspec_textfile.history.past import advance, replaced_by, shown, without_wrong_clock
from inspec_textfile.report.model import Attestation, ControlEntry, Report
from inspec_textfile.report.overlay import resolve

from helpers.entries import control, profile, result
from helpers.runs import DAY, FIRST, Ran, report

ATTESTED = "Manually verified status provided through attestation"
A, B = ControlKey("p", "a"), ControlKey("p", "b")


def day(number: float) -> float:
    return FIRST + number * DAY


def after(*reports: Report) -> History:
    """Return the history after some runs, with the past passed through the memory's format between them."""
    past = Past()
    for one in reports:
        past = through_the_memory(advance(past, one))
    return shown(past, reports[-1])


def through_the_memory(past: Past) -> Past:
    """Return a past that was written and read back; nothing of it may be lost."""
    value, states = json.loads(json.dumps([codec.past_as_json(past), codec.states_as_json(past.last)]))
    back = codec.past_from_json(value, states)
    assert back == past
    return back


def streak(since: float, runs: int, *, first_seen: bool = False, tests: int = 1) -> Finding:
    """Return a finding of the profiles of these tests."""
    return Finding("", "medium", "failed", since, first_seen, runs, tests, tests, "1.0")


def keys(changes: Sequence[Change]) -> tuple[ControlKey, ...]:
    return tuple(change.key for change in changes)


def states(*statuses: str, control: str = "a") -> list[Report]:
    return [report(number, p=Ran({control: status})) for number, status in enumerate(statuses)]


def of_host(host: str, number: float, status: str) -> Report:
    return report(number, p=Ran({"a": status}))._replace(target=host)


def test_the_first_run_tells_nothing_new() -> None:
    told = after(*states("failed"))

    assert told.findings == {A: streak(day(0), 1, first_seen=True)}
    assert told.changes.previous is None
    assert told.changes.newly_failing == told.changes.fixed == ()
    assert [run.failed for run in told.runs] == [1]


def test_newly_failing_then_failing_for_longer_then_fixed() -> None:
    told = after(*states("passed", "failed"))
    assert told.findings == {A: streak(day(1), 1)}
    assert keys(told.changes.newly_failing) == (A,)
    assert told.changes.previous == day(0)

    told = after(*states("passed", "failed", "error", "failed"))
    assert told.findings == {A: streak(day(1), 3)}
    assert keys(told.changes.newly_failing) == ()
    assert told.oldest_failure == told.findings[A]

    told = after(*states("passed", "failed", "passed"))
    assert told.findings == {}
    assert keys(told.changes.fixed) == (A,)
    assert told.oldest_failure is None

    assert after(*states("passed", "failed", "passed", "passed")).changes.fixed == ()


@pytest.mark.parametrize("between", ["waived", "not_reviewed"])
def test_what_hides_a_failure_does_not_end_its_row(between: str) -> None:
    assert after(*states("passed", "failed", between)).changes.fixed == ()

    told = after(*states("passed", "failed", between, between, "failed"))

    assert told.findings[A].since == day(1)
    assert told.findings[A].runs == (4 if between == "waived" else 2), "below a waiver it was seen to fail"
    assert keys(told.changes.newly_failing) == ()


def test_a_waived_control_that_passes_is_fixed() -> None:
    assert keys(after(*states("failed", "waived", "passed")).changes.fixed) == (A,)


def test_not_applicable_ends_a_row_and_fixes_nothing() -> None:
    told = after(*states("failed", "not_applicable", "failed"))

    assert told.findings[A].since == day(2)
    assert keys(told.changes.newly_failing) == (A,)
    assert after(*states("failed", "not_applicable")).changes.fixed == ()


def test_a_control_that_fails_in_more_tests_is_a_regression() -> None:
    assert after(*states("1", "3")).changes.worse == (Change(A, "medium", "", 2),)
    assert after(*states("3", "1")).changes.worse == ()
    assert after(*states("1", "not_reviewed", "3")).changes.worse == (), "nobody knows when that happened"


def test_no_number_of_runs_ends_a_finding() -> None:
    told = after(*states("failed", *["not_reviewed"] * (2 * MAX_RUNS), "failed"))

    assert told.findings[A].since == day(0)


def test_a_control_that_was_not_run_is_neither_fixed_nor_gone() -> None:
    full = Ran({"a": "failed", "b": "passed"})
    told = after(report(0, p=full), report(1, p=Ran({"b": "passed"})))
    assert keys(told.changes.fixed) == ()
    assert told.changes.differences == (Difference("profile_controls", "p", gone=1),)

    told = after(report(0, p=full), report(1, p=Ran({"b": "passed"})), report(2, p=full))
    assert told.findings[A].since == day(0)
    assert keys(told.changes.newly_failing) == ()
    assert told.changes.differences == (Difference("profile_controls", "p", added=1),)


def test_a_control_that_is_gone_with_another_version_of_its_profile_is_forgotten() -> None:
    old, new = Ran({"a": "failed", "b": "passed"}), Ran({"b": "passed", "c": "failed", "d": "passed"}, version="1.1")
    told = after(report(0, p=old), report(1, p=new))

    assert keys(told.changes.fixed) == ()
    assert keys(told.changes.newly_failing) == (ControlKey("p", "c"),)
    assert told.changes.differences == (Difference("profile_version", "p", "1.0", "1.1", added=2, gone=1),)
    assert after(report(0, p=old), report(1, p=new), report(2, p=old)).findings[A].since == day(2)


def test_a_profile_that_did_not_load_hides_its_controls() -> None:
    full, broken = Ran({"a": "failed", "b": "passed"}), Ran(status="failed")
    told = after(report(0, p=full), report(1, p=broken))
    assert keys(told.changes.fixed) == ()
    assert told.changes.differences == (Difference("profile_not_loaded", "p", gone=2),)

    told = after(report(0, p=full), report(1, p=broken), report(2, p=Ran({"a": "failed", "b": "failed"})))
    assert told.findings[A].since == day(0)
    assert keys(told.changes.newly_failing) == (B,), "it passed when it was last run"
    assert told.changes.differences == ()


def test_a_profile_that_is_not_in_the_report_hides_its_controls() -> None:
    p, q = Ran({"a": "failed"}), Ran({"b": "passed"})

    told = after(report(0, p=p, q=q), report(1, q=q))
    assert told.changes.differences == (Difference("profile_missing", "p", gone=1),)
    assert after(report(0, p=p, q=q), report(1, q=q), report(2, p=p, q=q)).findings[A].since == day(0)


def test_a_new_profile_is_first_seen_not_newly_failing() -> None:
    told = after(report(0, q=Ran({"b": "passed"})), report(1, q=Ran({"b": "passed"}), p=Ran({"a": "failed"})))

    assert told.findings[A].first_seen
    assert keys(told.changes.newly_failing) == ()
    assert told.changes.differences == (Difference("profile_new", "p", added=1),)


def test_far_fewer_tests_are_told() -> None:
    told = after(*states("9", "4"))

    assert told.changes.differences == (Difference("profile_tests", "p", added=4, gone=9),)


def test_a_control_that_moves_to_another_profile_goes_on_failing() -> None:
    before = report(0, p=Ran({"a": "failed", "x": "passed"}), q=Ran({"b": "passed"}))
    moved = report(1, p=Ran({"x": "passed"}), q=Ran({"b": "passed", "a": "failed"}))

    told = after(before, moved)

    assert told.findings == {ControlKey("q", "a"): streak(day(0), 2, first_seen=True)}
    assert keys(told.changes.newly_failing) == ()


def test_controls_of_one_id_in_two_profiles_are_two() -> None:
    before = report(0, p=Ran({"a": "failed"}), q=Ran({"a": "passed"}))

    told = after(before, report(1, p=Ran({"x": "passed"}), q=Ran({"a": "failed"})))

    assert told.findings[ControlKey("q", "a")].since == day(1)
    assert keys(told.changes.newly_failing) == (ControlKey("q", "a"),)


@pytest.mark.parametrize("status", ["failed", "passed"])
def test_profiles_that_become_one_leave_nothing_of_a_control_that_is_tested(status: str) -> None:
    p, q = Ran({"a": "failed", "b": "passed"}), Ran({"a": "failed"})
    told = after(report(0, p=p, q=q), report(1, p=p), report(2, new=Ran({"a": status, "b": "passed"})))

    assert [finding.status for finding in told.findings.values()] == (["failed"] if status == "failed" else [])
    assert all(finding.since == day(0) for finding in told.findings.values())


def test_a_run_that_is_put_back_changes_nothing() -> None:
    first, second = states("failed", "passed")
    told = after(first, second, first)

    assert told.changes.differences == (Difference("report_older"),)
    assert told.changes.newly_failing == told.changes.fixed == ()
    assert len(told.runs) == 2
    assert after(first, second, first, second) == after(first, second)


@pytest.mark.parametrize("old", ["passed", "not_reviewed", "absent"])
def test_a_run_that_is_put_back_closes_no_finding(old: str) -> None:
    first, third = report(0, p=Ran({"a": "passed"})), report(3, p=Ran({"a": "failed"}))
    told = after(first, third, report(1, p=Ran({} if old == "absent" else {"a": old})))

    assert told.findings[A] == streak(day(3), 1)._replace(status="not_tested")


def test_a_finding_that_was_not_tested_fails_in_a_run_that_is_put_back() -> None:
    first, second = states("failed", "not_reviewed")

    assert after(first, second, first).findings[A].status == "failed"


def of_entries(number: float, *controls: ControlEntry) -> Report:
    entries = (profile("p", *controls, version="1.0"),)
    return report(number)._replace(entries=entries, profiles=resolve(entries))


def attested(number: float, status: str, until: float) -> Report:
    """A run that skips control a, which somebody attests to pass until a day."""
    by_hand = result(status)._replace(code_desc=ATTESTED)
    word = Attestation("passed", expires=day(until), expired=until < number)
    return of_entries(number, control("a", results=(result("skipped"), by_hand))._replace(attestation=word))


def test_an_attestation_covers_a_finding_for_as_long_as_it_holds() -> None:
    """It is no test, so it ends none."""
    failed, told = of_entries(0, control("a", "failed")), attested(1, "passed", until=2)
    open_again = streak(day(0), 1, first_seen=True)._replace(status="not_tested")

    assert after(failed, told) == after(failed, told)._replace(findings={}, changes=Changes(previous=day(0)))
    assert after(failed, told, attested(3, "passed", until=2)).findings[A].since == day(0)
    assert after(failed, told, of_entries(2, control("a", "skipped"))).findings == {A: open_again}
    assert keys(after(failed, told, of_entries(3, control("a", "passed"))).changes.fixed) == (A,)
    assert not after(of_entries(0, control("a", "passed")), told, attested(3, "passed", until=2)).findings


def undated(file_day: float, ran: Ran) -> Report:
    return report(0, p=ran)._replace(started=None, modified_ns=int(day(file_day) * 1e9))


def test_a_run_that_goes_by_its_mtime_hides_none_that_was_copied_after_it() -> None:
    """Nothing was tested, so the results name no time, and they were fetched late: after the next run had begun."""
    first, fixed = report(0, p=Ran({"a": "failed"})), report(2, p=Ran({"a": "passed"}))
    nothing = undated(2.5, Ran({}))

    told = after(first, nothing, fixed._replace(modified_ns=int(day(3) * 1e9)))

    assert not told.findings
    assert keys(told.changes.fixed) == (A,)
    assert len(told.runs) == 3


@pytest.mark.parametrize(("number", "file_day"), [(0, 9), (2, 2)])
def test_a_run_from_before_one_that_goes_by_its_mtime_closes_no_finding(number: int, file_day: float) -> None:
    """It is the last dated one, or an older one; or its file is older than that of the undated one."""
    first, old = report(0, p=Ran({"a": "failed"})), report(number, p=Ran({"a": "passed"}))
    tested = undated(2.5, Ran({"a": "failed"}))

    told = after(first, tested, old._replace(modified_ns=int(day(file_day) * 1e9)))

    assert told.changes.differences == (Difference("report_older"),)
    assert told.findings[A].status == "not_tested"


def test_what_was_fixed_since_has_its_date_in_a_run_that_is_put_back() -> None:
    first, second, third = states("failed", "failed", "passed")

    assert after(first, second, third, second).findings == {A: streak(day(0), 2, first_seen=True)}
    assert not after(first, second, third, second, third).findings


def test_the_same_run_again_is_no_new_run() -> None:
    first, second = states("passed", "failed")

    assert after(first, second, second, second) == after(first, second)


def test_a_corrected_report_of_the_same_run_takes_its_place() -> None:
    """An attestation that was applied afterwards, say."""
    first, second = states("failed", "failed")
    corrected = report(1, p=Ran({"a": "passed"}))

    told = after(first, second, corrected)

    assert told == after(first, corrected)
    assert keys(told.changes.fixed) == (A,)


@pytest.mark.parametrize("again", [{"a": "not_reviewed", "b": "passed"}, {"b": "passed"}])
def test_the_same_start_ends_no_finding_that_it_does_not_test(again: dict[str, str]) -> None:
    """A part of the results under their own time: nothing is corrected by that."""
    told = after(report(0, p=Ran({"a": "failed", "b": "passed"})), report(0, p=Ran(again)))

    assert told.findings[A] == streak(day(0), 1, first_seen=True)._replace(status="not_tested")


@pytest.mark.parametrize("day_", [1, 2])
def test_no_corrected_report_is_of_another_host(day_: int) -> None:
    """Of the same start, or an earlier one: the findings are not those of the host before, and that is told."""
    first, last = (of_host("web01", number, "failed") for number in (0, 2))
    other = of_host("web02", day_, "passed")
    past = through_the_memory(advance(advance(advance(Past(), first), last), other))

    assert replaced_by(past, other) == Replaced("host", "web01")
    assert shown(past, other).changes.fixed == ()
    assert through_the_memory(advance(past, other)) == past


def test_a_run_of_another_host_whose_clock_was_wrong_ends_nothing() -> None:
    first, last = of_host("web01", 0, "failed"), of_host("web01", 2, "not_reviewed")
    other = of_host("web02", 4000, "passed")
    past = through_the_memory(advance(advance(Past(), first), other))

    assert replaced_by(past, other) == Replaced("host", "web01")
    past = advance(without_wrong_clock(past, day(3)), last)
    assert shown(past, last).findings[A].since == day(0)
    assert replaced_by(past, last) is None


def test_what_fails_since_a_first_run_that_was_forgotten_is_forgotten_with_no_second() -> None:
    """The clock of this host was behind, then that of the other one ahead."""
    first, wrong, last = states("failed")[0], report(400, p=Ran({"a": "not_reviewed"})), report(2, p=Ran({"a": "not_reviewed"}))
    past = advance(Past(), first)
    past = advance(without_wrong_clock(past, day(-4)), wrong)
    past = advance(without_wrong_clock(past, day(3)), last)

    assert shown(past, last).findings[A].since == day(0)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_severity_that_is_known_stays_where_a_report_tells_none(status: str) -> None:
    entries = (profile("p", control("a", status, impact=None)),)
    minimal = report(1)._replace(entries=entries, profiles=resolve(entries))

    assert after(report(0, p=Ran({"a": "failed"})), minimal).findings[A].severity == "medium"


@pytest.mark.parametrize("version", ["", "1.1"])
def test_a_version_that_is_not_known_is_no_other_version(version: str) -> None:
    """json-min tells neither versions nor impacts."""
    known, later = Ran({"a": "failed", "b": "passed"}, "1.0" if not version else ""), Ran({"b": "passed"}, version)
    assert after(report(0, p=known), report(1, p=later)).findings[A].status == "not_tested"
    assert after(report(0, p=known), report(1, p=later), report(2, p=Ran({"b": "passed"}, "1.2"))).findings == {}


def test_a_run_from_a_clock_that_was_wrong_is_forgotten() -> None:
    first, wrong, third = states("failed", "passed", "failed")[0], report(4000, p=Ran({"a": "passed"})), states("failed")[0]
    third = report(2, p=Ran({"a": "failed"}))
    past = advance(advance(Past(), first), wrong)

    told = shown(advance(without_wrong_clock(past, day(3)), third), third)

    assert told.findings[A].since == day(0)
    assert [run.started for run in told.runs] == [day(0), day(2)]
    assert without_wrong_clock(past, day(5000)) == past


@pytest.mark.parametrize("before", [(), ("passed",)])
@pytest.mark.parametrize("now", ["failed", "not_reviewed"])
def test_a_finding_of_a_wrong_clock_begins_with_the_next_run(before: tuple[str, ...], now: str) -> None:
    """Its time is forgotten, not that it failed."""
    past = Past()
    for one in (*states(*before), report(4000, p=Ran({"a": "failed"}))):
        past = advance(past, one)
    for number, status in ((2, now), (3, "not_reviewed")):
        last = report(number, p=Ran({"a": status}))
        past = through_the_memory(advance(without_wrong_clock(past, day(4)), last))

    assert shown(past, last).findings[A].status == "not_tested"
    assert shown(past, last).findings[A].since == day(2)


def test_two_runs_from_a_clock_that_was_wrong_end_no_streak() -> None:
    first, *wrong, last = (report(number, p=Ran({"a": "failed"})) for number in (0, 4000, 4001, 2))
    past = advance(advance(advance(Past(), first), wrong[0]), wrong[1])

    told = shown(advance(without_wrong_clock(past, day(3)), last), last)

    assert told.findings[A].since == day(0)
    assert [run.started for run in told.runs] == [day(0), day(2)]


def test_nothing_is_forgotten_because_our_own_clock_is_wrong() -> None:
    """A host without a clock of its own starts in 1970, and runs the program before it knows the time."""
    past = Past()
    for one in states("passed", "failed", "failed"):
        past = advance(past, one)

    assert without_wrong_clock(past, 100.0) == past


@pytest.mark.slow
def test_ten_thousand_runs_take_the_room_of_sixty() -> None:
    past = Past()
    sizes = set()
    for number in range(10_000):
        past = advance(past, report(number, p=Ran({"a": "failed" if number % 7 else "passed", "b": "failed"})))
        if number > 9_000:
            sizes.add(len(json.dumps([codec.past_as_json(past), codec.states_as_json(past.last)])))

    assert len(past.runs) == MAX_RUNS
    assert max(sizes) < 6_000
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
    """Return the runs that count, in order: each later than all before it, or a part of it; the last report of each."""
    counted: list[Report] = []
    for one in reports:
        start, last = one.started or 0, counted[-1] if counted else None
        if (
            last
            and last.started == start
            and _with_status(last, "failed", "error", "waived")
            <= _with_status(one, "failed", "error", "waived", "passed", "not_applicable")
        ):
            counted[-1] = one
        elif not last or (last.started or 0) <= start:
            counted.append(one)
    return counted


def _with_status(one: Report, *statuses: str) -> set[ControlKey]:
    return {
        ControlKey(profile.name, found.id) for profile in one.profiles for found in profile.controls if found.status in statuses
    }


def _row(runs: Sequence[Report], profile: str, control: str) -> tuple[float | None, int]:
    """Return since when a control has been failing after some runs, and in how many of them, by the rules in the docs."""
    since, seen, version, complete = None, 0, "", 0
    for one in runs:
        loaded = {found.name: found for found in one.profiles if found.status == "loaded"}
        if profile not in loaded:
            continue
        now = loaded[profile]
        is_complete = 2 * len(now.controls) >= complete
        complete = len(now.controls) if is_complete else complete
        status = next((found.status for found in now.controls if found.id == control), None)
        if status in ("failed", "error", "waived"):
            since, seen = (since, seen + 1) if since is not None else (one.started, 1)
        elif status in ("passed", "not_applicable") or (status is None and is_complete and now.entry.version != version):
            since, seen = None, 0
        version = now.entry.version if status else version
    return since, seen


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(_runs)
def test_any_history_against_a_simple_model(steps: list[tuple[int, dict[str, object], dict[str, object]]]) -> None:
    reports = [_report(step) for step in steps]
    told = after(*reports)
    runs = _counted_runs(reports)

    assert [run.started for run in told.runs] == [one.started for one in runs]
    if reports[-1] is not runs[-1]:
        assert not told.changes.newly_failing
        assert not told.changes.fixed
        return
    last, before = runs[-1], runs[:-1]
    failing = {ControlKey(p.name, c.id) for p in last.profiles for c in p.controls if c.status in ("failed", "error")}
    rows = {ControlKey(name, f"{name}{at}"): _row(runs, name, f"{name}{at}") for name in "pq" for at in range(3)}
    waived = {ControlKey(p.name, c.id) for p in last.profiles for c in p.controls if c.status == "waived"}
    told_open = {key: (row.since, row.runs) for key, row in told.findings.items()}
    assert {key: row for key, row in told_open.items() if key in failing} == {key: rows[key] for key in failing}
    assert told_open.keys() <= {key for key, row in rows.items() if row[0] is not None} - waived
    assert all(told.findings[key].status == "not_tested" for key in told_open.keys() - failing)
    known = {found.name for one in before for found in one.profiles if found.status == "loaded"}
    new = {key for key in failing if key.profile in known and _row(before, *key)[0] is None}
    assert set(keys(told.changes.newly_failing)) == new
    assert set(keys(told.changes.fixed)) == {
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

    assert keys(told.changes.fixed) == ()
    assert told.changes.differences == (Difference("other_host", old="web01", new="web02"),)
    assert len(told.runs) == 1


def test_an_older_file_of_another_host_changes_nothing() -> None:
    runs = [report(number, p=Ran({"a": "failed"}))._replace(target="web01") for number in range(4)]
    other = report(1, p=Ran({"a": "failed"}))._replace(target="web02")

    assert after(*runs[:3], other, runs[3]) == after(*runs)
    assert after(*runs[:3], other).findings == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [("web01", "web01.example.org"), ("web01.example.org", "WEB01"), ("10.0.0.1", "10.0.0.2"), ("fe80::1", "web01")],
)
def test_names_that_may_be_of_one_host(old: str, new: str) -> None:
    first = report(0, p=Ran({"a": "failed"}))._replace(target=old)
    second = report(1, p=Ran({"a": "failed"}))._replace(target=new)

    assert after(first, second).findings[A].since == day(0)


def test_a_report_that_names_no_host_is_of_the_same_one() -> None:
    first, second, third = (report(number, p=Ran({"a": "failed"})) for number in range(3))

    told = after(first._replace(target="web01"), second, third._replace(target="WEB01"))

    assert told.findings[A].since == day(0)
    assert len(told.runs) == 3


@pytest.mark.parametrize(("code_desc", "is_closed"), [(ATTESTED, True), ("a test", False)])
def test_what_a_converter_does_not_list_any_more_is_closed_where_it_lists_findings_only(
    code_desc: str, is_closed: bool
) -> None:
    """What an attestation added is no test."""
    passed = control("b", results=(result("passed")._replace(code_desc=code_desc),))

    told = after(
        of_entries(0, control("a", "failed"), control("c", "failed"))._replace(is_converted=True),
        of_entries(1, passed, control("c", "failed"))._replace(is_converted=True),
    )

    assert (A not in told.findings) is is_closed


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

    replaced = advance(past, report(len(runs), name="web01", **runs[-1])).replaced
    assert (replaced.name if replaced else "") == other


def test_a_control_that_moves_into_a_new_profile_makes_nothing_else_in_it_new() -> None:
    told = after(
        report(0, p=Ran({"a": "failed", "b": "passed"})),
        report(1, p=Ran({"b": "passed"}), q=Ran({"a": "failed", "c": "failed"})),
    )

    assert told.findings[ControlKey("q", "a")].since == day(0)
    assert keys(told.changes.newly_failing) == ()


def test_a_control_that_moves_into_a_profile_that_is_renamed_takes_its_finding_along() -> None:
    told = after(
        report(0, p=Ran({"a": "failed", "b": "passed"}), q=Ran({"c": "passed", "d": "passed"})),
        report(1, p=Ran({"b": "passed"}), wrapper=Ran({"a": "failed", "c": "passed", "d": "passed"})),
    )

    assert told.findings == {ControlKey("wrapper", "a"): streak(day(0), 2, first_seen=True)}


def test_a_finding_of_its_own_is_not_taken_over_by_one_of_another_profile() -> None:
    told = after(
        report(0, p=Ran({"a": "failed", "b": "passed"}), q=Ran({"a": "failed", "c": "passed"})),
        report(1, p=Ran({"a": "failed", "b": "passed"}), q=Ran({"c": "passed"})),
        report(2, p=Ran({"b": "passed"}), q=Ran({"a": "failed", "c": "passed"})),
    )

    assert told.findings[ControlKey("q", "a")].status == "failed"


# --- profiles that are renamed, split and merged ------------------------------------------------------------------------------

_FOUR = {"a": "failed", "b": "failed", "c": "passed", "d": "passed"}
_PASSED = dict.fromkeys(_FOUR, "passed")
_RENAMED: dict[str, tuple[list[dict[str, Ran]], set[ControlKey]]] = {
    "a wrapper that is removed again": (
        [{"p": Ran(_FOUR)}, {"w": Ran(_FOUR)}, {"p": Ran(_FOUR)}],
        {A, B},
    ),
    "the first run under the new name is a partial one": (
        [{"p": Ran(_FOUR)}, {"w": Ran({"a": "failed"})}, {"w": Ran(_FOUR)}],
        {ControlKey("w", "a"), ControlKey("w", "b")},
    ),
    "renamed after a partial run": (
        [{"p": Ran(_FOUR)}, {"p": Ran({"c": "passed"})}, {"w": Ran(_FOUR)}],
        {ControlKey("w", "a"), ControlKey("w", "b")},
    ),
    "split in two": (
        [{"p": Ran(_FOUR)}, {"v": Ran({"a": "failed", "c": "passed"}), "w": Ran({"b": "failed", "d": "passed"})}],
        {ControlKey("v", "a"), ControlKey("w", "b")},
    ),
    "two become one": (
        [{"v": Ran({"a": "failed", "c": "passed"}), "w": Ran({"b": "failed", "d": "passed"})}, {"p": Ran(_FOUR)}],
        {A, B},
    ),
    "taken into another version of a profile that was there": (
        [{"v": Ran({"a": "failed", "b": "failed"}), "w": Ran({"c": "passed"})}, {"w": Ran(_FOUR, "1.1")}],
        {ControlKey("w", "a"), ControlKey("w", "b")},
    ),
    "not taken into one that had a control of that id beside it": (
        [{"p": Ran({"a": "failed", "b": "failed"}), "w": Ran({"a": "passed", "c": "passed"})}, {"w": Ran(_PASSED, "1.1")}],
        {A, B},
    ),
    "not taken into one of the same version, which may have been filtered": (
        [{"p": Ran({"a": "failed", "b": "failed"}), "w": Ran({"c": "passed"})}, {"w": Ran(_PASSED)}],
        {A, B},
    ),
    "renamed and filtered, with a version of its own": (
        [{"p": Ran(_FOUR)}, {"w": Ran({"b": "failed", "c": "passed", "d": "passed"}, "0.1")}],
        {ControlKey("w", "a"), ControlKey("w", "b")},
    ),
}


@pytest.mark.parametrize(("runs", "findings"), _RENAMED.values(), ids=_RENAMED)
def test_findings_go_on_under_the_names_that_profiles_get(runs: list[dict[str, Ran]], findings: set[ControlKey]) -> None:
    told = after(*(report(number, **run) for number, run in enumerate(runs)))  # type: ignore[arg-type]

    assert told.findings.keys() == findings
    assert {finding.since for finding in told.findings.values()} == {day(0)}
    assert told.changes.newly_failing == told.changes.fixed == ()


_TWIN = {**_PASSED, "b": "failed", "c": "failed"}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"p": Ran(_FOUR), "q": Ran(_TWIN)}, {"v": Ran(_FOUR), "w": Ran(_TWIN)}),
        ({"q": Ran(_TWIN), "p": Ran(_FOUR)}, {"w": Ran(_TWIN), "v": Ran(_FOUR)}),
        ({"p": Ran({"b": "failed"}), "q": Ran(_FOUR)}, {"w": Ran({"b": "failed"}), "v": Ran(_FOUR)}),
    ],
    ids=["the same ids", "in another order", "one has some ids of the other"],
)
def test_of_two_profiles_with_the_same_ids_each_goes_on_under_its_own_new_name(
    before: dict[str, Ran], now: dict[str, Ran]
) -> None:
    told = after(report(0, **before), report(1, **now))  # type: ignore[arg-type]

    failed = {ControlKey(name, id_) for name, ran in now.items() for id_, status in ran.controls.items() if status == "failed"}
    assert told.findings.keys() == failed
    assert {finding.since for finding in told.findings.values()} == {day(0)}
    assert told.changes.newly_failing == told.changes.fixed == ()


@pytest.mark.parametrize("wrapped", ["pq", "q"], ids=["both are wrapped", "one is wrapped, the other renamed"])
def test_of_two_profiles_with_the_same_ids_each_goes_on_in_its_own_wrapper(wrapped: str) -> None:
    """By name it would be the other one."""
    wrapper_of = {"p": "w", "q": "v"}
    below = [
        profile(name, *(control(id_, status) for id_, status in ran.items()), parent=wrapper_of[name])
        if name in wrapped
        else profile(wrapper_of[name], *(control(id_, status) for id_, status in ran.items()))
        for name, ran in (("p", _FOUR), ("q", _TWIN))
    ]
    wrappers = [profile(wrapper_of[name], *map(control, _FOUR)) for name in wrapped]
    now = report(1)._replace(profiles=resolve((*wrappers, *below)))

    told = after(report(0, p=Ran(_FOUR), q=Ran(_TWIN)), now)

    assert {*told.findings} == {ControlKey(name, id_) for name, ids in (("w", "ab"), ("v", "bc")) for id_ in ids}
    assert {finding.since for finding in told.findings.values()} == {day(0)}
    assert told.changes.newly_failing == told.changes.fixed == ()


def test_a_profile_that_is_left_out_does_not_go_on_in_the_wrapper_of_another_one() -> None:
    """Of two profiles with the same ids one is filtered out, in the run in which the other gets a wrapper."""
    below = profile("q", *(control(id_, "passed") for id_ in _FOUR), parent="v")
    now = report(1)._replace(profiles=resolve((profile("v", *map(control, _FOUR)), below)))

    told = after(report(0, p=Ran(_FOUR), q=Ran(_PASSED)), now)

    assert {key: finding.status for key, finding in told.findings.items()} == {A: "not_tested", B: "not_tested"}
    assert told.changes.fixed == ()


def test_nothing_is_new_in_a_profile_that_has_the_fewer_controls_of_one_that_is_split() -> None:
    """It is run for the first time."""
    told = after(
        report(0, p=Ran(_FOUR)),
        report(1, v=Ran({"a": "failed", "b": "failed", "c": "passed", "x": "failed"}), w=Ran({"c": "failed", "d": "passed"})),
    )

    assert keys(told.changes.newly_failing) == (ControlKey("v", "x"),)


def test_profiles_that_take_turns_are_not_one() -> None:
    """Only a profile that was first run since the other one last was can be the other one."""
    both = {"p": Ran(_FOUR), "q": Ran(_PASSED)}

    assert after(report(0, **both), report(1, q=both["q"])).findings.keys() == {A, B}  # type: ignore[arg-type]
