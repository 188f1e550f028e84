"""The tests of a control: what each said and how it went, with many of a kind, long messages and backtraces folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from inspec_textfile.pages.layout import dedented
from inspec_textfile.pages.markup import Markup, defuse, html, join, terminal_text
from inspec_textfile.pages.times import duration
from inspec_textfile.report.model import ERROR, FAILED, PASSED, SKIPPED, WAIVED, Control, Result
from inspec_textfile.report.status import count_results, is_error, result_status
from inspec_textfile.words import count, number

_MAX_SHOWN = 3
"""Results shown before the rest is folded: a screen has room for the fix below them."""
_BRIEF, _BRIEF_LINES, _BRIEF_DESCRIBED = 540, 12, 330
"""Characters and lines of the messages at hand, and characters of what was tested, together: a screen takes no more."""
_MAX_MESSAGE = 3000
"""Characters of any other message shown before the rest is folded."""
_DIFF = "\nDiff:\n"
"""What RSpec puts before the lines that differ."""
_MAX_LINE = 100
"""Characters of a message in a list."""
_SLOW = 1.0
"""Seconds; what took less is not told test by test."""
_GENERATED = re.compile(r"\A\(generated from [^)]*\)\Z")
"""The id, and title, of a control that InSpec makes of tests outside of any control."""


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
    """Return the results: the first that failed at hand, so that the fix is near, all others folded by how they went."""
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
    first = (failed or skipped or passed)[:_MAX_SHOWN]
    yield html("<h4>{}</h4><div>{}", "Message" if len(first) == 1 else "Messages", _items(first, backtrace, share=len(first)))
    for kind, css, found in (("failed", " more", failed), ("skipped", "", skipped), ("passed", "", passed)):
        rest = found[len(first) :] if found and found[0] is first[0] else found
        if rest:
            what = count(len(rest), f"{'more ' if len(rest) < len(found) else ''}{kind} test")
            yield html('<details class="x{}"><summary>{}</summary>{}</details>', css, what, _items(rest, backtrace))
    yield html("</div>")


def _items(results: Iterable[Result], backtrace: _ShowBacktrace, *, share: int = 0) -> Markup:
    return html('<ul class="r">{}</ul>', join([_result(result, backtrace, share=share) for result in results]))


def _result(result: Result, backtrace: _ShowBacktrace, *, share: int) -> Markup:
    """Return one test: what it tested, and what it said. `share`: how many share a screen with the fix; 0 for no matter."""
    status = ERROR if is_error(result) else result.status
    described = result.code_desc.strip()
    details = [html(" <b>{}</b>", "error")] if status == ERROR else []
    if result.run_time is not None and result.run_time >= _SLOW:
        details.append(html(" <small>{}</small>", duration(result.run_time)))
    texts = [dedented(result.skip_message)] if result.skip_message else []
    if result.message and result.message != result.skip_message:
        texts.append(result.message)
    for text in texts:
        shown = text.strip("\r\n").rstrip()
        if shown and shown.strip() != described:
            details.append(message(shown, share))
    if result.exception:
        details.append(html('<p class="{}">{}</p>', "ex" if status == ERROR else "nt", result.exception))
    if result.backtrace:
        details.append(backtrace(result.backtrace))
    return html(
        '<li class="{} i">{}{}</li>\n',
        status,
        _folded(described, _BRIEF_DESCRIBED // share) if share else described,
        join(details),
    )


def _folded(described: str, most: int) -> Markup:
    """Return what was tested, a long text folded after its start."""
    if len(described) <= most * 1.2:
        return html("{}", described)
    rest = described[most:]
    return html(
        '{}<details class="x more"><summary>{} more characters</summary><p>{}</p></details>',
        described[:most],
        number(len(rest)),
        rest,
    )


def message(text: str, share: int = 0) -> Markup:
    """Return a message as it was printed, a long one folded after its start; soon after it if several `share` a screen."""
    cut = _brief_end(text, share) if share else _end(text)
    if cut == len(text):
        return html("<pre>{}</pre>", _printed(text))
    rest = text[cut:]
    return html(
        '<pre>{}</pre><details class="x more"><summary>{} more characters</summary><pre>{}</pre></details>',
        _printed(text[:cut].rstrip("\n")),
        number(len(rest)),
        _printed(rest),
    )


def _end(text: str) -> int:
    """Return where a message is folded: at the end of a line, or nowhere if little would be left."""
    if len(text) <= _MAX_MESSAGE * 1.2:
        return len(text)
    return text.rfind("\n", _MAX_MESSAGE // 2, _MAX_MESSAGE) + 1 or _MAX_MESSAGE


def _brief_end(text: str, share: int) -> int:
    """Return where a message at hand is folded: after some lines, or within one that is long; before the diff of several."""
    if share > 1 and _DIFF in text:
        return min(text.index(_DIFF), _BRIEF // share)
    end = 0
    for _ in range(_BRIEF_LINES // share):
        end = text.find("\n", end) + 1
        if not end:
            break
    end = min(end or len(text), _BRIEF // share)
    left = text[end:]
    return len(text) if len(left) < 100 and left.count("\n") < 3 else end


def _printed(text: str) -> Markup:
    """Return a message with its colours, or with the lines of its diff marked, if they are few enough to be read."""
    before, found, diff = text.partition(_DIFF)
    if not found or "\x1b" in text or len(diff) > _MAX_MESSAGE:
        return terminal_text(text)
    return html("{}\nDiff: - expected, + got\n{}", before, join(map(_diff_line, diff.split("\n")), "\n"))


def _diff_line(line: str) -> Markup:
    """Return a line of a diff of RSpec's: `-` is what the test expects, `+` is what the host has, so what is wrong."""
    if line.startswith("-"):
        return html("<ins>{}</ins>", line)
    if line.startswith("+"):
        return html("<del>{}</del>", line)
    return html("{}", line)


def counted_results(control: Control) -> tuple[int, int]:
    """Return how many single tests of a control failed or broke, and how many there are."""
    counts = count_results([control])
    return counts.get(FAILED, 0), sum(counts.values())


def heading(control: Control) -> str:
    """Return what to call a control in a line: its title, or what it tests first where it has none that says anything."""
    title = (control.entry.title or "").strip()
    if title and not _GENERATED.match(title):
        return title
    first = next((_line(result.code_desc) for result in control.entry.results if result.code_desc.strip()), "")
    return first or title or control.id


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
