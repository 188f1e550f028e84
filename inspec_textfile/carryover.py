"""Reports that are unreadable, over a budget or missing. None of them may silently resolve an alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from inspec_textfile import pages
from inspec_textfile.files import MAX_OUTPUT_BYTES, OutputError, OutputFolder
from inspec_textfile.memory import ReportMemory
from inspec_textfile.metrics.exposition import MAX_SERIES
from inspec_textfile.pages.links import page_file
from inspec_textfile.report.model import Unreadable
from inspec_textfile.report.sources import STDIN, Source, Sources, modified_ns_of
from inspec_textfile.text import digest_of

_ALL_GONE = "its results file is gone, as are all others"
_HIDDEN = "its folder could not be listed"


def unreadable_report(source: Source, reason: str, last: ReportMemory | None) -> Unreadable:
    """Return what to say about a report that cannot be read: why, and since when. `last`: what is remembered about it."""
    since_ns = last.file.unreadable_since_ns if last else None
    since_ns = modified_ns_of(source.path) if since_ns is None else since_ns
    path = "standard input" if source.path == STDIN else source.path
    return Unreadable(source.name, path, reason, since=since_ns / 1e9 if since_ns else None)


def over_limit(series: Mapping[str, int], before: Mapping[str, int], modified_ns: Mapping[str, int]) -> dict[str, str]:
    """Return the reports whose new figures would take the .prom over its limit, and why.

    `series`: report -> how many series its figures make; `before`: how many its last good ones make, which stay then;
    `modified_ns`: mtime of its results (Unix time, nanoseconds). Those that grew most give way first, then the oldest.
    """
    total = sum(series.values())
    refused: dict[str, str] = {}
    growth = {name: count - before.get(name, 0) for name, count in series.items()}
    for name in sorted(series, key=lambda name: (-growth[name], modified_ns[name], name)):
        if total <= MAX_SERIES:
            break
        if growth[name] > 0:
            total -= growth[name]
            refused[name] = f"would take the .prom over {MAX_SERIES:,} series with its {series[name]:,}: split the run"
    return refused


class Missing(NamedTuple):
    """What becomes of the reports of the last run that are not among the results of this one."""

    kept: tuple[Unreadable, ...] = ()
    """Those that must not be forgotten: their last figures and pages stay."""
    removed: tuple[ReportMemory, ...] = ()
    """Those whose series and pages go."""
    errors: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


def missing_reports(
    last: Mapping[str, ReportMemory],
    sources: Sources,
    renamed: Collection[str],
    *,
    has_new: bool,
    results: str,
    memory_path: str,
) -> Missing:
    """Return what becomes of the reports that are missing.

    `last`: the reports of the last run; `renamed`: those that are here under another name; `has_new`: whether there are
    reports that the last run did not have; `results`: where results were looked for; `memory_path`: the file to remove to
    start over.
    """
    found = {source.name for source in sources.found}
    missing = [name for name in last if name not in found]
    hidden = [name for name in missing if sources.may_hide(name)]
    dropped = [name for name in missing if name not in hidden]
    if dropped and not found:
        problem = (
            f"{results}: holds no results, and the last run had {len(dropped)}: their last figures and pages are kept. Is a "
            f"file system not mounted? To start over on purpose, remove {memory_path} and {memory_path}.before"
        )
        return Missing(
            tuple(Unreadable(name=name, path=name, reason=_ALL_GONE, missing=True) for name in missing), (), (problem,)
        )
    errors, infos = [], []
    if hidden:
        errors.append(f"not read this time, so their last figures and pages are kept: {', '.join(hidden)}")
    removed = [name for name in dropped if name not in renamed]
    if removed and (sources.named or has_new or not found & last.keys()):
        verb, theirs, them = (
            ("is", "its series and page", "it") if len(removed) == 1 else ("are", "their series and pages", "them")
        )
        errors.append(
            f"{len(removed):,} of the last run's reports {verb} not among the results of this run, so {theirs} are removed; "
            f"to keep {them}, pass the results of all hosts in one run: {', '.join(removed)}"
        )
    else:
        infos += [f"{name}: its results file is gone, so its series and page are removed" for name in removed]
    return Missing(
        kept=tuple(Unreadable(name=name, path=name, reason=_HIDDEN, missing=True) for name in hidden),
        removed=tuple(last[name] for name in dropped),
        errors=tuple(errors),
        infos=tuple(infos),
    )


def remove_page(folder: OutputFolder, report: ReportMemory) -> str:
    """Remove the page of a report that is gone, unless somebody changed it: an old link must not show an old verdict.

    Returns what was removed, "" for nothing. Raises OutputError.
    """
    name = page_file(report.name)
    if not report.file.page or folder.digest(name) != report.file.page:
        return ""
    folder.remove(name)
    return f"{folder.path}/{name}: removed"


def last_good(broken: Unreadable, last: ReportMemory | None, folder: OutputFolder | None) -> tuple[ReportMemory, str]:
    """Return what is remembered about a report whose results cannot be read, with a notice put on its last good page.

    Also returns what went wrong with that page, "" if nothing did.
    """
    report = last or ReportMemory(broken.name)
    since_ns = int(broken.since * 1e9) if broken.since else 0
    report = report.with_file(gone=False, unreadable_since_ns=since_ns)
    name = page_file(broken.name)
    old = folder.read(name, MAX_OUTPUT_BYTES) if folder else None
    new = pages.with_notice(old, broken.reason, broken.since, broken.path) if old else None
    if folder and old and new and new != old:
        try:
            folder.replace(name, new, durable=False)
        except OutputError as error:
            return report, str(error)
        # Else somebody changed it, or it is of a later run than the memory: it is not ours to remove.
        if digest_of(old) == report.file.page:
            report = report.with_file(page=digest_of(new))
    return report, ""
