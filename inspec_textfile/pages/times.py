"""Times and durations as people read them. Only those of the results: never the clock's."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from inspec_textfile.pages.html import Markup, escape, html

UNKNOWN = "\N{EN DASH}"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NOTHING = html(UNKNOWN)
_MOMENT = html("{}", "< 1 ms")


def moment(seconds: float | None, css_class: str = "") -> Markup:
    """Return a Unix time as UTC in a `<time>`, which the script completes with its age."""
    if seconds is None:
        return NOTHING
    try:
        when = _EPOCH + timedelta(seconds=int(seconds))
    except OverflowError:
        return NOTHING
    day = f"{when.year:04}-{when.month:02}-{when.day:02}"  # strftime's %Y has no leading zeros on glibc
    clock = f"{when.hour:02}:{when.minute:02}:{when.second:02}"
    marked = html(' class="{}"', css_class) if css_class else ""
    return html('<time datetime="{}T{}Z"{}>{} {} UTC</time>', day, clock, marked, day, clock)


def duration(seconds: float | None) -> Markup:
    """Return how long something took: `24 min 11 s`, `3.2 s`, `40 ms`."""
    if seconds is None or seconds < 0:
        return NOTHING
    if seconds < 0.0005:
        return _MOMENT
    return escape(_amount(seconds))


def _amount(seconds: float) -> str:
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"
