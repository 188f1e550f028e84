"""The upload: what changed, in parallel, within a time limit.

How it is known what changed, with no right but to put: what was sent is noted (`state`), and whether it is still there is
asked by putting a placeholder on the condition that there is no such object. So a bucket that was emptied fills again, an
object that somebody deleted comes back, and nothing is ever read or listed. No clock decides anything but the end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from inspec_textfile import pages
from inspec_textfile.links import PAGE_HEAD
from inspec_textfile.textfile import Folder, TextfileError
from inspec_textfile.unchanged import digest_of
from inspec_textfile.upload import state
from inspec_textfile.upload.keys import Object, Plan, folder_key, relocate
from inspec_textfile.upload.stores import Store, StoreError

_LANES = 8
"""Objects under way at once."""
_LARGEST_PAGE = 256 * 1024 * 1024
_STATE_MODE = 0o600
_PLACEHOLDER = (
    b'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
    b"<title>On its way</title></head><body><p>This page is being published. It opens in a moment.</p></body></html>\n"
)
"""Stands for a moment where an object was missing."""

Say = Callable[[str], None]


@dataclass
class _Progress:
    """What an upload has done so far."""

    sent: dict[str, str]
    """Key -> what is known to stand there."""
    failures: list[str] = field(default_factory=list)
    successes: int = 0
    left: int = 0


def publish(plan: Plan, shelf: Folder, instance: str, store: Store, place: str, seconds: float, detail: Say) -> str | None:
    """Bring the store to what the plan says, and return what went wrong, as a sentence; None if everything is there.

    `shelf`: the reports folder; `place`: which store it is, in words. A signal's KeyboardInterrupt is passed on when it is
    noted what was sent; nothing else is raised.
    """
    keys = {one.key for one in (*plan.objects, plan.index)}
    known = state.load(shelf.read(state.STATE_FILE, state.LARGEST), place)
    progress = _Progress({key: content for key, content in known.items() if key in keys}, left=len(keys))
    try:
        # From here on what is noted there may be wrong until it is written again.
        shelf.replace(state.STATE_FILE, state.dump({}, place), _STATE_MODE)
        try:
            upload = _Upload(plan, shelf, instance, store, progress, detail)
            asyncio.run(asyncio.wait_for(upload.all(), seconds))
        except asyncio.TimeoutError:
            progress.failures.append(f"the store took longer than {seconds:g} s (--upload-timeout)")
        finally:
            shelf.replace(state.STATE_FILE, state.dump(progress.sent, place), _STATE_MODE)
    except TextfileError as error:
        progress.failures.append(str(error))
    except Exception as error:  # whatever it is, metrics must be written
        progress.failures.append(f"an error that nobody thought of ({type(error).__name__})")
    return _told(progress, len(keys))


def _told(progress: _Progress, total: int) -> str | None:
    if not progress.failures:
        return None
    worst, _ = Counter(progress.failures).most_common(1)[0]
    if not progress.left:
        return f"all pages were published, but {worst}: the next run sends them again"
    return f"{progress.left} of {total} pages were not published: {worst}; the next run tries again"


class _Upload:
    """One upload under way."""

    def __init__(self, plan: Plan, shelf: Folder, instance: str, store: Store, progress: _Progress, detail: Say) -> None:
        self._plan = plan
        self._shelf = shelf
        self._instance = instance
        self._store = store
        self._progress = progress
        self._detail = detail

    async def all(self) -> None:
        """Do everything; the index last, when what it links to is there."""
        index, sent = self._plan.index, self._progress.sent
        stands = await self._first_look()
        # What has changed goes first: if the time runs out, the rest may well still be right.
        waiting = iter(sorted(self._plan.objects, key=lambda one: sent.get(one.key) == self._content(one)))
        await asyncio.gather(*(self._lane(waiting) for _ in range(_LANES)))
        if not self._hopeless():
            await self._one(index, stands=stands)

    async def _lane(self, waiting: Iterator[Object]) -> None:
        for one in waiting:
            if self._hopeless():
                return
            await self._one(one)

    def _hopeless(self) -> bool:
        """Tell whether so much failed and so little worked that the rest would only take time."""
        failures, successes = len(self._progress.failures), self._progress.successes
        return failures > 0 and not successes and failures >= min(_LANES, len(self._plan.objects))

    async def _first_look(self) -> bool:
        """Ask for one object, the index if that is known, and tell whether it is certain that the index stands.

        If there is none, the bucket was emptied, or the store passes over conditions. Either way nothing else is asked for.
        """
        sent, index = self._progress.sent, self._plan.index.key
        if not sent:
            return False
        key = index if index in sent else next(iter(sent))
        content = sent.pop(key)  # until it is known again: a lost answer may mean that the placeholder stands there
        try:
            if await self._store.create(key, _PLACEHOLDER):
                sent.clear()
                return False
        except StoreError:
            return False
        sent[key] = content
        return key == index

    async def _stands(self, key: str) -> bool:
        """Tell whether there certainly is an object under a key."""
        try:
            return not await self._store.create(key, _PLACEHOLDER)
        except StoreError:
            return False

    async def _one(self, one: Object, *, stands: bool = False) -> None:
        """Send one object, unless what is known to be there still stands."""
        sent = self._progress.sent
        content = self._content(one)
        before = sent.pop(one.key, None)  # until it is known again
        try:
            if content is not None and before == content and (stands or await self._stands(one.key)):
                self._detail(f"{one.key}: unchanged")
            else:
                data = self._data(one)
                await self._store.put(one.key, data)
                self._detail(f"{one.key}: sent, {len(data):,} bytes")
        except StoreError as error:
            self._progress.failures.append(str(error))
            self._detail(f"{one.key}: {error}")
        else:
            if content is not None:
                sent[one.key] = content
            self._progress.successes += 1
            self._progress.left -= 1

    def _content(self, one: Object) -> str | None:
        """Return what decides on an object's bytes, without making them where a page tells by itself."""
        if one.file is None:
            return digest_of(one.data)
        fingerprint = pages.fingerprint_of(self._shelf.read(one.file, PAGE_HEAD) or b"")
        if fingerprint:
            return fingerprint
        page = self._shelf.read(one.file, _LARGEST_PAGE)
        return None if page is None else digest_of(page)

    def _data(self, one: Object) -> bytes:
        if one.file is None:
            return one.data
        page = self._shelf.read(one.file, _LARGEST_PAGE)
        if page is None:
            raise StoreError(f"{self._shelf.path}/{one.file} cannot be read")
        if len(page) == _LARGEST_PAGE:
            raise StoreError(f"{self._shelf.path}/{one.file} is larger than {_LARGEST_PAGE >> 20} MiB")
        return relocate(page, folder_key(one.file, self._instance), one.key)
