"""What a report says about itself and its profiles: those that did not run, and everything that is no control."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote_plus

from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.parts import facts
from inspec_textfile.pages.results import message
from inspec_textfile.pages.times import duration
from inspec_textfile.report.model import FAILED, LOADED, Input, Profile, Report
from inspec_textfile.summary import tally, title
from inspec_textfile.words import STATUS_NAMES, count, number


def not_loaded(profiles: Iterable[Profile]) -> Iterable[Markup]:
    """Return the profiles that did not run, with the reason: it may be thirty thousand characters of Ruby."""
    for profile in profiles:
        if profile.status != LOADED:
            failed = profile.status == FAILED
            yield html(
                '<section class="alert {}" aria-label="{}"><h2>{}</h2>{}</section>\n',
                "error" if failed else "not_reviewed",
                f"Profile {profile.name} did not run",
                f"Profile {profile.name} {'failed to load' if failed else 'was skipped'}",
                _reason(profile.message),
            )
        for dependency in profile.dependencies:
            yield html(
                '<section class="alert not_reviewed" aria-label="{}"><h2>{}</h2>{}</section>\n',
                f"Profile {dependency.name} below {profile.name} did not run",
                f"Profile {dependency.name}, a dependency of {profile.name}: {dependency.status}",
                _reason(dependency.message),
            )


def _reason(text: str) -> Markup:
    text = text.strip()
    if len(text) <= 400:
        return html("<pre>{}</pre>", text) if text else html("<p>InSpec gives no reason.</p>")
    first = text[:300].split(" @", 1)[0].split("\n", 1)[0]
    return html(
        '<pre>{} …</pre><details class="x"><summary>All {} characters</summary>{}</details>',
        first,
        number(len(text)),
        message(text),
    )


def profile_rows(profiles: Iterable[Profile]) -> Markup:
    """Return the counts of each profile, for a report of several."""
    rows = []
    for profile in profiles:
        counted = tally(profile)
        counts = [f"{number(many)} {STATUS_NAMES[status].lower()}" for status, many in counted.by_status.items() if many]
        rows.append(
            html(
                '<li><p><a href="#controls" data-f="q=profile:{}">{}</a> <small>{}</small></p><p class="dim">{}</p></li>\n',
                quote_plus(f'"{profile.name}"', errors="replace"),
                title(profile),
                profile.entry.version,
                ", ".join(counts) or "no controls",
            )
        )
    return html(
        '<section class="about" id="profiles" aria-labelledby="h-profiles"><h2 id="h-profiles">Profiles</h2>'
        "<ul>{}</ul></section>\n",
        join(rows),
    )


def platform_name(report: Report) -> str:
    """Return what the platform of a report is: of a converter's, the converter itself."""
    return "Made by" if report.is_converted else "Platform"


def about_section(report: Report) -> Markup:
    """Return everything else that the report says about itself and its profiles."""
    rows = [
        ("Report", html("{}", report.name)),
        ("Host", html("{}", report.target) if report.target else None),
        ("Host id", html("{}", report.target_id) if report.target_id else None),
        (platform_name(report), html("{} {}", report.platform, report.platform_release) if report.platform else None),
        ("Took", duration(report.duration) if report.duration is not None else None),
        *((name, html("{}", value)) for name, value in report.facts),
    ]
    sections = [facts(rows), *(_about_profile(profile) for profile in report.profiles)]
    notes = join([html("<li>This report {}.</li>", warning.text) for warning in report.warnings])
    return html(
        '<section class="about" id="about" aria-labelledby="h-about"><h2 id="h-about">About this report</h2>{}{}</section>\n',
        join(sections),
        html("<h3>Warnings</h3><ul>{}</ul>", notes) if notes else notes,
    )


def _about_profile(profile: Profile) -> Markup:
    entry = profile.entry
    rows = [
        ("Name", html("{}", profile.name)),
        ("Version", html("{}", entry.version) if entry.version else None),
        ("Summary", html('<div class="md">{}</div>', prose(entry.summary)) if entry.summary.strip() else None),
        ("Maintainer", html("{}", entry.maintainer) if entry.maintainer else None),
        ("License", html("{}", entry.license) if entry.license else None),
        ("Copyright", html("{}", entry.copyright) if entry.copyright else None),
        ("Supports", html("{}", "; ".join(entry.supports)) if entry.supports else None),
        ("Builds on", html("{}", ", ".join(profile.layers)) if profile.layers else None),
        ("State", html("{}", profile.status)),
    ]
    inputs = NOTHING
    if entry.inputs:
        inputs = html(
            '<details class="x"><summary>{}</summary><table class="in"><thead><tr><th scope="col">Input</th>'
            '<th scope="col">Value</th></tr></thead><tbody>{}</tbody></table></details>',
            count(len(entry.inputs), "input"),
            join([html('<tr><th scope="row">{}</th><td>{}</td></tr>', item.name, _value(item)) for item in entry.inputs]),
        )
    return html("<h3>{}</h3>{}{}", title(profile), facts(rows), inputs)


def _value(item: Input) -> str:
    """Return an input's value as it may be shown."""
    if item.value is not None:
        return item.value
    return "not shown: sensitive" if item.sensitive else f"not shown: a node object of {number(item.size)} characters"
