"""What a run says and leaves behind with --upload, whatever the store: usage, the extra, a folder, broken reports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.fake_store import FakeStore
from helpers.host import Host
from helpers.paths import REPOSITORY
from helpers.published import OVERVIEW_FILES, results

INSTANCE = ["--instance", "h:1"]


@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_a_folder_needs_no_extra_and_honours_the_umask(host: Host, umask: int) -> None:
    host.add("7.1.16/all-pass")
    site = host.root / "www"
    no_obstore = broken_package(host.root, "obstore")

    done = host.run("--upload", f"file://{site}", *INSTANCE, env=no_obstore, umask=umask)

    assert (done.returncode, done.stderr) == (0, "")
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    assert pages == sorted(["all-pass/h:1", "h:1/inspec-all-pass.json.html", *(f"h:1/{name}" for name in OVERVIEW_FILES)])
    for path in site.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~umask
    assert 'url=../h%3A1/inspec-all-pass.json.html"' in (site / "all-pass" / "h:1").read_text()


def test_the_sample_costs_as_many_requests_as_the_docs_say(host: Host) -> None:
    told = (REPOSITORY / "docs" / "upload.md").read_text(encoding="utf-8")
    everything, kilobytes, changed = re.findall(r"(\d+) requests and (\d+) kB a day; .* takes (\d+) requests", told)[0]
    shutil.copytree(REPOSITORY / "tests" / "data" / "sample", host.results, dirs_exist_ok=True)
    upload = ("-v", "--upload", f"file://{host.root / 'www'}", *INSTANCE)
    sizes = [int(size.replace(",", "")) for size in re.findall(r": sent, ([\d,]+) bytes", host.run(*upload).stderr)]
    assert len(sizes) == int(everything)
    assert sum(sizes) / 1000 == pytest.approx(int(kilobytes), rel=0.1)

    for path in host.results.rglob("*.json"):
        path.write_text(path.read_text(encoding="utf-8").replace("2026-11-24T", "2026-11-25T"), encoding="utf-8")
    assert host.run(*upload).stderr.count(": sent, ") == int(changed)


def broken_package(root: Path, name: str) -> dict[str, str]:
    """Return an environment in which a package is missing."""
    folder = root / "without"
    folder.mkdir()
    (folder / f"{name}.py").write_text(f"raise ImportError('no {name}')")
    return {"PYTHONPATH": str(folder)}


def test_without_the_extra_everything_local_is_written(host: Host) -> None:
    host.add("7.1.16/all-pass")

    done = host.run("--upload", "s3://pages", env=broken_package(host.root, "obstore"))

    assert done.returncode == 1
    assert done.stderr == (
        "inspec-textfile: upload to s3://pages: nothing was published: "
        "the package obstore is missing: pip install obstore, where inspec-textfile is installed\n"
    )
    assert host.series()["inspec_upload_success"] == 0
    assert (host.reports / "inspec-all-pass.json.html").exists()


def test_without_upload_nothing_of_it_is_imported_or_shown(host: Host) -> None:
    host.add("7.1.16/all-pass")
    code = (
        "import sys; from inspec_textfile import cli\n"
        "try: cli.command(sys.argv[1:])\n"
        "finally: print([name for name in sys.modules if 'upload' in name or name in ('obstore', 'asyncio')])"
    )

    done = subprocess.run([sys.executable, "-c", code, *host.options()], capture_output=True, text=True)

    assert done.stdout == "[]\n"
    assert done.stderr == ""
    assert not [name for name in host.series() if "upload" in name]
    assert "# TYPE inspec_upload_success gauge" in host.prom.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--upload", "s3://key:SECRET@pages"], "credentials come from the environment"),
        (["--upload", "ftp://pages"], "must be s3://BUCKET/PREFIX"),
        (["--upload", "s3://pages", "--instance", "a/b"], "label `instance`"),
        (["--upload", "s3://pages", "--no-reports"], "leave one of them out"),
        (["--upload", "s3://pages", "--upload-timeout", "0"], "0"),
    ],
)
def test_wrong_usage(host: Host, arguments: list[str], told: str) -> None:
    done = host.run(*arguments)

    assert done.returncode == 2
    assert told in done.stderr
    assert "SECRET" not in done.stderr
    assert not host.prom.exists()


def test_the_instance_is_the_hosts_as_prometheus_has_it_by_default(host: Host) -> None:
    host.add("7.1.16/all-pass")
    host.run(env={"INSPEC_TEXTFILE_UPLOAD": f"file://{host.root}/site"})

    assert (host.root / "site" / "all-pass" / f"{os.uname().nodename}:9100").is_file()


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_REGION"])
def test_bad_settings_are_told_in_a_line(host: Host, variable: str) -> None:
    host.add("7.1.16/all-pass")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}

    done = host.run("--upload", "s3://pages", "--upload-timeout", "2", env={**keys, variable: "https://user:SECRET@minio x"})

    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("inspec-textfile: ")]
    assert "upload to s3://pages: " in line
    assert "SECRET" not in done.stderr
    assert host.series()["inspec_upload_success"] == 0


def test_no_credentials_anywhere(host: Host) -> None:
    host.add("7.1.16/all-pass")
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_METADATA_ENDPOINT": "http://127.0.0.1:1"}

    done = host.run("--upload", "s3://pages", "--upload-timeout", "6", env=nowhere)

    assert done.returncode == 1
    assert "the store needs credentials, and finds none" in done.stderr


def test_settings_of_the_file_serve_the_upload(host: Host) -> None:
    host.add("7.1.16/all-pass")
    settings = host.root / "settings"
    with FakeStore() as store:
        settings.write_text(
            f"AWS_ENDPOINT_URL=http://127.0.0.1:{store.port}\nAWS_REGION=eu-central-1\n"
            "AWS_ACCESS_KEY_ID=AKOPS\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=t\n"
        )
        done = host.run("--settings", str(settings), "--upload", "s3://pages", *INSTANCE, env={"AWS_ACCESS_KEY_ID": "AKENV"})

        assert (done.returncode, done.stderr) == (0, "")
        signed = store.headers["h:1/index.html"]
        assert "Credential=AKENV/" in signed["authorization"], "the environment comes first"
        assert "/eu-central-1/s3/" in signed["authorization"]
        assert signed["x-amz-security-token"] == "t"


def test_names_that_no_link_can_carry_are_told_and_their_pages_published(host: Host) -> None:
    results(host, "hard.json", "..", "line\nbreak", "ssh")

    done = host.run("--upload", f"file://{host.root}/site", *INSTANCE)

    assert done.returncode == 1
    assert "no link leads to the profile '..'; see h:1/index.html" in done.stderr
    assert done.stderr.count("\n") == 1
    assert host.series()["inspec_upload_success"] == 1
    pages = {path.relative_to(host.root / "site").as_posix() for path in (host.root / "site").rglob("*") if path.is_file()}
    assert pages == {"h:1/inspec-hard.json.html", "ssh/h:1", r"line\x0abreak/h:1", *(f"h:1/{name}" for name in OVERVIEW_FILES)}


def test_a_report_that_breaks_keeps_its_link(host: Host) -> None:
    """Its last good page stays where the alert, which goes on firing, leads."""
    host.add("5.24.24/ssh-baseline")
    site = host.root / "site"
    host.run("--upload", f"file://{site}", *INSTANCE)
    (host.results / "ssh-baseline.json").write_text("{")

    done = host.run("--upload", f"file://{host.root}/another", *INSTANCE)

    assert done.returncode == 1
    assert host.series()["inspec_upload_success"] == 1
    assert "inspec-ssh-baseline.json.html" in (host.root / "another" / "acme-ssh-baseline" / "h:1").read_text()
    page = (host.root / "another" / "h:1" / "inspec-ssh-baseline.json.html").read_text()
    assert page == (host.reports / "inspec-ssh-baseline.json.html").read_text()


def test_the_last_success_outlives_failures_and_is_dropped_with_the_option(host: Host) -> None:
    host.add("7.1.16/all-pass")
    name = "inspec_upload_last_success_timestamp_seconds"
    host.run("--upload", f"file://{host.root}/site")
    success = host.series()[name]
    (host.root / "file").touch()

    failures = [host.run("--upload", f"file://{host.root}/file") for _ in range(2)]

    assert [one.returncode for one in failures] == [1, 1]
    assert "upload to file:///" in failures[0].stderr
    assert host.series()[name] == success
    assert host.series()["inspec_upload_success"] == 0
    host.run()
    assert name not in host.series()


def test_pages_that_could_not_be_written_are_not_published(host: Host) -> None:
    host.add("7.1.16/all-pass")
    host.reports.rmdir()
    host.reports.write_text("a file")

    done = host.run("--upload", f"file://{host.root}/site")

    assert done.returncode == 1
    assert host.series()["inspec_upload_success"] == 0
    assert not (host.root / "site").exists()
