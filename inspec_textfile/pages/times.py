"""Times and durations as people read them. Only those of the results: never the clock's."""

from __future__ import annotations

from datetime import datetime

from inspec_textfile.pages.markup import Markup, escape, html
from inspec_textfile.words import UNKNOWN, day_text, utc

_DASH = html(UNKNOWN)
_MOMENT = html("{}", "< 1 ms")


def moment(seconds: float | None, css_class: str = "") -> Markup:
    """Return a Unix time as UTC in a `<time>`, which the script completes with its age and the local time."""
    when = utc(seconds)
    if not when:
        return _DASH
    marked = html(' class="{}"', css_class) if css_class else ""
    return html('<time datetime="{}"{}>{} {} UTC</time>', _stamp(when), marked, day_text(seconds), f"{when:%H:%M:%S}")


def day(seconds: float | None) -> Markup:
    """Return the day of a Unix time, in UTC: `12 Nov 2026`."""
    when = utc(seconds)
    return html('<time datetime="{}" class="day">{}</time>', _stamp(when), day_text(seconds)) if when else _DASH


def minute(seconds: float | None, css_class: str) -> Markup:
    """Return a Unix time without its seconds, for where there is little room: `24 Nov 2026 00:12 UTC`."""
    when = utc(seconds)
    if not when:
        return _DASH
    return html('<time datetime="{}" class="{}">{} {} UTC</time>', _stamp(when), css_class, day_text(seconds), f"{when:%H:%M}")


def day_and_time(seconds: float | None) -> Markup:
    """Return a Unix time in UTC where there is least room, which the script replaces by its age: `24 Nov 2026 00:12`."""
    when = utc(seconds)
    if not when:
        return _DASH
    return html('<time datetime="{}" class="age">{} {}</time>', _stamp(when), day_text(seconds), f"{when:%H:%M}")


def _date(when: datetime) -> str:
    return f"{when.year:04}-{when.month:02}-{when.day:02}"  # strftime's %Y has no leading zeros on glibc


def stamp(seconds: float | None) -> str:
    """Return a Unix time as `2026-11-24T00:12:38Z`, "" if there is none."""
    when = utc(seconds)
    return _stamp(when) if when else ""


def _stamp(when: datetime) -> str:
    return f"{_date(when)}T{when:%H:%M:%S}Z"


def duration(seconds: float | None) -> Markup:
    """Return how long something took: `24 min 11 s`, `3.2 s`, `40 ms`."""
    if seconds is None or seconds < 0:
        return _DASH
    if seconds < 0.0005:
        return _MOMENT
    return escape(_amount(seconds))


def age(seconds: float) -> str:
    """Return how old something is: `90 min`, `5 h`, `41 d`."""
    minutes = max(0, int(seconds // 60))
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 24 * 60 else f"{minutes // (24 * 60):,} d"


def _amount(seconds: float) -> str:
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"
