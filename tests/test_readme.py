"""The README says what the program does. `python tests/test_readme.py` renews the help text."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from inspec_textfile.metrics.exposition import families

from helpers.host import COMMAND, Host
from helpers.needs import require
from helpers.paths import REPOSITORY

README = REPOSITORY / "README.md"
TEXT = README.read_text()
METRICS = REPOSITORY / "docs" / "metrics.md"
TABLE = re.compile(r"(\| metric \| labels \| value \|\n)(.*?)(\n\n)", re.DOTALL)
HELP = re.compile(r"(<!-- help -->\n```\n)(.*?)(```\n)", re.DOTALL)


def help_text() -> str:
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "120"}
    return subprocess.run([COMMAND, "--help"], capture_output=True, text=True, check=True, env=environment).stdout


def table_of_metrics() -> str:
    rows = [f"| `{family.name}` | {', '.join(family.labels)} | {family.help} |" for family in families()]
    return "\n".join(["|---|---|---|", *rows])


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


def test_every_metric_is_described_in_its_table() -> None:
    found = TABLE.search(METRICS.read_text())

    assert found
    assert found[2] == table_of_metrics(), "python tests/test_readme.py writes it"


def test_the_readme_names_only_metrics_that_there_are() -> None:
    names = set(re.findall(r"\binspec_\w+", TEXT)) - {"inspec_exec_"}

    assert names <= {family.name for family in families()}
    assert len(names) > 8


def block_after(sentence: str) -> list[str]:
    found = re.search(rf"{re.escape(sentence)}[^\n]*\n\n```\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found[1].splitlines()


def test_the_sample_is_what_comes_out(host: Host) -> None:
    arguments = command("try").split("inspec-textfile ")[1].split()
    arguments[arguments.index("-o") + 1] = str(host.prom)
    arguments[arguments.index("--reports-dir") + 1] = str(host.reports)

    done = host.start([*arguments[:-1], str(REPOSITORY / arguments[-1])])

    assert done.returncode == 0
    assert set(block_after("From a report come metrics:")) <= set(host.prom.read_text().splitlines())
    assert (host.reports / "index.html").exists()


@pytest.mark.slow
def test_the_alert_is_what_comes_of_the_sample(tmp_path: Path) -> None:
    """The README's metrics, as scraped from web01, and the rules make the README's alert."""
    promtool = require("promtool", "prometheus")
    name, summary, url = block_after("From the metrics comes an alert")
    samples = [*block_after("From a report come metrics:"), 'inspec_textfile_build_info{version="1"} 1']
    series = [re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line) for line in samples]
    assert all(series)
    rules = REPOSITORY / "contrib" / "prometheus" / "inspec-textfile.rules.yml"

    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{found[1]}{{instance="web01:9100",{found[2]}}}', "values": f"{float(found[3]):.0f}x10"}
            for found in series
            if found
        ],
        # None is expected, so promtool fails and says which one came.
        "alert_rule_test": [{"eval_time": "8m", "alertname": name, "exp_alerts": []}],
    }
    path = tmp_path / "readme.yml"
    path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))

    done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert f'summary="{summary}"' in done.stdout + done.stderr
    assert f'report_url="{url}"' in done.stdout + done.stderr


def test_alerts_that_the_docs_name_are_in_the_rules() -> None:
    rules = (REPOSITORY / "contrib" / "prometheus" / "inspec-textfile.rules.yml").read_text(encoding="utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    pages = [README, *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "contrib").glob("*/README.md")]
    named = {name for page in pages for name in re.findall(r"`(Inspec[A-Z]\w*)`", page.read_text(encoding="utf-8"))}

    assert named <= alerts
    assert len(named) > 10


OF_OTHERS = {
    "Device or resource busy",  # the kernel
    "was collected before with the same name and label values",  # node_exporter
}


def test_messages_that_the_docs_quote_are_the_programs() -> None:
    """`...` in a quoted message stands for what differs."""
    files = [*(REPOSITORY / "inspec_textfile").rglob("*.py"), REPOSITORY / "contrib" / "cron" / "run_inspec.sh"]
    code = words(re.sub(r'"\s*\n\s*f?"', "", "".join(file.read_text(encoding="utf-8") for file in files)))
    page = re.sub(r"(?s)```.*?```", "", (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8"))
    quoted = {text for text in re.findall(r'"([^"`]+)"', words(page)) if len(text.split()) > 3} - OF_OTHERS

    assert "holds no results, and the last run had ..." in quoted
    assert [text for text in sorted(quoted) if not all(part.strip() in code for part in text.split("..."))] == []


def test_its_pictures_are_there() -> None:
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', TEXT)

    assert len(pictures) == 2
    assert all((REPOSITORY / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) < 200


def test_the_architecture_names_modules_that_there_are() -> None:
    """A table of where things are is worse than none when it is wrong."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text()
    modules = {path.name for path in (REPOSITORY / "inspec_textfile").rglob("*.py")}
    named = set(re.findall(r"`(?:[a-z]+/)*(\w+\.py)`", text)) - {"test_imports.py"}

    assert named <= modules
    assert len(named) > 20


@pytest.mark.parametrize("name", ["try", "test"])
def test_a_command_does_its_own_set_up(name: str) -> None:
    assert command(name).startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_the_pipeline_runs_the_test_command_of_the_readme() -> None:
    assert "<!-- test -->" in (REPOSITORY / ".ci" / "run").read_text()


if __name__ == "__main__":
    METRICS.write_text(TABLE.sub(lambda found: found[1] + table_of_metrics() + found[3], METRICS.read_text()))
    README.write_text(HELP.sub(lambda found: found[1] + help_text() + found[3], TEXT))
