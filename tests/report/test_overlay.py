"""Wrappers count each control once. The expected numbers were counted by hand from the reports."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspec_textfile.report import overlay
from inspec_textfile.report.model import Attestation, Control, ControlEntry, ProfileEntry, Ref, Result
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.status import count_controls

from helpers.entries import control, profile, waiver
from helpers.paths import REPORTS

Counts = dict[str, dict[tuple[str, str], int]]

# acme-prod-overlay lists 8 controls: files-passwd (0.9), files-shadow (1.0), files-ww (0.7) and an anonymous one (0.5),
# all passed in acme-linux-files; files-group (0.0) there; ssh-01 (1.0) failed and ssh-05 (0.0) in acme-ssh-baseline;
# prod-01 (0.6) passed, its own.
OVERLAY = {
    ("critical", "passed"): 2,
    ("critical", "failed"): 1,
    ("high", "passed"): 1,
    ("medium", "passed"): 2,
    ("none", "not_applicable"): 2,
}
# acme-linux-files alone: files-passwd, files-group and an anonymous one (0.5) passed, files-shadow (1.0) failed, files-ww (0.7)
# passed, files-tmp (0.3) failed.
LINUX_FILES = {("medium", "passed"): 3, ("critical", "failed"): 1, ("high", "passed"): 1, ("low", "failed"): 1}
# The same below wrapper-skipped-dep, which lowers files-ww to 0.1.
WRAPPED_LINUX_FILES = {("medium", "passed"): 3, ("critical", "failed"): 1, ("low", "passed"): 1, ("low", "failed"): 1}
ALL_PASS = {("low", "passed"): 1, ("high", "passed"): 1}

EXPECTED: dict[str, Counts] = {
    "7.1.16/overlay": {"acme-prod-overlay": OVERLAY},
    "7.1.16/enhanced-overlay": {"acme-prod-overlay": OVERLAY},
    # three layers; acme-eu-prod lists files-passwd twice
    "7.1.16/nested-overlay": {"acme-eu-prod": OVERLAY},
    # The base ran alone too, and InSpec put its results on the wrapper's copy: files-shadow has a failed one now.
    "7.1.16/multi-overlay-and-base": {
        "acme-prod-overlay": OVERLAY | {("critical", "passed"): 1, ("critical", "failed"): 2},
        "acme-linux-files": LINUX_FILES,
    },
    "7.1.16/multi-two-overlays": {"acme-prod-overlay": OVERLAY, "acme-eu-prod": OVERLAY},
    # --controls files-passwd prod-01: four are listed without results, two of them with impact 0
    "7.1.16/controls-subset-overlay": {
        "acme-prod-overlay": {
            ("critical", "passed"): 1,
            ("medium", "passed"): 2,
            ("medium", "not_reviewed"): 1,
            ("none", "not_applicable"): 2,
        }
    },
    "7.1.16/multi-same-twice": {"all-pass": ALL_PASS},
    "7.1.16/multi-same-ids": {
        "acme-ssh-baseline": {
            ("critical", "failed"): 1,
            ("high", "passed"): 1,
            ("medium", "failed"): 2,
            ("high", "failed"): 1,
            ("low", "failed"): 1,
        },
        "other-ssh-profile": {("low", "passed"): 1, ("critical", "failed"): 1},
    },
    "3.9.3/multi-three": {"acme-linux-files": LINUX_FILES, "acme-windows": {}, "all-pass": ALL_PASS},
    "7.1.16/multi-empty": {"empty-profile": {}, "acme-windows": {}, "all-pass": ALL_PASS},
    "7.1.16/multi-only-empty-filtered": {},
    "7.1.16/multi-with-broken": {"broken-raise": {("medium", "not_reviewed"): 1}, "all-pass": ALL_PASS},
    "7.1.16/wrapper-skipped-dep": {"wrapper-skipped-dep": WRAPPED_LINUX_FILES},
    # InSpec 2 and 1 list the control of the skipped dependency (1.0) too; 1.51 names no parents at all.
    "2.3.28/wrapper-skipped-dep": {"wrapper-skipped-dep": WRAPPED_LINUX_FILES | {("critical", "not_reviewed"): 1}},
    "1.51.21/wrapper-skipped-dep": {"wrapper-skipped-dep": WRAPPED_LINUX_FILES | {("critical", "not_reviewed"): 1}},
}

CORPUS: dict[str, dict[str, int]] = {
    # profile: number of controls, counted in the JSON
    "rhel7-ece-results.json": {"cms-ars3.1-moderate-inspec-profile-disa_stig-el7": 240, "linux-patch-baseline": 3},
    "cms_3.1_aws_rds_postgres_overlay.json": {"cms-ars-3.1-moderate-aws-rds-crunchy-data-postgresql-9-stig-overlay": 80},
    "example-3-layer-overlay.json": {
        "second-layer-example-inspec-overlay-profile-against-1st-layer-example-inspec-overlay-profile": 247
    },
    "vSphere8_report.json": {"vmware-vsphere-8.0-stig-baseline": 77 + 66 + 25},
    # The wrapper lists 33: one of the 51 of linux-baseline, and the 32 of ssl-baseline; the 68 of ssh-baseline it does not.
    "automate-delivered.cd.chef.co_inspec_report.json": {"cd-infrastructure-base": 33 + 50 + 68},
}


def counts(entries: Sequence[ProfileEntry]) -> Counts:
    return {one.name: dict(count_controls(one.controls)) for one in resolve(entries)}


@pytest.mark.parametrize("case", EXPECTED)
def test_every_control_is_counted_once(case: str) -> None:
    report = parse_report((REPORTS / f"{case}.json").read_bytes(), case, 0)

    assert counts(report.entries) == EXPECTED[case]


def test_every_version_of_inspec_gives_the_same(shared: Path) -> None:
    compared = 0
    for case, expected in EXPECTED.items():
        version, _, name = case.partition("/")
        if version != "7.1.16":
            continue
        for path in shared.glob(f"inspec-reports/[4567]*/{name}.json"):
            assert counts(parse_report(path.read_bytes(), name, 0).entries) == expected, path
            compared += 1
    assert compared > 30


@pytest.mark.parametrize("name", CORPUS)
def test_published_wrappers(shared: Path, name: str) -> None:
    report = parse_report((shared / "corpus" / name).read_bytes(), name, 0)

    assert {one.name: len(one.controls) for one in report.profiles} == CORPUS[name]


def test_old_wrapper_has_the_results_of_its_base(shared: Path) -> None:
    """rhel7-ece: no `parent_profile`, no `depends`; the base holds 234 of the wrapper's 240 controls with results."""
    report = parse_report((shared / "corpus" / "rhel7-ece-results.json").read_bytes(), "x", 0)

    wrapper = report.profiles[0]

    assert wrapper.layers == ("disa_stig-el7",)
    assert sum(1 for one in wrapper.controls if one.entry.results) == 234


