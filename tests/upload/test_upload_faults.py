"""What stores do to people: they stall, reset, answer 503, die and come back, forget. Metrics and pages never suffer."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inspec_textfile import memory
from inspec_textfile.files import OutputFolder

from helpers.fake_store import DIE, LEAK, LOST, OK, RESET, SILENT_CLOSE, STALL, FakeStore
from helpers.host import COMMAND, Host
from helpers.marks import long
from helpers.published import OVERVIEW_FILES, results
from helpers.servers import eventually

OVERVIEWS = {f"h:1/{name}" for name in OVERVIEW_FILES}
KEYS = {"all-pass/h:1", "h:1/inspec-all-pass.json.html", *OVERVIEWS}
OPTIONS = ["--upload", "s3://pages", "--instance", "h:1"]


@pytest.fixture
def store() -> Iterator[FakeStore]:
    with FakeStore() as made:
        yield made


@pytest.fixture
def ready(host: Host) -> Host:
    host.add("7.1.16/all-pass")
    return host


def upload(host: Host, store: FakeStore, *more: str, **env: str) -> tuple[int, str]:
    """Run once, and see to what holds however it went."""
    started = time.time()
    done = host.run(*OPTIONS, *more, env={**store.environment, **env})
    series = host.series()
    assert series["inspec_textfile_last_run_timestamp_seconds"] >= started - 1  # the metrics are of this run
    assert series["inspec_upload_success"] == ("upload to s3://pages" not in done.stderr)
    assert LEAK not in done.stderr
    assert "the-secret-key" not in done.stderr
    assert "Signature" not in done.stderr
    return done.returncode, done.stderr.removeprefix("inspec-textfile: upload to s3://pages: ").rstrip()


def assert_complete(host: Host, store: FakeStore) -> None:
    """The pages in the store are those of the reports folder."""
    assert store.objects.keys() >= KEYS
    for name in ("inspec-all-pass.json.html", "index.html"):
        assert store.objects[f"h:1/{name}"] == (host.reports / name).read_bytes()
    assert b'"../h%3A1/inspec-all-pass.json.html"' in store.objects["all-pass/h:1"]


# --- what is sent ------------------------------------------------------------------------------------------------------------


def test_only_what_changed_is_sent(ready: Host, store: FakeStore) -> None:
    assert upload(ready, store) == (0, "")
    assert set(store.bodies) == KEYS
    assert store.bodies[-1] == "h:1/index.html"  # when what it links to is there
    assert_complete(ready, store)
    assert store.headers["all-pass/h:1"]["content-type"] == "text/html; charset=utf-8"
    assert not any("if-none-match" in headers for headers in store.headers.values())

    store.forget()
    assert upload(ready, store) == (0, "")
    assert store.asked == {}

    ready.add("7.1.16/ssh-baseline")
    assert upload(ready, store) == (0, "")
    assert set(store.bodies) == {"h:1/inspec-ssh-baseline.json.html", "acme-ssh-baseline/h:1", *OVERVIEWS}


def state_of(host: Host) -> Path:
    return host.textfiles / ".inspec.prom.state"


@pytest.mark.parametrize("change", ["url", "no memory", *map(long, ("endpoint", "instance", "damaged memory"))])
def test_another_place_gets_everything(ready: Host, store: FakeStore, change: str) -> None:
    upload(ready, store)
    store.forget()
    if change == "no memory":
        state_of(ready).unlink()
    if change == "damaged memory":
        state_of(ready).write_text('{"format": 1, "upload": [')
    more = {"url": ["--upload", "s3://pages/new"], "instance": ["--instance", "new"]}.get(change, [])
    if change == "endpoint":
        store.stop()
        store.port = 0
        store.start()

    code, line = upload(ready, store, *more)

    told = {"damaged memory": "is damaged", "no memory": "is missing"}.get(change, "")
    assert (code, told in line) == (1 if told else 0, True)
    assert len(store.bodies) == len(KEYS)


def test_the_memory_holds_no_secret(ready: Host, store: FakeStore) -> None:
    upload(ready, store)

    with OutputFolder(str(ready.textfiles), locked=False) as folder:
        upload_state: Any = memory.load(folder, ready.prom.name)[0].upload
    assert set(upload_state["sent"]) == KEYS
    assert LEAK not in state_of(ready).read_text()
    assert [path.name for path in ready.reports.iterdir() if path.name.startswith(".")] == []


def test_a_page_that_several_reports_show(host: Host, store: FakeStore) -> None:
    results(host, "one.json", "all-pass")
    results(host, "two.json", "all-pass", case="5.24.24/ssh-baseline")

    assert upload(host, store) == (0, "")
    page = store.objects["all-pass/h:1"].decode()
    assert page.index("../h%3A1/inspec-two.json.html") < page.index("../h%3A1/inspec-one.json.html")  # worst first

    (host.results / "two.json").write_text("")  # broken now: it still hides nothing, and nothing hides it
    code, line = upload(host, store)
    assert code == 1
    assert line.count("\n") == 0  # about the report only
    page = store.objects["all-pass/h:1"].decode()
    assert "../h%3A1/inspec-two.json.html" in page
    assert "../h%3A1/inspec-one.json.html" in page


def test_uploads_go_side_by_side_but_not_all_at_once(host: Host, store: FakeStore) -> None:
    for number in range(20):
        results(host, f"{number}.json", f"profile-{number}")
    store.delay = 0.1

    assert upload(host, store) == (0, "")

    assert len(store.bodies) == 40 + len(OVERVIEWS)
    assert 4 <= store.most_at_once <= 8


# --- faults that pass --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [RESET, *map(long, (503, SILENT_CLOSE, LOST, 500, 429))])
def test_a_fault_that_passes_is_not_worth_a_word(ready: Host, store: FakeStore, fault: str | int) -> None:
    store.behaviour = lambda _key, times: fault if times <= 2 else OK

    assert upload(ready, store) == (0, "")

    assert_complete(ready, store)


def test_one_object_that_stalls_is_tried_again(ready: Host, store: FakeStore) -> None:
    store.behaviour = lambda key, times: STALL if key == "all-pass/h:1" and times == 1 else OK

    assert upload(ready, store, "--upload-timeout", "6") == (0, "")

    assert_complete(ready, store)


# --- faults that stay --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [pytest.param(False, id="first upload"), long(True, id="later upload")])
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (STALL, "the store does not answer in time, after retries"),
        (503, "the store fails (503 SlowDown), after retries"),
        (403, "the store refuses these credentials (403 AccessDenied): are they right, and may they put objects there?"),
    ],
)
def test_a_fault_that_stays(ready: Host, store: FakeStore, fault: str | int, told: str, known: bool) -> None:
    if known:
        upload(ready, store)
        last = ready.series()["inspec_upload_last_success_timestamp_seconds"]
        store.forget()
        results(ready, "all-pass.json", "all-pass", case="5.24.24/ssh-baseline")
    before = {path: path.read_bytes() for path in ready.reports.glob("*.*")}
    store.behaviour = lambda _key, _times: fault
    started = time.monotonic()

    code, line = upload(ready, store, "--upload-timeout", "3" if fault == STALL else "45")

    assert code == 1
    changed = [path for path in ready.reports.glob("*.*") if path.read_bytes() != before.get(path)]
    missing = len(changed) if known else len(KEYS)  # the profile's page only leads to the report's
    assert changed or not known
    assert line == f"{missing} of {len(KEYS)} pages were not published: {told}; the next run tries again"
    assert time.monotonic() - started < (13 if fault == STALL else 30)
    kept = ready.series().get("inspec_upload_last_success_timestamp_seconds")
    assert kept == (last if known else None)

    store.behaviour = lambda _key, _times: OK
    assert upload(ready, store) == (0, "")
    assert_complete(ready, store)


def test_one_object_that_fails_takes_no_other_along(ready: Host, store: FakeStore) -> None:
    store.behaviour = lambda key, _times: 403 if key == "all-pass/h:1" else OK

    code, line = upload(ready, store)

    assert code == 1
    assert line.startswith(f"1 of {len(KEYS)} pages were not published: the store refuses")
    assert store.objects.keys() == KEYS - {"all-pass/h:1"}
    store.behaviour = lambda _key, _times: OK
    store.forget()
    assert upload(ready, store) == (0, "")
    assert store.bodies == ["all-pass/h:1"]


def test_many_pages_and_a_dead_store_take_no_longer_than_a_few(host: Host, store: FakeStore) -> None:
    for number in range(30):
        results(host, f"{number}.json", f"profile-{number}")
    store.behaviour = lambda _key, _times: 403

    code, line = upload(host, store)

    assert code == 1
    assert line.startswith("{0} of {0} pages were not published".format(60 + len(OVERVIEWS)))
    assert sum(store.asked.values()) <= 16


@pytest.mark.long
def test_a_store_that_is_killed_midway_and_comes_back(host: Host, store: FakeStore) -> None:
    for number in range(12):
        results(host, f"{number}.json", f"profile-{number}")
    puts: list[str] = []

    def behaviour(key: str, _times: int) -> str | int:
        puts.append(key)
        return DIE if len(puts) == 10 else OK

    store.behaviour = behaviour
    store.delay = 0.05
    code, line = upload(host, store, "--upload-timeout", "5")
    assert code == 1
    assert "after retries; the next run tries again" in line or "took longer" in line
    done = set(store.bodies)
    assert 1 <= len(done) < 25

    store.behaviour = lambda _key, _times: OK
    store.forget()
    store.start()
    assert upload(host, store) == (0, "")
    total = 24 + len(OVERVIEWS)
    assert len(store.objects) == total
    assert total - len(done) <= len(store.bodies) <= total - len(done) + 8  # those under way then are sent again


# --- signals -----------------------------------------------------------------------------------------------------------------


def start(host: Host, store: FakeStore) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], **store.environment}
    return subprocess.Popen([COMMAND, *host.options(), *OPTIONS], env=environment, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_upload_and_not_the_metrics(ready: Host, store: FakeStore, number: signal.Signals) -> None:
    store.behaviour = lambda _key, _times: STALL
    process = start(ready, store)
    eventually(lambda: store.asked, 20, "the store is asked", every=0.02)

    process.send_signal(number)
    _, told = process.communicate(timeout=20)  # less than half of --upload-timeout

    assert process.returncode == 1
    assert told.decode().count("\n") == 1
    assert b"interrupted" in told
    assert ready.series()["inspec_upload_success"] == 0
    assert not list(ready.root.rglob("*.tmp"))


def test_after_a_kill_what_was_not_noted_is_sent_again(ready: Host, store: FakeStore) -> None:
    upload(ready, store)
    ready.add("7.1.16/ssh-baseline")
    store.behaviour = lambda key, _times: STALL if key == "acme-ssh-baseline/h:1" else OK
    store.forget()
    process = start(ready, store)
    eventually(lambda: "acme-ssh-baseline/h:1" in store.asked, 20, "the store is asked", every=0.02)
    process.kill()
    process.communicate()

    store.behaviour = lambda _key, _times: OK
    store.forget()
    assert upload(ready, store) == (0, "")
    assert set(store.bodies) == {"h:1/inspec-ssh-baseline.json.html", "acme-ssh-baseline/h:1", *OVERVIEWS}
    assert_complete(ready, store)


def test_what_was_sent_before_a_signal_is_not_sent_again(ready: Host, store: FakeStore) -> None:
    store.behaviour = lambda key, _times: STALL if key == "all-pass/h:1" else OK
    process = start(ready, store)
    sent = ["h:1/inspec-all-pass.json.html"]
    eventually(lambda: store.bodies == sent and "all-pass/h:1" in store.asked, 20, "the second page is under way", every=0.02)
    time.sleep(3)  # for the answer to get there
    process.terminate()
    process.communicate()

    store.behaviour = lambda _key, _times: OK
    store.forget()
    assert upload(ready, store) == (0, "")
    assert set(store.bodies) == KEYS - {"h:1/inspec-all-pass.json.html"}
