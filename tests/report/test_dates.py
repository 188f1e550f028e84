"""Dates mean what Ruby's Time.parse takes them for, as InSpec does."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta, timezone, tzinfo

import pytest

from inspec_textfile.report.dates import parse_time

from helpers.needs import require

YEAR = 2026
"""Taken for dates that name none."""

READ = """
2026-11-24T00:20:26+00:00
2019-10-18T17:44:39+01:00
2024-09-24T15:28:16-04:00
2017-09-22 14:12:44 -0400
2017-11-14 21:05:47 +0000
2024-03-27T15:54:39.029Z
2099-01-01 12:30:00 UTC
2099-12-31
1977-06-01
2020-01-02T03:04:05
2020-01-02T03:04
2020-01-02t03:04:05z
2020-01-02T03:04:05,123456+05:30
2020-01-02 03:04:05 GMT
2020-01-02T03:04:05+05
2020-1-2 3:04:05
20200102T030405Z
20200102T030405
2020/01/02 03:04:05
2026/1/2 3:04:05.678
Thu, 02 Jan 2020 03:04:05 +0200
Thu Jan  2 03:04:05 2020
Thu Jan 02 03:04:05 UTC 2020
Fri Nov 25 2099 00:00:00 GMT+0100 (CET)
25-Nov-2026
Nov 25 2026
20261125
2026-11-25 12:00 PM
2026-11-25 12:30 a.m.
2099-12-31 5pm PST
Dec 31st, 2099 at 5pm
31 Dec 2099
December 31, 2099
31.12.2099
31-12-2099
2099/12/31
2099.12.31
Jul 2099
Dec 2099
12/2099
11/12/2026
31/1/2099
31/12/2099 23:59
12:30 2099-12-31
1.2.2099
1/2/3
1/2
Jan 5
31 December
1st Jan 2099
31st of December 2099
march 3rd 2099
1 sept. 2099
31Dec2099
2099Dec31
2099-May-01
Dec-31-2099
Dec-2099
12-Dec-99
99-12-31
31 Dec 99
Dec '99
12 Dec '99
2026-02-30
29 Feb 2027
2099-12-31T24:00:00
expires 2099-12-31
2099-12-31 (ticket 12)
2099-12-31 10:00 EST
2099-12-31 12:00:00 CET
2099-12-31 12:00 CEST
2099-12-31 12:00 UTC+2
2099-12-31 12:00 GMT-05:30
2099-12-31 12:00 foo
2099-12-31 PST
9999-12-31
0001-01-01
""".strip().splitlines()

REFUSED = """
12/31/2099
12-31-2099
12.31.2099
31/12/99
31.12.99
2099-12
2099
2099-13-45
32 Jan 2099
2099-12-31 25:00
4102358400
never
soonish
tomorrow
Monday
when the vendor ships
end of 2099
Q4 2099
2026-W48-3
""".strip().splitlines()

# Prints, for every line, what Time.parse makes of it; where it names a zone, what Date._parse knows of that, because
# Time.parse itself knows the names of the United States' zones and of its own host's.
RUBY = """
require 'time'; require 'json'
now = Time.utc(%d, 1, 1)
STDIN.each_line(chomp: true) do |line|
  begin
    time = Time.parse(line, now)
    known = Date._parse(line)[:offset]
    puts (time.to_f + time.utc_offset - (known || 0)).to_json
  rescue ArgumentError
    puts 'null'
  end
end
"""


def ruby(texts: list[str]) -> list[float | None]:
    done = subprocess.run(
        [require("ruby", "ruby"), "-e", RUBY % YEAR],
        input="\n".join(texts),
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def seconds(text: str, zone: tzinfo | None = timezone.utc) -> float | None:
    found = parse_time(text, zone=zone, year=YEAR)
    return found.timestamp() if found else None


def test_dates_are_what_ruby_takes_them_for() -> None:
    expected = ruby([*READ, *REFUSED])

    assert None not in expected[: len(READ)]
    assert set(expected[len(READ) :]) == {None}
    for text, time in zip([*READ, *REFUSED], expected):
        assert seconds(text) == pytest.approx(time, abs=0.001), text


def test_every_day_in_every_order_is_what_ruby_takes_it_for() -> None:
    days = [datetime(2028, 1, 1) + timedelta(days=37 * n) for n in range(60)]
    forms = (
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%d %B %y",
        "%y-%m-%d",
        "%Y%m%d",
        "%m-%d-%Y",
    )
    texts = [day.strftime(form) for day in days for form in forms]

    assert [seconds(text) for text in texts] == ruby(texts)


# The same where there is no Ruby: some of each kind.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T00:20:26+00:00", 1795479626),
        ("2019-10-18T17:44:39+01:00", 1571417079),
        ("25-Nov-2026", 1795564800),
        ("Nov 25 2026", 1795564800),
        ("20261125", 1795564800),
        ("2026-11-25 12:00 PM", 1795608000),
        ("31 Dec 2099", 4102358400),
        ("December 31, 2099", 4102358400),
        ("31.12.2099", 4102358400),
        ("31-12-2099", 4102358400),
        ("2099/12/31", 4102358400),
        ("Jul 2099", 4086547200),
        ("11/12/2026", 1796947200),
        ("2016-12-31T23:59:60Z", 1483228800),
    ],
)
def test_dates(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", " ", "0000-00-00", "2020-01-02T03:04:05+99:99", "1" * 9000, "'", "9" * 64, *REFUSED])
def test_what_is_no_time_is_none(text: str) -> None:
    assert seconds(text) is None


def test_a_date_without_a_zone_is_in_the_zone_that_is_given() -> None:
    berlin = timezone(timedelta(hours=1))

    assert seconds("2099-12-31", berlin) == 4102358400 - 3600
    assert seconds("31 Dec 2099", berlin) == 4102358400 - 3600
    assert seconds("2099-12-31 00:00 EST", berlin) == 4102358400 + 5 * 3600
    assert seconds("2099-12-31T00:00:00Z", berlin) == 4102358400


def test_without_a_zone_it_is_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "JST-9")  # needs no tzdata
    time.tzset()
    try:
        assert seconds("2026-12-31", None) == datetime(2026, 12, 30, 15, tzinfo=timezone.utc).timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_date_without_a_year_needs_one() -> None:
    assert parse_time("31 December") is None
