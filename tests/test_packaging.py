"""The ways to install that the README names, tried as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import COMMAND, REPOSITORY, Host, missing

SAMPLE = REPOSITORY / "tests" / "data" / "sample"
README = (REPOSITORY / "README.md").read_text()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package is built from, to build in."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    shutil.copytree(REPOSITORY / "inspec_textfile", copy / "inspec_textfile", ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def zipapp(checkout: Path) -> Path:
    """The single file, made by the README's command."""
    found = re.search(r"<!-- zipapp -->\n *```sh\n(.*?)\n *```", README, re.DOTALL)
    assert found
    command = found.group(1).replace("python3 ", f"{sys.executable} ")
    subprocess.run(command, shell=True, check=True, cwd=checkout)  # noqa: S602  # as a reader pastes it
    return checkout / "inspec-textfile.pyz"


def pythons() -> Iterator[tuple[str, str]]:
    """Find the Pythons of this machine that are new enough: (version, path)."""
    seen = set()
    for path in sorted([*Path.home().glob(".pyenv/versions/*/bin/python3"), Path("/usr/bin/python3")]):
        if path.exists():
            code = "import sys; print('%d.%d' % sys.version_info[:2])"
            version = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
            if version and tuple(map(int, version.split("."))) >= (3, 10) and version not in seen:
                seen.add(version)
                yield version, str(path)


def outcome(host: Host, *command: str, env: dict[str, str] | None = None) -> tuple[dict[str, float], dict[str, bytes]]:
    """Run on the sample and return metrics, without times of this run, and pages."""
    shutil.rmtree(host.reports)
    host.prom.unlink(missing_ok=True)
    arguments = ["-o", str(host.prom), "--reports-dir", str(host.reports), str(SAMPLE)]
    environment = {"PATH": "/usr/bin:/bin", **(env or {})}
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=host.root, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # Versions of prometheus_client write labels in different orders, and large numbers differently; it means the same.
    metrics = {
        str(sorted(re.split("[{},]", series))): value
        for series, value in host.series().items()
        if not series.startswith("inspec_textfile_")
    }
    return metrics, {str(path.relative_to(host.reports)): path.read_bytes() for path in host.reports.rglob("*.html")}


def test_the_wheel_has_everything(checkout: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, checkout], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    package = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "inspec_textfile").rglob("*.py")}
    assert package <= names
    assert {"inspec_textfile/py.typed", "inspec_textfile/pages/report.css", "inspec_textfile/pages/report.js"} <= names
    assert not [name for name in names if name.startswith(("tests", "contrib"))]
    assert any(name.endswith("LICENSE") for name in names)


@pytest.mark.parametrize(("version", "python"), list(pythons()))
def test_the_single_file_runs_on_a_host_without_pip(zipapp: Path, host: Host, version: str, python: str) -> None:
    assert version
    assert outcome(host, python, "-I", str(zipapp)) == outcome(host, COMMAND)


def test_there_is_a_python_to_try() -> None:
    assert dict(pythons())


def test_the_single_file_runs_by_itself(zipapp: Path, host: Host) -> None:
    if not Path("/usr/bin/python3").exists():
        missing("/usr/bin/python3", "apt-get install python3")
    assert outcome(host, str(zipapp))[1]


def test_with_the_packages_of_the_system_and_no_pip(checkout: Path, host: Host) -> None:
    """Debian's own click, prometheus_client and markdown-it, the oldest there are."""
    for module, package in (("click", "click"), ("prometheus_client", "prometheus-client"), ("markdown_it", "markdown-it")):
        if subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True, check=False).returncode:
            missing(f"{module} for /usr/bin/python3", f"apt-get install python3-{package}")

    of_the_system = outcome(host, "/usr/bin/python3", "-m", "inspec_textfile", env={"PYTHONPATH": str(checkout)})

    assert of_the_system == outcome(host, COMMAND)


def test_shell_completion_is_as_the_readme_says(host: Host) -> None:
    (variable,) = set(re.findall(r"(_INSPEC_TEXTFILE_COMPLETE)=bash_source inspec-textfile", README))

    done = host.start([], env={variable: "bash_source"})

    assert "complete -o nosort -F _inspec_textfile_completion inspec-textfile" in done.stdout
