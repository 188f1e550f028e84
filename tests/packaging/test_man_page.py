"""The manual page: whole, from the same source as --help, and without complaints of those who read it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from inspec_textfile import cli

from helpers.needs import require
from helpers.paths import REPOSITORY

OPTIONS = [option for option in cli.command.params if isinstance(option, click.Option)]
RUN_INSPEC = REPOSITORY / "contrib" / "debian" / "run_inspec.sh.8"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("man") / "inspec-textfile.1"
    generator = REPOSITORY / "contrib" / "release" / "man_page.py"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1764000000", "PYTHONDONTWRITEBYTECODE": "1"}
    made.write_text(subprocess.check_output([sys.executable, generator], text=True, env=environment))
    return made


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    """The page as `man` shows it on a wide terminal; it has no warnings."""
    require("man", "man-db")
    environment = {**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"}
    done = subprocess.run(
        ["man", "--warnings=w", "--local-file", page], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stderr == ""
    return re.sub(".\x08", "", done.stdout)


def section(text: str, title: str) -> str:
    """Return one section, its lines made one."""
    (found,) = re.findall(rf"(?ms)^{title}\n(.*?)(?=^\S|\Z)", text)
    return " ".join(found.split())


def test_it_has_the_sections_of_a_manual_page_in_their_order(text: str) -> None:
    assert re.findall(r"(?m)^[A-Z][A-Z ]+$", text) == [
        *("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO")
    ]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.opts[-1])
def test_each_option_is_there_with_its_help_and_its_variable(option: click.Option, text: str) -> None:
    options = section(text, "OPTIONS")

    assert ", ".join(option.opts) in options
    assert option.help
    assert " ".join(option.help.split()) in options
    if option.envvar:
        assert f"{option.envvar} The same as {option.opts[-1]}." in section(text, "ENVIRONMENT")


def test_the_option_for_help_is_there(text: str) -> None:
    assert "-h, --help" in section(text, "OPTIONS")


def test_each_exit_status_is_there(text: str) -> None:
    statuses = re.findall(r"(?m)^  (\d)  (\S+ \S+)", cli.EPILOG)

    assert [status for status, _ in statuses] == ["0", "1", "2"]
    for status, meaning in statuses:
        assert f"{status} {meaning}".lower() in section(text, "EXIT STATUS").lower()


def test_each_example_of_help_is_there(text: str) -> None:
    examples = re.findall(r"(?m)^ +[A-Z][^:\n]+: +(inspec\S* ?.*)$", cli.command.help or "")

    assert len(examples) >= 3
    for example in examples:
        assert example in section(text, "EXAMPLES")


@pytest.mark.parametrize("name", [cli.RESULTS_DIR, cli.REPORTS_DIR, *cli.OUTPUT_DIRS, "/etc/default/inspec-textfile"])
def test_each_default_place_is_there(name: str, text: str) -> None:
    assert name in section(text, "FILES")


def test_mandoc_has_no_warning_for_either_page(page: Path) -> None:
    require("mandoc", "mandoc")

    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page, RUN_INSPEC], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_page_of_run_inspec_names_each_of_its_settings() -> None:
    """And no other."""
    script = (REPOSITORY / "contrib" / "cron" / "run_inspec.sh").read_text()
    setting = r"(?:RUN_INSPEC|INSPEC_TEXTFILE)_[A-Z_]+"

    assert set(re.findall(rf"\\fB({setting})\\fP", RUN_INSPEC.read_text())) == set(re.findall(rf"\${{({setting}):-", script))
