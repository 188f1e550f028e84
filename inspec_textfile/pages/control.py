"""One control on a report's page: a line that says what it is and how it went, folded below it everything known about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from inspec_textfile.history.model import ControlKey, Finding, History
from inspec_textfile.pages import links, past
from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.nist import nist_ids
from inspec_textfile.pages.register import attestation_box, waiver_box
from inspec_textfile.pages.results import Backtraces, reason, results_markup
from inspec_textfile.pages.tags import is_prose, severity_note, tags_markup
from inspec_textfile.pages.verdict import tests
from inspec_textfile.pages.words import STATUS_NAMES, count, number
from inspec_textfile.report.model import ERROR, FAILED, NOT_REVIEWED, PASSED, WAIVED, Control, ControlEntry, Profile, Ref
from inspec_textfile.report.status import count_results, is_error

_LABELS = {"fix": "Fix", "remediation": "Remediation", "check": "Check", "rationale": "Rationale", "desc": "Description"}
_ORDER = ("fix", "remediation", "check", "rationale")
_MAX_IDS = 3
"""Ids of NIST SP 800-53 in a control's line; all of them stand among its tags."""


class Context(NamedTuple):
    """What a control's markup depends on beside the control."""

    history: History
    changed: dict[ControlKey, tuple[str, str]]
    """new, fixed or worse, and how a page says it."""
    backtraces: Backtraces
    several: bool
    """The report has other profiles too, so each control names its own."""


def context(history: History, *, several: bool) -> Context:
    """Return the context of a report's controls."""
    changes = history.changes
    changed = {
        **{one.key: ("fixed", "fixed") for one in changes.fixed},
        **{one.key: ("worse", count(one.more_tests, "more test fails", "more tests fail")) for one in changes.worse},
        **{one.key: ("new", "new") for one in changes.newly_failing},
    }
    return Context(history, changed, Backtraces(), several)


def control_markup(profile: Profile, control: Control, around: Context, *, unfold: bool) -> Iterable[Markup]:
    """Return a control, in pieces. `unfold`: show it open from the start."""
    entry = control.entry
    anchor = links.anchor(profile.name, control.id)
    key = ControlKey(profile.name, control.id)
    failure = around.history.findings.get(key)
    changed = around.changed.get(key, ("", ""))
    counted = count_results([control])
    yield html(
        '<details class="c {}" data-v="{}"{}{}>\n<summary><span class="st">{}</span><h3><code>{}</code> <span>{}</span></h3>',
        control.status,
        control.severity,
        _marks(control, counted, failure, changed[0]),
        html(" open") if unfold else NOTHING,
        STATUS_NAMES[control.status],
        control.id,
        entry.title or "",
    )
    yield html(
        '<span class="n">{}{}{}{}</span><span class="sv {}">{}</span>{}</summary>\n<div class="b" id="{}">',
        html("<span>{}</span> ", profile.name) if around.several else NOTHING,
        html("<span>{}</span> ", _tests(control, counted)) if control.status != PASSED or len(entry.results) > 1 else NOTHING,
        _since(failure, changed),
        _ids(entry),
        control.severity,
        control.severity,
        html('<span class="why">{}</span>', reason(control))
        if control.status in (FAILED, ERROR, NOT_REVIEWED, WAIVED)
        else NOTHING,
        anchor,
    )
    yield from _body(profile, control, around, anchor)


def _tests(control: Control, counted: Mapping[str, int]) -> str:
    """Return how the tests of a control went."""
    broken = sum(map(is_error, control.entry.results)) if control.status == ERROR else 0
    if not broken:
        return tests(counted)
    failed, total = counted.get(FAILED, 0) - broken, sum(counted.values())
    return f"{number(broken)} of {count(total, 'test')} broke" + (f", {number(failed)} failed" if failed > 0 else "")


