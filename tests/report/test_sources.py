from __future__ import annotations

import errno
import itertools
import os
import time
from pathlib import Path

import pytest

from inspec_textfile.report import sources
from inspec_textfile.report.sources import Source, SourceError, find_sources, read_source
from inspec_textfile.text import label


def names(*arguments: str, results_dir: Path) -> list[str]:
    return [source.name for source in find_sources(arguments, str(results_dir), "stdin").found]


def test_all_json_in_the_folder_and_its_folders_sorted(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "host1/ssl.json", "host1/deep/x.json", "no.txt", ".hidden.json", ".git/x.json", "json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert names(results_dir=tmp_path) == ["a", "b", "host1/deep/x", "host1/ssl"]


def test_arguments(tmp_path: Path) -> None:
    for name in ("results/host1/a.json", "elsewhere/b.json", "elsewhere/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    below, outside, text = (str(tmp_path / name) for name in ("results/host1/a.json", "elsewhere/b.json", "elsewhere/c.txt"))

    assert names(below, outside, text, "-", results_dir=tmp_path / "results") == ["b", "c.txt", "host1/a", "stdin"]
    assert names(str(tmp_path / "elsewhere"), results_dir=tmp_path / "results") == ["b"]


def test_files_of_one_name_from_two_folders_are_told_apart(tmp_path: Path) -> None:
    for name in ("one/x.json", "two/x.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()

    one, two = (str(tmp_path / name) for name in ("one/x.json", "two/x.json"))
    folder = str(tmp_path).lstrip("/")

    assert names(one, results_dir=tmp_path / "none") == ["x"]
    assert names(one, two, results_dir=tmp_path / "none") == [f"{folder}/one/x", f"{folder}/two/x"]
    assert names(two, one, results_dir=tmp_path / "none") == [f"{folder}/one/x", f"{folder}/two/x"]
    assert names(str(tmp_path / "one"), str(tmp_path / "two"), results_dir=tmp_path) == [f"{folder}/one/x", f"{folder}/two/x"]


def test_a_name_does_not_change_when_another_folder_joins(tmp_path: Path) -> None:
    for name in ("a/logs/last.json", "b/logs/last.json", "c/logs/last.json", "c/logs/other.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folders = [str(tmp_path / name / "logs") for name in "abc"]

    two, three = set(names(*folders[1:], results_dir=tmp_path)), set(names(*folders, results_dir=tmp_path))

    assert "last" not in two | three
    assert two < three
    assert "other" in two


def test_a_file_that_is_called_as_the_label_of_another_report(tmp_path: Path) -> None:
    """Two reports with one label made every series of theirs twice, and node_exporter refuses such a file."""
    long = tmp_path / ("d" * 150) / ("e" * 150) / "x.json"
    copy = tmp_path / f"{label(str(long.relative_to(tmp_path).with_suffix('')))}.json"
    for path in (long, copy):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    for arguments in ((), (str(copy), str(long)), (str(long), str(copy))):
        found = {os.path.basename(one.path): one.name for one in find_sources(arguments, str(tmp_path), "stdin").found}

        assert label(found["x.json"]) == copy.relative_to(tmp_path).with_suffix("").as_posix()
        assert label(found[copy.name]) != label(found["x.json"])


def test_dated_files_of_one_name_in_two_folders_keep_their_names(tmp_path: Path) -> None:
    seen = set()
    for day in (22, 23, 24):
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"scan-202611{day}060000.json").touch()
        seen.add(tuple(names(str(tmp_path / "a"), str(tmp_path / "b"), results_dir=tmp_path)))

    assert seen == {tuple(f"{str(tmp_path).lstrip('/')}/{folder}/scan" for folder in "ab")}


def test_a_name_given_to_standard_input_stays(tmp_path: Path) -> None:
    (tmp_path / "stdin.json").touch()

    assert names("-", str(tmp_path / "stdin.json"), results_dir=tmp_path / "none") == [
        "stdin",
        f"{str(tmp_path).lstrip('/')}/stdin",
    ]


NOW = 1795500000.0  # 24 November 2026, 06:00 UTC


def test_a_date_ahead_of_the_clock_does_not_win_and_is_told(tmp_path: Path) -> None:
    for stamp in ("20261123060000", "20261124060000", "20991231000000", "20990101000000"):
        (tmp_path / f"web01-{stamp}.json").touch()

    found = find_sources((), str(tmp_path), "stdin", NOW)

    (source,) = found.found
    assert os.path.basename(source.path) == "web01-20261124060000.json"
    assert [os.path.basename(run.path) for run in source.older] == ["web01-20261123060000.json"]
    assert found.problems == (
        f"{tmp_path}/web01-20991231000000.json (and 1 more): its name or mtime is dated ahead of this host's clock, so it "
        "does not count as the newest run: rename or remove it, and check the clocks",
    )


def test_a_file_without_a_date_does_not_win_by_an_mtime_ahead_of_the_clock(tmp_path: Path) -> None:
    for name in ("web01.json", "web01-20261124060000.json"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "web01-20261124060000.json", (NOW, NOW))
    for mtime in (NOW - 60, NOW, NOW + 60):
        os.utime(tmp_path / "web01.json", (mtime, mtime))

        found = find_sources((), str(tmp_path), "stdin", NOW)

        assert os.path.basename(found.found[0].path) == ("web01.json" if mtime == NOW else "web01-20261124060000.json")
        assert len(found.problems) == (mtime > NOW)


def test_a_single_file_is_read_whatever_its_mtime(tmp_path: Path) -> None:
    (tmp_path / "web01.json").touch()
    os.utime(tmp_path / "web01.json", (NOW * 2, NOW * 2))

    assert not find_sources((), str(tmp_path), "stdin", NOW).problems


def test_a_date_is_in_the_time_of_its_own_host(tmp_path: Path) -> None:
    for stamp in ("20261123200000", "20261124190000"):  # 13 hours ahead: Tonga
        (tmp_path / f"web01-{stamp}.json").touch()

    found = find_sources((), str(tmp_path), "stdin", NOW)

    assert found.found[0].stamp == "20261124190000"
    assert not found.problems


def test_files_that_are_all_ahead_of_the_clock_are_read_and_told(tmp_path: Path) -> None:
    for stamp in ("20991230000000", "20991231000000"):
        (tmp_path / f"web01-{stamp}.json").touch()

    found = find_sources((), str(tmp_path), "stdin", NOW)

    assert found.found[0].stamp == "20991231000000"
    assert len(found.problems) == 1
    assert not find_sources((), str(tmp_path), "stdin").problems


def test_many_files_ahead_of_the_clock_take_little_time(tmp_path: Path) -> None:
    """Each was looked for among all others: 40,000 took ten seconds, 100,000 more than a minute."""
    times = itertools.product(range(1, 13), range(1, 28), range(24), range(0, 60, 15))
    for month, day, hour, minute in itertools.islice(times, 20_000):
        (tmp_path / f"web01-2099{month:02}{day:02}{hour:02}{minute:02}00.json").touch()
    (tmp_path / "web01-20261124060000.json").touch()
    started = time.process_time()

    found = find_sources((), str(tmp_path), "stdin", NOW)

    assert time.process_time() - started < 2
    assert found.found[0].stamp == "20261124060000"


@pytest.mark.parametrize("link", ["latest.json", "Latest.json", "z.json"])
def test_a_link_to_the_newest_of_a_pile_is_no_report(tmp_path: Path, link: str) -> None:
    for day in (22, 23, 24):
        (tmp_path / f"scan-202611{day}060000.json").touch()
    (tmp_path / link).symlink_to("scan-20261124060000.json")

    (found,) = find_sources((), str(tmp_path), "stdin").found

    assert (found.name, os.path.basename(found.path)) == ("scan", "scan-20261124060000.json")


def test_of_two_links_to_one_file_the_first_is_the_report(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    for link in ("b.json", "a.json"):
        (tmp_path / link).symlink_to("elsewhere")

    assert names(results_dir=tmp_path) == ["a"]


def test_a_number_after_a_time_stamp_is_no_time_zone(tmp_path: Path) -> None:
    for name in ("c-20261124060000-1001.json", "c-20261124060000-1002.json", "z-20261124T060000+0530.json"):
        (tmp_path / name).touch()

    assert names(results_dir=tmp_path) == ["c-1001", "c-1002", "z"]


def test_one_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "x.json").touch()
    (tmp_path / "latest.json").symlink_to("x.json")

    assert len(names(results_dir=tmp_path)) == 1


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"\xff.json", b"\xfe.json", b"new\nline.json", b"tab\t.json", b"esc\x1b.json"):
        Path(os.fsdecode(folder + b"/" + name)).touch()

    found = names(results_dir=tmp_path)

    assert len(set(found)) == 5
    assert all(name.isprintable() for name in found)
    assert "\\xff" in found


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    found = find_sources((), str(tmp_path / "none"), "stdin")

    assert found.unseen
    assert "the folder does not exist; create it, mount it, or pass another one" in found.problems[0]


def test_a_file_in_a_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "file.json").touch()

    found = find_sources((), str(tmp_path / "file.json"), "stdin")

    assert "the folder is a file: pass a folder, or pass the file as an argument" in found.problems[0]


def test_a_folder_that_would_be_in_the_place_of_a_page_is_told(tmp_path: Path) -> None:
    """The pages of web01 and of web01.json.html/x cannot both be written."""
    (tmp_path / "host" / "web01.json.html").mkdir(parents=True)
    for name in ("web01.json", "web01.json.html/x.json"):
        (tmp_path / "host" / name).touch()

    found = find_sources((), str(tmp_path), "stdin")

    assert [source.name for source in found.found] == ["host/web01"]
    assert found.problems == (
        f"{tmp_path}/host/web01.json.html: the folder is called as a page is, which could not be written then; rename it",
    )
    assert found.may_hide("host/web01.json.html/x")


def test_links_to_folders_are_not_followed_but_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)

    found = find_sources((), str(tmp_path), "stdin")

    assert not found.found
    assert "loop: is a link to a folder" in found.problems[0]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("fifo", "is a device, FIFO or socket"),
        ("device", "is a device, FIFO or socket"),
        ("loop", "Too many levels of symbolic links"),
        ("dangling", "is a link to what does not exist"),
    ],
)
def test_what_is_no_file_is_refused_and_nothing_hangs(tmp_path: Path, kind: str, expected: str) -> None:
    path = tmp_path / "x.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "dangling":
        path.symlink_to("nowhere")

    with pytest.raises(SourceError, match=expected):
        read_source(Source("x", str(path)))


