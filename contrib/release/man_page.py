"""Prints the manual page, made from the command that also makes --help.

Options, environment variables, exit status and examples come from inspec_textfile.cli. Only what --help does not tell
(FILES, SEE ALSO) is written here.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterator

import click

from inspec_textfile import __version__, cli

NAME = "inspec-textfile"
_VERBATIM = "\b\n"
"""How click marks a paragraph that is not to be wrapped."""
_COLUMNS = 78
_BRACKETS = re.compile(r"(\[[^]]*\]|<[^>]*>|\.\.\.)")

FILES = (
    (f"{cli.RESULTS_DIR}/", "Results of InSpec, read: each *.json in it and its folders is one report."),
    (f"{cli.REPORTS_DIR}/", "Pages, written: index.html, and inspec-REPORT.json.html for each report."),
    (
        f"{cli.OUTPUT_DIRS[0]}/{cli.OUTPUT_FILE}",
        "Metrics, written. Where that folder does not exist, the first of these that does: "
        + ", ".join(f"{folder}/" for folder in cli.OUTPUT_DIRS[1:]),
    ),
    (
        f"/etc/default/{NAME}",
        "Settings of the cron job and of the systemd units, NAME=value. A run by hand reads it with --settings.",
    ),
    (
        f"{cli.OUTPUT_DIRS[0]}/.{cli.OUTPUT_FILE}.state",
        "What earlier runs were, beside the metrics: since when a control fails, and the last good figures.",
    ),
    ("/etc/inspec-textfile.conf", "What run_inspec.sh(8) runs: one report a line."),
)

SEE_ALSO = "run_inspec.sh(8), prometheus-node-exporter(1), crontab(5), systemd.timer(5)"


def escaped(text: str) -> str:
    """Return text as roff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti")
    return re.sub(r"(?m)^\.", "\\&.", text.replace("^", "\\(ha"))


def prose(text: str) -> Iterator[str]:
    """Yield a paragraph in short lines; a new sentence starts a new line, as roff wants it."""
    for sentence in re.split(r"(?<=[.:;])\s+(?=[A-Z])", " ".join(text.split())):
        # Wide enough after escaping: a hyphen becomes two characters.
        yield from (
            escaped(line) for line in textwrap.wrap(sentence, _COLUMNS - 10, break_long_words=False, break_on_hyphens=False)
        )


def paragraphs(text: str) -> Iterator[tuple[bool, str]]:
    """Yield (whether it is verbatim, text) for each paragraph of a help text of click."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        verbatim = paragraph.startswith(_VERBATIM)
        yield verbatim, paragraph[len(_VERBATIM) :] if verbatim else paragraph


def placeholder(text: str) -> str:
    """Return a metavar with its words in italics and its brackets as they are."""
    return "".join(part if _BRACKETS.fullmatch(part) else f"\\fI{escaped(part)}\\fP" for part in _BRACKETS.split(text) if part)


def value_of(option: click.Option) -> str:
    """Return the placeholder of an option's value, empty for a flag."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return "|".join(f"\\fB{escaped(choice)}\\fP" for choice in option.type.choices)
    return placeholder(option.metavar or option.type.name.upper())


def options(context: click.Context) -> list[click.Option]:
    """Return the options in the order of --help, the one for help last."""
    return [parameter for parameter in context.command.get_params(context) if isinstance(parameter, click.Option)]


def synopsis(context: click.Context) -> Iterator[str]:
    """Yield the synopsis."""
    arguments = " ".join(
        placeholder(parameter.metavar or parameter.name or "")
        for parameter in context.command.params
        if isinstance(parameter, click.Argument)
    )
    yield f"\\fB{escaped(NAME)}\\fP [\\fIOPTIONS\\fP] {arguments}"


def description(text: str) -> Iterator[str]:
    """Yield the paragraphs of the help text that are prose."""
    for verbatim, paragraph in paragraphs(text):
        if not verbatim:
            yield ".PP"
            yield from prose(paragraph)


def examples(text: str) -> Iterator[str]:
    """Yield the paragraphs of the help text that are verbatim: lines of "purpose:  command"."""
    for verbatim, paragraph in paragraphs(text):
        for line in paragraph.splitlines() if verbatim else ():
            purpose, found, command = (part.strip() for part in line.partition(": "))
            if not found:
                raise ValueError(f"no example of the form 'purpose:  command': {line!r}")
            yield from (".PP", f"{escaped(purpose)}:", ".PP", ".RS 4", ".EX", escaped(command), ".EE", ".RE")


def option_list(context: click.Context) -> Iterator[str]:
    """Yield each option with its help, its range and its default."""
    for option in options(context):
        value = value_of(option)
        # The short name first: click 8.1 has those of --help in any order.
        names = ", ".join(f"\\fB{escaped(name)}\\fP" for name in sorted(option.opts, key=len))
        yield from (".TP", names + (f" {value}" if value else ""))
        yield from prose(option.help or "")
        if isinstance(option.type, (click.IntRange, click.FloatRange)):
            ends = (("At least", option.type.min), ("At most", option.type.max))
            yield from prose(" ".join(f"{word} {end:g}." for word, end in ends if end is not None))
        if option.show_default and not option.is_flag and isinstance(option.default, (str, int, float)):
            yield f"Default: {escaped(str(option.default))}."


def environment(context: click.Context) -> Iterator[str]:
    """Yield the environment variable of each option."""
    yield from prose(
        "Each option can be set by a variable too; an option on the command line wins. A flag is set by 1 and unset by 0."
    )
    for option in options(context):
        if option.envvar:
            yield from (".TP", f"\\fB{escaped(str(option.envvar))}\\fP", f"The same as \\fB{escaped(option.opts[-1])}\\fP.")


def exit_status(epilog: str) -> Iterator[str]:
    """Yield the table of exit statuses that --help ends with."""
    (_, paragraph), *others = paragraphs(epilog)
    title, *lines = paragraph.splitlines()
    if others or title != "Exit status:":
        raise ValueError(f"the end of --help is not the exit statuses alone: {epilog!r}")
    for status, meaning in (line.split(None, 1) for line in lines):
        yield from (".TP", f"\\fB{escaped(status)}\\fP")
        yield from prose(f"{meaning[0].upper()}{meaning[1:]}.")


def files() -> Iterator[str]:
    """Yield the files and folders with what they are for."""
    for path, purpose in FILES:
        yield from (".TP", f"\\fI{escaped(path)}\\fP")
        yield from prose(purpose)


def page(command: click.Command, seconds: int) -> str:
    """Return the page in roff, dated with a Unix time."""
    context = click.Context(command, info_name=NAME, help_option_names=command.context_settings["help_option_names"])
    text = command.help or ""
    summary = " ".join(next(paragraphs(text))[1].split()).rstrip(".")
    sections = {
        "NAME": [f"{escaped(NAME)} \\- {escaped(summary[0].lower() + summary[1:])}"],
        "SYNOPSIS": synopsis(context),
        "DESCRIPTION": description(text),
        "OPTIONS": option_list(context),
        "ENVIRONMENT": environment(context),
        "FILES": files(),
        "EXIT STATUS": exit_status(command.epilog or ""),
        "EXAMPLES": examples(text),
        "SEE ALSO": [escaped(SEE_ALSO)],
    }
    day = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    lines = [f'.TH {NAME.upper()} 1 {day} "{NAME} {__version__}" "User Commands"', ".nh", ".ad l"]
    for title, content in sections.items():
        body = list(content)
        lines += [f".SH {title}", *(body[1:] if body[0] == ".PP" else body)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(cli.command, int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())))
