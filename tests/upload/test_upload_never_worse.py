"""Nothing in the store is ever worse than before, whatever the store does, and what is known about it is true."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from unittest import mock
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inspec_textfile.pages.links import INDEX_FILE
from inspec_textfile.text import digest_of
from inspec_textfile.upload.keys import Object, Plan, plan
from inspec_textfile.upload.send import Upload
from inspec_textfile.upload.state import UNKNOWN, UploadState, before_upload
from inspec_textfile.upload.stores import StoreError

from helpers.clock import run_at
from helpers.fake_store import OK, FakeStore
from helpers.host import Host
from helpers.marks import long
from helpers.published import OVERVIEW_FILES, results

HOUR = 3600.0
START = 1_800_000_000.0


# --- the installed program's run, with a clock of its own --------------------------------------------------------------------


@pytest.fixture(params=["kept", "ignored", "refused"])
def store(request: pytest.FixtureRequest) -> Iterator[FakeStore]:
    """A store that keeps, ignores or refuses the condition "if there is none"."""
    with FakeStore(conditions=request.param) as made:
        yield made


def assert_only_pages(host: Host, store: FakeStore, before: Mapping[str, bytes]) -> None:
    """Each object is what the reports folder holds, or what it was before."""
    for key, data in store.objects.items():
        if data != before.get(key):
            name = key.removeprefix("h:1/")
            if key != name:
                assert data == (host.reports / name).read_bytes()
            else:  # a profile's page leads to pages that are there
                leads_to = re.findall('href="([^"]*)"', data.decode())
                assert leads_to
                assert {unquote(urljoin(f"/{key}", href))[1:] for href in leads_to} <= store.objects.keys()
    assert before.keys() <= store.objects.keys()


def test_a_full_upload_once_a_day(host: Host, store: FakeStore) -> None:
    host.add("7.1.16/all-pass")
    results(host, "ssh.json", "ssh")
    counts = []
    for hours in (0, 1, 12, 22.9, 23, 24, 45, 46.1, 40):  # the last one: a clock that was put back
        store.forget()
        assert run_at(host, store, START + hours * HOUR) == []
        counts.append(sum(store.asked.values()))

    all_ = 4 + len(OVERVIEW_FILES)
    assert counts == [all_, 0, 0, 0, all_, 0, 0, all_, all_]
    assert store.methods == set()


def test_an_emptied_bucket_fills_within_a_day_and_holds_nothing_but_pages(host: Host, store: FakeStore) -> None:
    host.add("7.1.16/all-pass")
    run_at(host, store, START)
    full = dict(store.objects)
    store.objects.clear()

    assert run_at(host, store, START + HOUR) == []
    assert store.objects == {}

    assert run_at(host, store, START + 24 * HOUR) == []
    assert store.objects == full


@pytest.mark.parametrize("hours", [1, long(24)], ids=["what changed", "everything"])
@pytest.mark.parametrize("accepted", [many if many in (1, 4) else long(many) for many in range(5 + len(OVERVIEW_FILES))])
def test_a_refused_second_part_leaves_good_pages(host: Host, store: FakeStore, accepted: int, hours: float) -> None:
    """Two pages of reports change, and the overviews; profiles' pages only lead to them."""
    results(host, "one.json", "one")
    results(host, "two.json", "two")
    run_at(host, store, START)
    before = dict(store.objects)
    results(host, "one.json", "one", case="5.24.24/ssh-baseline")
    results(host, "two.json", "two", case="5.24.24/ssh-baseline")
    puts: list[str] = []

    def behaviour(key: str, _times: int) -> str | int:
        puts.append(key)
        return OK if len(puts) <= accepted else 403

    store.behaviour = behaviour
    errors = run_at(host, store, START + hours * HOUR)

    files = [key.removeprefix("h:1/") for key in before if key.startswith("h:1/")]
    changed = sum((host.reports / name).read_bytes() != before[f"h:1/{name}"] for name in files)
    total = changed if hours == 1 else len(before)
    assert 3 <= total <= 4 + len(OVERVIEW_FILES)
    assert [error.split(": ")[0] for error in errors] == ([] if accepted >= total else ["upload to s3://pages"])
    assert_only_pages(host, store, before)

    store.behaviour = lambda _key, _times: OK
    store.forget()
    assert run_at(host, store, START + (hours + 1) * HOUR) == []
    assert len(store.bodies) == max(total - accepted, 0)
    assert_only_pages(host, store, dict.fromkeys(before, b""))


