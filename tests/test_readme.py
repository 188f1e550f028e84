"""The README says what the program does. `python tests/test_readme.py` puts the help text in anew."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import version

import pytest

from inspec_textfile.metrics import FAMILIES

from conftest import COMMAND, REPOSITORY, Host

README = REPOSITORY / "README.md"
TEXT = README.read_text()
HELP = re.compile(r"(<!-- help -->\n```\n)(.*?)(```\n)", re.DOTALL)


def help_text() -> str:
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "120"}
    return subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True, env=environment).stdout


def command(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*)\n```", TEXT)
    assert found
    return found.group(1)


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_help_text_is_the_programs() -> None:
    found = HELP.search(TEXT)

    assert found
    if version("click") == "8.1.3":
        pytest.skip("breaks lines elsewhere than the newest click")
    assert words(found.group(2)) == words(help_text())


def test_every_metric_is_described_with_its_labels() -> None:
    rows = dict(re.findall(r"^\| `(inspec_\w+)` \| ?([\w, ]*?) ?\|", TEXT, re.MULTILINE))

    assert rows == {name: ", ".join(labels) for name, (_, labels) in FAMILIES.items()}


def test_every_metric_of_the_contract_is_one_of_ours() -> None:
    contract = REPOSITORY.parent / "shared" / "DESIGN.md"
    if not contract.exists():
        pytest.skip("the contract lies beside the repository where it is developed")
    rows = re.findall(r"^\| (`inspec_.*?) \| ([\w, =]*?) ?\|", contract.read_text(), re.MULTILINE)

    names = {name for cell, _ in rows for name in re.findall(r"`(\w+)`", cell)}
    assert FAMILIES.keys() - names <= {"inspec_upload_success", "inspec_upload_last_success_timestamp_seconds"}
    assert names <= FAMILIES.keys()
    for cell, labels in rows:
        for name in re.findall(r"`(\w+)`", cell):
            expected = [label.partition(" ")[0] for label in labels.split(" = ")[0].split(", ") if label]
            assert list(FAMILIES[name][1]) == expected, name


def test_the_sample_is_what_comes_out(host: Host) -> None:
    sample = re.search(r"What Prometheus gets:\n\n```\n(.*?)```", TEXT, re.DOTALL)
    assert sample
    arguments = command("try").split("inspec-textfile ")[1].split()
    arguments[arguments.index("-o") + 1] = str(host.prom)
    arguments[arguments.index("--reports-dir") + 1] = str(host.reports)

    done = host.start([*arguments[:-1], str(REPOSITORY / arguments[-1])])

    assert done.returncode == 0
    assert set(sample.group(1).splitlines()) <= set(host.prom.read_text().splitlines())
    assert (host.reports / "index.html").exists()


@pytest.mark.parametrize("name", ["try", "test"])
def test_a_command_does_its_own_set_up(name: str) -> None:
    assert command(name).startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_the_pipeline_runs_the_test_command_of_the_readme() -> None:
    assert "<!-- test -->" in (REPOSITORY / ".ci" / "run").read_text()


if __name__ == "__main__":
    README.write_text(HELP.sub(lambda found: found[1] + help_text() + found[3], TEXT))
