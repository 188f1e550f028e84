"""One control on a report's page: a line that says what it is and how it went, folded below it everything known about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from inspec_textfile import links
from inspec_textfile.model import (
    ERROR,
    FAILED,
    NOT_REVIEWED,
    PASSED,
    SKIPPED,
    Control,
    ControlEntry,
    Profile,
    Ref,
    Result,
    Waiver,
)
from inspec_textfile.outcome import is_error, result_status
from inspec_textfile.pages.html import Markup, escape, html, join, terminal_text
from inspec_textfile.pages.prose import dedented, prose
from inspec_textfile.pages.summary import STATUS_NAMES, number
from inspec_textfile.pages.times import duration, moment

_SHOWN = 10
"""Results of one kind shown before the rest is folded."""
_LONGEST_MESSAGE = 3000
"""Characters of a message shown before the rest is folded."""
_LONG_TAG = 80
"""A tag's value longer than this, or of several lines, is prose: old STIG profiles keep check and fix there."""
_LABELS = {"fix": "Fix", "remediation": "Remediation", "check": "Check", "rationale": "Rationale", "desc": "Description"}
_ORDER = ("fix", "remediation", "check", "rationale")
_WORDS = {status: html("{}", status) for status in (FAILED, ERROR, SKIPPED, PASSED)}
NOTHING = html("")


class Backtraces:
    """The backtraces of one page: most end in the same lines of InSpec's, which are shown once."""

    _FEWEST = 5
    """Lines that are worth leaving out."""
    _KEPT = 4
    """Backtraces to compare with."""

    def __init__(self) -> None:
        self._shown: list[tuple[Sequence[str], str]] = []

    def markup(self, lines: Sequence[str], anchor: str) -> Markup:
        """Return a backtrace of the control at `anchor`, folded; what an earlier one holds too, as a link to that one."""
        many = f"Backtrace, {number(len(lines))} {'line' if len(lines) == 1 else 'lines'}"
        same, where = max([(_same_end(lines, shown), at) for shown, at in self._shown], default=(0, ""))
        if same < self._FEWEST:
            self._shown = [*self._shown, (lines, anchor)][-self._KEPT :]
            return html('<details class="x deep"><summary>{}</summary><pre>{}</pre></details>', many, "\n".join(lines))
        return html(
            '<details class="x deep"><summary>{}</summary><pre>{}</pre>'
            '<p class="nt">{} as in <a href="#{}">an earlier one</a></p></details>',
            many,
            "\n".join(lines[: len(lines) - same]),
            f"… then the same {number(same)} lines" if same < len(lines) else "The same",
            where,
        )


def _same_end(one: Sequence[str], other: Sequence[str]) -> int:
    same = 0
    for line, line_of_other in zip(reversed(one), reversed(other), strict=False):
        if line != line_of_other:
            break
        same += 1
    return same


def control_markup(
    profile: Profile, control: Control, backtraces: Backtraces, *, several: bool, unfold: bool
) -> Iterable[Markup]:
    """Return a control, in pieces.

    `several`: the report has other profiles too, so this one is named. `unfold`: show it open from the start.
    """
    entry = control.entry
    anchor = links.anchor(profile.name, control.id)
    took = sum(result.run_time or 0 for result in entry.results)
    yield html(
        '<details class="c {}" data-v="{}"{}{}>\n<summary><span class="st">{}</span><h3><code>{}</code> <span>{}</span></h3>'
        '<span class="sv {}">{}</span><span class="n">{}</span></summary>\n<div class="b" id="{}">',
        control.status,
        control.severity,
        html(' data-t="{}"', f"{took:.3g}") if took else NOTHING,
        html(" open") if unfold else NOTHING,
        STATUS_NAMES[control.status],
        control.id,
        entry.title or "",
        control.severity,
        control.severity,
        _outline(profile, entry, several),
        anchor,
    )
    if entry.waiver:
        yield _waiver(entry.waiver)
    yield from _results(entry.results, lambda lines: backtraces.markup(lines, anchor))
    yield from _texts(entry, control.status)
    yield _tags(entry.tags)
    if entry.refs:
        yield html('<div class="refs"><h4>References</h4><ul>{}</ul></div>', join(map(_ref, entry.refs)))
    yield from _code(profile, control)
    impact = "" if entry.impact is None else f"impact {entry.impact:g}"
    yield html('<p class="nt">{} <a class="ln" href="#{}">Link to this control</a></p></div>\n</details>\n', impact, anchor)


