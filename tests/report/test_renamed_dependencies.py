"""Dependencies under another name: what belongs below which profile."""

from __future__ import annotations

from itertools import permutations

import pytest

from inspec_textfile.report.model import ProfileEntry
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.status import count_controls

from helpers.entries import control, profile


def summary(entries: list[ProfileEntry]) -> dict[str, dict[tuple[str, str], int]]:
    return {one.name: dict(count_controls(one.controls)) for one in resolve(entries)}


THREE = [
    profile("eu", control("a", title="A"), depends=("prod",)),
    profile("acme-prod", control("a", impact=0.9), parent="eu", depends=("base",)),
    profile("base", control("a", "failed", impact=0.1), control("b", "failed", impact=0.7), parent="prod"),
]
FOUR = [
    profile("eu", depends=("prod",)),
    profile("acme-prod", depends=("core",), parent="eu"),
    profile("acme-core", control("a", impact=0.1), depends=("base",), parent="prod"),
    profile("base", control("a", "failed", impact=0.9), parent="core"),
]
BOTH_RENAMED = [
    profile("eu", depends=("prod",)),
    profile("acme-prod", control("a"), parent="eu", depends=("below",)),
    profile("acme-base", control("a", "failed"), parent="prod"),
]
BROTHERS = [
    profile("eu", depends=("prod", "ssh")),
    profile("acme-prod", control("a"), parent="eu", depends=("base",)),
    profile("ssh", control("s", "failed"), parent="eu"),
    profile("base", control("a", "failed"), parent="prod"),
]
TWO_RENAMED_BROTHERS = [
    profile("eu", depends=("prod", "web")),
    profile("acme-prod", control("a"), parent="eu", depends=("below",)),
    profile("acme-web", control("w", "failed"), parent="eu"),
    profile("base", control("a", "failed"), parent="prod"),
]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (THREE, {"eu": {("medium", "failed"): 1, ("high", "failed"): 1}}),
        (FOUR, {"eu": {("low", "failed"): 1}}),
        (BOTH_RENAMED, {"eu": {("medium", "failed"): 1}}),
        (BROTHERS, {"eu": {("medium", "failed"): 2}}),
        (TWO_RENAMED_BROTHERS, {"eu": {("medium", "failed"): 2}}),
    ],
)
def test_one_profile_whatever_its_dependencies_are_called(entries: list[ProfileEntry], expected: object) -> None:
    for order in permutations(entries):
        assert summary(list(order)) == expected


def test_the_impact_of_the_renamed_layer_counts_before_that_of_the_one_below() -> None:
    (one,) = resolve([profile("eu", depends=("prod",)), *THREE[1:]])

    assert {counted.id: counted.severity for counted in one.controls} == {"a": "critical", "b": "high"}


def test_a_parent_that_nobody_knows_is_none() -> None:
    assert summary([profile("top", depends=("x",)), profile("base", control("a", "failed"), parent="gone")]) == {
        "top": {},
        "base": {("medium", "failed"): 1},
    }


def test_an_alias_of_itself_loses_nothing() -> None:
    assert summary([profile("a", control("x", "failed"), parent="me", depends=("me",))]) == {"a": {("medium", "failed"): 1}}


def test_aliases_in_a_circle_lose_nothing() -> None:
    entries = [
        profile("a", control("x", "failed"), parent="bb", depends=("aa",)),
        profile("b", control("y", "failed"), parent="aa", depends=("bb",)),
    ]

    assert sum(sum(counts.values()) for counts in summary(entries).values()) == 2


def test_an_alias_that_is_the_name_of_another_profile_too() -> None:
    entries = [
        profile("top", control("c1"), depends=("linux",)),
        profile("acme-linux", control("c1"), parent="top", depends=("core",)),
        profile("core", control("c1", "failed"), parent="linux"),
        profile("linux", control("k1", "passed")),
    ]

    assert summary(entries) == {"top": {("medium", "failed"): 1}, "linux": {("medium", "passed"): 1}}


def test_one_alias_for_two_profiles() -> None:
    entries = [
        profile("w1", control("c1"), depends=("base",)),
        profile("w2", control("c2"), depends=("base",)),
        profile("lin", control("c1"), parent="w1", depends=("elsewhere",)),
        profile("win", control("c2"), parent="w2", depends=("elsewhere",)),
        profile("lx", control("c1", "failed"), parent="base"),
        profile("wx", control("c2", "failed"), parent="base"),
    ]

    assert summary(entries) == {"w1": {("medium", "failed"): 1}, "w2": {("medium", "failed"): 1}}
