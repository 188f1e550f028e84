"""A results file's bytes -> Report. Variations in real reports are handled here, and nowhere later.

Unexpected types are tolerated; anything that could lose findings is refused (`fields` has the rule). `NotAReport` says what the
file is instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from inspec_textfile.report.anonymous import with_lasting_ids
from inspec_textfile.report.dates import parse_time
from inspec_textfile.report.document import GOOD_STATUSES, read_document
from inspec_textfile.report.fields import (
    CONTROLS,
    OTHER_CHECKS,
    PROFILES,
    RESULTS,
    as_list,
    as_mapping,
    objects,
    read_descriptions,
    read_impact,
    read_refs,
    read_removed,
    read_run_time,
    read_source,
    read_support,
    read_tags,
    value_of,
)
from inspec_textfile.report.inputs import read_facts, read_inputs, sensitive_names
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    LOADED,
    PROFILE_STATUSES,
    RESULT_STATUSES,
    ControlEntry,
    Dependency,
    ProfileEntry,
    Report,
    Result,
)
from inspec_textfile.report.overlay import resolve
from inspec_textfile.report.problems import NotAReport, Warnings, refuse_too_many
from inspec_textfile.report.status import OWN_STATUSES, is_attested
from inspec_textfile.report.target import read_target
from inspec_textfile.report.waivers import RunTime, read_attestation, read_waiver, with_ends
from inspec_textfile.text import as_text, clean, digest_of

# What one report may hold. InSpec's largest have some 10 profiles, 1,000 controls and 300,000 values.
MAX_PROFILES = 1000
MAX_CONTROLS = 100_000

_FIRST_TO_NAME_PARENTS = (2, 3)
_NO_ZONE = timezone(timedelta(0), "unknown")
# Software without the time writes its zero: year 1 (Go, .NET), 1601 (Windows), 1900 (Excel), 1970 (Unix), 1980 (ZIP).
_CREDIBLE_YEARS = range(1990, 9000)
_LONGEST_RUN = timedelta(days=1)
_LAST_SECOND = 253402300799.0
"""Of the year 9999: Unix time."""


def parse_report(data: bytes, name: str, modified_ns: int) -> Report:
    """Read one results file.

    Takes the file's bytes, the report's name and the file's mtime (Unix time, nanoseconds). Raises NotAReport.
    """
    warnings = Warnings()
    document = read_document(data, warnings)
    try:
        return _report(document, warnings, name=name, modified_ns=modified_ns, digest=digest_of(data))
    except RecursionError:
        raise NotAReport("is nested too deeply to be an InSpec report") from None


def _report(document: Mapping[str, Any], warnings: Warnings, *, name: str, modified_ns: int, digest: str) -> Report:
    sensitive = sensitive_names(objects(document, PROFILES))
    entries = with_lasting_ids(_entries(document, sensitive))
    refuse_too_many(sum(len(entry.controls) for entry in entries), MAX_CONTROLS, "controls")
    platform = as_mapping(document.get("platform"))
    is_converted = _is_converted(platform)
    began, zone = _began(entries)
    if began and is_converted and modified_ns / 1e9 - began.timestamp() > _LONGEST_RUN.total_seconds():
        began = None  # a converter that found one finding wrote when that began, not when it was run
    entries = with_ends(entries, _run(began, zone, modified_ns), warnings)
    target, target_id = read_target(document, is_converted=is_converted)
    return Report(
        name=name,
        modified_ns=modified_ns,
        inspec_version=clean(as_text(document.get("version"))),
        platform=clean(as_text(platform.get("name"))),
        platform_release=clean(as_text(platform.get("release"))),
        target=target,
        target_id=target_id,
        started=began.timestamp() if began else None,
        duration=read_run_time(as_mapping(document.get("statistics")).get("duration")),
        entries=entries,
        profiles=resolve(entries, names_parents=_names_parents(as_text(document.get("version")))),
        digest=digest,
        warnings=tuple(warnings),
        facts=read_facts(document, sensitive),
        is_converted=is_converted,
    )


def _is_converted(platform: Mapping[str, Any]) -> bool:
    """Return whether a converter made the report: those of mitre/heimdall2 (libs/hdf-converters) and heimdall_tools say so."""
    return as_text(platform.get("name")).strip().lower().startswith("heimdall")


def _names_parents(version: str) -> bool:
    """Return whether a version of InSpec writes `parent_profile` (since 2.2.34, inspec/inspec#3164)."""
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})\.", version)
    return numbers is not None and tuple(map(int, numbers.groups())) >= _FIRST_TO_NAME_PARENTS


