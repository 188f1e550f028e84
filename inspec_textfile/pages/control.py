"""One control on a report's page: a row that says what it is and how it went, folded below it everything known about it.

In this order: what people decided, since when it fails, the first messages, the fix, then what is looked up more rarely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from inspec_textfile.history.model import Change, ControlKey, Finding, History
from inspec_textfile.pages import links, past
from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.nist import nist_ids
from inspec_textfile.pages.register import attestation_box, waiver_box
from inspec_textfile.pages.results import Backtraces, counted_results, heading, reason, results_markup
from inspec_textfile.pages.tags import is_prose, severity_note, tags_markup
from inspec_textfile.report.model import (
    ERROR,
    FAILED,
    NOT_REVIEWED,
    NOT_TESTED,
    WAIVED,
    Control,
    ControlEntry,
    Profile,
    Ref,
)
from inspec_textfile.words import STATUS_NAMES, count, number

_LABELS = {"fix": "Fix", "remediation": "Remediation", "check": "Check", "rationale": "Rationale", "desc": "Description"}
_ORDER = ("fix", "remediation", "check", "rationale")
_MAX_ROW_TITLE = 400
"""Characters of a title in a row; the rest of a longer one follows where the control is open."""


class Context(NamedTuple):
    """What a control's markup depends on beside the control."""

    history: History
    ages: past.Ages
    changed: Mapping[ControlKey, tuple[str, Change]]
    """new, fixed or worse, and what changed."""
    backtraces: Backtraces
    largest: str
    """The profile that most controls are of; those of others name theirs."""


def control_markup(profile: Profile, control: Control, context: Context, *, unfold: bool) -> Iterable[Markup]:
    """Return a control, in pieces. `unfold`: show it open from the start."""
    entry = control.entry
    key = ControlKey(profile.name, control.id)
    finding = context.history.findings.get(key)
    change, changed = context.changed.get(key, ("", None))
    failed, total = counted_results(control)
    if finding and finding.status == NOT_TESTED and finding.total:  # as where the control is not in the report at all
        failed, total = finding.tests, finding.total
    yield row(
        Row(
            status=control.status,
            severity=control.severity,
            id=control.id,
            title=heading(control),
            tests=f"{number(failed)} of {number(total)}" if total else "",
            finding=finding,
            change=change,
            nist=tuple(dict.fromkeys(nist_ids(entry.tags))),
            profile=profile.name if profile.name != context.largest else "",
            took=sum(result.run_time or 0 for result in entry.results),
            why=reason(control) if control.status in (NOT_REVIEWED, WAIVED) else "",
            anchor=links.anchor(profile.name, control.id),
        ),
        context.ages,
        unfold=unfold,
    )
    past_said = context.ages.sentence(finding, change, changed.more_tests if changed else 0) if finding else NOTHING
    yield from _body(profile, control, context, past_said)
    yield html("</div>\n</details>\n")


class Row(NamedTuple):
    """What a control's line shows, each part at a place of its own."""

    status: str
    severity: str
    id: str
    title: str
    tests: str
    finding: Finding | None
    change: str
    nist: tuple[str, ...]
    profile: str
    took: float
    why: str
    anchor: str


def row(shown: Row, ages: past.Ages, *, unfold: bool = False) -> Markup:
    """Return the line of a control, and the start of what is folded below it: `</div></details>` ends it."""
    finding = shown.finding
    not_tested = finding is not None and finding.status == NOT_TESTED
    marks = [html(' data-t="{}"', f"{shown.took:.3g}")] if shown.took else []
    if finding:
        marks.append(html(' data-s="{}"', int(finding.since)))
        marks.append(html(' data-r="{}"', finding.runs))
    changes = [shown.change] * bool(shown.change) + [NOT_TESTED] * not_tested
    changes += ["overdue"] * bool(finding and ages.is_overdue(finding))
    if changes:
        marks.append(html(' data-w="{}"', " ".join(changes)))
    return html(
        '<details class="c {}{}" data-v="{}"{}{}><summary><i class="st">{}</i><b class="sv {}">{}</b>'
        '<code>{}</code><h3>{}{}</h3><span class="n{}">{}</span>{}{}{}</summary>\n<div class="b" id="{}">',
        shown.status,
        " not_tested" if not_tested and shown.status != NOT_TESTED else "",
        shown.severity,
        join(marks),
        html(" open") if unfold else NOTHING,
        STATUS_NAMES[NOT_TESTED if not_tested else shown.status],
        shown.severity,
        shown.severity,
        shown.id,
        shown.title if len(shown.title) <= _MAX_ROW_TITLE else f"{shown.title[:_MAX_ROW_TITLE]} …",
        html(" <small>{}</small>", shown.profile) if shown.profile else NOTHING,
        " i worse" if shown.change == "worse" else "",
        shown.tests,
        ages.cell(finding, shown.change),
        html('<span class="ni">{}</span>', _short(shown.nist)) if shown.nist else NOTHING,
        html('<span class="why">{}</span>', shown.why) if shown.why else NOTHING,
        shown.anchor,
    )


def _short(ids: tuple[str, ...]) -> str:
    """Return the first of some ids, and how many more there are."""
    return f"{ids[0]} +{number(len(ids) - 1)}" if len(ids) > 1 else ids[0]


