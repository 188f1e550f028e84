from __future__ import annotations

from inspec_textfile.metrics.exposition import families
from inspec_textfile.metrics.of_run import ReportRow
from inspec_textfile.report.model import Attestation, ProfileEntry, Report
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.parse import parse_report

from helpers.entries import control, profile, waiver
from helpers.exposed import file_of, remembered, row_of
from helpers.host import parse_series
from helpers.paths import REPORTS


def report(*entries: ProfileEntry, name: str = "web01", modified_ns: int = 1_700_000_000_123_456_789) -> Report:
    return Report(name, modified_ns, "7.1.16", "debian", "12.11", "", 1.5e9, 2.5, entries, resolve(entries), "")


def text_of(*rows: ReportRow, control_series: str = "none", limit: int = 1000) -> str:
    return file_of(rows, control_series, limit).decode()


def series_of(*reports: Report, control_series: str = "none", limit: int = 1000) -> dict[str, float]:
    return parse_series(text_of(*(row_of(one, control_series) for one in reports), control_series=control_series, limit=limit))


def test_every_family_has_help_and_type_even_without_a_report() -> None:
    lines = text_of().splitlines()

    for family in families():
        assert f"# HELP {family.name} {family.help}" in lines
        assert f"# TYPE {family.name} gauge" in lines
    assert len(lines) == 2 * len(families()) + 5


def test_one_report() -> None:
    made = report(
        profile(
            "p",
            control("a", "failed", "passed", impact=1.0),
            control("b", "skipped", impact=0.7),
            control("c", impact=0.1),
            control("d", "failed", waiver=waiver(expires=4e9)),
        )
    )

    found = {series: value for series, value in series_of(made).items() if value}

    assert found == {
        'inspec_checks_total{profile="p",status="failed"}': 2,
        'inspec_checks_total{profile="p",status="skipped"}': 1,
        'inspec_checks_mtime{profile="p"}': 1_700_000_000_123,
        'inspec_controls{profile="p",report="web01",severity="critical",status="failed"}': 1,
        'inspec_controls{profile="p",report="web01",severity="high",status="not_reviewed"}': 1,
        'inspec_controls{profile="p",report="web01",severity="low",status="not_reviewed"}': 1,
        'inspec_controls{profile="p",report="web01",severity="medium",status="waived"}': 1,
        'inspec_results{profile="p",report="web01",status="failed"}': 2,
        'inspec_results{profile="p",report="web01",status="passed"}': 1,
        'inspec_results{profile="p",report="web01",status="skipped"}': 1,
        'inspec_profile_info{inspec_version="7.1.16",platform="debian",platform_release="12.11",profile="p",report="web01",'
        'title="",version=""}': 1,
        'inspec_profile_status{profile="p",report="web01",status="loaded"}': 1,
        'inspec_waiver_expiry_timestamp_seconds{control="d",profile="p",report="web01"}': 4e9,
        'inspec_run_timestamp_seconds{report="web01"}': 1.5e9,
        'inspec_run_duration_seconds{report="web01"}': 2.5,
        'inspec_report_modified_timestamp_seconds{report="web01"}': 1_700_000_000.1234567,
        'inspec_report_readable{report="web01"}': 1,
        'inspec_report_info{report="web01",target=""}': 1,
        'inspec_oldest_failure_timestamp_seconds{profile="p",report="web01",severity="critical"}': 1.5e9,
        'inspec_textfile_reports{state="read"}': 1,
        "inspec_textfile_last_run_timestamp_seconds": 1_700_000_001.5,
        "inspec_textfile_run_duration_seconds": 0.125,
        'inspec_textfile_build_info{version="1.2"}': 1,
    }


def test_when_an_attestation_runs_out() -> None:
    attested = control("a", "passed")._replace(attestation=Attestation(status="passed", expires=4e9))
    forever = control("b", "passed")._replace(attestation=Attestation(status="passed"))

    found = series_of(report(profile("p", attested, forever)))

    assert {name: value for name, value in found.items() if name.startswith("inspec_attestation")} == {
        'inspec_attestation_expiry_timestamp_seconds{control="a",profile="p",report="web01"}': 4e9
    }


def test_zeros_are_written_out_for_the_severities_there_are() -> None:
    found = series_of(report(profile("p")))

    assert all('severity="none"' in series for series in found if series.startswith("inspec_controls{"))
    assert sum(series.startswith("inspec_controls{") for series in found) == 6
    assert found['inspec_checks_total{profile="p",status="passed"}'] == 0
    assert found['inspec_profile_status{profile="p",report="web01",status="failed"}'] == 0


def test_controls_without_an_impact_have_a_row_of_their_own() -> None:
    found = series_of(report(profile("p", control("a", "passed", impact=None))))

    assert found['inspec_controls{profile="p",report="web01",severity="unknown",status="passed"}'] == 1
    assert sum(series.startswith("inspec_controls{") for series in found) == 6


def test_a_profile_in_two_reports_is_added_up_and_the_oldest_mtime_kept() -> None:
    good = report(profile("p", control("a", "passed")), name="a", modified_ns=2_000_000_000)
    bad = report(profile("p", control("a", "failed")), name="b", modified_ns=1_000_000_000)

    for reports in ((good, bad), (bad, good)):
        found = series_of(*reports)
        assert found['inspec_checks_total{profile="p",status="failed"}'] == 1
        assert found['inspec_checks_total{profile="p",status="passed"}'] == 1
        assert found['inspec_checks_mtime{profile="p"}'] == 1000


def test_wrappers_have_a_row_of_zeros_in_the_original_family_only() -> None:
    found = series_of(report(profile("top", control("a")), profile("base", control("a", "failed"), parent="top")))

    assert found['inspec_checks_total{profile="top",status="failed"}'] == 0
    assert found['inspec_checks_total{profile="base",status="failed"}'] == 1
    assert not any('profile="base"' in series and series.startswith("inspec_controls") for series in found)


