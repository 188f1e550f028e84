"""The command line: options, exit status, what a person sees.

Other modules are imported once it is clear what there is to do, so that --help needs none of them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

import click

from inspec_textfile import __version__
from inspec_textfile.options import (
    PATH,
    Command,
    file_mode,
    in_force,
    option,
    read_settings,
    remediation_days,
    report_name,
    unknown_variables,
    upload_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from inspec_textfile.run import Job, State
    from inspec_textfile.upload.target import Publication

_STARTED = time.monotonic()
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MAX_FINDING = 2000
"""Characters. Longer than elsewhere: what to do comes last, and --check is read at a terminal, not in cron's mail."""
RESULTS_DIR = "/usr/local/etc/inspec-results"
REPORTS_DIR = "/usr/local/etc/inspec-reports"
OUTPUT_FILE = "inspec.prom"
OUTPUT_DIRS = (
    "/var/lib/inspec-textfile",
    "/var/lib/prometheus/node-exporter",
    "/var/lib/node_exporter/textfile_collector",
    "/var/lib/node_exporter",
)

SETTINGS_FILE = "/etc/default/inspec-textfile"

EPILOG = """\b
Exit status:
  0  all reports were read and everything was written; failing controls are data
  1  something could not be read or written, or needs attention; everything else was done
  2  wrong usage
"""


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=EPILOG)
@click.argument("results", nargs=-1, metavar="[RESULTS]...", type=PATH)
@option(
    "--results-dir",
    metavar="DIR",
    type=PATH,
    default=RESULTS_DIR,
    help="Where to look for results if none are named.",
)
@option("--reports-dir", metavar="DIR", type=PATH, default=REPORTS_DIR, help="Where the pages go.")
@option(
    "-o",
    "--output",
    metavar="FILE",
    type=PATH,
    help=f"The .prom file; - prints it. [default: {OUTPUT_FILE} in the first of these that exists: {', '.join(OUTPUT_DIRS)}]",
)
@option("--no-reports", is_flag=True, help="Write no pages, metrics only.")
@option("--no-inputs", is_flag=True, help="Leave the profiles' inputs out of the pages.")
@option(
    "--report-name",
    metavar="NAME",
    type=report_name,
    default="stdin",
    help="Name of the report on standard input.",
)
@option(
    "--control-series",
    type=click.Choice(["none", "failing", "all"]),
    default="none",
    help="Which controls get a series each: none; failing (all but passed and not applicable); all.",
)
@option(
    "--max-control-series",
    metavar="N",
    type=click.IntRange(min=0),
    default=1000,
    help="Limit for these series in the file; the worst are kept.",
)
@option(
    "--remediation-days",
    metavar="DAYS",
    type=remediation_days,
    default="30,30,90,180",
    help="In how many days to fix a finding: critical,high,medium,low; 0 for no limit.",
)
@option("--mode", metavar="OCTAL", type=file_mode, default="0644", help="File mode of the .prom file.")
@option(
    "--upload",
    metavar="URL",
    type=upload_value("parse_target"),
    help="Publish the pages: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///FOLDER. "
    "Credentials come from the environment.",
)
@option(
    "--instance",
    metavar="NAME",
    type=upload_value("parse_instance"),
    help="This host's label `instance` in Prometheus, a part of the links. [default: HOSTNAME:9100]",
)
@option(
    "--upload-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=1, max=3600),
    default=45,
    help="Limit for publishing in all; the metrics wait for it.",
)
@option(
    "--settings",
    metavar="FILE",
    type=PATH,
    is_eager=True,
    callback=read_settings,
    help=f"Read options, and credentials for --upload, from NAME=value lines, such as the service's {SETTINGS_FILE}.",
)
@option("--check", is_flag=True, help="Check the set-up and say how to fix it; changes nothing.")
@option("-q", "--quiet", is_flag=True, help="No messages; check the exit status and the metrics.")
@option("-v", "--verbose", is_flag=True, help="Say what is read and written, and where options come from.")
@click.version_option(__version__, prog_name="inspec-textfile", message="%(prog)s %(version)s")
@click.pass_context
def command(context: click.Context, /, results: tuple[str, ...], **options: Any) -> NoReturn:
    """Turn InSpec's results into metrics for node_exporter's textfile collector, and into pages.

    RESULTS are files made by `inspec exec --reporter json`, folders of them, or - for standard input.
    Without any, all *.json in --results-dir and its folders are taken.
    The .prom file holds what one run was given: the results of all hosts go into one run.

    \b
    After InSpec, from cron:       inspec-textfile
    By hand, as the service does:  inspec-textfile --settings /etc/default/inspec-textfile -v
    If no metrics show up:         inspec-textfile --settings /etc/default/inspec-textfile --check
    To see what comes of a file:   inspec-textfile --no-reports -o - results.json
    Straight from InSpec:          inspec exec PROFILE --reporter json | inspec-textfile --report-name web01 -
    """  # noqa: D301  # \b is click's "do not wrap this paragraph"
    if options["check"]:
        sys.exit(_check(context, results, options))
    sys.exit(_run(context, results, options))


