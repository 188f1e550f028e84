"""The written file, byte for byte: help texts that never vary.

`python tests/metrics/test_file_format.py` writes `small.prom` anew; a difference is a change for users: tell them in the
changelog.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from inspec_textfile.metrics.exposition import ReportRow
from inspec_textfile.metrics.figures import label
from inspec_textfile.report.parse import parse_report

from helpers.exposed import file_of, row_of

SMALL = Path(__file__).parent / "small.prom"


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
    return [ReportRow(name="never", text=None, modified_ns=0, readable=False), row_of(report, "all")]


def small_file() -> bytes:
    return file_of(small_rows(), "all", 2)


def test_the_file_is_as_ever() -> None:
    text = re.sub(r"e\+0+", "e+", small_file().decode())  # prometheus_client 0.16 writes 1.7e+012

    assert re.sub(r"e\+0+", "e+", SMALL.read_text()) == text


@pytest.mark.parametrize("length", [999, 1000, 1001, 5000])
def test_the_length_from_which_labels_are_shortened(length: int) -> None:
    text = "ü" * length
    digest = hashlib.sha256(text.encode()).hexdigest()

    assert label(text) == (text if length <= 1000 else "ü" * 900 + "... sha256:" + digest)


def test_a_long_label_that_is_no_unicode() -> None:
    assert label("\ud800" * 1001) == "\ud800" * 900 + "... sha256:" + hashlib.sha256(b"?" * 1001).hexdigest()


if __name__ == "__main__":
    SMALL.write_bytes(small_file())
