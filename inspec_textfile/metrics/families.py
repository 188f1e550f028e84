"""The table of metric families: names, labels and texts. A new metric is one entry here and one function in `figures`.

HELP and TYPE of a family are constant: node_exporter drops a family whose HELP differs in two files.
Names and units: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """One series: its label values, in the order of its family's labels, and its value."""

    labels: tuple[str, ...]
    value: float


class Family(NamedTuple):
    """One metric family; all are gauges."""

    name: str
    labels: tuple[str, ...]
    help: str
    meaning: str
    """What its value means; docs/metrics.md has the same words."""

    def sample(self, value: float, **labels: str) -> Sample:
        """Return a series of this family. Raises KeyError for a label that is missing."""
        return Sample(tuple(labels[name] for name in self.labels), value)


CHECKS = Family(
    "inspec_checks_total",
    ("profile", "status"),
    "Controls by the outcome of their results, as prometheus_inspec_exporter counted them.",
    "controls with at least one result: failed if any result failed, else skipped if any was skipped, else passed; "
    "a profile that occurs several times has the sum",
)
CHECKS_MTIME = Family(
    "inspec_checks_mtime",
    ("profile",),
    "When the oldest results file of the profile was modified, Unix time in milliseconds.",
    "when the results file was modified, in **milliseconds**; the oldest, if the profile occurs several times",
)
CONTROLS = Family(
    "inspec_controls",
    ("report", "profile", "severity", "status"),
    "Controls, wrappers and the profiles below them seen as one.",
    "controls; for each severity that a control of the profile has, every status, zeros included",
)
RESULTS = Family(
    "inspec_results",
    ("report", "profile", "status"),
    "Single test results.",
    "single test results: passed, failed, skipped",
)
PROFILE_INFO = Family(
    "inspec_profile_info",
    ("report", "profile", "title", "version", "inspec_version", "platform", "platform_release"),
    "The requested profiles, always 1.",
    "1",
)
PROFILE_STATUS = Family(
    "inspec_profile_status",
    ("report", "profile", "status"),
    "1 for the state the profile is in, 0 for the others.",
    "1 for the state it is in: loaded, skipped, failed; else 0",
)
WAIVER_EXPIRY = Family(
    "inspec_waiver_expiry_timestamp_seconds",
    ("report", "profile", "control"),
    "When the waiver of the control runs out, Unix time in seconds.",
    "when a waiver runs out; only waivers with a date",
)
ATTESTATION_EXPIRY = Family(
    "inspec_attestation_expiry_timestamp_seconds",
    ("report", "profile", "control"),
    "When the attestation of the control runs out, Unix time in seconds.",
    "when an attestation expires; only attestations with a date",
)
OLDEST_FAILURE = Family(
    "inspec_oldest_failure_timestamp_seconds",
    ("report", "profile", "severity"),
    "Start of the run since which the longest-failing control of that severity has been failing, Unix time in seconds.",
    "since when the longest-failing control of that severity has been failing; only where one fails",
)
CONTROL_CHANGES = Family(
    "inspec_control_changes",
    ("report", "profile", "change"),
    "Controls that changed between the last run and the one before.",
    "controls that are newly_failing or fixed against the run before; 0 for a first run",
)
RUN_TIMESTAMP = Family(
    "inspec_run_timestamp_seconds", ("report",), "When InSpec started, Unix time in seconds.", "start of the run"
)
RUN_DURATION = Family("inspec_run_duration_seconds", ("report",), "How long InSpec ran, in seconds.", "how long InSpec ran")
REPORT_INFO = Family(
    "inspec_report_info",
    ("report", "target"),
    "The host that was scanned, always 1.",
    "1; `target` is the host that was scanned, empty where the report does not name it",
)
MODIFIED = Family(
    "inspec_report_modified_timestamp_seconds",
    ("report",),
    "When the results file was modified, Unix time in seconds.",
    "when the results file was modified",
)
READABLE = Family(
    "inspec_report_readable",
    ("report",),
    "1 if the results file could be read, 0 if the figures shown are its last good ones.",
    "1, or 0: the file is not a report, or says that the scan failed; the figures shown are its last good ones",
)
CONTROL_STATUS = Family(
    "inspec_control_status",
    ("report", "profile", "control", "severity", "status"),
    "The status of single controls, always 1.",
    "1; with `--control-series` only",
)
CONTROL_STATUS_DROPPED = Family(
    "inspec_control_status_dropped",
    ("report",),
    "Series of single controls left out to stay below the limit.",
    "series of single controls left out by `--max-control-series`; only with `--control-series`",
)
REPORTS = Family(
    "inspec_textfile_reports",
    ("state",),
    "Reports of the last run, by whether they could be read.",
    "reports that the last run found: read, unreadable",
)
LAST_RUN = Family(
    "inspec_textfile_last_run_timestamp_seconds",
    (),
    "When inspec-textfile wrote this file, Unix time in seconds.",
    "when this program wrote the file",
)
OWN_DURATION = Family(
    "inspec_textfile_run_duration_seconds", (), "How long inspec-textfile took, in seconds.", "how long it took"
)
UPLOAD_SUCCESS = Family(
    "inspec_upload_success",
    (),
    "1 if this run published all pages, 0 if it did not.",
    "1 if this run published all pages, else 0; with `--upload` only",
)
UPLOAD_LAST_SUCCESS = Family(
    "inspec_upload_last_success_timestamp_seconds",
    (),
    "When a run last published all pages, Unix time in seconds.",
    "when a run last published all pages; only with `--upload`",
)
BUILD_INFO = Family("inspec_textfile_build_info", ("version",), "The version of inspec-textfile, always 1.", "1")

FAMILIES = (
    CHECKS,
    CHECKS_MTIME,
    CONTROLS,
    RESULTS,
    PROFILE_INFO,
    PROFILE_STATUS,
    WAIVER_EXPIRY,
    ATTESTATION_EXPIRY,
    OLDEST_FAILURE,
    CONTROL_CHANGES,
    RUN_TIMESTAMP,
    RUN_DURATION,
    REPORT_INFO,
    MODIFIED,
    READABLE,
    CONTROL_STATUS,
    CONTROL_STATUS_DROPPED,
    REPORTS,
    UPLOAD_SUCCESS,
    UPLOAD_LAST_SUCCESS,
    BUILD_INFO,
    LAST_RUN,
    OWN_DURATION,
)
"""All of them, in the order of the file: the two that differ in every run come last."""
