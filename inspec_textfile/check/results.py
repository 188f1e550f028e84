"""The results files that a run would read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from inspec_textfile.check.findings import Finding, note, ok, problem, reason
from inspec_textfile.check.folders import STALE_HOURS
from inspec_textfile.ownership import user_name
from inspec_textfile.report.hints import links, older_runs, runs_of_one, skipped_results
from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.problems import NotAReport, unexpected
from inspec_textfile.report.sources import STDIN, SourceError, Sources, find_sources, read_source
from inspec_textfile.text import age
from inspec_textfile.words import count

_AHEAD_SECONDS = 3600
"""How far ahead of this host's clock a time may be before it is a finding."""


def usable(arguments: Sequence[str], results_dir: str, now: float) -> tuple[Sources, list[Finding]]:
    """Return the results files that are there, and what is wrong with the files and folders that were given.

    `now`: Unix time in seconds.
    """
    findings = []
    given = []
    for argument in arguments or [results_dir]:
        if argument == STDIN:
            findings.append(note("results: standard input is not checked"))
        elif why := _why_unusable(argument, is_folder=not arguments):
            findings.append(problem(why))
        else:
            given.append(argument)
    if not given:
        return Sources((), (), ()), findings
    sources = find_sources(given if arguments else (), results_dir, "stdin", now + _AHEAD_SECONDS)
    findings += map(problem, sources.problems)
    folders = list(filter(os.path.isdir, given))
    findings += map(problem, skipped_results(folders))
    findings += map(note, links(folders, sources.found))
    findings += map(problem, runs_of_one(sources.found))
    findings += map(note, older_runs(sources.found))
    if not sources.found and not sources.problems:
        findings.append(problem(f"{', '.join(given)}: holds no results (*.json): {_have_inspec_write(given[0])}"))
    return sources, findings


def results_findings(sources: Sources, now: float) -> Iterator[Finding]:
    """Read all results files. `now`: Unix time in seconds."""
    ages = []
    for source in sources.found:
        try:
            data, modified_ns = read_source(source)
            report = parse_report(data, source.name, modified_ns)
        except (SourceError, NotAReport) as error:
            yield problem(f"{source.path}: {error}")
            continue
        except Exception as error:
            yield problem(f"{source.path}: {unexpected(error)}")
            continue
        yield from (problem(f"{source.path}: {warning.text}") for warning in report.warnings)
        times = [modified_ns / 1e9] + ([report.started] if report.started is not None else [])
        ahead = max(times) - now
        if ahead > _AHEAD_SECONDS:
            which = "the file" if max(times) == times[0] else "the run in it"
            yield problem(
                f"{source.path}: {which} is dated {age(ahead)} ahead of this host's clock, so that it never looks old: "
                "set the clock of the host that made it, and run InSpec again"
            )
        ages.append((now - min(times), source.path))
    if ages:
        yield _ages(ages)


def _ages(ages: Sequence[tuple[float, str]]) -> Finding:
    """Say how old the results are: by the older of the run in a file and the file itself."""
    oldest, path = max(ages)
    text = f"results: {count(len(ages), 'report')}, the newest {age(min(ages)[0])} old, the oldest {age(oldest)} old ({path})"
    if oldest > STALE_HOURS * 3600:
        return problem(f"{text}: does InSpec still run? check its cron job or timer, or remove the file")
    return ok(text)


def _why_unusable(path: str, *, is_folder: bool) -> str | None:
    """Return why a file or folder that was given cannot be used, None if it can."""
    try:
        os.stat(path)
    except FileNotFoundError:
        if is_folder or not path.endswith(".json"):
            return f"{path}: does not exist: install -d -m 2750 {path}, and {_have_inspec_write(path)}; or pass another folder"
        return f"{path}: does not exist: check the spelling, and whether InSpec wrote it"
    except OSError as error:
        return f"{path}: user {user_name()} cannot access it ({reason(error)})"
    if os.path.isdir(path):
        if not os.access(path, os.R_OK | os.X_OK, effective_ids=True):
            return f"{path}: user {user_name()} cannot list it (permission denied): chmod it, or run as another user"
    elif is_folder:
        return f"{path}: is not a folder: pass one to --results-dir"
    return None


def _have_inspec_write(folder: str) -> str:
    return f"have InSpec write there: run_inspec.sh does, from cron or systemd, or --reporter json:{folder}/NAME.json"
