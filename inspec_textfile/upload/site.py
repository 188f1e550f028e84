"""Publishes the pages of a run: which pages there are for which profiles, and their upload."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import NamedTuple

from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputFolder
from inspec_textfile.messages import Messages, Say
from inspec_textfile.pages import index
from inspec_textfile.pages.files import page_file
from inspec_textfile.pages.fleet import Fleet
from inspec_textfile.pages.overviews import OVERVIEWS
from inspec_textfile.upload.keys import Object, Plan, folder_key, plan, relocate
from inspec_textfile.upload.send import PageError, Upload
from inspec_textfile.upload.state import UploadState, before_upload
from inspec_textfile.upload.stores import StoreError, open_store
from inspec_textfile.upload.target import Publication, is_path


class Site(NamedTuple):
    """The reports of a run, including those that can no longer be read."""

    profiles: Mapping[str, Collection[str]]
    """Report -> the labels `profile` of its figures: every profile that an alert can name has a page to link to."""
    fleet: Fleet
    """What overviews show of them."""

    def overview(self, reports: Collection[str]) -> bytes:
        """Return a page that links to the pages of some reports, worst first, made for the place of index.html."""
        return index.render(self.fleet.of(reports)).encode()


def publish_site(
    publication: Publication,
    reports_folder: OutputFolder,
    site: Site,
    *,
    state: UploadState | None,
    now: float,
    messages: Messages,
) -> tuple[bool, UploadState]:
    """Publish the pages of a run that are in the reports folder.

    `state`: what the last upload returned, None if that is unknown; `now`: Unix time, seconds. Returns whether all pages are
    in the store now, and what is known about the store, even if a signal ended the upload. Failures go to
    `messages.error`.
    """
    place = publication.target.url
    planned = _plan(site, reports_folder, publication)
    for profile in planned.unlinked:
        messages.error(f"upload to {place}: no link leads to the profile {profile!r}; see {planned.index_page.key}")
    problem, known = _upload(planned, publication, reports_folder, state=state, now=now, info=messages.info)
    if problem:
        messages.error(f"upload to {place}: {problem}")
        return False, known
    return True, known._replace(last_success=now)


def _plan(site: Site, reports_folder: OutputFolder, publication: Publication) -> Plan:
    """Return what to publish: all reports except those without a page, which could never be read."""
    profiles = {
        name: profiles
        for name, profiles in site.profiles.items()
        if is_path(page_file(name)) and reports_folder.read(page_file(name), 1) is not None
    }
    files = [overview.file_name for overview in OVERVIEWS]
    return plan(profiles, publication.instance, publication.target.prefix, site.overview, files)


def _upload(
    planned: Plan,
    publication: Publication,
    reports_folder: OutputFolder,
    *,
    state: UploadState | None,
    now: float,
    info: Say,
) -> tuple[str | None, UploadState]:
    """Do an upload, and return what went wrong, None if nothing did, and what is known about the store."""
    target, upload = publication.target, None
    try:
        if target.scheme == "file" and os.path.realpath(f"/{target.prefix}") == os.path.realpath(reports_folder.path):
            raise StoreError("it is the reports folder itself; pass another one")
        with open_store(target, publication.environment, publication.seconds) as (store, place):
            upload = Upload(
                planned,
                read=lambda item: _read(item, reports_folder, publication.instance),
                store=store,
                known=before_upload(state, place, {item.key for item in planned.objects}, now),
                last_sent=state.sent if state and state.place == place else {},
                info=info,
            )
            problem = upload.run(publication.seconds)
    except KeyboardInterrupt:  # ends the upload only; writing the metrics, which comes next, takes milliseconds
        problem = "interrupted; the next run sends the rest"
    except StoreError as error:
        problem = f"nothing was published: {error}"
    return problem, upload.state if upload else state or UploadState(target.url, now)


def _read(item: Object, reports_folder: OutputFolder, instance: str) -> bytes:
    """Return the bytes of an object as the store must hold them. Raises PageError."""
    if item.file is None:
        return item.data
    page = reports_folder.read(item.file, MAX_OUTPUT_BYTES + 1)
    if page is None:
        raise PageError(f"{reports_folder.path}/{item.file} cannot be read")
    if len(page) > MAX_OUTPUT_BYTES:
        raise PageError(f"{reports_folder.path}/{item.file} is larger than {MAX_OUTPUT_BYTES >> 20} MiB")
    return relocate(page, folder_key(item.file, instance), item.key)
