"""The last runs of a report as a small picture: a column of failing controls for each."""

from __future__ import annotations

from collections.abc import Sequence

from inspec_textfile.pages.markup import NOTHING, Markup, html

RUNS = 12
_STEP, _WIDTH, _HEIGHT = 6, 5, 16


def trend(failing: Sequence[int]) -> Markup:
    """Return a picture of the numbers of failing controls in the last runs, oldest first; nothing for fewer than two runs.

    Every picture has its own scale. A run in which nothing failed has a foot, so that it differs from no run.
    """
    last = failing[-RUNS:]
    if len(last) < 2:
        return NOTHING
    top = max(last) or 1
    left = (RUNS - len(last)) * _STEP
    bars, feet = "", ""
    for index, count in enumerate(last):
        x, height = left + index * _STEP, -(-count * _HEIGHT // top)
        if not height:
            feet += f"M{x} {_HEIGHT - 1}h{_WIDTH}v1h-{_WIDTH}z"
        elif index < len(last) - 1:
            bars += f"M{x} {_HEIGHT}v-{height}h{_WIDTH}v{height}z"
    height = -(-last[-1] * _HEIGHT // top)
    return html(
        '<svg class="runs" viewBox="0 0 {} {}" role="img"><title>Failing controls: {} runs ago {}, now {}</title>'
        '<path d="{}"/><path class="z" d="{}"/><path class="l" d="{}"/></svg>',
        RUNS * _STEP - 1,
        _HEIGHT,
        len(last) - 1,
        last[0],
        last[-1],
        bars,
        feet,
        f"M{left + (len(last) - 1) * _STEP} {_HEIGHT}v-{height}h{_WIDTH}v{height}z" if height else "",
    )