def _output(output: str | None) -> tuple[str | None, str]:
    """Return folder and name of the .prom file; no folder: print it."""
    if output == "-":
        return None, OUTPUT_FILE
    if output is None:
        directory = next(filter(os.path.isdir, OUTPUT_DIRS), None)
        if directory is None:
            raise click.UsageError(
                f"no folder for node_exporter's textfile collector exists ({', '.join(OUTPUT_DIRS)}); "
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


def _shown_output(directory: str | None, file: str) -> str:
    return os.path.abspath(os.path.join(directory, file)) if directory else "standard output"


def _refuse_conflicts(options: dict[str, Any], output_dir: str | None) -> None:
    """Raise click.UsageError for options that do not go together."""
    target = options["upload"]
    if target and options["no_reports"]:
        raise click.UsageError("--upload publishes the pages, and --no-reports makes none: leave one of them out")
    if target and target.scheme == "file":
        for option, folder in (("--reports-dir", options["reports_dir"]), ("--output", output_dir)):
            if folder and os.path.realpath(target.folder) == os.path.realpath(folder):
                raise click.UsageError(f"--upload leads to the folder of {option}: pass another one")


def _check(context: click.Context, results: tuple[str, ...], options: dict[str, Any]) -> int:
    """Look at the set-up and return the exit status."""
    from inspec_textfile.check import check
    from inspec_textfile.check.findings import PROBLEM, SETTING, Finding, problem
    from inspec_textfile.text import visible

    findings = [problem(text) for text in unknown_variables(context, os.environ)]
    try:
        directory, file = _output(options["output"])
        _refuse_conflicts(options, directory)
    except click.UsageError as error:
        shown = "nowhere"
        findings.append(problem(error.message))
    else:
        if directory is None:
            raise click.UsageError("--check looks at the .prom file that a run writes: pass its name to --output, not -")
        shown = _shown_output(directory, file)
        reports_dir = None if options["no_reports"] else options["reports_dir"]
        findings += check(results, options["results_dir"], reports_dir, directory, file, now=time.time())
    findings[:0] = [Finding(SETTING, text) for text in in_force(context, shown)]
    for finding in () if options["quiet"] else findings:
        click.echo(f"{finding.level:<7}  {visible(finding.text, _MAX_FINDING)}")
    return 1 if any(finding.level == PROBLEM for finding in findings) else 0


def _run(context: click.Context, results: tuple[str, ...], options: dict[str, Any]) -> int:
    """Run once and return the exit status."""
    # Imported here, so that --help and --version need none of it.
    from inspec_textfile.console import Console, Progress, stdin_is_file, write_stdout
    from inspec_textfile.messages import Messages
    from inspec_textfile.run import Clock, run

    directory, file = _output(options["output"])
    _refuse_conflicts(options, directory)
    console = Console(quiet=options["quiet"], verbose=options["verbose"])
    unknown = unknown_variables(context, os.environ)
    for text in in_force(context, _shown_output(directory, file)) if options["verbose"] else ():
        console.info(text)
    for text in unknown:
        console.warn(text)
    if options["verbose"]:
        from inspec_textfile.report.hints import hints

        for text in hints(results, options["results_dir"]):
            console.info(text)

    def elapsed() -> float:
        return time.monotonic() - _STARTED

    progress = Progress(elapsed, shown=bool(sys.stderr) and sys.stderr.isatty() and not options["quiet"])
    try:
        _on_signals(_interrupted)
        job = _job(results, options, directory, file)
        clock = Clock(now=time.time, elapsed=elapsed)
        state = run(job, clock=clock, write_stdout=write_stdout, messages=Messages(console.warn, console.info, progress))
        if not options["quiet"]:
            _show(state, job, verbose=options["verbose"])
            if not results and not (state.reports and state.is_complete) and stdin_is_file():
                console.warn("standard input is a file, which is not read: pass - to read it")
        _on_signals(signal.SIG_IGN)  # everything is done: a signal now must not turn success into failure
    except (KeyboardInterrupt, RuntimeError) as error:
        if not _is_interrupt(error):
            raise
        _on_signals(signal.SIG_IGN)
        progress.end()
        console.warn("interrupted: files that were not written yet are unchanged")
        return 1
    return 0 if state.is_complete and not unknown else 1


def _job(results: tuple[str, ...], options: dict[str, Any], directory: str | None, file: str) -> Job:
    from inspec_textfile.console import read_stdin
    from inspec_textfile.report.sources import STDIN
    from inspec_textfile.run import Job

    # Before the folders are locked: InSpec may take its time.
    data, problem = read_stdin() if STDIN in results else (None, "")
    return Job(
        arguments=results,
        results_dir=options["results_dir"],
        stdin=None if data is None else (data, time.time_ns()),
        stdin_problem=problem,
        stdin_name=options["report_name"],
        output_dir=directory,
        output_file=file,
        reports_dir=None if options["no_reports"] else options["reports_dir"],
        mode=options["mode"],
        control_series=options["control_series"],
        max_control_series=options["max_control_series"],
        inputs=not options["no_inputs"],
        limits=options["remediation_days"],
        # As run_inspec.sh chooses: beside the .prom that was asked for, else in node_exporter's folder.
        inspec_dirs=OUTPUT_DIRS if directory and not options["output"] else (),
        upload=_publication(options),
    )


def _show(state: State, job: Job, *, verbose: bool) -> None:
    """Show a person what a run found: at a terminal, or with -v."""
    at_terminal = bool(sys.stderr and sys.stderr.isatty() and sys.stdout and sys.stdout.isatty())
    if (at_terminal or verbose) and (state.reports or state.is_complete):
        from inspec_textfile.console import print_line
        from inspec_textfile.table import table
        from inspec_textfile.text import visible

        if not state.reports:
            print_line(f"no reports: there are no results in {' '.join(job.arguments) or job.results_dir}")
        colour = at_terminal and not os.environ.get("NO_COLOR")
        columns = os.get_terminal_size(sys.stderr.fileno()).columns if at_terminal else 0
        for line in table(state, job.reports_dir, now=time.time(), colour=colour, columns=columns or None):
            print_line(line)
        if at_terminal and job.output_dir:  # by hand: into the files of the service, perhaps
            print_line(f"written: {visible(os.path.abspath(os.path.join(job.output_dir, job.output_file)))}")


def _publication(options: dict[str, Any]) -> Publication | None:
    """Return where to publish the pages, None for nowhere."""
    if not options["upload"]:
        return None
    from inspec_textfile.upload.target import Publication

    instance = options["instance"] or f"{os.uname().nodename}:9100"
    variables = options["settings"].others if options["settings"] else {}
    return Publication(options["upload"], instance, options["upload_timeout"], variables)


def _on_signals(handler: signal.Handlers | Callable[[int, FrameType | None], NoReturn]) -> None:
    """Handle the signals that end a run, but for those that the parent process has ignored, as nohup does."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _interrupted(_number: int, _frame: object) -> NoReturn:
    """End as Ctrl-C does, by an exception, so that nothing is left half done."""
    raise KeyboardInterrupt


def _is_interrupt(error: BaseException) -> bool:
    """Return whether a signal raised this. Before Python 3.12, a class that is being made wraps it in a RuntimeError."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


def main() -> NoReturn:
    """Run the command line and exit."""
    command(prog_name="inspec-textfile")
    raise AssertionError("click exits")
