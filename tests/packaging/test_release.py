"""What contrib/release/build makes: whole, the same each time, and running on every supported Python."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.host import COMMAND, Host, parse_series
from helpers.isolated_host import IsolatedHost, isolated_host
from helpers.paths import REPOSITORY
from helpers.pythons import NEWEST, VERSIONS, find_python, make_newest_root
from helpers.release import build_release
from helpers.stand_in import all_commands_of

pytestmark = pytest.mark.long

SAMPLE = REPOSITORY / "tests" / "data" / "sample"
METADATA = (REPOSITORY / "setup.cfg").read_text()

Outcome = tuple[dict[str, float], dict[str, bytes]]


def outcome_of(prom: Path, pages: Path) -> Outcome:
    """Return what a run wrote: metrics, without those of the run itself, and pages."""
    # Versions of prometheus_client write labels in different orders; it means the same.
    metrics = {
        str(sorted(re.split("[{},]", series))): value
        for series, value in parse_series(prom.read_text()).items()
        if not series.startswith("inspec_textfile_")
    }
    assert metrics
    return metrics, {str(path.relative_to(pages)): path.read_bytes() for path in pages.rglob("*.html")}


def outcome(host: Host, *command: str | Path) -> Outcome:
    """Run a copy of the program on the sample, with next to no environment, and return what it wrote."""
    shutil.rmtree(host.reports, ignore_errors=True)
    for path in host.textfiles.iterdir():
        path.unlink()
    arguments: list[str | Path] = ["-o", host.prom, "--reports-dir", host.reports, SAMPLE]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, cwd=host.root, env={"PATH": "/usr/bin:/bin"}, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return outcome_of(host.prom, host.reports)


def package_files() -> set[str]:
    """Return the files of the package that git tracks."""
    done = subprocess.run(["git", "ls-files", "inspec_textfile"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_there_is_one_artefact_of_each_kind(release: Path) -> None:
    version = re.escape(subprocess.check_output([COMMAND, "--version"], text=True).split()[-1])
    patterns = (
        "SHA256SUMS",
        r"inspec-textfile\.1",
        r"inspec-textfile\.pyz",
        rf"inspec-textfile_{version}-1_all\.deb",
        rf"inspec_textfile-{version}-py3-none-any\.whl",
        rf"inspec_textfile-{version}\.tar\.gz",
        r"requirements\.txt",
    )

    names = sorted(path.name for path in release.iterdir())

    assert len(names) == len(patterns)
    for name, pattern in zip(names, patterns):
        assert re.fullmatch(pattern, name), name


def test_the_checksums_cover_all_of_it(release: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release, capture_output=True, text=True, check=True
    )

    assert len(done.stdout.splitlines()) == len(list(release.iterdir())) - 1


def test_the_same_checkout_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    """Also with other settings of whoever builds."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    again = build_release(tmp_path / "dist", env={"TMPDIR": str(elsewhere), "LANG": "C", "TZ": "Asia/Kolkata"}, umask=0o077)

    assert (again / "SHA256SUMS").read_text() == (release / "SHA256SUMS").read_text()
    assert not list(elsewhere.iterdir())


def test_the_wheel_has_the_package_and_nothing_else(release: Path) -> None:
    (wheel,) = release.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    assert {name for name in names if ".dist-info/" not in name} == package_files()
    assert any(name.endswith("LICENSE") for name in names)


def test_the_wheel_installs_and_runs(release: Path, host: Host) -> None:
    """By docs/install.md's command: pip checks the hashes of the wheel and of all that it takes from PyPI."""
    (block,) = (found for found in all_commands_of(REPOSITORY / "docs" / "install.md") if "--require-hashes" in found)
    commands = block.replace("/opt/inspec-textfile", str(host.root / "venv")).replace("/usr/local/bin/", str(host.root))
    subprocess.run(["sh", "-ec", commands], cwd=release, check=True, capture_output=True)

    assert outcome(host, host.root / "venv" / "bin" / "inspec-textfile") == outcome(host, COMMAND)


def test_a_wheel_that_was_changed_is_not_installed(release: Path, tmp_path: Path) -> None:
    downloads = Path(shutil.copytree(release, tmp_path / "downloads"))
    (wheel,) = downloads.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    pip = tmp_path / "venv" / "bin" / "pip"

    command: list[str | Path] = [pip, "install", "--require-hashes", "--requirement", "requirements.txt"]
    done = subprocess.run(command, cwd=downloads, capture_output=True, text=True, check=False)

    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "venv" / "bin" / "inspec-textfile").exists()


