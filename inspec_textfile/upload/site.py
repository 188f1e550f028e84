"""Publishes the pages of a run: which pages there are for which profiles, and their upload."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputFolder
from inspec_textfile.messages import Messages
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.pages.links import page_file
from inspec_textfile.pages.overviews import OVERVIEWS
from inspec_textfile.upload.keys import Object, plan
from inspec_textfile.upload.send import PageError, Upload
from inspec_textfile.upload.state import UploadState, before_upload
from inspec_textfile.upload.stores import StoreError, open_store
from inspec_textfile.upload.target import Publication


def publish_site(
    publication: Publication,
    folder: OutputFolder,
    fleet: Fleet,
    profiles_of: Mapping[str, Collection[str]],
    *,
    last: UploadState | None,
    now: float,
    messages: Messages,
) -> tuple[bool, UploadState]:
    """Publish the pages of a run, which are in `folder`.

    `profiles_of`: report -> the labels `profile` of its figures: every profile that an alert can name has a page to link to;
    `last`: what the last upload returned, None if that is unknown; `now`: Unix time, seconds. Returns whether all pages are
    in the store now, and what is known about the store, even if a signal ended the upload. Failures go to `messages.error`.
    """
    target, upload = publication.target, None
    names = [report.name for report in sorted(fleet.reports, key=_rank) if folder.has(page_file(report.name))]
    profiles = {name: profiles_of[name] for name in names if name in profiles_of}  # the others could never be read
    planned = plan(profiles, [overview.file_name for overview in OVERVIEWS], publication.instance, target.prefix)
    for profile in planned.unlinked:
        messages.error(f"upload to {target.url}: no link leads to the profile {profile!r}; see {planned.objects[-1].key}")
    try:
        with open_store(target, publication.variables, publication.seconds) as (put, place):
            known = before_upload(last, place, {item.key for item in planned.objects}, now)
            upload = Upload(planned, read=lambda item: _read(item, folder), put=put, known=known, info=messages.info)
            problem = upload.run(publication.seconds)
    except KeyboardInterrupt:  # ends the upload only; writing the metrics, which comes next, takes milliseconds
        problem = "interrupted; the next run sends the rest"
    except StoreError as error:
        problem = f"nothing was published: {error}"
    state = upload.state if upload else last or UploadState(target.url, now)
    if problem:
        messages.error(f"upload to {target.url}: {problem}")
        return False, state
    return True, state._replace(last_success=now)


def _rank(report: FleetReport) -> tuple[object, ...]:
    """Sort key, worst first."""
    if report.unreadable or not report.summary:
        return (0, report.name)
    return (1, *report.summary.rank)


def _read(item: Object, folder: OutputFolder) -> bytes:
    """Return the bytes of an object as the store must hold them. Raises PageError."""
    if item.file is None:
        return item.data
    page = folder.read(item.file, MAX_OUTPUT_BYTES + 1)
    if page is None or len(page) > MAX_OUTPUT_BYTES:
        raise PageError(f"{folder.path}/{item.file} cannot be read, or is larger than {MAX_OUTPUT_BYTES >> 20} MiB")
    return page