def test_a_file_that_becomes_a_fifo_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.touch()
    honest = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda _: honest)

    with pytest.raises(SourceError, match="is a device, FIFO or socket"):
        read_source(Source("x", str(path)))


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(sources, "MAX_BYTES", 99)

    with pytest.raises(SourceError, match="is larger than"):
        read_source(Source("x", str(path)))


def test_a_file_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "x.json"
    path.touch()
    monkeypatch.setattr(os, "open", refuses)

    with pytest.raises(
        SourceError, match=r"cannot be read by user root \(permission denied\): change its owner or mode, or run"
    ):
        read_source(Source("x", str(path)))


def test_contents_and_mtime(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"{}")
    os.utime(path, ns=(0, 1732428800123456789))

    assert read_source(Source("x", str(path))) == (b"{}", 1732428800123456789)


@pytest.mark.parametrize(
    ("name", "report", "stamp"),
    [
        ("compliance-20261122060000.json", "compliance", "20261122060000"),
        ("compliance-20261122060000123.json", "compliance", "20261122060000"),
        ("compliance-20261122T060000Z.json", "compliance", "20261122060000"),
        ("compliance_2026-11-22_06-00-05.json", "compliance", "20261122060005"),
        ("compliance-2026-11-22T06:00:05.123+01:00.json", "compliance", "20261122060005"),
        ("web01.202611220600.json", "web01", "20261122060000"),
        ("2026-11-22 06.00.00-web01.json", "web01", "20261122060000"),
        ("web01-20261122060000-ssh.json", "web01-ssh", "20261122060000"),
        ("20261122060000.json", "results", "20261122060000"),
        ("host1/20261122060000.json", "host1/host1", "20261122060000"),
    ],
)
def test_a_time_stamp_is_no_part_of_the_name(tmp_path: Path, name: str, report: str, stamp: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    (source,) = find_sources((), str(tmp_path), "stdin").found

    assert (source.name, source.stamp) == (report, stamp)


@pytest.mark.parametrize(
    "name",
    [
        "web-20261122",
        "web-2026-11-22",
        "v1795500000",
        "a-20261322060000",
        "a-20261122256000",
        "10.0.0.1-22",
        "x-202611220600001",
        "aws-123410251200",
    ],
)
def test_what_is_no_time_stamp_stays_in_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.json").touch()

    assert names(results_dir=tmp_path) == [name]


def test_of_files_that_differ_in_a_time_stamp_the_newest_counts(tmp_path: Path) -> None:
    for stamp in ("20261124060000", "20261122060000", "20261123060000"):
        (tmp_path / f"compliance-{stamp}.json").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "compliance-20261101060000.json").touch()

    found = {source.name: source for source in find_sources((), str(tmp_path), "stdin").found}

    assert found.keys() == {"compliance", "sub/compliance"}, "files of one folder only"
    assert found["compliance"].path == str(tmp_path / "compliance-20261124060000.json")
    assert [run.stamp for run in found["compliance"].older] == ["20261122060000", "20261123060000"]
    assert found["sub/compliance"].older == ()


@pytest.mark.parametrize("newest", ["", "-20261124060000"])
def test_a_file_without_a_stamp_beside_those_with_one_is_told_by_its_time(tmp_path: Path, newest: str) -> None:
    for number, name in enumerate(sorted(("", "-20261122060000", "-20261124060000"), key=lambda name: name == newest)):
        path = tmp_path / f"web{name}.json"
        path.touch()
        os.utime(path, (number, number))

    (source,) = find_sources((), str(tmp_path), "stdin").found

    assert source.path == str(tmp_path / f"web{newest}.json")
    assert len(source.older) == 2
