"""A small file with every family, made of reports in memory: tests/gold/small.prom, so that help texts never vary unseen."""

from __future__ import annotations

import json

from inspec_textfile.metrics.of_run import ReportRow
from inspec_textfile.report.parse import parse_report

from helpers.exposed import file_of, row_of


def small_rows() -> list[ReportRow]:
    def control(id_: str, impact: float, *statuses: str, **more: object) -> dict[str, object]:
        results = [{"status": status, "start_time": "2026-11-24T00:12:26+00:00"} for status in statuses]
        return {"id": id_, "impact": impact, "results": results, **more}

    waiver = {"expiration_date": "2099-01-01", "justification": "known", "run": True}
    profile = {
        "name": "p",
        "title": "A profile",
        "version": "1.2.3",
        "controls": [
            control("a", 0.1, "passed"),
            control("b", 0.7, "failed", "skipped"),
            control("c", 0.9, "failed", waiver_data=waiver),
            control("d", 0.9, "failed"),
        ],
    }
    document = {
        "version": "7.1.16",
        "platform": {"name": "debian", "release": "12.11"},
        "statistics": {"duration": 0.25},
        "profiles": [profile],
    }
    report = parse_report(json.dumps(document).encode(), "r", 1_700_000_000_123_456_789)
    return [ReportRow(name="never", figures=None, modified_ns=0, readable=False), row_of(report, "all")]


def small_file() -> bytes:
    return file_of(small_rows(), "all", 2)
