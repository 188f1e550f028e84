"""The installed command, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from inspec_textfile import __version__
from inspec_textfile.pages.overviews import OVERVIEWS

from helpers.host import COMMAND, Host
from helpers.needs import require
from helpers.paths import REPORTS


def test_success_is_silent_and_complete(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/overlay", "host1/overlay.json")

    done = host.run()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {str(path.relative_to(host.reports)) for path in host.reports.rglob("*") if path.is_file()} == {
        *(overview.file_name for overview in OVERVIEWS),
        "inspec-host1/overlay.json.html",
        "inspec-ssh-baseline.json.html",
    }
    assert sorted(os.listdir(host.textfiles)) == [".inspec.prom.state", "inspec.prom"]
    assert host.series()['inspec_report_readable{report="host1/overlay"}'] == 1
    for path in (host.prom, host.reports / "index.html"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_an_empty_folder_of_results_is_no_trouble(host: Host) -> None:
    assert host.run().returncode == 0
    assert "inspec_textfile_last_run_timestamp_seconds" in host.series()


def test_nothing_changed_nothing_rewritten(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.run()
    before = {path: path.stat().st_mtime_ns for path in host.reports.iterdir()}

    host.run()

    assert {path: path.stat().st_mtime_ns for path in host.reports.iterdir()} == before


def test_standard_input(host: Host) -> None:
    data = (REPORTS / "7.1.16" / "ssh-baseline.json").read_bytes()

    done = host.run("-", stdin=data)
    assert done.returncode == 0
    assert host.series()['inspec_report_readable{report="stdin"}'] == 1
    assert (host.reports / "inspec-stdin.json.html").exists()

    done = host.run("--report-name", "web01/ssh", "-", stdin=data)
    assert done.returncode == 0, "the same report under another name: nothing is lost"
    assert host.series()['inspec_report_readable{report="web01/ssh"}'] == 1

    done = host.run("--report-name", "web01/ssh", "-", stdin=b"")
    assert done.returncode == 1
    assert done.stderr == (
        "inspec-textfile: standard input: is empty: InSpec failed before it wrote a report, see what it printed on stderr\n"
    )


def test_printing(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")

    done = host.start(["--no-reports", "-o", "-", str(path)])

    assert done.returncode == 0
    assert 'inspec_checks_total{profile="acme-ssh-baseline",status="failed"} 5.0' in done.stdout
    assert os.listdir(host.textfiles) == []


def test_files_and_folders_as_arguments(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline", "a/x.json")
    host.add("7.1.16/all-pass", "b/y.json")

    done = host.run(str(path), str(host.results / "b"))

    assert done.returncode == 0
    assert {series for series in host.series() if series.startswith("inspec_report_readable")} == {
        'inspec_report_readable{report="a/x"}',
        'inspec_report_readable{report="y"}',
    }


def test_every_option_is_an_environment_variable(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    environment = {
        "INSPEC_TEXTFILE_RESULTS_DIR": str(host.results),
        "INSPEC_TEXTFILE_REPORTS_DIR": str(host.reports),
        "INSPEC_TEXTFILE_OUTPUT": str(host.prom),
        "INSPEC_TEXTFILE_NO_REPORTS": "1",
        "INSPEC_TEXTFILE_CONTROL_SERIES": "failing",
        "INSPEC_TEXTFILE_MAX_CONTROL_SERIES": "2",
        "INSPEC_TEXTFILE_MODE": "0600",
        "INSPEC_TEXTFILE_VERBOSE": "1",
    }

    done = host.start([], env=environment)

    assert done.returncode == 1, "series were left out"
    assert f"{host.prom}: written" in done.stderr
    assert os.listdir(host.reports) == []
    assert stat.S_IMODE(host.prom.stat().st_mode) == 0o600
    assert sum(series.startswith("inspec_control_status{") for series in host.series()) == 2
    assert host.start(["--quiet"], env=environment).stderr == ""
    options = re.findall(r"^  (?:-\w, )?--([a-z-]+)", host.start(["--help"]).stdout, re.MULTILINE)
    for option in set(options) - {"help", "version"}:
        assert f"INSPEC_TEXTFILE_{option.upper().replace('-', '_')}" in host.start(["--help"]).stdout.replace("\n", "")


def test_pages_without_inputs(host: Host) -> None:
    report = json.loads((REPORTS / "7.1.16" / "ssh-baseline.json").read_text())
    options = {"value": "hunter2", "type": "String"}
    report["profiles"][0]["attributes"] = [{"name": "mail_host", "options": options}]
    (host.results / "a.json").write_text(json.dumps(report))
    page = host.reports / "inspec-a.json.html"

    host.run()
    assert "hunter2" in page.read_text()

    host.run("--no-inputs")
    assert "hunter2" not in page.read_text()


def test_a_file_on_standard_input_that_is_not_asked_for(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")
    script = f'"$@" --results-dir /nonexistent < {path}'

    done = subprocess.run(["sh", "-c", script, "sh", COMMAND, *host.options()], capture_output=True, text=True, check=False)

    assert "standard input is a file, which is not read: pass - to read it" in done.stderr
    done = subprocess.run(
        ["sh", "-c", f'"$@" < {path}', "sh", COMMAND, *host.options()], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), "as in a loop over a file"


@pytest.mark.parametrize("words", ["inspec-textfile /sr", "inspec-textfile --results-dir /sr", "inspec-textfile -o /sr"])
def test_the_shell_completes_names_of_files(host: Host, words: str) -> None:
    count = str(len(words.split()) - 1)
    environment = {"_INSPEC_TEXTFILE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": count}

    assert host.start([], env=environment).stdout.splitlines() == ["file,/sr"]


def test_all_hosts_go_into_one_run_says_the_help(host: Host) -> None:
    assert "the results of all hosts go into one run" in " ".join(host.start(["--help"]).stdout.split())


def test_an_empty_variable_is_as_none(host: Host) -> None:
    assert host.run(env={"INSPEC_TEXTFILE_MODE": "", "INSPEC_TEXTFILE_QUIET": ""}).returncode == 0


def test_version_and_module(host: Host) -> None:
    assert host.start(["--version"]).stdout == f"inspec-textfile {__version__}\n"
    done = subprocess.run(
        [sys.executable, "-m", "inspec_textfile", "--version"], capture_output=True, text=True, cwd=host.root, check=True
    )
    assert done.stdout == f"inspec-textfile {__version__}\n"


def test_it_runs_isolated_from_the_folder_it_is_started_in(host: Host) -> None:
    """`python -I` ignores the working directory, whatever is in it."""
    host.add("7.1.16/docs-markdown")
    for name in ("json.py", "click.py", "prometheus_client.py", "markdown_it.py", "inspec_textfile.py"):
        (host.root / name).write_text("raise SystemExit('imported from the working directory')")

    assert host.run().returncode == 0
    done = subprocess.run(
        [sys.executable, "-I", "-m", "inspec_textfile", *host.options()], cwd=host.root, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


# --- wrong usage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--mode", "999"], "is not a file mode in octal"),
        (["--mode", "17777"], "is not a file mode in octal"),
        (["--mode", "6_4_4"], "is not a file mode in octal"),
        (["--mode", "0o644"], "is not a file mode in octal"),
        (["--mode", "1777"], "is not a file mode in octal"),
        (
            ["--remediation-days", "30,30,90"],
            "is not CRITICAL,HIGH,MEDIUM,LOW: whole days, 0 for no limit, such as 30,30,90,180",
        ),
        (["--remediation-days", "30,30,90,-1"], "is not CRITICAL,HIGH,MEDIUM,LOW"),
        (["--remediation-days", "30,30,90,1e3"], "is not CRITICAL,HIGH,MEDIUM,LOW"),
        (["--report-name", "../x", "-"], "must be a printable name"),
        (["--report-name", "/etc/x", "-"], "must be a printable name"),
        (["--report-name", "a\nb", "-"], "must be a printable name"),
        (["--report-name", "", "-"], "must be a printable name"),
        (["--control-series", "some"], "is not one of"),
        (["--max-control-series", "-1"], "is not in the range"),
        (["-o", "inspec.txt"], "does not end in .prom"),
        (["-o", "."], "is a folder: pass a file in it, such as ./inspec.prom"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_usage(host: Host, arguments: list[str], expected: str) -> None:
    done = host.run(*arguments)

    assert done.returncode == 2
    assert expected in done.stderr
    assert not host.prom.exists()


@pytest.mark.parametrize(("folder", "option"), [("textfiles", "--output"), ("reports", "--reports-dir"), ("link", "--output")])
def test_an_upload_into_a_folder_of_the_run(host: Host, folder: str, option: str) -> None:
    """It would wait for its own lock."""
    (host.root / "link").symlink_to("textfiles")

    done = host.run("--upload", f"file://{host.root / folder}")

    assert done.returncode == 2
    assert f"--upload leads to the folder of {option}: pass another one" in done.stderr


def test_no_folder_of_node_exporter(host: Host) -> None:
    code = "from inspec_textfile import cli; cli.OUTPUT_DIRS = ('/nonexistent',); cli.main()"

    done = subprocess.run(
        [sys.executable, "-c", code, "--no-reports"], capture_output=True, text=True, cwd=host.root, check=False
    )

    assert done.returncode == 2
    assert "pass --output DIR/inspec.prom" in done.stderr


def test_where_run_inspec_tells_how_inspec_went(host: Host) -> None:
    """In node_exporter's folder, where the .prom is no longer."""
    host.add("7.1.16/ssh-baseline")
    own = host.root / "own"
    own.mkdir()
    series = {"last_start_timestamp_seconds": 1_800_000_000, "success": 0}
    text = "".join(f'inspec_exec_{name}{{report="ssh-baseline"}} {value}\n' for name, value in series.items())
    (host.textfiles / "inspec_exec.prom").write_text(text)
    code = f"from inspec_textfile import cli; cli.OUTPUT_DIRS = ({str(own)!r}, {str(host.textfiles)!r}); cli.main()"
    options = ["--results-dir", str(host.results), "--reports-dir", str(host.reports)]

    subprocess.run([sys.executable, "-c", code, *options], capture_output=True, check=True)

    assert (own / "inspec.prom").exists()
    assert "InSpec itself fail" in (host.reports / "index.html").read_text()


