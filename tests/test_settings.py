"""A file of settings means to us what it means to a shell and to systemd, or is refused."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click
import pytest

from inspec_textfile.options import Setting, parse_settings
from inspec_textfile.ownership import user_name

from helpers.host import Host
from helpers.paths import REPOSITORY

ACCEPTED = {
    "A=b": "b",
    "  A=b  ": "b",
    "A=": "",
    "A=''": "",
    'A=""': "",
    'A="b c"': "b c",
    "A='b $c `d` \"e\"'": 'b $c `d` "e"',
    r'A="\"\\\$\`"': '"\\$`',
    "A=s3://bucket/prefix?x=1": "s3://bucket/prefix?x=1",
    "A=b#c": "b#c",
    "A=b=c": "b=c",
    "A=/a/*.json": "/a/*.json",
    "A=ünï": "ünï",
    "A={a,b}": "{a,b}",
    "A='#'": "#",
}
REFUSED = [
    "A",
    "A B=c",
    "export A=b",
    "1A=b",
    "; a comment for systemd",
    "A = b",
    "A= b",
    "A=b c",
    "A=b # c",
    "A=#b",
    "A=b;c",
    "A=~/b",
    'A="b',
    "A='b",
    'A="b"c',
    "A=b\\",
    "A=b\\c",
    'A="b\\c"',
    "A=$HOME",
    'A="$(id)"',
    "A=`id`",
    "A=b\r",
    "A='b\x1b'",
    "A=b\x00",
]


@pytest.mark.parametrize(("line", "expected"), ACCEPTED.items())
def test_values(line: str, expected: str) -> None:
    assert parse_settings("file", f"\n# comment\n{line}\n\t# another\n")["A"] == Setting(expected, 3)


@pytest.mark.parametrize(("line", "expected"), ACCEPTED.items())
def test_a_shell_reads_the_same(line: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(line + "\n", encoding="utf-8")

    done = subprocess.run(
        ["sh", "-c", '. "$1" && printf %s "$A"', "sh", tmp_path / "file"], capture_output=True, check=True, cwd=tmp_path
    )

    assert done.stdout.decode() == expected


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused(line: str) -> None:
    with pytest.raises(click.BadParameter, match=r"^file, line 2: is not NAME=value"):
        parse_settings("file", f"# comment\n{line}\n")


def test_no_value_is_told_for_it_may_be_secret() -> None:
    with pytest.raises(click.BadParameter) as refused:
        parse_settings("file", "AWS_SECRET_ACCESS_KEY=hush hush\n")

    assert "hush" not in str(refused.value)


def test_the_later_line_counts() -> None:
    assert parse_settings("file", "A=1\nA=2\n") == {"A": Setting("2", 2)}


def test_the_file_of_the_service_can_be_read_with_everything_in_it() -> None:
    text = (REPOSITORY / "contrib" / "systemd" / "inspec-textfile.default").read_text()
    everything = "\n".join(
        line.removeprefix("#") if line.startswith("#") and line[1:2].isupper() else line for line in text.split("\n")
    )

    assert parse_settings("file", text) == {}
    assert {"INSPEC_TEXTFILE_OUTPUT", "AWS_REGION", "CHEF_LICENSE"} <= parse_settings("file", everything).keys()


# --- the command -----------------------------------------------------------------------------------------------------------


def write(host: Host, *lines: str) -> str:
    path = host.root / "settings"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def service(host: Host, *more: str) -> str:
    """Write the settings of a service that works on the host's folders."""
    return write(
        host,
        f"INSPEC_TEXTFILE_RESULTS_DIR={host.results}",
        f'INSPEC_TEXTFILE_REPORTS_DIR="{host.reports}"',
        f"INSPEC_TEXTFILE_OUTPUT={host.prom}",
        *more,
    )


def test_a_run_with_the_settings_of_the_service(host: Host) -> None:
    host.add("7.1.16/ssh-baseline")
    settings = service(host, "INSPEC_TEXTFILE_MODE=0640", "INSPEC_TEXTFILE_QUIET=")

    done = host.start(["--settings", settings, "-v"])

    assert done.returncode == 0
    assert done.stderr.splitlines()[:4] == [
        f"inspec-textfile: settings: {settings} (--settings)",
        f"inspec-textfile: results: {host.results} ({settings}, line 1)",
        f"inspec-textfile: pages: {host.reports} ({settings}, line 2)",
        f"inspec-textfile: metrics: {host.prom} ({settings}, line 3)",
    ]
    assert (host.reports / "inspec-ssh-baseline.json.html").exists()
    assert host.prom.stat().st_mode & 0o777 == 0o640