def _body(profile: Profile, control: Control, context: Context, past_said: Markup) -> Iterable[Markup]:
    entry = control.entry
    if len(heading(control)) > _MAX_ROW_TITLE:
        yield html("<p>{}</p>", heading(control))
    if entry.waiver:
        yield waiver_box(entry.waiver)
    if entry.attestation:
        yield attestation_box(entry.attestation)
    if past_said:
        yield html('<p class="nt">{}</p>', past_said)
    if entry.removed:
        left_out = count(sum(entry.removed.values()), "more result")
        yield html('<p class="nt">The sender left {} out of this report: {}.</p>', left_out, _removed(entry))
    anchor = links.anchor(profile.name, control.id)
    yield from results_markup(entry.results, lambda lines: context.backtraces.markup(lines, anchor))
    yield from _texts(entry, control.status)
    yield from _details(profile, control)


def _removed(entry: ControlEntry) -> str:
    return ", ".join(f"{number(many)} {status}" for status, many in sorted(entry.removed.items()) if many)


# --- what the profile says about the control ----------------------------------------------------------------------------------


def _texts(entry: ControlEntry, status: str) -> Iterable[Markup]:
    """Return fix, check, description and the rest; what this status asks for and the description at hand."""
    texts: dict[str, list[str]] = {}
    seen = {(entry.desc or "").strip(), ""}
    tagged = [(key, value) for key, value in entry.tags.items() if isinstance(value, str) and is_prose(value)]
    for label, text in (*entry.descriptions, *tagged):
        if text.strip() not in seen:
            seen.add(text.strip())
            texts.setdefault(label, []).append(text)
    if entry.desc and entry.desc.strip():
        texts["desc"] = [entry.desc]
    wanted = {FAILED: ("fix", "remediation"), ERROR: ("fix", "remediation"), NOT_REVIEWED: ("check",)}.get(status, ())
    labels = [label for label in (*wanted, *_ORDER[:-1], "desc", *_ORDER) if label in texts]
    for label in dict.fromkeys([*labels, *texts]):
        name = _LABELS.get(label, label)
        css = "md fix" if label in ("fix", "remediation") else "md"
        text = join(map(prose, texts[label]))
        if label == "desc" or label in wanted:
            yield html('<h4>{}</h4><div class="{}">{}</div>', name, css, text)
        else:
            yield html('<details class="x"><summary>{}</summary><div class="{}">{}</div></details>', name, css, text)


def _details(profile: Profile, control: Control) -> Iterable[Markup]:
    """Return marks, references and code: what is looked up rarely."""
    entry = control.entry
    impact = "" if entry.impact is None else f"impact {entry.impact:g}"
    parts = [
        tags_markup(entry.tags),
        severity_note(control),
        html('<ul class="refs">{}</ul>', join(map(_ref, entry.refs))) if entry.refs else NOTHING,
        *_code(profile, control),
    ]
    beside = ", ".join([*dict.fromkeys(nist_ids(entry.tags)), *([impact] if impact else [])])
    if any(parts):
        yield html('<details class="x"><summary>Details <small>{}</small></summary>{}</details>', beside, join(parts))
    elif impact:
        yield html('<p class="nt">{}</p>', impact)


def _ref(ref: Ref) -> Markup:
    url = ref.url or ref.text
    shown = ref.text or ref.url
    beside = html(" {}", ref.url) if ref.text and ref.url and ref.text != ref.url else NOTHING
    if not is_web_link(url):
        return html("<li>{}{}</li>", shown, beside)
    return html('<li><a href="{}" rel="noopener noreferrer nofollow">{}</a></li>', url.strip(), shown)


_WEB = re.compile(r"\A(?:https?://[^\s\\]+|mailto:[^\s\\]+)\Z", re.IGNORECASE)


def is_web_link(url: str) -> bool:
    """Return whether a URL is one that a page may link to."""
    url = url.strip()
    if not _WEB.match(url) or not url.isprintable():
        return False
    try:
        return bool(urlsplit(url).path or urlsplit(url).netloc)
    except ValueError:
        return False


def _code(profile: Profile, control: Control) -> Iterable[Markup]:
    """Return the code of each layer, the same code once, and where it stands."""
    codes: dict[str, list[tuple[str, str]]] = {}
    for layer, entry in control.layers:
        if entry.code.strip():
            codes.setdefault(entry.code, []).append((layer, entry.source))
    if not codes and control.entry.source:
        yield html('<p class="nt">{}</p>', control.entry.source)
    for code, places in codes.items():
        names = " and ".join(dict.fromkeys(layer for layer, _ in places))
        source = next((source for _, source in places if source), "")
        shown = _CACHE.sub("", source) if "/cache/" in source else source
        yield html(
            "<h4>Code{} <small>{}</small></h4>{}<pre>{}</pre>",
            f" in {names}" if names != profile.name or len(codes) > 1 else "",
            shown,
            html('<p class="nt">{}</p>', source) if shown != source else NOTHING,
            code.strip("\r\n"),
        )


_CACHE = re.compile(r"\A.*/cache/[0-9a-f]{40,64}/(?:d\d{8}-\d+-\w+/|[^/]+-[0-9a-f]{40}/)?")
"""Where InSpec unpacks profiles: nobody edits a control there."""