def test_what_is_missing_is_said_before_anything_is_built(tmp_path: Path) -> None:
    """A checkout that asks for packages that are not here."""
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", REPOSITORY, checkout], check=True)
    for name in ("release/build", "debian/control"):
        shutil.copy(REPOSITORY / "contrib" / name, checkout / "contrib" / name)
    control = checkout / "contrib" / "debian" / "control"
    control.write_text(control.read_text().replace(" python3-click,", " python3-click (>= 99),\n no-such-package,", 1))
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "the last release").touch()

    done = subprocess.run([checkout / "contrib/release/build", dist], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (1, "build: missing: apt-get install python3-click no-such-package\n")
    assert [path.name for path in dist.iterdir()] == ["the last release"]


def test_the_sdist_has_what_it_takes_to_build_and_test(release: Path) -> None:
    (sdist,) = release.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = {member.name.partition("/")[2]: member for member in archive.getmembers()}

    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert tracked
    assert [name for name in tracked if name not in members] == []
    assert "PKG-INFO" in members
    assert {member.uid for member in members.values()} == {0}
    assert len({member.mtime for member in members.values()}) == 1


def test_the_single_file_is_executable_and_a_plain_archive(release: Path) -> None:
    single_file = release / "inspec-textfile.pyz"

    assert stat.S_IMODE(single_file.stat().st_mode) == 0o755
    assert single_file.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    entries = zipfile.ZipFile(single_file).infolist()
    names = [entry.filename for entry in entries]
    assert package_files() <= set(names)
    assert names == sorted(set(names))
    assert len({entry.date_time for entry in entries}) == 1
    assert not [name for name in names if name.endswith((".pyc", ".so"))]
    for bundled in ("click", "markdown_it_py", "mdurl", "prometheus_client"):  # their licences ask for it
        assert [name for name in names if name.startswith(f"{bundled}-") and "LICEN" in name.upper()]
    assert [name for name in names if name.startswith("python3.9/markdown_it_py-") and "LICEN" in name.upper()]


def test_the_single_file_bundles_what_the_package_asks_for() -> None:
    """Dependencies of the dependencies included: mdurl is markdown-it-py's."""
    pinned = (REPOSITORY / "contrib" / "release" / "requirements.txt").read_text()
    (block,) = re.findall(r"(?m)^install_requires =\n((?: .*\n)+)", METADATA)

    asked_for = {re.split("[<>=]", line.strip())[0] for line in block.splitlines()}

    assert set(re.findall(r"(?m)^([\w-]+)==", pinned)) == asked_for | {"mdurl"}


def test_the_single_file_runs_by_itself(release: Path, host: Host) -> None:
    assert outcome(host, release / "inspec-textfile.pyz") == outcome(host, COMMAND)


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_the_single_file_runs_on(version: str, release: Path, host: Host) -> None:
    assert outcome(host, find_python(version), "-I", release / "inspec-textfile.pyz") == outcome(host, COMMAND)


@pytest.fixture(scope="module")
def newest(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedHost]:
    """A host with the newest Python, which sees the release, the repository and what its tests need."""
    packages = tmp_path_factory.mktemp("packages")
    command: list[str | Path] = [sys.executable, "-m", "pip", "install", "-qq", "--target", packages]
    command += ["--python-version", NEWEST, "--only-binary=:all:", *release.glob("*.whl"), "pytest", "pytest-xdist"]
    command += ["hypothesis", "html5lib"]
    subprocess.run(command, check=True)
    root = make_newest_root(tmp_path_factory.mktemp("newest") / "root")
    binds = {"release": release, "repository": REPOSITORY, "packages": packages}
    with isolated_host(tmp_path_factory.mktemp("isolated"), ["sleep", "infinity"], root=root, binds=binds) as made:
        yield made


def test_the_single_file_runs_on_the_newest(newest: IsolatedHost, host: Host) -> None:
    program = "/opt/inspec-textfile/release/inspec-textfile.pyz"
    sample = "/opt/inspec-textfile/repository/tests/data/sample"

    done = newest.run(
        "sh", "-c", f"mkdir /mnt/out && python{NEWEST} -I {program} -o /mnt/out/inspec.prom --reports-dir /mnt/out {sample}"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    out = newest.path("/mnt/out")
    metrics, pages = outcome(host, COMMAND)
    assert outcome_of(out / "inspec.prom", out) == (metrics, pages)


def test_the_tests_pass_on_the_newest(newest: IsolatedHost) -> None:
    """Those that need no more than Python: the others run on the Python of this machine."""
    tests = [f"/opt/inspec-textfile/repository/tests/{name}" for name in ("report", "metrics", "test_text.py")]
    python = ["env", "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=/opt/inspec-textfile/packages", f"python{NEWEST}"]

    done = newest.run(*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *tests, seconds=300)

    assert done.returncode == 0, done.stdout + done.stderr
