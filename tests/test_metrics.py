from __future__ import annotations

from inspec_textfile import metrics
from inspec_textfile.controlseries import ControlSeries
from inspec_textfile.metrics import FAMILIES, Figures, exposition, figures
from inspec_textfile.model import ProfileEntry, Report
from inspec_textfile.overlay import resolve
from inspec_textfile.results import parse_report

from conftest import REPORTS, parse_series
from make import control, profile, waiver

NONE = ControlSeries()


def report(*entries: ProfileEntry, name: str = "web01", modified_ns: int = 1_700_000_000_123_456_789) -> Report:
    return Report(name, modified_ns, "7.1.16", "debian", "12.11", "", 1.5e9, 2.5, entries, resolve(entries), "")


def text_of(*found: Figures, series: ControlSeries = NONE) -> str:
    return exposition(found, series, version="1.2", now=1.6e9, duration=0.25).decode()


def series_of(*reports: Report, series: ControlSeries = NONE) -> dict[str, float]:
    return parse_series(text_of(*(figures(one, series) for one in reports), series=series))


def test_every_family_has_help_and_type_even_without_a_report() -> None:
    lines = text_of().splitlines()

    for name, (help_text, _) in FAMILIES.items():
        assert f"# HELP {name} {help_text}" in lines
        assert f"# TYPE {name} gauge" in lines
    assert len(lines) == 2 * len(FAMILIES) + 3


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
        "inspec_textfile_last_run_timestamp_seconds": 1.6e9,
        "inspec_textfile_run_duration_seconds": 0.25,
        'inspec_textfile_build_info{version="1.2"}': 1,
    }


def test_zeros_are_written_out() -> None:
    found = series_of(report(profile("p")))

    assert sum(series.startswith("inspec_controls{") for series in found) == 5 * 6
    assert found['inspec_checks_total{profile="p",status="passed"}'] == 0
    assert found['inspec_profile_status{profile="p",report="web01",status="failed"}'] == 0


def test_controls_without_an_impact_have_a_row_of_their_own() -> None:
    found = series_of(report(profile("p", control("a", "passed", impact=None))))

    assert found['inspec_controls{profile="p",report="web01",severity="unknown",status="passed"}'] == 1
    assert sum(series.startswith("inspec_controls{") for series in found) == 6 * 6


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
    text = text_of(figures(report(profile('a "quoted" \\ name\nof two lines'), profile("A")), NONE))

    assert r'inspec_checks_mtime{profile="a \"quoted\" \\ name\nof two lines"}' in text
    rows = [line for line in text.splitlines() if line.startswith("inspec_checks_mtime")]
    assert rows == sorted(rows)


def test_a_very_long_label_is_shortened_and_stays_its_own() -> None:
    found = series_of(report(profile("x" * 5000 + "1"), profile("x" * 5000 + "2")))

    names = {series for series in found if series.startswith("inspec_checks_mtime")}
    assert len(names) == 2
    assert max(map(len, names)) < 1100


# --- single controls -----------------------------------------------------------------------------------------------------


def control_rows(series: ControlSeries, *reports: Report) -> list[str]:
    rows = series_of(*reports, series=series)
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

    assert control_rows(ControlSeries("none"), one) == []
    assert control_rows(ControlSeries("failing"), one) == ["broken", "high", "low", "manual", "waived"]
    assert control_rows(ControlSeries("all"), one) == ["broken", "high", "low", "manual", "na", "ok", "waived"]


def test_the_worst_are_kept_and_the_rest_is_counted() -> None:
    one, two = report(CONTROLS, name="a"), report(CONTROLS, name="b")
    series = ControlSeries("failing", most=5)

    found = series_of(one, two, series=series)

    assert sorted(control_rows(series, one, two)) == ["broken", "high", "high", "low", "low"]
    assert found['inspec_control_status_dropped{report="a"}'] == 2
    assert found['inspec_control_status_dropped{report="b"}'] == 3


def test_nothing_dropped_is_said_too() -> None:
    assert series_of(report(CONTROLS), series=ControlSeries("all"))['inspec_control_status_dropped{report="web01"}'] == 0


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
    for name, (_, labels) in FAMILIES.items():
        assert set(name) <= legal
        assert all(set(label) <= legal for label in labels)
    assert metrics.CHECKS == "inspec_checks_total"
