"""The files of the reports folder that show all reports: one table, which everything that handles them loops over.

Another overview is a function from a `Fleet` to text, and a line in OVERVIEWS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from inspec_textfile.pages import controls, findings, index
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.links import CONTROLS_FILE, FINDINGS_FILE, INDEX_FILE


class Overview(NamedTuple):
    """A file that shows all reports."""

    file_name: str
    """Its path below the reports folder."""
    make: Callable[[Fleet], str]
    """Returns its whole text; the same fleet gives the same text."""


OVERVIEWS: tuple[Overview, ...] = (
    Overview(FINDINGS_FILE, findings.render),
    Overview(CONTROLS_FILE, controls.render),
    Overview(INDEX_FILE, index.render),
)
"""All of them, in the order in which they are published: the index, which leads to all others, comes last."""
