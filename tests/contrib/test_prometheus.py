"""contrib/prometheus/: the rules by promtool's own tests, and in a real Prometheus that scraped our output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import pytest

from helpers.host import Host
from helpers.marks import long
from helpers.needs import require
from helpers.paths import REPOSITORY
from helpers.promtool import newest_promtool
from helpers.stack import (
    DASHBOARD,
    FRESH,
    IN_A_FOLDER,
    NEVER_MADE,
    OLD_FILE,
    ORIGINAL_RULES,
    PROMETHEUS,
    REPORTS,
    RULES,
    TARGET,
    Stack,
)

RULES_TEXT = RULES.read_text(encoding="utf-8")
README = (PROMETHEUS / "README.md").read_text(encoding="utf-8")
ALERTS = re.findall(r"^ *- alert: (\w+)$", RULES_TEXT, re.MULTILINE)
RECORDS = sorted(set(re.findall(r"^ *- \{?record: \"?([\w:]+)", RULES_TEXT, re.MULTILINE)))
CASES = sorted((PROMETHEUS / "tests").glob("*.yml"))
SLOW_CASES = ("days.yml",)
"""Of whose alerts the genuine results bring about all but a few."""
CASES_TEXT = "".join(case.read_text(encoding="utf-8") for case in CASES)
BASE = "https://$1/inspec-reports"


def promtool(*arguments: str, folder: Path = PROMETHEUS) -> None:
    done = subprocess.run(
        [require("promtool", "prometheus"), *arguments],
        cwd=folder,
        env={**os.environ, "GOGC": "800"},  # memory for time: collecting garbage takes a quarter of it
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rules", [RULES, ORIGINAL_RULES], ids=lambda path: path.name)
def test_promtool_accepts_the_rules(rules: Path) -> None:
    promtool("check", "rules", str(rules))


@pytest.mark.parametrize(
    "case", [long(case) if case.name in SLOW_CASES else case for case in CASES], ids=lambda path: path.name
)
def test_alerts_fire_and_resolve_as_they_should(case: Path) -> None:
    promtool("test", "rules", str(case))


@pytest.mark.long
def test_they_do_with_promtool_3_too(tmp_path: Path) -> None:
    """Its ranges leave out what lies on their left edge."""
    promtool_3 = newest_promtool(tmp_path / "root")

    done = subprocess.run(
        [promtool_3, "test", "rules", *map(str, CASES)], capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 3" in subprocess.run([promtool_3, "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_cases_for_before_firing_and_resolved(alert: str) -> None:
    assert any(_before_firing_and_resolved(alert, test) for test in re.split(r"\n  - name: ", CASES_TEXT))


def _before_firing_and_resolved(alert: str, test: str) -> bool:
    found = re.findall(rf"eval_time: (\w+)(?:, |\n +)alertname: {alert}(?:(\}})|,? *\n? *exp_alerts)", test)
    firing = [_minutes(moment) for moment, quiet in found if not quiet]
    silent = [_minutes(moment) for moment, quiet in found if quiet]
    return bool(firing and silent) and min(silent) < min(firing) <= max(firing) < max(silent)


def _minutes(duration: str) -> int:
    return sum(int(number) * {"h": 60, "m": 1}[unit] for number, unit in re.findall(r"(\d+)([hm])", duration))


@pytest.mark.parametrize("record", RECORDS)
def test_a_recording_rule_has_a_case(record: str) -> None:
    assert f"expr: {record}\n" in CASES_TEXT


BY_EXPRESSION = "{{ $labels.alertname }}{{ $labels.instance }} (report {{ $labels.report }})"
BY_QUERY = (
    '{{ range printf "inspec:report_target:info{instance=%q, report=%q}" $labels.instance $labels.report | query -}} '
    "{{ .Labels.target }}, scanned from {{ end }}{{ $labels.instance }} (report {{ $labels.report }})"
)


def test_each_summary_names_the_report_and_the_host_that_was_scanned() -> None:
    """Alerts on a report have a link to its page; the others are about a host or all of them."""
    alerts = re.split(r"\n      - alert: ", RULES_TEXT)[1:]
    assert len(alerts) == len(ALERTS)
    for alert in alerts:
        name = alert.partition("\n")[0]
        summary = re.sub(r"\s+", " ", alert.partition("summary:")[2].partition("runbook_url:")[0].partition("description:")[0])
        assert (BY_EXPRESSION in summary or BY_QUERY in summary) == ("report_url:" in alert), name
        assert (BY_EXPRESSION in summary) == ("group_left (alertname)" in alert) == ("description:" not in alert), name


def test_each_condition_on_a_report_is_the_same_with_the_host_that_was_scanned_and_without() -> None:
    conditions = re.findall(
        r"expr: \| (?:label_replace\( )?((?:(?!expr: ).)*?) "
        r"\* on \(instance, report\) group_left \(alertname\) inspec:report_target:info or ignoring \(alertname\) (.*?) \* 1\b",
        re.sub(r"\s+", " ", RULES_TEXT),
    )

    assert len(conditions) == RULES_TEXT.count("group_left (alertname)")
    assert [one for one, other in conditions if one != other] == []


def test_groups_are_evaluated_every_two_minutes() -> None:
    assert RULES_TEXT.count("  - name: inspec-textfile-") == RULES_TEXT.count("\n    interval: 2m\n    rules:\n")


def test_all_alerts_outlast_an_hour_without_scrapes() -> None:
    """The one other range is for what goes."""
    ranges = set(re.findall(r"last_over_time\(([\w:]+)(?:\{.*?\})?(\[\w+\])\)", RULES_TEXT))

    assert {metric + duration for metric, duration in ranges if duration != "[1h]"} == {"inspec_textfile_build_info[30m]"}


def test_the_readme_has_a_runbook_for_each_alert_and_for_nothing_else() -> None:
    headings = re.findall(r"^### (\w+)$", README.partition("## Runbook")[2], re.MULTILINE)

    assert sorted(headings) == sorted(ALERTS)


def test_the_readme_names_each_recorded_series() -> None:
    assert [record for record in RECORDS if f"`{record}`" not in README] == []


def test_the_base_url_stands_in_one_place_and_the_dashboard_starts_with_the_same() -> None:
    assert RULES_TEXT.count(BASE) == 1
    assert BASE in DASHBOARD.read_text(encoding="utf-8")
    assert BASE in README


BUCKET = "https://BUCKET.s3.REGION.amazonaws.com/PREFIX"
WHOLE_LABEL = f'reReplaceAll "^(.*)$" "{BUCKET}/$1" $labels.instance'
HOST_AND_PORT = f'reReplaceAll "^(.*?)(:[0-9]+)?$" "{BUCKET}/$1$2" $labels.instance'  # the dashboard's, whose pattern is fixed


@pytest.mark.parametrize(
    ("setting", "case"),
    [
        (WHOLE_LABEL, "compliance.yml"),
        long(HOST_AND_PORT, "compliance.yml"),
        long(WHOLE_LABEL, "results.yml"),
        long(HOST_AND_PORT, "results.yml"),
    ],
)
def test_links_lead_to_pages_in_a_bucket(setting: str, case: str, tmp_path: Path) -> None:
    """All links of all cases, with the base that the README has for --upload: below it a host's folder has its whole label."""
    tests = (PROMETHEUS / "tests" / case).read_text(encoding="utf-8")
    tests = re.sub(r"https://(\w+)/inspec-reports/", rf"{BUCKET}/\1:9100/", tests)
    assert f"report_url: {BUCKET}/web1:9100/inspec-tls.json.html\n" in tests
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / case).write_text(tests, encoding="utf-8")
    rules, changed = re.subn(r'reReplaceAll ".*" ".*" \$labels.instance', lambda _: setting, RULES_TEXT)
    assert changed == 1
    (tmp_path / RULES.name).write_text(rules, encoding="utf-8")

    promtool("test", "rules", f"tests/{case}", folder=tmp_path)


