"""A settings file such as /etc/default/inspec-textfile, which cron reads as shell and systemd as EnvironmentFile=.

Only what both read the same way is accepted: NAME=value, with or without quotes, and comments. Anything else would mean
different things to the two (systemd.exec(5), EnvironmentFile=; sh(1), "Quoting").
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?
    (?P<name>[A-Za-z_][A-Za-z0-9_]*)=
    (?: "(?P<double>(?:[^"\\$`]|\\["\\$`])*)"
      | '(?P<single>[^'\\]*)'
      | (?P<plain>[^\s"'\\$`;&|<>()~\#][^\s"'\\$`;&|<>()~]*|)
    )[ \t]*\Z""",
    re.VERBOSE,
)
_EXPANDED = re.compile(r"[$`]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class SettingsError(Exception):
    """A line of the file is not a setting; the message says why and what to write."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class Setting(NamedTuple):
    """The value of a variable."""

    value: str
    line: int
    """Line number in the file, from 1."""


def parse_settings(text: str) -> dict[str, Setting]:
    """Return the variables of a file; the last line of a variable counts. Raises SettingsError."""
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        matched = _LINE.match(line)
        if not matched or _CONTROL.search(line):
            raise SettingsError(number, _why(line))
        double, single, plain = matched.group("double", "single", "plain")
        value = re.sub(r"\\(.)", r"\1", double) if double is not None else single if single is not None else plain
        found[matched["name"]] = Setting(value, number)
    return found


def _why(line: str) -> str:
    """Return why a line is not a setting, without its value, which may be secret."""
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    if line.endswith("\r"):
        return "has a Windows line ending (CR LF): convert the file, e.g. with dos2unix"
    if _CONTROL.search(line):
        return "holds a control character"
    if not equals or not re.match(r"[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*\Z", name):
        return "is not of the form NAME=value"
    if name != name.strip() or value != value.lstrip():
        return f"must have no space before or after the = of {name.strip()}"
    if _EXPANDED.search(value) and not value.startswith("'"):
        return f"{name}: $ and ` mean something to a shell and nothing to systemd: write the value itself, or put it into '...'"
    return f'{name}: write a value with spaces or characters such as ; & ~ as {name}="...", all of it on one line'
