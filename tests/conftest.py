"""Fixtures that tests of every folder use, which tests are slow, and which may be skipped."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

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

NEED_SHARED = 53
"""So many tests, or more, read ../shared. A full run fails if there are fewer: they must not get lost without notice."""

SKIPS_ALLOWED_IN_CI = (
    f"{SHARED} is missing",
    "breaks lines elsewhere than the newest click",
    "the contract lies beside",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read the folders of slow tests for `-m "not slow"`: that takes as long as a third of the fast tests."""
    slow = collection_path.parent == REPOSITORY / "tests" and collection_path.name in SLOW_FOLDERS
    return True if slow and config.option.markexpr == "not slow" else None


@pytest.hookimpl(tryfirst=True)  # before -m and -k leave tests out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark slow tests, and count those that read ../shared."""
    for item in items:
        if item.path.relative_to(REPOSITORY / "tests").parts[0] in SLOW_FOLDERS or SLOW_FIXTURES & _fixtures(item):
            item.add_marker(pytest.mark.slow)
    number = sum("shared" in _fixtures(item) for item in items)
    if _is_full_run(config) and number < NEED_SHARED:
        raise pytest.UsageError(f"{number} tests read ../shared, fewer than the {NEED_SHARED} in tests/conftest.py")


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _is_full_run(config: pytest.Config) -> bool:
    option = config.option
    left_out = option.ignore or option.ignore_glob or option.markexpr or getattr(option, "lf", False)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not left_out


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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reports beside the repository, which is not part of it."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: it holds published reports, which are not part of this repository")
    return SHARED


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    for folder in (made.results, made.reports, made.textfiles):
        folder.mkdir()
    return made