# --- bad input -------------------------------------------------------------------------------------------------------------


def test_one_bad_file_stops_nothing(host: Host) -> None:
    """Everything that can stand in a results folder, at once."""
    host.add("7.1.16/ssh-baseline", "good.json")
    bad = {
        "empty": b"",
        "truncated": b'{"profiles": [{"na',
        "text": b"hello",
        "shape": b'{"hello": 1}',
        "deep": b"[" * 100_000,
        "nan": b'{"profiles": [], "statistics": {"duration": NaN}}',
        "twice": b'{"profiles": [], "profiles": []}',
        'q"><img src=x onerror=alert(1)>': b"",
        "esc\x1b[2J": b"",
    }
    for name, data in bad.items():
        (host.results / f"{name}.json").write_bytes(data)
    (host.results / "folder.json").mkdir()
    os.mkfifo(host.results / "fifo.json")
    (host.results / "loop.json").symlink_to("loop.json")
    (host.results / "device.json").symlink_to("/dev/full")
    (host.results / "dangling.json").symlink_to("nothing")

    done = host.run()

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(bad) + 5
    assert all(line.startswith("inspec-textfile: ") and line.isprintable() for line in lines)
    readable = {
        series.split('"', 1)[1].rpartition('"')[0]: value
        for series, value in host.series().items()
        if series.startswith("inspec_report_readable")
    }
    assert {name for name, value in readable.items() if value} == {"good", "nan", "twice"}
    assert len(readable) == len(bad) + 6
    assert (host.reports / "inspec-good.json.html").exists()