def _outline(profile: Profile, entry: ControlEntry, several: bool) -> str:
    """Return how the tests went, in a few words."""
    total = len(entry.results)
    failed = sum(result_status(result) == FAILED for result in entry.results)
    skipped = sum(result.status == SKIPPED for result in entry.results)
    tests = "1 test" if total == 1 else f"{number(total)} tests" if total else "no tests"
    went = [f"{number(many)} {what}" for many, what in ((failed, "failed"), (skipped, "skipped")) if many and total > 1]
    shown = f"{', '.join(went)} of {tests}" if went else tests
    return f"{profile.name} · {shown}" if several else shown


# --- results ------------------------------------------------------------------------------------------------------------------


_ShowBacktrace = Callable[[Sequence[str]], Markup]


def _results(results: Sequence[Result], backtrace: _ShowBacktrace) -> Iterable[Markup]:
    """Return the results, failing ones first, with many of a kind folded."""
    if not results:
        yield html('<p class="nt">No test was run.</p>')
        return
    failed, skipped, passed = [], [], []
    for result in results:
        if is_error(result) or result.status not in (PASSED, SKIPPED):
            failed.append(result)
        elif result.status == SKIPPED:
            skipped.append(result)
        else:
            passed.append(result)
    shown = [*failed, *skipped]
    yield from _list(shown, "more that failed or were skipped", backtrace)
    if shown and passed:
        what = "1 test passed" if len(passed) == 1 else f"{number(len(passed))} tests passed"
        yield html('<details class="x"><summary>{}</summary>{}</details>', what, _items(passed, backtrace))
    elif passed:
        yield from _list(passed, "more that passed", backtrace)


def _list(results: Sequence[Result], more: str, backtrace: _ShowBacktrace) -> Iterable[Markup]:
    many = len(results) > _SHOWN + 5
    first, rest = (results[:_SHOWN], results[_SHOWN:]) if many else (results, ())
    if first:
        yield _items(first, backtrace)
    if rest:
        yield html('<details class="x"><summary>{} {}</summary>{}</details>', number(len(rest)), more, _items(rest, backtrace))


def _items(results: Iterable[Result], backtrace: _ShowBacktrace) -> Markup:
    return html('<ul class="r">{}</ul>', join([_result(result, backtrace) for result in results]))


def _result(result: Result, backtrace: _ShowBacktrace) -> Markup:
    """Return one test: what it said, and how it went."""
    took = NOTHING if result.run_time is None else duration(result.run_time)
    status = _WORDS[ERROR if is_error(result) else result.status]
    described = result.code_desc.strip()
    details = [html('<p class="ex">{}</p>', result.exception)] if result.exception else []
    texts = [dedented(result.skip_message)] if result.skip_message else []
    if result.message and result.message != result.skip_message:
        texts.append(result.message)
    for text in texts:
        shown = text.strip("\r\n").rstrip()
        if shown and shown.strip() != described:
            details.append(message(shown))
    if result.backtrace:
        details.append(backtrace(result.backtrace))
    return html('<li class="{}"><b>{}</b> <span>{}</span> <i>{}</i>{}</li>\n', status, status, described, took, join(details))