def test_the_readmes_have_these_bases() -> None:
    assert f"{{{{ {WHOLE_LABEL} -}}}}\n" in README
    for readme in (README, (DASHBOARD.parent / "README.md").read_text(encoding="utf-8")):
        assert f"`{BUCKET}/$1$2`" in readme


def test_the_link_to_a_profile_is_that_of_the_page_on_uploads() -> None:
    """A test of keys follows the latter from alert to object."""
    main = (REPOSITORY / "docs" / "upload.md").read_text(encoding="utf-8")
    (ours,) = re.findall(r"page: >-\n +(\S.*)\n", README)

    assert ours.startswith(f"{BUCKET}/{{{{ ")
    assert ours.replace(BUCKET, "https://BUCKET.s3.eu-central-1.amazonaws.com/inspec") in main


def test_prometheus_accepts_the_configuration_of_the_readme(tmp_path: Path) -> None:
    configuration = next(block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "rule_files" in block)
    (tmp_path / "prometheus.yml").write_text(configuration, encoding="utf-8")
    shutil.copy(RULES, tmp_path)

    promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_the_rules_of_the_original_exporter_are_word_for_word() -> None:
    text = ORIGINAL_RULES.read_text(encoding="utf-8")

    assert '- alert: ComplianceFailure\n        expr: inspec_checks_total{status="failed"} > 0\n' in text
    assert 'expr: time() - inspec_checks_mtime{instance=~"$instance"} / 1000 > 7200\n' in text