def test_numbers_beyond_reason(host: Host) -> None:
    (host.results / "x.json").write_text(
        '{"profiles": [{"name": "p", "controls": [{"id": "a", "impact": 1e999, "results": [{"status": "failed",'
        ' "run_time": -1e400}]}]}], "statistics": {"duration": 1' + "0" * 400 + "}}"
    )

    assert host.run().returncode == 0
    assert host.series()['inspec_controls{profile="p",report="x",severity="unknown",status="failed"}'] == 1


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda host: host.textfiles.rmdir(), "textfiles: the folder does not exist; create it, or pass another one"),
        (lambda host: (host.textfiles.rmdir(), host.textfiles.touch()), "textfiles: is not a folder"),
        (lambda host: host.prom.symlink_to("/etc/passwd"), "inspec.prom: is a symbolic link"),
        (lambda host: os.mkfifo(host.prom), "inspec.prom: is not a regular file"),
    ],
)
def test_bad_output_folder(host: Host, prepare: object, expected: str) -> None:
    host.add("7.1.16/ssh-baseline")
    prepare(host)  # type: ignore[operator]  # one of the functions above

    done = host.run()

    assert done.returncode == 1
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert (host.reports / "inspec-ssh-baseline.json.html").exists(), "the pages were written all the same"


