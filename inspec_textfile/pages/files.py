"""The files of the reports folder. Apart from `links`, for a run that changes nothing needs no links."""

from __future__ import annotations

import hashlib

INDEX_FILE = "index.html"
CONTROLS_FILE = "controls.html"
FINDINGS_FILE = "findings.csv"
_MAX_NAME = 255
"""Bytes in one file name, on every file system that matters."""


def page_file(report: str) -> str:
    """Return the path of a report's page below the reports folder: `host1/ssl` -> `inspec-host1/ssl.json.html`.

    A name too long for a file gets a shorter one that ends in its SHA-256. Report names come from `sources`, which
    takes care that none leads out of the folder.
    """
    parts = f"inspec-{report}.json.html".split("/")
    return "/".join(_shortened(part) for part in parts)


def _shortened(part: str) -> str:
    data = part.encode("utf-8", "surrogateescape")
    if len(data) <= _MAX_NAME:
        return part
    digest = hashlib.sha256(data).hexdigest()
    return f"{data[:150].decode('utf-8', 'ignore')}-{digest}.html"