def _began(entries: Iterable[ProfileEntry]) -> tuple[datetime | None, tzinfo | None]:
    """Return the earliest start of any test, and the zone that it names; None for what is unknown.

    Converters put the time of each finding there, when it was created or last seen: times that spread over more than a day are
    not those of one run. What an attestation added is no test.
    """
    texts = dict.fromkeys(
        result.start_time
        for entry in entries
        for control in entry.controls
        for result in control.results
        if not is_attested(result)
    )
    read = (parse_time(text, zone=_NO_ZONE) for text in texts)
    times = [time for time in read if time and time.year in _CREDIBLE_YEARS]
    if not times:
        return None, None
    first = min(times)
    zone = first.tzinfo if first.tzinfo is not _NO_ZONE else None
    return (first if max(times) - first <= _LONGEST_RUN else None), zone


def _run(began: datetime | None, zone: tzinfo | None, modified_ns: int) -> RunTime:
    # A file's time may lie beyond the years that Python knows.
    known = began or datetime.fromtimestamp(min(max(0.0, modified_ns / 1e9), _LAST_SECOND), timezone.utc)
    return RunTime(began=known.timestamp(), zone=zone, year=known.year)


def _entries(document: Mapping[str, Any], sensitive: frozenset[str]) -> tuple[ProfileEntry, ...]:
    profiles = objects(document, PROFILES)
    if profiles:
        refuse_too_many(len(profiles), MAX_PROFILES, "profiles")
        entries = tuple(_profile(item, sensitive) for item in profiles)
        outside = _minimal_entries(_outside_profiles(document, entries))
        return (*entries, *(entry._replace(outside=True) for entry in outside))
    return _minimal_entries(objects(document, CONTROLS))


def _outside_profiles(document: Mapping[str, Any], entries: Iterable[ProfileEntry]) -> list[Mapping[str, Any]]:
    """Return results that a report has beside its profiles."""
    checks = objects(document, OTHER_CHECKS)
    if checks or any(entry.controls for entry in entries):
        return checks
    return objects(document, CONTROLS)


def _profile(item: Mapping[str, Any], sensitive: frozenset[str]) -> ProfileEntry:
    controls = objects(item, CONTROLS)
    _refuse_stripped(item, controls)
    status, message = _state(item)
    status = status or LOADED
    if status not in PROFILE_STATUSES:
        status = LOADED if controls and (not message or status in GOOD_STATUSES) else FAILED
    parent = item.get("parent_profile")
    return ProfileEntry(
        name=clean(as_text(item.get("name")) or as_text(item.get("title")) or "unnamed"),
        parent=clean(parent) if isinstance(parent, str) and parent else None,
        depends=_dependencies(item.get("depends")),
        status=status,
        message=message,
        title=clean(as_text(item.get("title"))),
        version=clean(as_text(item.get("version"))),
        summary=as_text(item.get("summary")),
        maintainer=as_text(item.get("maintainer")),
        license=as_text(item.get("license")),
        copyright=as_text(item.get("copyright")),
        supports=tuple(map(read_support, as_list(item.get("supports")))),
        inputs=read_inputs(item, sensitive),
        controls=tuple(_control(control, number) for number, control in enumerate(controls, 1)),
    )