def test_the_command_line_beats_the_environment_beats_the_file(host: Host) -> None:
    settings = service(host, "INSPEC_TEXTFILE_NO_REPORTS=1")
    environment = {"INSPEC_TEXTFILE_OUTPUT": str(host.textfiles / "b.prom"), "INSPEC_TEXTFILE_SETTINGS": settings}

    done = host.start(["-v", "--results-dir", str(host.root)], env=environment)

    assert done.stderr.splitlines()[:4] == [
        f"inspec-textfile: settings: {settings} (environment, INSPEC_TEXTFILE_SETTINGS)",
        f"inspec-textfile: results: {host.root} (--results-dir)",
        f"inspec-textfile: pages: none ({settings}, line 4)",
        f"inspec-textfile: metrics: {host.textfiles}/b.prom (environment, INSPEC_TEXTFILE_OUTPUT)",
    ]


def test_check_begins_with_what_is_in_force(host: Host) -> None:
    done = host.start(["--check", "a.json", "b.json", "-o", str(host.prom)])

    assert done.stdout.splitlines()[:3] == [
        "setting  results: a.json b.json (arguments)",
        "setting  pages: /usr/local/etc/inspec-reports (default)",
        f"setting  metrics: {host.prom} (--output)",
    ]


def test_unknown_variables_are_named(host: Host) -> None:
    settings = service(host, "INSPEC_TEXTFILE_RESULT_DIR=/srv", "INSPEC_TEXTFILES=x")
    expected = [
        "INSPEC_TEXTFILE_REPORT_DIR (environment): there is no such option; did you mean INSPEC_TEXTFILE_REPORTS_DIR?",
        f"INSPEC_TEXTFILE_RESULT_DIR ({settings}, line 4): there is no such option; did you mean INSPEC_TEXTFILE_RESULTS_DIR?",
        "INSPEC_TEXTFILE_ZZZZ (environment): there is no such option; see --help, or remove it",
    ]
    environment = {"INSPEC_TEXTFILE_REPORT_DIR": "/srv", "INSPEC_TEXTFILE_ZZZZ": "1"}

    done = host.start(["--settings", settings], env=environment)
    assert done.stderr.splitlines() == [f"inspec-textfile: {line}" for line in expected]
    assert done.returncode == 1, "or the run does something else than was wanted, and nobody notices"
    assert host.prom.exists()
    quiet = host.start(["--settings", settings, "-q"], env=environment)
    assert (quiet.returncode, quiet.stderr) == (1, "")

    checked = host.start(["--settings", settings, "--check"], env=environment)
    assert [line for line in checked.stdout.splitlines() if "no such option" in line] == [
        f"PROBLEM  {line}" for line in expected
    ]


def test_errors_name_file_and_line(host: Host) -> None:
    settings = service(host, "INSPEC_TEXTFILE_MODE=999")
    done = host.start(["--settings", settings])
    assert done.returncode == 2
    assert f"{settings}, line 4: '999' is not a file mode in octal" in done.stderr

    settings = service(host, "INSPEC_TEXTFILE_NO_REPORTS=perhaps")
    assert f"{settings}, line 4: " in host.start(["--settings", settings]).stderr

    settings = service(host, "INSPEC_TEXTFILE_NO_REPORTS = 1")
    done = host.start(["--settings", settings])
    assert done.returncode == 2
    assert f"{settings}, line 4: is not NAME=value" in done.stderr

    done = host.start(["--settings", "/nonexistent"])
    assert done.returncode == 2
    assert "/nonexistent cannot be read: No such file or directory; create it, or leave --settings out" in done.stderr
    assert not host.prom.exists()


@pytest.mark.parametrize(("mode", "owner"), [(0o666, 0), (0o664, 0), (0o600, 4711)])
def test_a_file_that_others_may_write_to_is_refused(host: Host, mode: int, owner: int) -> None:
    """It says where to write, as root perhaps."""
    settings = Path(service(host))
    settings.chmod(mode)
    if owner:
        if os.geteuid():
            pytest.skip("only root can give files away")
        os.chown(settings, owner, -1)

    done = host.start(["--settings", str(settings)])

    assert done.returncode == 2
    what_to_do = f"{settings}: others may write to it: chown {user_name()} {settings}; chmod go-w {settings}"
    assert what_to_do in " ".join(done.stderr.split())
    assert not host.prom.exists()


def test_completion_reads_no_settings(host: Host) -> None:
    environment = {"_INSPEC_TEXTFILE_COMPLETE": "bash_complete", "COMP_WORDS": "inspec-textfile --settings /nonexistent --che"}

    done = host.start([], env={**environment, "COMP_CWORD": "3"})

    assert "--check" in done.stdout
