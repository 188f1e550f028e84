"""Fixtures that tests of every folder use, which tests are slow or read ../shared, and which may be skipped."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same cases in every run, so that a test fails for what was changed; `make fuzz` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")

pytest.register_assert_rewrite("helpers")

# What nohup, or a shell's `&`, makes this process ignore, the programs that tests start would ignore as well.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)

from helpers.host import Host
from helpers.needs import CI
from helpers.paths import REPOSITORY, SHARED

SLOW_FOLDERS = ("contrib", "packaging", "reliability")
SLOW_FIXTURES = {"host", "chromium", "checkout"}
"""Tests of these folders, and tests with these fixtures, start programs, so they are slow. Others are marked where they are."""

SKIPS_ALLOWED_IN_CI = (
    f"{SHARED} is missing",
    "breaks lines elsewhere than the newest click",
)


@pytest.hookimpl(tryfirst=True)  # before pytest makes its own
def pytest_configure(config: pytest.Config) -> None:
    """Put what tests write into a folder of this run alone, which is removed at its end; --basetemp keeps it elsewhere.

    Some tests let other users in (`others_may_enter`), and pytest closes the folder that runs share whenever one starts.
    """
    if not config.option.basetemp:  # the processes of xdist have one
        folder = tempfile.mkdtemp(prefix="inspec-textfile-tests-")
        config.option.basetemp = f"{folder}/run"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes run the tests: one for each core, but none beside pytest itself if files of tests are named."""
    whole_folders = all(Path(argument).is_dir() for argument in config.args)
    return len(os.sched_getaffinity(0)) if whole_folders else 0


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read the folders of slow tests for `-m "not slow"`: that takes as long as a third of the fast tests."""
    slow = collection_path.parent == REPOSITORY / "tests" and collection_path.name in SLOW_FOLDERS
    return True if slow and config.option.markexpr == "not slow" else None


@pytest.hookimpl(tryfirst=True)  # before -m and -k leave tests out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that a folder, a fixture or another mark makes slow, and those that read ../shared."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        in_slow_folder = item.path.relative_to(REPOSITORY / "tests").parts[0] in SLOW_FOLDERS
        if in_slow_folder or SLOW_FIXTURES & fixtures or item.get_closest_marker("long"):
            item.add_marker(pytest.mark.slow)
        if "shared" in fixtures:
            item.add_marker(pytest.mark.shared)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in CI if a test was skipped that should have run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not CI or reporter is None:
        return
    reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in reporter.stats.get("skipped", ())}
    wrong = [reason for reason in sorted(reasons) if not reason.startswith(SKIPS_ALLOWED_IN_CI)]
    if wrong:
        reporter.write_line("\nskipped in CI, but not allowed in tests/conftest.py: " + "; ".join(wrong), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test of published reports where they are not at hand."""
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: it holds published reports, which are not part of this repository")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reports beside the repository, which is not part of it."""
    return SHARED


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    for folder in (made.results, made.reports, made.textfiles):
        folder.mkdir()
    return made