def _refuse_stripped(item: Mapping[str, Any], controls: Sequence[Mapping[str, Any]]) -> None:
    """Raise NotAReport for a profile without what its findings are counted by: its name, and its controls' impacts.

    Chef takes them, and titles, code and times, out of the profiles that Automate knows already, and gives the same report to
    the reporters after it (chef/chef, lib/chef/compliance/reporter/automate.rb, `strip_profiles_meta`). Every control of a
    profile with a checksum, as InSpec and HDF's converters write it, has an impact.
    """
    is_bare = bool(controls) and not any(control.get(key) is not None for control in controls for key in ("impact", "title"))
    lacks_impacts = "sha256" in item and any("impact" not in control for control in controls)
    if lacks_impacts or (is_bare and not as_text(item.get("name"))):
        raise NotAReport(
            "has a profile without its name or its controls' impacts, so severities are unknown. Chef strips them for "
            "Automate: list the reporter json-file before chef-automate"
        )


def _minimal_entries(controls: Iterable[Mapping[str, Any]]) -> tuple[ProfileEntry, ...]:
    """Return the profiles of a json-min report: a flat list of results, each with the ids of its control and profile."""
    profiles: dict[str, dict[str, list[Result]]] = {}
    for number, item in enumerate(controls, 1):
        if value_of(item, RESULTS):
            raise NotAReport(
                "holds controls with results outside of profiles, so findings may be lost: have InSpec write it again"
            )
        by_id = profiles.setdefault(clean(as_text(item.get("profile_id")) or "unnamed"), {})
        by_id.setdefault(_id(item, number), []).append(_result(item))
    refuse_too_many(len(profiles), MAX_PROFILES, "profiles")
    return tuple(
        ProfileEntry(name=name, controls=tuple(ControlEntry(id=id_, results=tuple(results)) for id_, results in by_id.items()))
        for name, by_id in profiles.items()
    )


def _control(item: Mapping[str, Any], number: int) -> ControlEntry:
    get = item.get
    title = get("title")
    desc = get("desc")
    own_status = as_text(get("status")).strip().lower()
    removed = get("removed_results_counts")
    tags = get("tags")
    return ControlEntry(
        id=_id(item, number),
        title=None if title is None else as_text(title),
        desc=None if desc is None else as_text(desc),
        impact=read_impact(get("impact")),
        results=tuple([_result(result) for result in objects(item, RESULTS)]),
        own_status=own_status if own_status in OWN_STATUSES else None,
        waiver=read_waiver(get("waiver_data")),
        descriptions=read_descriptions(get("descriptions")),
        tags=read_tags(tags) if tags else {},
        refs=read_refs(get("refs")),
        code=as_text(get("code")),
        source=read_source(get("source_location")),
        attestation=read_attestation(get("attestation_data")),
        removed=read_removed(removed) if removed else {},
    )


def _id(item: Mapping[str, Any], number: int) -> str:
    """Return a control's id. A control without one gets a number, so that it is counted and not merged with another."""
    return clean(as_text(item.get("id"))) or f"(no id {number})"


def _result(item: Mapping[str, Any]) -> Result:
    get = item.get
    status = get("status")
    backtrace = get("backtrace")
    resource = get("resource_class")
    return Result(
        status=status if status in RESULT_STATUSES else ERROR,
        code_desc=as_text(get("code_desc")),
        message=as_text(get("message")),
        skip_message=as_text(get("skip_message")),
        exception=as_text(get("exception")),
        backtrace=tuple(map(as_text, backtrace)) if isinstance(backtrace, list) else (),
        resource=resource if isinstance(resource, str) else "",
        start_time=as_text(get("start_time")),
        run_time=read_run_time(get("run_time")),
    )


def _state(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the status of a profile or dependency, "" for none, and why it was skipped or did not load."""
    return as_text(item.get("status")).strip().lower(), as_text(item.get("status_message") or item.get("skip_message"))


def _dependencies(value: Any) -> tuple[Dependency, ...]:
    """Return what a profile depends on: a list, or an object by name."""
    named = [{"name": key, **as_mapping(item)} for key, item in value.items()] if isinstance(value, dict) else as_list(value)
    return tuple(_dependency(item) for item in named if isinstance(item, dict))


def _dependency(item: Mapping[str, Any]) -> Dependency:
    status, message = _state(item)
    return Dependency(name=clean(as_text(item.get("name"))), status=status or (FAILED if message else LOADED), message=message)