def test_the_wrappers_impact_and_title_count() -> None:
    (made,) = resolve(
        [
            profile("top", control("a", impact=0.9, title="stricter")),
            profile("base", control("a", "failed", impact=0.1, title="lax"), parent="top"),
        ]
    )

    (one,) = made.controls
    assert (one.status, one.severity, one.entry.title) == ("failed", "critical", "stricter")
    assert [name for name, _ in one.layers] == ["base"]


def test_what_the_wrapper_leaves_open_comes_from_below() -> None:
    (made,) = resolve(
        [
            profile("top", control("a", impact=None)),
            profile("base", control("a", "failed", impact=0.1, title="base", waiver=waiver()), parent="top"),
        ]
    )

    (one,) = made.controls
    assert (one.status, one.severity, one.entry.title) == ("waived", "low", "base")


def test_a_wrapper_without_a_list_of_its_own_loses_nothing() -> None:
    assert counts([profile("top"), profile("base", control("a", "failed"), parent="top")]) == {"top": {("medium", "failed"): 1}}


def test_a_parent_that_is_not_in_the_report_is_none() -> None:
    assert counts([profile("base", control("a", "failed"), parent="gone")]) == {"base": {("medium", "failed"): 1}}


def test_parents_in_a_circle_lose_nothing() -> None:
    entries = [profile("b", control("x", "failed"), parent="a"), profile("a", control("y", "passed"), parent="b")]

    assert counts(entries) == {"a": {("medium", "failed"): 1, ("medium", "passed"): 1}}


