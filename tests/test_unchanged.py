"""A run that would make the same again makes nothing, and never takes for the same what is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspec_textfile.unchanged import MARK, Made, as_of, digest_of, origin_of, with_origin

from conftest import Host

MADE = Made("1.0", (("a", "d1", 5), ("b", "d2", 6)), (("inspec-a.json.html", "f1"),), "i")
TEXT = b"x 1\ninspec_textfile_last_run_timestamp_seconds 5.0\ninspec_textfile_run_duration_seconds 0.5\n"


def test_what_a_file_was_made_from_is_read_back() -> None:
    text = with_origin(TEXT, MADE)

    assert text.startswith(TEXT)
    assert text.endswith(b"\n")
    assert origin_of(text) == MADE


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace(b"x 1", b"x 2"),
        lambda text: text[:-10],
        lambda text: text.replace(b"d1", b"d3") + b"\n# x",
        lambda _: b"",
        lambda _: TEXT,
        lambda _: MARK + b"[]\n",
        lambda _: MARK + b"[1, 2, 3, 4, 5]\n",
        lambda _: MARK + b"{\n",
        lambda _: MARK + b'["1.0", [["a"]], [], "", ""]\n',
    ],
)
def test_a_damaged_file_says_nothing(damage: Callable[[bytes], bytes]) -> None:
    assert origin_of(damage(with_origin(TEXT, MADE))) is None


def test_only_the_times_of_the_run_change() -> None:
    text = as_of(with_origin(TEXT, MADE), now=7.25, duration=0.125)

    assert b"x 1\ninspec_textfile_last_run_timestamp_seconds 7.25\ninspec_textfile_run_duration_seconds 0.125\n" in text
    assert origin_of(text) == MADE


@dataclass(frozen=True)
class Now:
    """What there is when a run looks."""

    options: str = "1.0"
    names: tuple[str, ...] = ("a", "b")
    a: tuple[bytes, int] = (b"one", 5)
    b: tuple[bytes, int] = (b"two", 6)
    page: bytes | None = b"<f1>"
    index: bytes | None = b"index"

    def is_the_same(self) -> bool:
        made = Made(
            options="1.0",
            reports=(("a", digest_of(b"one"), 5), ("b", digest_of(b"two"), 6)),
            pages=(("inspec-a.json.html", "f1"),),
            index=digest_of(b"index"),
        )
        contents = {"a": self.a, "b": self.b}
        pages = {"inspec-a.json.html": self.page, "index.html": self.index}
        return made.is_of(
            self.options, self.names, read=lambda number: contents[self.names[number]], page=lambda name, _: pages[name]
        )


@pytest.mark.parametrize(
    "now",
    [
        Now(options="1.1"),
        Now(names=("a",)),
        Now(names=("b", "a")),
        Now(a=(b"one!", 5)),
        Now(b=(b"two", 7)),
        Now(page=b"<f2>"),
        Now(page=None),
        Now(index=b"other"),
        Now(index=None),
    ],
)
def test_any_difference_is_one(now: Now) -> None:
    assert Now().is_the_same()
    assert not now.is_the_same()


# --- as a user runs it ---------------------------------------------------------------------------------------------------


@pytest.fixture
def warm(host: Host) -> Host:
    host.add("7.1.16/ssh-baseline")
    host.add("7.1.16/waivers")
    host.run()
    assert was_the_same(host)
    return host


def was_the_same(host: Host, *arguments: str) -> bool:
    """Run and tell whether nothing was made anew; whatever happens, the result must be that of a first run."""
    done = host.run("-v", *arguments)
    again = without_times(host.prom)
    pages = {path: path.read_bytes() for path in host.reports.rglob("*.html")}
    for path in (host.prom, *pages):
        path.unlink()
    assert host.run(*arguments).returncode == done.returncode
    assert without_times(host.prom) == again
    for path in host.reports.rglob("*.html"):
        assert path.read_bytes() == pages[path]
    return "nothing changed since the last run" in done.stderr


def without_times(path: Path) -> list[str]:
    return [line for line in path.read_text().split("\n") if "inspec_textfile_" not in line]


def test_times_are_those_of_the_run(warm: Host) -> None:
    before = warm.series()["inspec_textfile_last_run_timestamp_seconds"]

    warm.run()

    assert warm.series()["inspec_textfile_last_run_timestamp_seconds"] > before
    assert warm.series()["inspec_textfile_run_duration_seconds"] < 60


@pytest.mark.parametrize(
    "change",
    [
        lambda host: (host.results / "waivers.json").unlink(),
        lambda host: host.add("7.1.16/all-pass"),
        lambda host: host.add("7.1.16/all-pass", "waivers.json"),
        lambda host: (host.results / "waivers.json").rename(host.results / "w.json"),
        lambda host: os.utime(host.results / "waivers.json", (1e9, 1e9)),
        lambda host: (host.reports / "inspec-waivers.json.html").unlink(),
        lambda host: (host.reports / "inspec-waivers.json.html").write_text("other"),
        lambda host: (host.reports / "index.html").write_text("other"),
        lambda host: host.prom.write_text(host.prom.read_text().replace(" 1.0", " 2.0")),
        lambda host: host.prom.write_text(""),
    ],
)
def test_a_change_is_seen(warm: Host, change: Callable[[Host], object]) -> None:
    change(warm)

    assert not was_the_same(warm)
    warm.run()
    assert was_the_same(warm)


@pytest.mark.parametrize("arguments", [("--control-series", "all"), ("--max-control-series", "3"), ("--no-reports",)])
def test_another_option_is_seen(warm: Host, arguments: tuple[str, ...]) -> None:
    assert not was_the_same(warm, *arguments)
    warm.run(*arguments)
    assert was_the_same(warm, *arguments)
    warm.run(*arguments)
    assert not was_the_same(warm)


def test_the_mode_is_set_all_the_same(warm: Host) -> None:
    warm.run("--mode", "0600")

    assert warm.prom.stat().st_mode & 0o777 == 0o600


def test_trouble_is_told_again_and_again(warm: Host) -> None:
    (warm.results / "broken.json").write_text("{")

    for _ in range(3):
        assert warm.run().stderr.count("\n") == 1
        assert warm.run().returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a file away")
def test_a_file_that_others_may_have_made_is_not_trusted(warm: Host) -> None:
    warm.prom.chmod(0o666)
    assert not was_the_same(warm)
    warm.run()
    os.chown(warm.prom, 65534, 65534)
    assert not was_the_same(warm)