def test_every_rule_is_healthy_in_prometheus(stack: Stack) -> None:
    for file in (RULES, ORIGINAL_RULES):
        rules = stack.rules(file.name)
        assert len(rules) == len(re.findall(r"- \{?(?:alert|record): ", file.read_text(encoding="utf-8")))
        assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []


def test_every_recording_rule_records(stack: Stack) -> None:
    """All but the one that is about older versions."""
    assert [record for record in RECORDS if not stack.query(record)] == ["inspec:remediation_limit_untold:info"]


def test_compliance_is_what_the_file_says(stack: Stack) -> None:
    counts = {"passed": 0.0, "failed": 0.0, "error": 0.0}
    for series, value in stack.host.series().items():
        status = re.fullmatch(r'inspec_controls\{.*status="(\w+)"\}', series)
        if status and status[1] in counts:
            counts[status[1]] += value

    (ratio,) = stack.query("fleet:inspec_controls:compliance_ratio")
    assert float(ratio["value"][1]) == pytest.approx(counts["passed"] / sum(counts.values()))


def test_an_alert_has_all_that_its_reader_needs(stack: Stack) -> None:
    for rule in stack.rules(RULES.name):
        if rule["type"] != "alerting":
            continue
        name, notes = rule["name"], rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert rule["duration"] > 0, name
        assert notes["summary"], name
        assert ("description" in notes) == (not notes["summary"].endswith("): {{ $value }}.")), name
        # GitHub makes a heading's anchor of its lower case letters.
        assert notes["runbook_url"].endswith(f"/contrib/prometheus/README.md#{name.lower()}")


def test_the_rules_use_no_metric_that_is_not_there(stack: Stack, tmp_path: Path) -> None:
    there = {*RECORDS, *stack.api("label/__name__/values"), *_metrics_of_an_upload(tmp_path)}
    there.update(re.findall(r"^# TYPE (\S+) ", stack.host.prom.read_text(encoding="utf-8"), re.MULTILINE))
    used = {
        metric
        for file in (RULES, ORIGINAL_RULES)
        for rule in stack.rules(file.name)
        for metric in re.findall(
            r"(?<![\w:])(?:(?:inspec|node)_\w+|up|[a-z]\w*:[\w:]+)(?![\w:])", re.sub(r'"[^"]*"', "", rule["query"])
        )
    }

    assert "inspec_controls" in used
    assert used - there == set()


def _metrics_of_an_upload(root: Path) -> set[str]:
    """Return what only a host that publishes its pages has, which the stack's does not."""
    host = Host(root)
    for folder in (host.results, host.reports, host.textfiles):
        folder.mkdir()
    done = host.run("--upload", f"file://{root}/published")
    assert done.returncode == 0, done.stderr
    return {series for series in host.series() if series.startswith("inspec_upload_")}


_EDGE = ("edge-outcomes", "edge-outcomes")
_SSH = ("ssh-baseline", "acme-ssh-baseline")
_TLS = (IN_A_FOLDER, "acme-tls-baseline")
_WRAPPER = ("wrapper-skipped-dep", "wrapper-skipped-dep")
_OVERLAY = (FRESH, "acme-prod-overlay")
_NOTHING_RUN = ("multi-only-empty-filtered", None)
_NO_REPORT = ("broken-syntax", None)
# Alert -> report and profile, for all that the reports of the stack must bring about; read from the reports by hand.
FIRING = {
    "InspecCriticalControlsFailed": {_EDGE, _SSH, _TLS, _WRAPPER, _OVERLAY},
    "InspecHighControlsFailed": {_SSH, _TLS, ("waivers", "waivers")},
    "InspecControlsFailed": {_EDGE, _SSH, _WRAPPER},
    "InspecControlsInError": {_EDGE, _TLS},
    "InspecProfileNotLoaded": {("multi-with-broken", "broken-raise")},
    "InspecProfileSkipped": {("multi-empty", "acme-windows")},
    "InspecNewFailures": {_OVERLAY},
    "InspecNewMinorFailures": set(),
    "InspecFindingsOverdue": {_EDGE, _SSH, _TLS, _WRAPPER, ("waivers", "waivers")},
    "InspecFindingsNotTested": set(),
    "InspecControlSeriesDropped": set(),
    "InspecNothingTested": {("multi-empty", "empty-profile")},
    "InspecReportEmpty": {_NOTHING_RUN},
    # All but those that tell no time of a run, whose files are new.
    "InspecResultsStale": {(IN_A_FOLDER, None), *((case, None) for case in REPORTS)} - {_NOTHING_RUN, _NO_REPORT},
    "InspecResultsInFuture": set(),
    "InspecExecFailing": {(NEVER_MADE, None)},
    "InspecExecNotEnded": set(),
    "InspecAttestationExpiring": set(),
    "InspecReportUnreadable": {_NO_REPORT},
    "InspecWaiverExpired": {("waivers", "waivers")},
}