def test_labels_are_escaped_and_sorted() -> None:
    text = text_of(row_of(report(profile('a "quoted" \\ name\nof two lines'), profile("A"))))

    assert r'inspec_checks_mtime{profile="a \"quoted\" \\ name\nof two lines"}' in text
    rows = [line for line in text.splitlines() if line.startswith("inspec_checks_mtime")]
    assert rows == sorted(rows)


def test_a_very_long_label_is_shortened_and_stays_its_own() -> None:
    found = series_of(report(profile("x" * 5000 + "1"), profile("x" * 5000 + "2")))

    names = {series for series in found if series.startswith("inspec_checks_mtime")}
    assert len(names) == 2
    assert max(map(len, names)) < 400


# --- single controls -----------------------------------------------------------------------------------------------------


def control_rows(control_series: str, *reports: Report, limit: int = 1000) -> list[str]:
    rows = series_of(*reports, control_series=control_series, limit=limit)
    return [row.split('"')[1] for row in rows if row.startswith("inspec_control_status{")]


CONTROLS = profile(
    "p",
    control("ok", "passed"),
    control("na", "failed", impact=0.0),
    control("low", "failed", impact=0.1),
    control("high", "failed", impact=0.7),
    control("broken", "error", impact=1.0),
    control("manual", "skipped"),
    control("waived", "failed", waiver=waiver()),
)


def test_which_controls_have_a_series() -> None:
    one = report(CONTROLS)

    assert control_rows("none", one) == []
    assert control_rows("failing", one) == ["broken", "high", "low", "manual", "waived"]
    assert control_rows("all", one) == ["broken", "high", "low", "manual", "na", "ok", "waived"]


def test_the_worst_are_kept_and_the_rest_is_counted() -> None:
    one, two = report(CONTROLS, name="a"), report(CONTROLS, name="b")

    found = series_of(one, two, control_series="failing", limit=5)

    assert sorted(control_rows("failing", one, two, limit=5)) == ["broken", "high", "high", "low", "low"]
    assert found['inspec_control_status_dropped{report="a"}'] == 2
    assert found['inspec_control_status_dropped{report="b"}'] == 3


def test_no_report_takes_the_series_of_another() -> None:
    many = report(profile("p", *(control(f"c{number}", "failed", impact=1.0) for number in range(100))), name="a")

    found = series_of(many, report(CONTROLS, name="b"), control_series="failing", limit=10)

    assert found['inspec_control_status_dropped{report="a"}'] == 95
    assert found['inspec_control_status_dropped{report="b"}'] == 0


def test_since_when_single_controls_fail() -> None:
    found = series_of(report(CONTROLS), control_series="failing")

    name = "inspec_control_failing_since_timestamp_seconds"
    since = {series: value for series, value in found.items() if series.startswith(name)}
    assert since == {
        f'{name}{{control="{id_}",profile="p",report="web01",severity="{level}"}}': 1.5e9
        for id_, level in (("broken", "critical"), ("high", "high"), ("low", "low"))
    }
    assert not any("failing_since" in series for series in series_of(report(CONTROLS)))


def test_nothing_dropped_is_said_too() -> None:
    assert series_of(report(CONTROLS), control_series="all")['inspec_control_status_dropped{report="web01"}'] == 0


def test_dropped_series_of_figures_that_were_made_without_them() -> None:
    """The option is new, and the report cannot be read any more: all that it asks for is left out."""
    broken = remembered(row_of(report(CONTROLS)))

    found = parse_series(text_of(broken, control_series="failing"))

    assert found['inspec_control_status_dropped{report="web01"}'] == 5
    assert not any(series.startswith("inspec_control_status{") for series in found)


def test_figures_that_were_made_with_more_controls_show_only_those_that_are_asked_for() -> None:
    broken = remembered(row_of(report(CONTROLS), "all"))

    found = parse_series(text_of(broken, control_series="failing"))

    assert sum(series.startswith("inspec_control_status{") for series in found) == 5
    assert found['inspec_control_status_dropped{report="web01"}'] == 0


# --- genuine -------------------------------------------------------------------------------------------------------------


def test_metrics_of_a_genuine_wrapper() -> None:
    one = parse_report((REPORTS / "7.1.16" / "overlay.json").read_bytes(), "overlay", 0)

    found = series_of(one)

    controls = {series: value for series, value in found.items() if series.startswith("inspec_controls{") and value}
    assert controls == {
        f'inspec_controls{{profile="acme-prod-overlay",report="overlay",severity="{severity}",status="{status}"}}': number
        for severity, status, number in (
            ("critical", "passed", 2),
            ("critical", "failed", 1),
            ("high", "passed", 1),
            ("medium", "passed", 2),
            ("none", "not_applicable", 2),
        )
    }
    assert found['inspec_results{profile="acme-prod-overlay",report="overlay",status="passed"}'] == 10
    assert found['inspec_results{profile="acme-prod-overlay",report="overlay",status="failed"}'] == 2
    assert [series for series in found if series.startswith("inspec_profile_info")] == [
        'inspec_profile_info{inspec_version="7.1.16",platform="debian",platform_release="12.11",profile="acme-prod-overlay",'
        'report="overlay",title="Acme Production Overlay",version="3.0.0"}'
    ]


def test_names_are_legal() -> None:
    legal = set("abcdefghijklmnopqrstuvwxyz_")
    for family in families():
        assert set(family.name) <= legal
        assert all(set(label) <= legal for label in family.labels)
    assert [family.name for family in families()][:2] == ["inspec_checks_total", "inspec_checks_mtime"]
