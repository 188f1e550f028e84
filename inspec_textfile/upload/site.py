"""What a run found, published: which pages there are for which profiles, and the upload of them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from inspec_textfile import metrics, pages
from inspec_textfile.links import page_file
from inspec_textfile.metrics import Figures
from inspec_textfile.model import Unreadable
from inspec_textfile.textfile import Folder
from inspec_textfile.upload.keys import plan
from inspec_textfile.upload.send import publish
from inspec_textfile.upload.stores import StoreError, open_store
from inspec_textfile.upload.target import Publication, is_path

if TYPE_CHECKING:
    from inspec_textfile.run import Voice

_LAST_SUCCESS = re.compile(rf"^{metrics.UPLOAD_LAST_SUCCESS} (\S+)$".encode(), re.MULTILINE)


def publish_site(
    publication: Publication,
    shelf: Folder,
    found: Iterable[Figures],
    summaries: Sequence[pages.Summary],
    broken: Sequence[Unreadable],
    voice: Voice,
) -> bool:
    """Publish the pages of a run that are in the reports folder, and tell whether all of them are in the store now.

    `found` are the figures that go into the metrics: whatever profile an alert can name has a page to link to, those of
    reports that cannot be read any more included.
    """
    target = publication.target
    names = {metrics.label(name): name for name in [*(one.name for one in summaries), *(one.name for one in broken)]}
    profiles_of = {names.get(one.report, one.report): _profiles(one) for one in found}
    profiles_of = {name: profiles for name, profiles in profiles_of.items() if _has_page(name, shelf)}

    def choice(reports: Sequence[str]) -> bytes:
        readable = [one for one in summaries if one.name in reports]
        others = set(reports) - {one.name for one in readable}
        told = {one.name: one for one in broken}
        lost = [told.get(name) or Unreadable(name, name, "could not be looked at in the last run") for name in others]
        return pages.render_index(readable, lost, others).encode()

    planned = plan(profiles_of, publication.instance, target.prefix, choice)
    for profile in planned.unlinked:
        voice.trouble(f"upload to {target.url}: no link leads to the profile {profile!r}; see {planned.index.key}")
    try:
        if target.scheme == "file" and os.path.realpath(f"/{target.prefix}") == os.path.realpath(shelf.path):
            raise StoreError("it is the reports folder itself; pass another one")
        with open_store(target, publication.environment, publication.seconds) as (store, place):
            problem = publish(planned, shelf, publication.instance, store, place, publication.seconds, voice.detail)
    except KeyboardInterrupt:  # it ends the upload; the metrics, which come next, are worth their milliseconds
        problem = "interrupted; the next run goes on"
    except StoreError as error:
        problem = f"nothing was published: {error}"
    if problem:
        voice.trouble(f"upload to {target.url}: {problem}")
    return problem is None


def last_success(textfile: bytes | None) -> float | None:
    """Return when all pages were last published, as the last file of metrics has it: Unix time, seconds."""
    found = _LAST_SUCCESS.search(textfile or b"")
    try:
        value = float(found.group(1)) if found else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _has_page(report: str, shelf: Folder) -> bool:
    """Tell whether there is a page to publish: not of a report that could never be read."""
    return is_path(page_file(report)) and shelf.read(page_file(report), 1) is not None


def _profiles(one: Figures) -> set[str]:
    """Return what labels `profile` say: profiles that were asked for, and every layer, which inspec_exporter counted."""
    return {labels[1] for labels in one.samples.get(metrics.PROFILE_INFO, {})} | set(one.checks)
