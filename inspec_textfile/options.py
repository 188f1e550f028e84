"""The building blocks of command-line options: their types, and where their values come from.

A value comes from the command line, else the environment, else the --settings file, else it is the default.

A settings file such as /etc/default/inspec-textfile is read by cron as shell and by systemd as EnvironmentFile=. Only what
both read the same way is accepted: NAME=value, with or without quotes, and comments. Anything else would mean different
things to the two (systemd.exec(5), EnvironmentFile=; sh(1), "Quoting").
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from inspec_textfile.ownership import user_name

PREFIX = "INSPEC_TEXTFILE_"
_LINE = re.compile(
    r"""[ \t]*
    (?P<name>[A-Za-z_][A-Za-z0-9_]*)=
    (?: "(?P<double>(?:[^"\\$`]|\\["\\$`])*)"
      | '(?P<single>[^'\\]*)'
      | (?P<plain>[^\s"'\\$`;&|<>()~\#][^\s"'\\$`;&|<>()~]*|)
    )[ \t]*\Z""",
    re.VERBOSE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_F = TypeVar("_F", bound=Callable[..., Any])


def option(*names: str, **attributes: Any) -> Callable[[_F], _F]:
    """Return the decorator of an option that the environment variable INSPEC_TEXTFILE_NAME can also set."""
    long = next(name for name in names if name.startswith("--"))
    variable = PREFIX + long[2:].upper().replace("-", "_")
    return click.option(*names, envvar=variable, show_envvar=True, show_default=True, **attributes)


# --- types -----------------------------------------------------------------------------------------------------------------


# A file or folder, or `-`: a shell completes it, and the run says what is wrong with it.
PATH = click.Path(readable=False)
_LIMITED = ("critical", "high", "medium", "low")
"""Severities whose findings have days to be fixed in."""


def file_mode(value: str) -> int:
    """Return a file mode given in octal."""
    if not re.fullmatch("0?[0-7]{3}", value):
        raise click.BadParameter(f"{value!r} is not a file mode in octal, such as 0644")
    return int(value, 8)


def remediation_days(value: str) -> tuple[tuple[str, int], ...]:
    """Return (severity, days) for each severity with a limit: `30,30,90,180`."""
    numbers = value.replace(" ", "").split(",")
    if len(numbers) != len(_LIMITED) or not all(re.fullmatch("[0-9]{1,4}", number) for number in numbers):
        names = ",".join(_LIMITED).upper()
        raise click.BadParameter(f"{value!r} is not {names}: whole days, 0 for no limit, such as 30,30,90,180")
    return tuple((severity, int(days)) for severity, days in zip(_LIMITED, numbers) if int(days))


def report_name(value: str) -> str:
    """Return a report's name, which becomes a label and a part of a page's file name."""
    if not value.isprintable() or any(part in ("", ".", "..") for part in value.split("/")):
        raise click.BadParameter(f"{value!r} must be a printable name, such as web01 or web01/ssh")
    return value


def upload_value(function: str) -> Callable[[str], Any]:
    """Return the type of an option that a function of `upload.target` reads, which is imported only if the option is used."""

    def convert(value: str) -> Any:
        from inspec_textfile.upload import target

        try:
            return getattr(target, function)(value)
        except target.TargetError as error:
            raise click.BadParameter(str(error)) from None

    return convert


# --- the --settings file ---------------------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """The value of a variable."""

    value: str
    line: int
    """Line number in the file, from 1."""


class SettingsFile(NamedTuple):
    """The content of the --settings file."""

    path: str
    variables: Mapping[str, Setting]

    def place(self, variable: str) -> str:
        """Return where a variable is set: file and line."""
        return f"{self.path}, line {self.variables[variable].line}"

    @property
    def others(self) -> dict[str, str]:
        """The variables that are not options: credentials, and settings of other programs."""
        return {name: setting.value for name, setting in self.variables.items() if not name.startswith(PREFIX)}


def read_settings(context: click.Context, param: click.Parameter, path: str | None) -> SettingsFile | None:
    """Read the --settings file; its variables become the defaults of other options."""
    if path is None or context.resilient_parsing:
        return None
    try:
        settings = SettingsFile(os.path.abspath(path), parse_settings(path, os.fsdecode(_read_own_file(path))))
    except OSError as error:
        what = "create it" if error.errno == errno.ENOENT else "run this as root or as the service's user"
        what += ", or leave --settings out"
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}; {what}", context, param) from None
    values = {name: setting.value for name, setting in settings.variables.items() if setting.value}
    context.default_map = {
        str(other.name): values[variable]
        for other in context.command.params
        if (variable := variable_of(other)) in values and other is not param
    }
    return settings


def _read_own_file(path: str) -> bytes:
    """Return the content of a file that says where to write, so nobody else may. Raises OSError, click.BadParameter."""
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
            raise click.BadParameter(f"{path}: others may write to it: chown {user_name()} {path}; chmod go-w {path}")
        return file.read()


def parse_settings(path: str, text: str) -> dict[str, Setting]:
    """Return the variables of a file; the last line of a variable counts. Raises click.BadParameter."""
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        matched = _LINE.match(line)
        if not matched or _CONTROL.search(line):
            raise click.BadParameter(  # without the value, which may be secret
                f"{path}, line {number}: is not NAME=value as systemd and a shell both read it: no export, no space around the "
                "=, a value with spaces or special characters in \"...\", with $ or ` in '...', and the line ends in LF alone"
            )
        double, single, plain = matched.group("double", "single", "plain")
        value = re.sub(r"\\(.)", r"\1", double) if double is not None else single if single is not None else plain
        found[matched["name"]] = Setting(value, number)
    return found


class Command(click.Command):
    """A command whose errors name the line of the settings file that has the wrong value."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the command line. Raises click.UsageError."""
        try:
            return super().parse_args(context, args)
        except click.BadParameter as error:
            param = error.param
            if not param or context.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT_MAP:
                raise
            place = context.params["settings"].place(variable_of(param))
            raise click.BadParameter(f"{place}: {error.message}", context, param) from None


# --- where values come from ------------------------------------------------------------------------------------------------


def variable_of(param: click.Parameter) -> str:
    """Return the environment variable of an option, "" for an argument."""
    return str(param.envvar or "")


def origin(context: click.Context, name: str) -> str:
    """Return where the value of an option comes from, in words that help to find it."""
    param = next(param for param in context.command.params if param.name == name)
    source = context.get_parameter_source(name)
    if source is ParameterSource.DEFAULT_MAP:
        return str(context.params["settings"].place(variable_of(param)))
    if source is ParameterSource.ENVIRONMENT:
        return f"environment, {variable_of(param)}"
    return param.opts[-1] if source is ParameterSource.COMMANDLINE else "default"


def in_force(context: click.Context, output: str) -> Iterator[str]:
    """Yield what a run works on, and where each of it comes from. `output`: the path of the .prom file."""
    options = context.params
    if options["settings"]:
        yield f"settings: {options['settings'].path} ({origin(context, 'settings')})"
    if options["results"]:
        yield f"results: {' '.join(options['results'])} (arguments)"
    else:
        yield f"results: {os.path.abspath(options['results_dir'])} ({origin(context, 'results_dir')})"
    if options["no_reports"]:
        yield f"pages: none ({origin(context, 'no_reports')})"
    else:
        yield f"pages: {os.path.abspath(options['reports_dir'])} ({origin(context, 'reports_dir')})"
    yield f"metrics: {output} ({origin(context, 'output')})"
    if options["upload"]:
        yield f"upload: {options['upload'].url} ({origin(context, 'upload')})"


def unknown_variables(context: click.Context, environment: Iterable[str]) -> list[str]:
    """Return a sentence for each variable that looks like an option but is not one. `environment`: names of its variables."""
    known = {variable_of(param) for param in context.command.params} - {""}
    settings = context.params["settings"]
    found = {name: "environment" for name in environment if name.startswith(PREFIX) and name not in known}
    if settings:
        found |= {name: settings.place(name) for name in settings.variables if name.startswith(PREFIX) and name not in known}
    return [f"{name} ({where}): there is no such option{_nearest(name, known)}" for name, where in sorted(found.items())]


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name.removeprefix(PREFIX), [other.removeprefix(PREFIX) for other in sorted(known)], 1)
    return f"; did you mean {PREFIX}{nearest[0]}?" if nearest else "; see --help, or remove it"
