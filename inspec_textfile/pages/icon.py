"""The icon of a page, so that twenty tabs can be told apart: the status as colour and as shape, made without a request."""

from __future__ import annotations

from collections.abc import Mapping

from inspec_textfile.pages.markup import Markup, html
from inspec_textfile.report.model import ERROR, FAILED, NOT_APPLICABLE, NOT_REVIEWED, NOT_TESTED, PASSED, WAIVED

_SHAPES: Mapping[str, tuple[str, str, str]] = {
    FAILED: ("c62828", "M1 1h14v14h-14z", "M5 5l6 6m0-6l-6 6"),  # square, cross
    ERROR: ("8e24aa", "M8 0l8 15.5h-16z", "M8 6v4.5m0 1.5v1.5"),  # triangle, exclamation mark
    NOT_TESTED: ("c62828", "M1 1h14v14h-14z", "M8 4v5.5m0 1.5v1.5"),  # square, exclamation mark
    NOT_REVIEWED: ("c77700", "M8 0l8 8-8 8-8-8z", "M6 6q2-3 4 0t-2 3m0 2v1.5"),  # diamond, question mark
    WAIVED: ("1565c0", "M0 3h16v10h-16z", "M4 9q2-3 4-1t4-1"),  # bar, wave
    NOT_APPLICABLE: ("687078", "M0 8a8 8 0 1 1 16 0a8 8 0 1 1-16 0z", "M4.5 8h7"),  # circle, dash
    PASSED: ("1b7a3d", "M0 8a8 8 0 1 1 16 0a8 8 0 1 1-16 0z", "M4 8.5l3 3 5.5-6.5"),  # circle, tick
}
"""Colour, outline, and the mark on it: paths in a square of 16."""


def icon_link(status: str) -> Markup:
    """Return the element of the page's head that shows a status, one of STATUSES, as its icon.

    The policy allows `img-src data:` for it: such an image can fetch nothing and run nothing.
    """
    colour, outline, mark = _SHAPES[status]
    return html(
        '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27 viewBox=%270 0 16 16%27%3E'
        "%3Cpath fill=%27%23{}%27 d=%27{}%27/%3E%3Cpath fill=%27none%27 stroke=%27%23fff%27 stroke-width=%272%27 d=%27{}%27/%3E"
        '%3C/svg%3E">',
        colour,
        outline,
        mark,
    )
