"""Which objects there are and what they are called: one rule, for the store and for the alerts that link to it.

docs/upload.md has the keys, and the template that makes a link of an alert's labels. A key contains the names unchanged. A link
escapes them as in any URL, but keeps the slashes of a name, because browsers resolve relative links by them.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

from inspec_textfile.pages.links import page_file
from inspec_textfile.upload.profile import profile_page
from inspec_textfile.upload.target import is_path

_MAX_KEY = 1024
"""Bytes, prefix included: S3 and GCS; Azure counts characters."""


class Object(NamedTuple):
    """What one key must hold."""

    key: str
    """Below the prefix."""
    file: str | None
    """The file that it is, as a path below the reports folder; None if it is made for the store."""
    data: bytes = b""
    """The content, if `file` is None."""
    links_to: tuple[str, ...] = ()
    """Keys of the objects that must be there before it."""


class Plan(NamedTuple):
    """Everything that must be in the bucket after a run."""

    stages: tuple[tuple[Object, ...], ...]
    """In the order in which they are sent: the pages of reports, those of profiles, and each of the overviews, which link to
    what comes before."""
    unlinked: tuple[str, ...]
    """Profiles whose names no URL can carry; their pages are published under their reports' names only."""

    @property
    def objects(self) -> tuple[Object, ...]:
        """All of them."""
        return tuple(item for stage in self.stages for item in stage)


def plan(profiles_of: Mapping[str, Collection[str]], overviews: Sequence[str], instance: str, prefix: str) -> Plan:
    """Return what to publish.

    `profiles_of`: the reports that have a page, worst first, with the profiles each of them shows; `overviews`: the files that
    show all reports, the one that leads to the others last.
    """
    page_keys = {report: f"{instance}/{page_file(report)}" for report in profiles_of}
    reports_of: dict[str, list[str]] = defaultdict(list)
    for report, profiles in profiles_of.items():
        for profile in profiles:
            reports_of[profile].append(report)
    leading, unlinked = [], []
    for profile, reports in sorted(reports_of.items()):
        key = profile_key(profile, instance, prefix)
        if key is None:
            unlinked.append(profile)
            continue
        page = profile_page(profile, instance, {report: link(key, page_keys[report]) for report in reports})
        leading.append(Object(key, None, page, tuple(page_keys[report] for report in reports)))
    before = tuple(page_keys.values())
    stages = [tuple(Object(key, page_file(report)) for report, key in page_keys.items()), tuple(leading)]
    for name in overviews:
        overview = Object(f"{instance}/{name}", name, links_to=before)
        stages.append((overview,))
        before += (overview.key,)
    return Plan(tuple(stages), tuple(unlinked))


def profile_key(profile: str, instance: str, prefix: str = "") -> str | None:
    """Return the key of the page that leads to a profile's reports, None if no URL can carry the name."""
    key = f"{profile}/{instance}"
    if not is_path(key) or len(posixpath.join(prefix, key).encode()) > _MAX_KEY:
        return None
    return key


def link(seen_from: str, key: str) -> str:
    """Return the relative link from one object to another."""
    return "../" * seen_from.count("/") + quote(key)