def test_an_index_waits_for_the_pages_that_it_links_to(host: Host, store: FakeStore) -> None:
    results(host, "one.json", "one")
    run_at(host, store, START)
    before = dict(store.objects)
    results(host, "new.json", "one")
    store.behaviour = lambda key, _times: 403 if "inspec-new" in key else OK

    run_at(host, store, START + HOUR)

    assert store.objects == before
    store.behaviour = lambda _key, _times: OK
    run_at(host, store, START + 2 * HOUR)
    assert_only_pages(host, store, {"one/h:1": store.objects["one/h:1"]})
    assert b"inspec-new.json.html" in store.objects["one/h:1"]
    assert b"inspec-new.json.html" in store.objects["h:1/index.html"]


# --- a model: random histories -----------------------------------------------------------------------------------------------


def planned(profiles: Mapping[str, Sequence[str]]) -> Plan:
    return plan(profiles, [INDEX_FILE], "h:1", "")


class _Store:
    """A store that refuses, loses answers, or takes too long, as set for each key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, str] = {}
        self.puts = 0
        self.dead_links: list[tuple[str, str]] = []

    async def put(self, key: str, data: bytes) -> None:
        self.puts += 1
        await asyncio.sleep(0)
        fault = self.faults.get(key)
        if fault in ("refused", "signal"):
            if fault == "signal":
                raise KeyboardInterrupt
            raise StoreError("the store refuses")
        for href in re.findall('href="([^"]*)"', data.decode()):
            target = unquote(urljoin(f"/{key}", href))[1:]
            if target not in self.objects:
                self.dead_links.append((key, target))
        self.objects[key] = data
        if fault == "lost":
            raise StoreError("the answer was lost")


REPORTS = st.sampled_from(["a", "d/b"])
PROFILES = st.sampled_from([(), ("ssh",), ("ssh", "d/tls")])


class Histories(RuleBasedStateMachine):
    """Reports that come, change and go; a store that fails; nobody deletes there."""

    @initialize()
    def begin(self) -> None:
        self.store = _Store()
        self.profiles: dict[str, tuple[str, ...]] = {}
        self.files: dict[str, bytes] = {}
        self.versions: dict[str, set[bytes]] = {}
        self.state: UploadState | None = None
        self.now = START

    @rule(report=REPORTS)
    def change(self, report: str) -> None:
        """Between two versions, so that what stood there once comes back."""
        name = f"inspec-{report}.json.html"
        old, new = f"<p>{report} 1</p>".encode(), f"<p>{report} 2</p>".encode()
        self.files[name] = new if self.files.get(name) == old else old
        self.profiles.setdefault(report, ())

    @rule(report=REPORTS, profiles=PROFILES)
    def show(self, report: str, profiles: tuple[str, ...]) -> None:
        if report in self.profiles:
            self.profiles[report] = profiles

    @rule(report=REPORTS)
    def remove(self, report: str) -> None:
        self.profiles.pop(report, None)

    @rule(fault=st.sampled_from(["refused", "lost", "signal"]), index=st.integers(0, 4))
    def upload(self, fault: str, index: int) -> None:
        self._upload({index: fault})

    @rule(faults=st.dictionaries(st.integers(0, 6), st.sampled_from(["refused", "lost"]), min_size=2))
    def upload_with_many_faults(self, faults: dict[int, str]) -> None:
        self._upload(faults)

    @rule(hours=st.floats(0, 30))
    def wait(self, hours: float) -> None:
        self.now += hours * HOUR

    @rule()
    def upload_to_the_end(self) -> None:
        before = self.store.puts
        assert self._upload({}) is None
        for one in self.planned.objects:
            assert self.store.objects[one.key] == self.read(one)
        sent = self.store.puts - before
        assert self._upload({}) is None
        assert self.store.puts == before + sent

    def _upload(self, faults: dict[int, str]) -> str | None:
        self.planned = planned(self.profiles)
        self.files[INDEX_FILE] = self.overview(sorted(self.profiles))
        self.store.faults = {one.key: faults[index] for index, one in enumerate(self.planned.objects) if index in faults}
        keys = {one.key for one in self.planned.objects}
        for one in self.planned.objects:
            self.versions.setdefault(one.key, set()).add(self.read(one))
        known = before_upload(self.state, "store", keys, self.now)
        upload = Upload(self.planned, read=self.read, put=self.store.put, known=known, info=lambda _message: None)
        try:
            return upload.run(60)
        except KeyboardInterrupt:
            return "interrupted"
        finally:
            self.state = UploadState.from_json(upload.state.as_json())

    def overview(self, reports: Sequence[str]) -> bytes:
        pages = {f"inspec-{report}.json.html": report for report in reports}
        return "".join(f'<a href="{name}">{report}: {self.files[name].decode()}</a>' for name, report in pages.items()).encode()

    def read(self, one: Object) -> bytes:
        return one.data if one.file is None else self.files[one.file]

    @invariant()
    def what_is_known_is_true(self) -> None:
        for key, digest in (self.state.sent if self.state else {}).items():
            assert key in self.store.objects
            assert digest in (UNKNOWN, digest_of(self.store.objects[key]))

    @invariant()
    def there_are_only_pages(self) -> None:
        for key, data in self.store.objects.items():
            assert data in self.versions[key]
        assert not self.store.dead_links


Histories.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestHistories = pytest.mark.slow(Histories.TestCase)


# --- what is known, as plain data --------------------------------------------------------------------------------------------


def test_a_state_comes_back_as_it_was() -> None:
    for state in (UploadState("s3://pages", 1.5), UploadState("x", 1.0, {"ssh/ü": "ab", "h:1/index.html": ""}, 2.5)):
        assert UploadState.from_json(state.as_json()) == state


@pytest.mark.parametrize(
    "data",
    [
        *(None, 1.5, [], "x", {}, {"place": "x"}),
        {"place": "x", "known_since": None, "sent": {}, "last_success": None},
        {"place": "x", "known_since": 1.0, "sent": 1, "last_success": None},
    ],
)
def test_what_is_not_a_state_is_refused(data: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        UploadState.from_json(data)


def test_a_lost_answer_and_a_refusal_leave_nothing_known_but_that_something_stands_there() -> None:
    store = _Store()
    objects = planned({"a": ["ssh"]})
    keys = [one.key for one in objects.objects]
    known = UploadState("store", START)
    for page, faults in ((b"1", {}), (b"2", {keys[0]: "lost", keys[1]: "refused"})):
        store.faults = faults
        read = mock.Mock(return_value=page)
        upload = Upload(objects, read=read, put=store.put, known=known, info=lambda _message: None)
        upload.run(60)
        known = upload.state

    assert store.objects == {keys[0]: b"2", keys[1]: b"1", keys[2]: b"2"}
    assert known.sent == {keys[0]: UNKNOWN, keys[1]: UNKNOWN, keys[2]: digest_of(b"2")}


def test_what_an_upload_may_rely_on() -> None:
    last = UploadState("s3://pages", 1000.0, {"gone": "aa", "kept": "bb"}, 900.0)

    assert before_upload(last, "s3://pages", {"kept", "new"}, 2000.0) == UploadState(
        "s3://pages", 1000.0, {"kept": "bb"}, 900.0
    )
    assert before_upload(last, "s3://pages", {"kept"}, 1e6) == UploadState("s3://pages", 1e6, {"kept": UNKNOWN}, 900.0)
    assert before_upload(last, "s3://others", {"kept"}, 2000.0) == UploadState("s3://others", 2000.0, {}, 900.0)
    assert before_upload(None, "s3://pages", {"kept"}, 2000.0) == UploadState("s3://pages", 2000.0)
