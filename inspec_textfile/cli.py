"""The command line: options, exit status, what a person sees.

Nothing but this module knows click, and nothing else is imported before it is known what there is to do.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from inspec_textfile import __version__

if TYPE_CHECKING:
    from inspec_textfile.upload.target import Publication

_STARTED = time.monotonic()
_STDIN, _STDOUT, _STDERR = 0, 1, 2
"""Descriptors: Python's own streams are missing if one was closed by who started us."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONG_SECONDS = 1.0
"""After which a person at a terminal wants to see progress."""
_F = TypeVar("_F", bound=Callable[..., Any])

RESULTS_DIR = "/usr/local/etc/inspec-results"
REPORTS_DIR = "/usr/local/etc/inspec-reports"
OUTPUT_FILE = "inspec.prom"
OUTPUT_DIRS = (
    "/var/lib/prometheus/node-exporter",
    "/var/lib/node_exporter/textfile_collector",
    "/var/lib/node_exporter",
)

EPILOG = """\b
Exit status:
  0  all reports were read and everything was written; failing controls are data
  1  something could not be read or written; everything else was
  2  wrong usage
"""


def _option(*names: str, **attributes: Any) -> Callable[[_F], _F]:
    """An option that can also be set by the environment variable INSPEC_TEXTFILE_NAME."""
    long = next(name for name in names if name.startswith("--"))
    variable = "INSPEC_TEXTFILE_" + long[2:].upper().replace("-", "_")
    return click.option(*names, envvar=variable, show_envvar=True, **attributes)


