"""The times in reports, in all the ways that they are written."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

# ISO 8601 and RFC 3339 as written by Ruby's DateTime#to_s and Time#to_s, Automate, JavaScript and people:
# 2026-11-24T00:20:26+00:00, 2017-09-22 14:12:44 -0400, 2099-01-01 12:30:00 UTC, 2024-03-27T15:54:39.029Z, 2099-12-31.
_ISO = re.compile(
    r"""\s*(\d{4})-(\d{1,2})-(\d{1,2})
        (?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?
        \s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?\s*\Z""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_OTHERS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S UTC %Y",
    "%Y%m%dT%H%M%SZ",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y",
)
_LONGEST = 64


def parse_time(text: str) -> float | None:
    """Return the Unix time in seconds that `text` means, or None if nobody can tell.

    A time without a zone is taken as UTC, a date without a time as its first second: what `Date#to_time` makes of a waiver's
    `expiration_date` on a host that runs in UTC (InSpec, lib/inspec/rule.rb, `__apply_waivers`).
    """
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = _ISO.match(text)
        moment = _from_iso(found) if found else _from_other(text)
        return moment.timestamp() if moment else None
    except (ValueError, OverflowError):
        return None


def _from_iso(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, _utc, sign, zone_hours, zone_minutes = found.groups()
    offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    return datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        min(int(second or 0), 59),  # a leap second
        int((fraction or "0")[:6].ljust(6, "0")),
        timezone(-offset if sign == "-" else offset),
    )


def _from_other(text: str) -> datetime | None:
    for pattern in _OTHERS:
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    try:
        moment = parsedate_to_datetime(text)  # RFC 2822, as in e-mail and HTTP
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
