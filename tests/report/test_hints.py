from __future__ import annotations

from pathlib import Path

from inspec_textfile.report.hints import hints


def test_files_named_by_process_ids(tmp_path: Path) -> None:
    for name in ("logs/4711.json", "logs/4712.json", "one/7.json", "hosts/web01.json", "hosts/web02.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert list(hints((), str(tmp_path))) == [
        f"{tmp_path}/logs/PID.json: 2 files count as 2 reports; if these are process ids, history starts over in each run: "
        "give each line of the option file a --reporter json:NAME.json of its own"
    ]


def test_names_that_look_like_results(tmp_path: Path) -> None:
    skipped = (
        "a.JSON",
        "a.json.gz",
        "a.json.1",
        "a.json-20261122",
        "a.json.old",
        "a.json~",
        "a.jsonl",
        "a.json.txt",
        "a.json.1.gz",
    )
    for name in (*skipped, "a.json", ".a.json.1", "a.json.lock", "a.json.sha256", "notes.txt"):
        (tmp_path / name).touch()

    assert list(hints((), str(tmp_path))) == [
        f"{tmp_path}/{name}: is skipped because its name does not end in .json: rename it, unpack it, or remove it"
        for name in sorted(skipped)
    ]


def test_links_to_files_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "web01").mkdir()
    (tmp_path / "web01" / "linux.json").touch()
    (tmp_path / "latest.json").symlink_to("web01/linux.json")
    (tmp_path / "alone.json").symlink_to("/dev/null")
    (tmp_path / "broken.json").symlink_to("nowhere")

    assert list(hints((), str(tmp_path))) == [
        f"{tmp_path}/latest.json: is a link to a file that is read as {tmp_path}/web01/linux.json, "
        "so it is no report of its own"
    ]
