"""Ids of tests outside of any control: the same in each run, though InSpec makes a random one each time."""

from __future__ import annotations

import secrets

import pytest

from inspec_textfile.history.model import Past
from inspec_textfile.history.past import advance, shown
from inspec_textfile.report.anonymous import with_lasting_ids
from inspec_textfile.report.model import ControlEntry, ProfileEntry
from inspec_textfile.report.overlay import resolve

from helpers.entries import control, profile
from helpers.runs import report


def anonymous(line: str) -> str:
    return f"(generated from {line} {secrets.token_hex(16)})"


def ids(*entries: ProfileEntry) -> list[list[str]]:
    return [[one.id for one in entry.controls] for entry in with_lasting_ids(entries)]


def below(parent: str, name: str, *controls: ControlEntry) -> ProfileEntry:
    return profile(name, *controls, parent=parent)


def test_a_line_and_its_number_there_are_the_id() -> None:
    entry = profile("p", control(anonymous("a_test.rb:2"), "passed"), control("x", "passed"), control(anonymous("a_test.rb:2")))
    assert ids(entry) == [["(generated from a_test.rb:2)", "x", "(generated from a_test.rb:2 #2)"]]


@pytest.mark.parametrize(
    "id_", ["(generated from a_test.rb:2)", "generated from a.rb:2 " + "0" * 32, "(generated from a.rb:2 abc)"]
)
def test_other_ids_stay(id_: str) -> None:
    assert ids(profile("p", control(id_, "passed"))) == [[id_]]


def test_a_wrapper_has_the_ids_of_the_profiles_below_it() -> None:
    first, second, third = (anonymous(line) for line in ("default.rb:5", "other.rb:1", "other.rb:1"))
    wrapper = profile("w", control(first), control(third), control(second))
    base = below("w", "b", control(first, "failed"), control(second, "passed"), control(third, "passed"))

    one, two, three = "(generated from default.rb:5)", "(generated from other.rb:1)", "(generated from other.rb:1 #2)"
    assert ids(wrapper, base) == [[one, three, two], [one, two, three]]


def test_lines_of_one_name_in_two_profiles_below_a_wrapper_are_told_apart() -> None:
    first, second = anonymous("default.rb:5"), anonymous("default.rb:5")
    entries = (
        profile("w", control(first), control(second)),
        below("w", "b1", control(first, "failed")),
        below("w", "b2", control(second, "passed")),
    )

    assert ids(*entries)[0] == ["(generated from default.rb:5 of b1)", "(generated from default.rb:5 of b2)"]
    (resolved,) = resolve(with_lasting_ids(entries))
    assert [one.status for one in resolved.controls] == ["failed", "passed"]


def test_a_finding_goes_on_and_ends() -> None:
    past = Past()
    for day, status in enumerate(["failed", "failed", "passed"]):
        entries = with_lasting_ids((profile("p", control(anonymous("a_test.rb:2"), status), version="1"),))
        run = report(day)._replace(entries=entries, profiles=resolve(entries))
        past = advance(past, run)
        findings = shown(past, run).findings
        assert [finding.runs for finding in findings.values()] == ([] if status == "passed" else [day + 1])
        assert not past.changes.newly_failing
    assert len(past.changes.fixed) == 1


def test_a_finding_under_an_id_that_no_run_can_have_again_ends() -> None:
    """Older versions remember the random ids."""
    past = Past()
    for day, id_ in enumerate([anonymous("a_test.rb:2"), "(generated from a_test.rb:2)"]):
        entries = (profile("p", control(id_, "failed"), version="1"),)
        run = report(day)._replace(entries=entries, profiles=resolve(entries))
        past = advance(past, run)

    assert [key.control for key in shown(past, run).findings] == ["(generated from a_test.rb:2)"]