def message(text: str) -> Markup:
    """Return a message as it was printed, a long one folded after its start."""
    if len(text) <= _LONGEST_MESSAGE * 1.2:
        return html("<pre>{}</pre>", _printed(text))
    cut = text.rfind("\n", _LONGEST_MESSAGE // 2, _LONGEST_MESSAGE) + 1 or _LONGEST_MESSAGE
    rest = text[cut:]
    return html(
        '<pre>{}</pre><details class="x"><summary>{} more characters</summary><pre>{}</pre></details>',
        _printed(text[:cut]),
        number(len(rest)),
        _printed(rest),
    )


def _printed(text: str) -> Markup:
    """Return a message with its colours, or with the lines of its diff marked."""
    before, found, diff = text.partition("\nDiff:\n")
    if not found or "\x1b" in text:
        return terminal_text(text)
    return html("{}\nDiff:\n{}", before, join(map(_diff_line, diff.split("\n")), "\n"))


def _diff_line(line: str) -> Markup:
    if line.startswith("-"):
        return html("<del>{}</del>", line)
    if line.startswith("+"):
        return html("<ins>{}</ins>", line)
    return html("{}", line)


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
            '<details class="x"{}><summary>{}</summary><div class="md">{}</div></details>',
            html(" open") if label == "desc" or label in wanted else NOTHING,
            _LABELS.get(label, label),
            join(map(prose, texts[label])),
        )


def is_prose(value: str) -> bool:
    """Tell a tag's value that is a text from one that is a mark."""
    return len(value) > _LONG_TAG or "\n" in value.strip()


def _tags(tags: Any) -> Markup:
    """Return tags as chips, those that are texts of their own left out."""
    rows = []
    for key, value in tags.items():
        if not isinstance(value, str) or not value:
            marks = join(map(escape, flat(value)), "</b><b>")
            rows.append(html("<div><dt>{}</dt><dd>{}</dd></div>", key, html("<b>{}</b>", marks) if marks else marks))
        elif not is_prose(value):
            rows.append(html("<div><dt>{}</dt><dd><b>{}</b></dd></div>", key, value))
    return html('<dl class="tags">{}</dl>', join(rows)) if rows else NOTHING


def flat(value: Any) -> list[str]:
    """Return the marks that a tag's value of any JSON type holds."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [mark for item in value for mark in flat(item)]
    if isinstance(value, dict):
        return [f"{key}: {', '.join(flat(item))}" if item not in (None, "") else str(key) for key, item in value.items()]
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]


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
        yield html(
            '<details class="x deep"><summary>Code{} <span>{}</span></summary><pre><code>{}</code></pre></details>',
            f" in {names}" if names != profile.name or len(codes) > 1 else "",
            next((source for _, source in places if source), ""),
            code.strip("\r\n"),
        )


# --- waivers ------------------------------------------------------------------------------------------------------------------


def _waiver(waiver: Waiver) -> Markup:
    rows = []
    if waiver.expired:
        state, css = "Waiver expired: judged as if there were none", "wv expired"
    else:
        state, css = "Waiver in force", "wv"
    if waiver.expires_text:
        when = moment(waiver.expires, "exp") if waiver.expires is not None else html("{}", waiver.expires_text)
        rows.append(html("<dt>{}</dt><dd>{}</dd>", "Expired" if waiver.expired else "Expires", when))
    elif not waiver.expired:
        rows.append(html("<dt>Expires</dt><dd>never: no date is set</dd>"))
    if waiver.run is not None:
        rows.append(
            html("<dt>Tests</dt><dd>{}</dd>", "run all the same" if waiver.run else "not run while the waiver is in force")
        )
    if waiver.message:
        rows.append(html("<dt>InSpec</dt><dd>{}</dd>", waiver.message))
    rows.extend(html("<dt>{}</dt><dd>{}</dd>", key, value) for key, value in waiver.extra if value)
    why = prose(waiver.justification) if waiver.justification.strip() else html("<p>No justification was given.</p>")
    return html('<div class="{}"><h4>{}</h4><div class="md">{}</div><dl>{}</dl></div>', css, state, why, join(rows))