def test_its_own_parent_is_asked_for() -> None:
    assert counts([profile("a", control("x", "failed"), parent="a")]) == {"a": {("medium", "failed"): 1}}


def test_old_neighbours_that_share_ids_stay_neighbours() -> None:
    entries = [
        profile("a", control("x", "passed"), control("y")),
        profile("b", control("x"), control("y", "failed")),
    ]

    assert counts(entries) == {
        "a": {("medium", "passed"): 1, ("medium", "not_reviewed"): 1},
        "b": {("medium", "not_reviewed"): 1, ("medium", "failed"): 1},
    }


def test_copies_whose_verdicts_differ_are_judged_by_all_results() -> None:
    entries = [
        profile("a", control("x", "passed", own_status="passed")),
        profile("a", control("x", "failed", own_status="failed")),
    ]

    assert counts(entries) == {"a": {("medium", "failed"): 1}}


def test_an_expired_waiver_of_one_copy_hides_no_failure() -> None:
    entries = [
        profile("a", control("x", "failed", waiver=waiver())),
        profile("a", control("x", "failed", waiver=waiver(expired=True))),
    ]

    assert counts(entries) == {"a": {("medium", "failed"): 1}}


# --- properties ----------------------------------------------------------------------------------------------------------

_names = st.sampled_from(["a", "b", "c", "d"])
_controls = st.builds(
    lambda id_, statuses, impact, given_waiver: control(id_, *statuses, impact=impact, waiver=given_waiver),
    st.sampled_from(["1", "2", "3", "4", "5"]),
    st.lists(st.sampled_from(["passed", "failed", "skipped", "error"]), max_size=2),
    st.sampled_from([None, 0.0, 0.3, 0.5, 1.0]),
    st.sampled_from([None, waiver(), waiver(expired=True)]),
)
_profiles = st.builds(
    lambda name, controls, parent, depends: profile(name, *controls, parent=parent, depends=tuple(depends)),
    _names,
    st.lists(_controls, max_size=4),
    st.one_of(st.none(), _names),
    st.lists(_names, max_size=2),
)
_reports = st.lists(_profiles, max_size=5)
_settings = settings(max_examples=100, deadline=None)


@pytest.mark.slow
@_settings
@given(_reports, st.randoms(use_true_random=False))
def test_order_changes_no_number(entries: list[ProfileEntry], chance: random.Random) -> None:
    shuffled = [entry._replace(controls=tuple(chance.sample(entry.controls, len(entry.controls)))) for entry in entries]
    chance.shuffle(shuffled)

    assert counts(shuffled) == counts(entries)


@pytest.mark.slow
@_settings
@given(_reports)
def test_no_control_is_lost_and_none_counts_twice_in_a_profile(entries: list[ProfileEntry]) -> None:
    resolved = resolve(entries)

    for one in resolved:
        ids = [counted.id for counted in one.controls]
        assert len(ids) == len(set(ids))
    assert {counted.id for one in resolved for counted in one.controls} == {c.id for entry in entries for c in entry.controls}


@pytest.mark.slow
@_settings
@given(_reports)
def test_no_result_is_lost(entries: list[ProfileEntry]) -> None:
    """Every failed result makes some control that somebody asked for fail, unless a rule says otherwise."""
    for one in resolve(entries):
        for counted in one.controls:
            if counted.status == "passed":
                assert {"failed", "error"}.isdisjoint(result.status for result in counted.entry.results)
    seen = {id(result) for one in resolve(entries) for counted in one.controls for result in counted.entry.results}
    assert seen >= {id(result) for entry in entries for c in entry.controls for result in c.results}


@pytest.mark.slow
@_settings
@given(_reports, _names)
def test_a_passing_control_lowers_no_failure(entries: list[ProfileEntry], name: str) -> None:
    def failures(of: Sequence[ProfileEntry]) -> int:
        return sum(number for made in counts(of).values() for (_, status), number in made.items() if status == "failed")

    grown = [
        entry._replace(controls=(*entry.controls, control("new", "passed"))) if entry.name == name else entry
        for entry in entries
    ]

    assert failures(grown) >= failures(entries)