@pytest.mark.parametrize("alert", FIRING)
def test_genuine_results_fire_an_alert(stack: Stack, alert: str) -> None:
    found = {(labels["report"], labels.get("profile")) for labels, _ in firing(stack, alert)}

    assert found == FIRING[alert]


ABOUT_THE_HOST = (
    "InspecTextfileNotRunning",
    "InspecTextfileScrapeError",
    "InspecHostResultsGone",
    "InspecNoReports",
    "InspecReportsMissing",
    "InspecHistoryRestarted",
)


@pytest.mark.parametrize("alert", ABOUT_THE_HOST)
def test_a_host_that_works_fires_no_alert_about_itself(stack: Stack, alert: str) -> None:
    assert firing(stack, alert) == []


def firing(stack: Stack, alert: str, file: str = "now.rules.yml") -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return labels and annotations of what fires."""
    (rule,) = [rule for rule in stack.rules(file) if rule["name"] == alert]
    return [(found["labels"], found["annotations"]) for found in rule["alerts"] if found["state"] == "firing"]


def test_the_link_of_an_alert_leads_to_a_page_and_to_the_control_on_it(stack: Stack) -> None:
    base = "https://127.0.0.1/inspec-reports/"
    links = {notes["report_url"] for alert in ALERTS for _, notes in firing(stack, alert) if "report_url" in notes}
    # An unreadable report that never was good has no page.
    links.discard(f"{base}inspec-broken-syntax.json.html")
    links.discard(f"{base}inspec-never%20made.json.html")
    assert f"{base}inspec-host%201/tls%2Bbaseline.json.html" in links

    anchors = filtered = 0
    for link in links:
        path, _, anchor = link.removeprefix(base).partition("#")
        path, _, filters = path.partition("?")
        page = (stack.host.reports / unquote(path)).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in page, link
        for name, value in parse_qsl(filters):
            assert re.search(rf'<input [^>]*name="?{name}"? value="?{value}"?', page), link
        anchors += bool(anchor)
        filtered += bool(filters)
    assert anchors
    assert filtered


def test_a_summary_names_the_host_that_was_scanned(stack: Stack) -> None:
    notes = {labels["report"]: notes["summary"] for labels, notes in firing(stack, "InspecCriticalControlsFailed")}

    scanned = f"{TARGET}, scanned from {stack.instance} (report {IN_A_FOLDER})"
    assert notes[IN_A_FOLDER] == f"Critical controls of acme-tls-baseline fail on {scanned}: 1."


def test_a_report_in_a_folder_has_its_path_as_label(stack: Stack) -> None:
    reports = {labels["report"] for alert in ALERTS for labels, _ in firing(stack, alert) if "report" in labels}

    assert IN_A_FOLDER in reports


def test_the_alerts_of_the_original_exporter_fire_on_our_output(stack: Stack) -> None:
    failures = firing(stack, "ComplianceFailure", ORIGINAL_RULES.name)
    labels, notes = next(found for found in failures if found[0]["profile"] == "edge-outcomes")
    assert labels["status"] == "failed"
    assert labels["severity"] == "slack"
    assert labels["instance"] == stack.instance
    assert notes["identifier"] == f"edge-outcomes : {stack.instance}"

    stale = firing(stack, "StaleInSpecResults", ORIGINAL_RULES.name)
    assert [found["profile"] for found, _ in stale] == ["acme-ssh-baseline"]  # by the file alone: OLD_FILE
    assert OLD_FILE in {labels["report"] for labels, _ in firing(stack, "InspecResultsStale")}
