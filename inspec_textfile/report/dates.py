"""The times in reports, read as InSpec reads them: Ruby's `Time.parse`, except for formats that no report has."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Optional

_FLAGS = re.VERBOSE | re.IGNORECASE | re.ASCII
# ISO 8601 and RFC 3339 as written by Ruby's DateTime#to_s and Time#to_s, Automate, JavaScript and people:
# 2026-11-24T00:20:26+00:00, 2017-09-22 14:12:44 -0400, 2099-01-01 12:30:00 UTC, 2024-03-27T15:54:39.029Z, 2099-12-31.
_ISO = re.compile(
    r"""\s*(\d{4})-(\d{1,2})-(\d{1,2})
        (?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?
        \s*(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?\s*\Z""",
    _FLAGS,
)
# The patterns for other dates are compiled when a date needs them: few reports hold one, and compiling all takes 5 ms.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = f"({'|'.join(_MONTHS)})"
_IGNORED = r"[^-+',./:\w]+"
_WEEKDAY = r"\b(?:sun|mon|tue|wed|thu|fri|sat)[^-/\d\s]*"
_CLOCK = r"""(\d{1,2})\s*(?::\s*(\d{1,2})(?:\s*:\s*(\d{1,2})(?:[.,](\d*))?)?(?:\s*([ap])\.?m\b\.?)?|([ap])\.?m\b\.?)
    (?:\s*((?:gmt|utc?)?[-+]\d+(?:[.,:]\d+)?|[a-z]+\b))?"""
# Where year, month and day are: Ruby's Date._parse (ext/date/date_parse.c) tries these in this order.
_DATES = (
    (rf"('?\d+)[^-\d\s]*\s*{_MONTH}[^-\d\s']*(?:\s*('?-?\d+))?", "dmy"),
    (rf"\b{_MONTH}[^-\d\s']*\s*('?\d+)[^-\d\s']*(?:\s*,?\s*('?-?\d+))?", "mdy"),
    (r"('?\d+)-(\d+)-('?\d+)", "ymd"),
    (rf"('?\d+)-{_MONTH}[^-/.]*-('?\d+)", "dmy"),
    (rf"\b{_MONTH}[^-/.]*-('?\d+)(?:-('?\d+))?", "mdy"),
    (r"('?\d+)/\s*('?\d+)(?:\D\s*('?\d+))?", "ymd"),
    (r"('?\d+)\.\s*('?\d+)\.\s*('?\d+)", "ymd"),
)
_DIGITS = r"\b(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z\b|[-+]\d{2,4}\b)?)?(?!\d)"
_ZONES = {
    name: hours
    for hours, names in {
        0: "z utc ut gmt wet",
        1: "cet mez bst west",
        2: "cest mesz eet",
        3: "eest msk",
        9: "jst",
        -4: "edt",
        -5: "est cdt",
        -6: "cst mdt",
        -7: "mst pdt",
        -8: "pst",
    }.items()
    for name in names.split()
}
_MAX_LENGTH = 64


def parse_time(text: str, *, zone: tzinfo | None = timezone.utc, year: int | None = None) -> datetime | None:
    """Return the time that `text` means, or None if that is not clear.

    What Ruby's `Time.parse` makes of it, as InSpec does with a waiver's `expiration_date` (lib/inspec/rule.rb,
    `__apply_waivers`): 11/12/2026 is 11 December, a date without a day its month's first, without a time its first second.
    `zone` is used if the text names none (None: this host's); `year` if it names no year.
    """
    if not text or len(text) > _MAX_LENGTH:
        return None
    try:
        match = _ISO.match(text)
        return _from_iso(match, zone) if match else _from_words(text, zone, year)
    except (ValueError, OverflowError, OSError):
        return None


def names_a_day(text: str) -> bool:
    """Return whether a text that `parse_time` can read has a date and no time of day."""
    match = _ISO.match(text)
    if match:
        return match[4] is None
    digits = re.search(_DIGITS, text, _FLAGS)
    return digits[4] is None if digits else re.search(_CLOCK, text, _FLAGS) is None


_Clock = tuple[int, int, int, str]
"""Hour, minute, second, digits of the fraction."""


def _from_iso(match: re.Match[str], zone: tzinfo | None) -> datetime:
    year, month, day, hour, minute, second, fraction, named_zone = match.groups()
    clock = (int(hour or 0), int(minute or 0), int(second or 0), fraction or "")
    return _moment(int(year), int(month), int(day), clock, _zone(named_zone) or zone)


def _from_words(text: str, zone: tzinfo | None, default_year: int | None) -> datetime | None:
    text = re.sub(_WEEKDAY, " ", re.sub(_IGNORED, " ", text, flags=_FLAGS), count=1, flags=_FLAGS)
    digits = re.search(_DIGITS, text, _FLAGS)
    if digits:
        year, month, day, hour, minute, second, named_zone = digits.groups()
        clock = (int(hour or 0), int(minute or 0), int(second or 0), "")
        return _moment(int(year), int(month), int(day), clock, _zone(named_zone) or zone)
    match = re.search(_CLOCK, text, _FLAGS)
    date = _date(text[: match.start()] + " " + text[match.end() :] if match else text, default_year)
    if not date:
        return None
    return _moment(*date, _clock(match), _zone(match[7] if match else None) or zone)


def _clock(match: re.Match[str] | None) -> _Clock:
    if not match:
        return 0, 0, 0, ""
    hour, minute, second, fraction, half, half_alone = match.groups()[:6]
    number = int(hour)
    if half or half_alone:
        number = number % 12 + (12 if (half or half_alone).lower() == "p" else 0)
    return number, int(minute or 0), int(second or 0), fraction or ""


def _date(text: str, default_year: int | None) -> tuple[int, int, int] | None:
    """Return year, month and day."""
    for pattern, order in _DATES:
        match = re.search(pattern, text, _FLAGS)
        if match:
            parts: dict[str, str | None] = dict(zip(order, match.groups()))
            year, month, day = _sorted(parts["y"], parts["m"], parts["d"])
            number = _year(year) if year else default_year
            return None if number is None or not month else (number, _month(month), int(day or 1))
    return None


_Part = Optional[str]


def _sorted(year: _Part, month: _Part, day: _Part) -> tuple[_Part, _Part, _Part]:
    """Put year, month and day where they belong: of three numbers the long one is the year (date_parse.c, `s3e`)."""
    if year and month and not day:
        year, month, day = None, year, month
    if not year and day and _is_year(day):
        year, day = day, None
    if month and _is_year(month):
        year, month, day = month, day, year
    if day and _is_year(day):
        year, day = day, year
    return year, month, day


def _is_year(part: str) -> bool:
    return part.startswith("'") or (len(part) > 2 and not part.isalpha())


def _year(digits: str) -> int:
    number = int(digits.lstrip("'"))
    if len(digits.lstrip("'-")) > 2:
        return number
    return number + (1900 if number >= 69 else 2000)


def _month(text: str) -> int:
    return _MONTHS.index(text.lower()) + 1 if text.isalpha() else int(text)


@lru_cache(maxsize=64)
def _zone(name: str | None) -> tzinfo | None:
    """Return the zone of a name or an offset, None if it is unknown."""
    if not name:
        return None
    offset = re.match(r"(?:gmt|utc?)?([-+])(\d{1,2})(?:[:.,]?(\d{2}))?\Z", name, re.IGNORECASE | re.ASCII)
    if offset:
        sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-away if sign == "-" else away)
    hours_away = _ZONES.get(name.lower())
    return None if hours_away is None else timezone(timedelta(hours=hours_away))


def _moment(year: int, month: int, day: int, clock: _Clock, zone: tzinfo | None) -> datetime:
    """Return a time. Like Ruby it takes 31 days in every month, 24:00 and leap seconds. Raises ValueError."""
    hour, minute, second, fraction = clock
    if not 1 <= day <= 31 or minute > 59 or second > 60 or (hour, minute, second) > (24, 0, 0):
        raise ValueError
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    try:
        moment = datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        moment = datetime(year, month, 1)
        moment += timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second, microseconds=micro)
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()
