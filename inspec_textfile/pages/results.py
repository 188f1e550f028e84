"""The tests of a control: what each said and how it went, with many of a kind, long messages and backtraces folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from inspec_textfile.pages.layout import dedented
from inspec_textfile.pages.markup import NOTHING, Markup, defuse, html, join, terminal_text
from inspec_textfile.pages.times import duration
from inspec_textfile.pages.words import count, number
from inspec_textfile.report.model import ERROR, FAILED, PASSED, SKIPPED, WAIVED, Control, Result
from inspec_textfile.report.status import is_error, result_status

_MAX_SHOWN = 10
"""Results of one kind shown before the rest is folded."""
_MAX_MESSAGE = 3000
"""Characters of a message shown before the rest is folded."""
_MAX_LINE = 100
"""Characters of a message in a list."""
_WORDS = {status: html("{}", status) for status in (FAILED, ERROR, SKIPPED, PASSED)}


class Backtraces:
    """The backtraces of one page: most end in the same lines of InSpec's, which are shown once."""

    _FEWEST = 5
    """Lines that are worth leaving out."""
    _MAX_KEPT = 4
    """Backtraces to compare with."""

    def __init__(self) -> None:
        self._shown: list[tuple[Sequence[str], str]] = []

    def markup(self, lines: Sequence[str], anchor: str) -> Markup:
        """Return a backtrace of the control at `anchor`, folded; what an earlier one holds too, as a link to that one."""
        many = f"Backtrace, {count(len(lines), 'line')}"
        same, where = max([(_same_end(lines, shown), at) for shown, at in self._shown], default=(0, ""))
        if same < self._FEWEST:
            self._shown = [*self._shown, (lines, anchor)][-self._MAX_KEPT :]
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
    for line, line_of_other in zip(reversed(one), reversed(other)):
        if line != line_of_other:
            break
        same += 1
    return same


_ShowBacktrace = Callable[[Sequence[str]], Markup]


def results_markup(results: Sequence[Result], backtrace: _ShowBacktrace) -> Iterable[Markup]:
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
        what = f"{count(len(passed), 'test')} passed"
        yield html('<details class="x"><summary>{}</summary>{}</details>', what, _items(passed, backtrace))
    elif passed:
        yield from _list(passed, "more that passed", backtrace)


def _list(results: Sequence[Result], more: str, backtrace: _ShowBacktrace) -> Iterable[Markup]:
    many = len(results) > _MAX_SHOWN + 5
    first, rest = (results[:_MAX_SHOWN], results[_MAX_SHOWN:]) if many else (results, ())
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
    details = []
    texts = [dedented(result.skip_message)] if result.skip_message else []
    if result.message and result.message != result.skip_message:
        texts.append(result.message)
    for text in texts:
        shown = text.strip("\r\n").rstrip()
        if shown and shown.strip() != described:
            details.append(message(shown))
    if result.exception:
        details.append(html('<p class="{}">{}</p>', "ex" if status == _WORDS[ERROR] else "nt", result.exception))
    if result.backtrace:
        details.append(backtrace(result.backtrace))
    return html('<li class="{}"><b>{}</b> <span>{}</span> <i>{}</i>{}</li>\n', status, status, described, took, join(details))


def message(text: str) -> Markup:
    """Return a message as it was printed, a long one folded after its start."""
    if len(text) <= _MAX_MESSAGE * 1.2:
        return html("<pre>{}</pre>", _printed(text))
    cut = text.rfind("\n", _MAX_MESSAGE // 2, _MAX_MESSAGE) + 1 or _MAX_MESSAGE
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
    """Return a line of a diff of RSpec's: `-` is what the test expects, `+` is what the host has, so what is wrong."""
    if line.startswith("-"):
        return html("<ins>{}</ins>", line)
    if line.startswith("+"):
        return html("<del>{}</del>", line)
    return html("{}", line)


def reason(control: Control) -> str:
    """Return in a line why a control is not passed, for lists: what its first failed or skipped test said."""
    entry = control.entry
    if control.status == WAIVED and entry.waiver:
        return _line(entry.waiver.justification) or "no justification was given"
    if entry.attestation and entry.attestation.expired:
        return "its attestation expired"
    if not entry.results:
        return "no test was run"
    worst = min(entry.results, key=_badness)
    said = _line(worst.skip_message) or _line(worst.message)
    if control.status == ERROR and worst.exception:
        return f"{worst.exception}: {said}"
    return f"{_line(worst.code_desc)}: {said}" if said and said not in worst.code_desc else said or _line(worst.code_desc)


def _badness(result: Result) -> int:
    if is_error(result):
        return 0
    return (FAILED, SKIPPED, PASSED).index(result_status(result)) + 1


def _line(text: str) -> str:
    """Return a text as one line, not too long for a list."""
    line = " ".join(defuse(text[:2000]).split())
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]} …"
