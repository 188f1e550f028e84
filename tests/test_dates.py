from datetime import datetime, timezone

import pytest

from inspec_textfile.dates import parse_time


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=timezone.utc).timestamp()  # type: ignore[arg-type, misc]  # year, month, day are there


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # as reports in the corpus and in inspec-reports have them
        ("2026-11-24T00:20:26+00:00", at(2026, 11, 24, 0, 20, 26)),
        ("2019-10-18T17:44:39+01:00", at(2019, 10, 18, 16, 44, 39)),
        ("2024-09-24T15:28:16-04:00", at(2024, 9, 24, 19, 28, 16)),
        ("2017-09-22 14:12:44 -0400", at(2017, 9, 22, 18, 12, 44)),
        ("2017-11-14 21:05:47 +0000", at(2017, 11, 14, 21, 5, 47)),
        ("2024-03-27T15:54:39.029Z", at(2024, 3, 27, 15, 54, 39, 29000)),
        ("2099-01-01 12:30:00 UTC", at(2099, 1, 1, 12, 30)),
        ("2099-12-31", at(2099, 12, 31)),
        ("1977-06-01", at(1977, 6, 1)),
        # as other makers of HDF and people write them
        ("2020-01-02T03:04:05", at(2020, 1, 2, 3, 4, 5)),
        ("2020-01-02T03:04", at(2020, 1, 2, 3, 4)),
        ("2020-01-02t03:04:05z", at(2020, 1, 2, 3, 4, 5)),
        ("2020-01-02T03:04:05,123456789+05:30", at(2020, 1, 1, 21, 34, 5, 123456)),
        ("2020-01-02 03:04:05 GMT", at(2020, 1, 2, 3, 4, 5)),
        ("2020-01-02T03:04:05+05", at(2020, 1, 1, 22, 4, 5)),
        (" 2020-1-2 3:04:05 ", at(2020, 1, 2, 3, 4, 5)),
        ("2016-12-31T23:59:60Z", at(2016, 12, 31, 23, 59, 59)),
        ("20200102T030405Z", at(2020, 1, 2, 3, 4, 5)),
        ("2020/01/02 03:04:05", at(2020, 1, 2, 3, 4, 5)),
        ("2020/01/02", at(2020, 1, 2)),
        ("Thu, 02 Jan 2020 03:04:05 +0200", at(2020, 1, 2, 1, 4, 5)),
        ("Thu Jan  2 03:04:05 2020", at(2020, 1, 2, 3, 4, 5)),
        ("Thu Jan 02 03:04:05 UTC 2020", at(2020, 1, 2, 3, 4, 5)),
        ("01/02/2020", at(2020, 1, 2)),
    ],
)
def test_times_in_all_the_ways_they_are_written(text: str, expected: float) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "soonish", "2020-13-45", "0000-00-00", "2020-01-02T03:04:05+99:99", "1" * 9000])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None
