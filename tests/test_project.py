"""The files around the program: what they say of it, and of the versions of Python, agrees."""

from __future__ import annotations

import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from helpers.paths import REPOSITORY
from helpers.pythons import OLDEST, VERSIONS

WORKFLOW = REPOSITORY / ".github" / "workflows" / "ci.yml"
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
HOMEPAGE = "https://github.com/inspec-textfile/inspec-textfile"


@pytest.fixture(scope="module")
def metadata() -> ConfigParser:
    parser = ConfigParser()
    parser.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(WORKFLOW)["jobs"]
    return found


def commands(jobs: dict[str, Any]) -> list[str]:
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def against_the_schema(workflow: Path) -> int:
    """Check a workflow against the schema that schemastore.org publishes, which check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    return subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.slow
def test_the_hosted_ci_is_a_workflow_by_its_published_schema(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text(encoding="utf-8").replace("runs-on:", "run-on:", 1), encoding="utf-8")

    assert against_the_schema(WORKFLOW) == 0
    assert against_the_schema(wrong) == 1


def test_the_hosted_ci_runs_what_a_developer_runs(jobs: dict[str, Any]) -> None:
    targets = [target for line in commands(jobs) if line.startswith("make ") for target in line.split()[1:]]

    assert "bash .ci/run" in commands(jobs)
    assert targets == ["setup", "fast"]
    assert all(re.search(rf"(?m)^{target}: ## ", MAKEFILE) for target in targets)


def test_the_versions_of_python_are_the_same_everywhere(metadata: ConfigParser, jobs: dict[str, Any]) -> None:
    classifiers = re.findall(r"Python :: (3\.\d+)", metadata["metadata"]["classifiers"])

    assert tuple(classifiers) == VERSIONS
    assert tuple(jobs["fast"]["strategy"]["matrix"]["python"]) == VERSIONS
    assert metadata["options"]["python_requires"] == f">={OLDEST}"


def test_the_addresses_of_the_project_are_below_one(metadata: ConfigParser) -> None:
    """Debian's package, the alerts' runbooks and PyPI's links lead to the same place."""
    urls = [line.partition(" = ")[2] for line in metadata["metadata"]["project_urls"].split("\n") if line]
    control = (REPOSITORY / "contrib" / "debian" / "control").read_text(encoding="utf-8")

    assert metadata["metadata"]["url"] == HOMEPAGE
    assert f"Homepage: {HOMEPAGE}\n" in control
    assert len(urls) >= 3
    assert all(url.startswith(HOMEPAGE) for url in urls)


def test_a_link_to_a_file_of_the_project_leads_to_one(metadata: ConfigParser) -> None:
    files = re.findall(rf"{HOMEPAGE}/blob/main/(\S+)", metadata["metadata"]["project_urls"])

    assert len(files) >= 2
    assert all((REPOSITORY / file).is_file() for file in files)
