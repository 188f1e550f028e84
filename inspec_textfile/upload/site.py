"""Publishes the pages of a run: which pages there are for which profiles, and their upload."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputFolder
from inspec_textfile.messages import Messages, Say
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.links import page_file
from inspec_textfile.pages.overviews import OVERVIEWS
from inspec_textfile.upload.keys import Object, Plan, folder_key, link, plan
from inspec_textfile.upload.profile import Way, profile_page
from inspec_textfile.upload.send import PageError, Upload
from inspec_textfile.upload.state import UploadState, before_upload
from inspec_textfile.upload.stores import StoreError, open_store
from inspec_textfile.upload.target import Publication, is_path
from inspec_textfile.verdict import verdict


class Site(NamedTuple):
    """The reports of a run, including those that can no longer be read."""

    profiles: Mapping[str, Collection[str]]
    """Report -> the labels `profile` of its figures: every profile that an alert can name has a page to link to."""
    fleet: Fleet
    """What is known about them."""


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
        messages.error(f"upload to {place}: no link leads to the profile {profile!r}; see {planned.objects[-1].key}")
    problem, known = _upload(planned, publication, reports_folder, state=state, now=now, info=messages.info)
    if problem:
        messages.error(f"upload to {place}: {problem}")
        return False, known
    return True, known._replace(last_success=now)


def _plan(site: Site, reports_folder: OutputFolder, publication: Publication) -> Plan:
    """Return what to publish: all reports, worst first, except those without a page, which could never be read."""
    instance = publication.instance
    reports = {report.name: report for report in sorted(site.fleet.reports, key=_rank)}
    profiles = {
        name: site.profiles[name]
        for name in reports
        if name in site.profiles and is_path(page_file(name)) and reports_folder.read(page_file(name), 1) is not None
    }

    def make_page(key: str, profile: str, names: Sequence[str]) -> bytes:
        ways = [Way(link(key, folder_key(page_file(name), instance)), name, _verdict(reports[name])) for name in names]
        return profile_page(profile, instance, ways)

    overviews = [overview.file_name for overview in OVERVIEWS]
    return plan(profiles, overviews, instance, publication.target.prefix, make_page)


def _rank(report: FleetReport) -> tuple[object, ...]:
    if report.unreadable or not report.summary:
        return (0, report.name)
    return (1, *report.summary.rank)


def _verdict(report: FleetReport) -> str:
    if report.unreadable or not report.summary:
        return "The results cannot be read now; the page shows the last good ones."
    return verdict(report.summary)[1]


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
        with open_store(target, publication.variables, publication.seconds) as (store, place):
            upload = Upload(
                planned,
                read=lambda item: _read(item, reports_folder),
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


def _read(item: Object, reports_folder: OutputFolder) -> bytes:
    """Return the bytes of an object as the store must hold them. Raises PageError."""
    if item.file is None:
        return item.data
    page = reports_folder.read(item.file, MAX_OUTPUT_BYTES + 1)
    if page is None:
        raise PageError(f"{reports_folder.path}/{item.file} cannot be read")
    if len(page) > MAX_OUTPUT_BYTES:
        raise PageError(f"{reports_folder.path}/{item.file} is larger than {MAX_OUTPUT_BYTES >> 20} MiB")
    return page