@pytest.mark.slow
@_settings
@given(st.lists(_controls.map(lambda made: made._replace(id="x")), min_size=3, max_size=5))
def test_merging_is_associative(copies: list[ControlEntry]) -> None:
    """However the copies of a control are spread over entries of one profile, it comes to the same."""
    apart = [profile("a", copy) for copy in copies]
    together = [profile("a", *copies)]
    two = [profile("a", *copies[:2]), profile("a", *copies[2:])]

    assert counts(apart) == counts(together) == counts(two)


def test_two_profiles_that_share_an_id_are_no_layers_if_parents_are_named() -> None:
    """InSpec has named them since 2.2.34; before that, who lists a control without results was below who has them."""
    entries = [profile("a", control("1.1"), control("1.2", "passed")), profile("b", control("1.1", "passed"))]

    assert [one.name for one in resolve(entries)] == ["a"]
    assert [one.name for one in resolve(entries, names_parents=True)] == ["a", "b"]


@pytest.mark.parametrize(
    ("version", "profiles"), [("1.51.0", 1), ("2.2.10", 1), ("", 1), ("2.3.0", 2), ("5.22.3", 2), ("10.0.0", 2)]
)
def test_which_versions_name_parents(version: str, profiles: int) -> None:
    result = {"status": "passed", "code_desc": "x"}
    document = {
        "version": version,
        "profiles": [
            {"name": "a", "controls": [{"id": "1.1", "results": []}]},
            {"name": "b", "controls": [{"id": "1.1", "results": [result]}]},
        ],
    }

    assert len(parse_report(json.dumps(document).encode(), "x", 0).profiles) == profiles


def test_each_field_of_a_control_has_a_rule_for_copies() -> None:
    assert tuple(overlay._RULES) == ControlEntry._fields


def test_a_field_that_only_the_lower_copy_has_is_kept() -> None:
    """Of each field: a value that is given once survives the merge, whichever copy gives it."""
    given = ControlEntry(
        id="c",
        title="title",
        desc="desc",
        impact=0.7,
        results=(Result("passed"),),
        own_status="passed",
        waiver=waiver(),
        descriptions=(("fix", "it"),),
        tags={"a": "b"},
        refs=(Ref("text", "url"),),
        code="code",
        source="path:1",
        attestation=Attestation("passed"),
        removed={"passed": 1},
    )
    assert all(getattr(given, field) != ControlEntry._field_defaults.get(field) for field in ControlEntry._fields)

    ((merged,),) = (found.controls for found in resolve([profile("top", control("c", impact=None)), *_below("top", given)]))

    assert merged.entry == given


def _below(parent: str, *controls: ControlEntry) -> list[ProfileEntry]:
    return [profile("base", *controls, parent=parent)]


def one(*entries: ProfileEntry) -> Control:
    ((made,),) = (found.controls for found in resolve(list(entries)))
    return made


def test_copies_are_waived_only_if_each_failing_one_is() -> None:
    waived, bare = control("c", "failed", waiver=waiver()), control("c", "failed")

    assert one(profile("p", waived), profile("p", bare)).status == "failed"
    assert one(profile("p", bare), profile("p", waived)).status == "failed"
    assert one(profile("p", waived), profile("p", waived)).status == "waived"
    assert one(profile("p", waived), profile("p", control("c", "passed"))).status == "waived"
    assert one(profile("p", control("c", "skipped", waiver=waiver())), profile("p", bare)).status == "failed"


def test_a_verdict_of_one_copy_that_fails_is_not_lost() -> None:
    failed, passed = control("c", "passed", own_status="failed"), control("c", "passed", own_status="passed")

    assert one(profile("p", failed), profile("p", passed)).status == "failed"
    assert one(profile("p", passed), profile("p", control("c", own_status="error"))).status == "error"
    assert one(profile("p", control("c", own_status="passed")), profile("p", failed)).status == "failed"


def test_the_default_of_a_copy_that_was_never_evaluated_replaces_no_impact() -> None:
    default, known = control("c", impact=0.5), control("c", "failed", impact=0.9)

    assert default.never_evaluated
    assert not known.never_evaluated
    assert not control("c", impact=0.5, title="t").never_evaluated
    assert one(profile("top", default), *_below("top", known)).severity == "critical"
    assert one(profile("top", control("c", impact=0.5, title="t")), *_below("top", known)).severity == "medium"
    assert one(profile("top", default)).severity == "medium"