def _body(profile: Profile, control: Control, around: Context, anchor: str) -> Iterable[Markup]:
    entry = control.entry
    if entry.waiver:
        yield waiver_box(entry.waiver)
    if entry.attestation:
        yield attestation_box(entry.attestation)
    if entry.removed:
        left_out = count(sum(entry.removed.values()), "more result")
        yield html('<p class="note">The sender left {} out of this report: {}.</p>', left_out, _removed(entry))
    yield from results_markup(entry.results, lambda lines: around.backtraces.markup(lines, anchor))
    yield from _texts(entry, control.status)
    yield tags_markup(entry.tags)
    yield severity_note(control)
    if entry.refs:
        yield html('<div class="refs"><h4>References</h4><ul>{}</ul></div>', join(map(_ref, entry.refs)))
    yield from _code(profile, control)
    impact = "" if entry.impact is None else f"impact {entry.impact:g}"
    yield html('<p class="nt">{} <a class="ln" href="#{}">Link</a></p></div>\n</details>\n', impact, anchor)


def _removed(entry: ControlEntry) -> str:
    return ", ".join(f"{number(many)} {status}" for status, many in sorted(entry.removed.items()) if many)


def _marks(control: Control, counted: Mapping[str, int], failure: Finding | None, changed: str) -> Markup:
    """Return what the script filters and sorts by: tests failed of all, how long they took, since when, what changed."""
    took = sum(result.run_time or 0 for result in control.entry.results)
    failed, total = counted.get(FAILED, 0), sum(counted.values())
    marks = [html(' data-n="{}/{}"', failed, total)] if failed or total != 1 else []
    marks += [html(' data-t="{}"', f"{took:.3g}")] if took else []
    if failure:
        marks.append(html(' data-s="{}"', int(failure.since)))
    if changed:
        marks.append(html(' data-w="{}"', changed))
    return join(marks)


def _since(failure: Finding | None, changed: tuple[str, str]) -> Markup:
    """Return what changed, and since when a control fails: what is new needs no date."""
    kind, said = changed
    mark = html('<b class="ch {}">{}</b> ', kind, said) if kind else NOTHING
    return html("{}{}", mark, html("{} ", past.since(failure)) if failure and kind != "new" else NOTHING)


def _ids(entry: ControlEntry) -> Markup:
    ids = list(dict.fromkeys(nist_ids(entry.tags)))
    more = f" +{number(len(ids) - _MAX_IDS)}" if len(ids) > _MAX_IDS else ""
    return html('<span class="ni">{}{}</span>', ", ".join(ids[:_MAX_IDS]), more) if ids else NOTHING


# --- what the profile says about the control ----------------------------------------------------------------------------------


def _texts(entry: ControlEntry, status: str) -> Iterable[Markup]:
    """Return fix, check, description and the rest; at hand what this status asks for."""
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
    labels = [label for label in (*wanted, "desc", *_ORDER) if label in texts]
    for label in dict.fromkeys([*labels, *texts]):
        yield html(
            '<details class="x{}"{}><summary>{}</summary><div class="md">{}</div></details>',
            " fix" if label in ("fix", "remediation") else "",
            html(" open") if label == "desc" or label in wanted else NOTHING,
            _LABELS.get(label, label),
            join(map(prose, texts[label])),
        )


def _ref(ref: Ref) -> Markup:
    url = ref.url or ref.text
    shown = ref.text or ref.url
    beside = html(" {}", ref.url) if ref.text and ref.url and ref.text != ref.url else NOTHING
    if not is_web_link(url):
        return html("<li>{}{}</li>", shown, beside)
    return html('<li><a href="{}" rel="noopener noreferrer nofollow">{}</a></li>', url.strip(), shown)


_WEB = re.compile(r"\A(?:https?://[^\s\\]+|mailto:[^\s\\]+)\Z", re.IGNORECASE)


def is_web_link(url: str) -> bool:
    """Tell whether a URL is one that a page may link to."""
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
            '<details class="x deep"><summary>Code{} <span>{}</span></summary>{}<pre>{}</pre></details>',
            f" in {names}" if names != profile.name or len(codes) > 1 else "",
            shown,
            html('<p class="nt">{}</p>', source) if shown != source else NOTHING,
            code.strip("\r\n"),
        )


_CACHE = re.compile(r"\A.*/cache/[0-9a-f]{40,64}/(?:d\d{8}-\d+-\w+/|[^/]+-[0-9a-f]{40}/)?")
"""Where InSpec unpacks profiles: nobody edits a control there."""