class _Mode(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """A file mode in octal."""

    name = "octal"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            mode = int(value, 8)
        except ValueError:
            mode = -1
        if not 0 <= mode <= 0o777:
            self.fail(f"{value!r} is no file mode in octal, such as 0644", param, context)
        return mode


class _ReportName(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """A report's name: becomes a label, and part of a page's file name."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> str:
        if not value.isprintable() or any(part in ("", ".", "..") for part in value.split("/")):
            self.fail(f"{value!r} must be a printable name, such as web01 or web01/ssh", param, context)
        return str(value)


class _Upload(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """What says where pages are published, read by a function of `upload.target`, which nobody else needs."""

    def __init__(self, name: str, function: str) -> None:
        self.name = name
        self._function = function

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        from inspec_textfile.upload import target

        try:
            return getattr(target, self._function)(value)
        except target.TargetError as error:
            self.fail(str(error), param, context)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EPILOG)
@click.argument("results", nargs=-1, metavar="[RESULTS]...")
@_option(
    "--results-dir", metavar="DIR", default=RESULTS_DIR, show_default=True, help="Where to look for results if none are named."
)
@_option("--reports-dir", metavar="DIR", default=REPORTS_DIR, show_default=True, help="Where the pages go.")
@_option(
    "-o",
    "--output",
    metavar="FILE",
    help=f"The .prom file; - prints it. [default: {OUTPUT_FILE} in the first of these that exists: {', '.join(OUTPUT_DIRS)}]",
)
@_option("--no-reports", is_flag=True, help="Write no pages, metrics only.")
@_option(
    "--report-name",
    metavar="NAME",
    type=_ReportName(),
    default="stdin",
    show_default=True,
    help="Name of the report on standard input.",
)
@_option(
    "--control-series",
    type=click.Choice(["none", "failing", "all"]),
    default="none",
    show_default=True,
    help="Single controls as series of their own: none, those neither passed nor not applicable, or all.",
)
@_option(
    "--max-control-series",
    metavar="N",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="At most so many of them in the file; the worst are kept.",
)
@_option("--mode", metavar="OCTAL", type=_Mode(), default="0644", show_default=True, help="File mode of the .prom file.")
@_option(
    "--upload",
    metavar="URL",
    type=_Upload("url", "parse_target"),
    help="Publish the pages: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///FOLDER. "
    "Credentials come from the environment.",
)
@_option(
    "--instance",
    metavar="NAME",
    type=_Upload("name", "parse_instance"),
    help="This host's label `instance` in Prometheus, a part of the links. [default: HOSTNAME:9100]",
)
@_option(
    "--upload-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=1, max=3600),
    default=45,
    show_default=True,
    help="How long publishing may take in all; the metrics wait for it.",
)
@_option("--check", is_flag=True, help="Look at the set-up, say what is wrong and what to do; change nothing.")
@_option("-q", "--quiet", is_flag=True, help="No messages; the exit status and the metrics tell.")
@_option("-v", "--verbose", is_flag=True, help="Say what is read and written.")
@click.version_option(__version__, prog_name="inspec-textfile", message="%(prog)s %(version)s")
def command(results: tuple[str, ...], **options: Any) -> NoReturn:
    """Turn InSpec's results into metrics for node_exporter's textfile collector, and into pages.

    RESULTS are files made by `inspec exec --reporter json`, folders of them, or - for standard input.
    Without any, all *.json in --results-dir and its folders are taken.

    \b
    After InSpec, from cron:       inspec-textfile
    If no metrics show up:         inspec-textfile --check
    To see what comes of a file:   inspec-textfile --no-reports -o - results.json
    Straight from InSpec:          inspec exec PROFILE --reporter json | inspec-textfile --report-name web01 -
    """  # noqa: D301  # \b is click's "do not wrap this paragraph"
    if options["check"]:
        sys.exit(_check(results, options))
    sys.exit(_run(results, options))


def _output(output: str | None) -> tuple[str | None, str]:
    """Return folder and name of the .prom file; no folder: print it."""
    if output == "-":
        return None, OUTPUT_FILE
    if output is None:
        directory = next(filter(os.path.isdir, OUTPUT_DIRS), None)
        if directory is None:
            raise click.UsageError(
                f"no folder of node_exporter's textfile collector is there ({', '.join(OUTPUT_DIRS)}); "
                "pass --output DIR/inspec.prom with the folder of its --collector.textfile.directory, or --output - to print"
            )
        return directory, OUTPUT_FILE
    if os.path.isdir(output):
        raise click.UsageError(
            f"--output {output!r} is a folder: pass a file in it, such as {os.path.join(output, OUTPUT_FILE)}"
        )
    if not output.endswith(".prom"):
        raise click.UsageError(f"--output {output!r} does not end in .prom: node_exporter would not read it")
    return os.path.dirname(output) or ".", os.path.basename(output)


def _check(results: tuple[str, ...], options: dict[str, Any]) -> int:
    """Look at the set-up and return the exit status."""
    from inspec_textfile.check import Finding, check
    from inspec_textfile.text import visible

    try:
        directory, file = _output(options["output"])
    except click.UsageError as error:
        findings = [Finding(False, error.message)]
    else:
        if directory is None:
            raise click.UsageError("--check looks at the .prom file that a run writes: pass its name to --output, not -")
        reports_dir = None if options["no_reports"] else options["reports_dir"]
        findings = list(check(results, options["results_dir"], reports_dir, directory, file, now=time.time()))
    for finding in () if options["quiet"] else findings:
        click.echo(f"{'ok     ' if finding.good else 'PROBLEM'}  {visible(finding.text)}")
    return 0 if all(finding.good for finding in findings) else 1


def _run(results: tuple[str, ...], options: dict[str, Any]) -> int:
    """Run once and return the exit status."""
    # Imported here, so that --help and --version need none of it.
    from inspec_textfile.controlseries import ControlSeries
    from inspec_textfile.run import Job, Voice, run
    from inspec_textfile.sources import STDIN

    if options["upload"] and options["no_reports"]:
        raise click.UsageError("--upload publishes the pages, and --no-reports makes none: leave one of them out")
    directory, file = _output(options["output"])
    # A run makes next to no garbage in circles, and looking for some in a large report takes longer than the report itself.
    gc.disable()
    troubles = 0

    def trouble(message: str) -> None:
        nonlocal troubles
        troubles += 1
        if not options["quiet"]:
            _say(message)

    def detail(message: str) -> None:
        if options["verbose"] and not options["quiet"]:
            _say(message)

    # Before the folders are locked: InSpec may take its time.
    stdin = (_stdin(), time.time_ns()) if STDIN in results else None
    job = Job(
        arguments=results,
        results_dir=options["results_dir"],
        stdin=stdin,
        stdin_name=options["report_name"],
        output_dir=directory,
        output_file=file,
        reports_dir=None if options["no_reports"] else options["reports_dir"],
        series=ControlSeries(options["control_series"], options["max_control_series"]),
        mode=options["mode"],
        upload=_publication(options),
    )
    progress = _Progress(shown=bool(sys.stderr) and sys.stderr.isatty() and not options["quiet"])
    try:
        run(job, started=_STARTED, write_stdout=_print, voice=Voice(trouble, detail, progress))
    except KeyboardInterrupt:
        progress.end()
        trouble("interrupted: what was not written yet stands as it was")
    gc.freeze()  # what is left lives to the end: the collector need not look through it once more
    for number in _SIGNALS:  # all is done: a signal that comes now must not make a failure of it
        signal.signal(number, signal.SIG_IGN)
    return 1 if troubles else 0


class _Progress:
    """Files done, rate and time left, on a terminal, when it takes long."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        seconds = time.monotonic() - _STARTED
        if not self._shown or seconds < _LONG_SECONDS:
            return
        if not self._bar:
            self._bar = click.progressbar(
                length=total, label="reports", file=sys.stderr, show_pos=True, item_show_func=lambda rate: rate
            )
        self._bar.update(done - self._bar.pos, f"{done / seconds:.1f}/s")
        if done == total:
            self.end()

    def end(self) -> None:
        """Leave the line."""
        if self._bar:
            self._bar.render_finish()
            self._bar = None


def _publication(options: dict[str, Any]) -> Publication | None:
    """Return where to publish the pages, None for nowhere."""
    if not options["upload"]:
        return None
    from inspec_textfile.upload.target import Publication

    instance = options["instance"] or f"{os.uname().nodename}:9100"
    return Publication(options["upload"], instance, options["upload_timeout"], os.environ)


def _say(message: str) -> None:
    from inspec_textfile.text import visible

    line = f"inspec-textfile: {visible(message)}\n".encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):  # a full log must not stop the metrics, nor fail when the interpreter ends
        os.write(_STDERR, line)


def _stdin() -> bytes:
    """Return what comes in; nothing, if that cannot be read."""
    from inspec_textfile.sources import LARGEST
    from inspec_textfile.textfile import read_at_most

    try:
        with open(_STDIN, "rb", closefd=False) as stdin:
            return read_at_most(stdin, LARGEST + 1)
    except OSError as error:
        _say(f"standard input: {error.strerror}")
        return b""


def _print(text: bytes) -> None:
    # Unbuffered, so that nothing is left to be written, and to fail, when the interpreter ends.
    with open(_STDOUT, "wb", buffering=0, closefd=False) as stdout:
        view = memoryview(text)
        while view:
            view = view[stdout.write(view) :]


def _interrupted(_number: int, _frame: object) -> NoReturn:
    """End as Ctrl-C does, by an exception, so that nothing is left half done or lying about."""
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Run the command line and exit."""
    for number in _SIGNALS:
        signal.signal(number, _interrupted)
    command(prog_name="inspec-textfile")
    raise AssertionError("click exits")


if __name__ == "__main__":
    main()