@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (lambda host: (host.reports.rmdir(), host.reports.touch()), "reports: is not a folder"),
        (lambda host: (host.reports / "index.html").symlink_to("/etc/passwd"), "index.html: is a symbolic link"),
        (lambda host: (host.reports / "inspec-ssh-baseline.json.html").mkdir(), "is not a regular file"),
    ],
)
def test_bad_reports_folder(host: Host, prepare: object, expected: str) -> None:
    host.add("7.1.16/ssh-baseline")
    prepare(host)  # type: ignore[operator]  # one of the functions above

    done = host.run()

    assert done.returncode == 1
    assert expected in done.stderr
    assert host.series()['inspec_report_readable{report="ssh-baseline"}'] == 1, "the metrics were written all the same"


def test_the_reports_folder_is_made_and_honours_the_umask(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    host.reports.rmdir()

    assert host.run(preexec_fn=lambda: os.umask(0o027)).returncode == 0
    assert stat.S_IMODE(host.reports.stat().st_mode) == 0o750


def test_a_user_who_may_not_write(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    before = host.run()
    old = host.prom.read_bytes()
    for folder in (host.textfiles, host.reports):
        folder.chmod(0o500)
    (host.reports / "index.html").unlink()

    # root without its right to write everywhere
    done = subprocess.run(
        [require("setpriv", "util-linux"), "--bounding-set=-dac_override", COMMAND, *host.options()],
        capture_output=True,
        text=True,
        check=False,
    )

    assert before.returncode == 0
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"inspec-textfile: {folder}: permission denied for user root; change its owner, or run as another "
        "user; files there are unchanged"
        for folder in (host.reports, host.textfiles)
    ], "one line a folder"
    assert "Traceback" not in done.stderr
    assert host.prom.read_bytes() == old


def test_output_in_the_working_directory(host: Host) -> None:
    path = host.add("7.1.16/ssh-baseline")

    assert host.start(["--no-reports", "-o", "here.prom", str(path)]).returncode == 0
    assert (host.root / "here.prom").exists()


def test_a_reader_that_goes_away_is_no_traceback(host: Host) -> None:
    path = host.add("7.1.16/edge-outcomes")
    done = subprocess.run(  # noqa: S602  # the pipe is what is tested
        f"{COMMAND} --no-reports -o - {path} | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr in ("", "inspec-textfile: standard output: Broken pipe\n")


def test_a_full_standard_output_is_said(host: Host) -> None:
    path = host.add("7.1.16/edge-outcomes")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COMMAND, "--no-reports", "-o", "-", path], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, done.stderr) == (1, "inspec-textfile: standard output: No space left on device\n")


def test_page_of_a_name_too_long_for_a_file(host: Host) -> None:
    name = "n" * 250 + ".json"
    host.add("7.1.16/all-pass", name)

    assert host.run().returncode == 0
    (page,) = (path.name for path in host.reports.iterdir() if path.name.startswith("inspec-"))
    assert page.startswith("inspec-nnn")
    assert Path(page).suffix == ".html"
