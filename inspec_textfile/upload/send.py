"""The upload: what changed since the last one, several objects at a time, within a time limit.

An object is only ever replaced by a complete page, and a page is sent only after the pages it links to. So whatever fails,
and whenever the upload ends, the store is never worse than before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from inspec_textfile.messages import Say
from inspec_textfile.text import digest_of
from inspec_textfile.upload.keys import Object, Plan
from inspec_textfile.upload.state import UNKNOWN, UploadState
from inspec_textfile.upload.stores import Put, StoreError

MAX_PUTS_AT_ONCE = 8


class PageError(Exception):
    """A page cannot be read; the message is a sentence."""


class Upload:
    """An upload: `run` does it, `state` is what is known about the store at any moment."""

    def __init__(self, plan: Plan, *, read: Callable[[Object], bytes], put: Put, known: UploadState, info: Say) -> None:
        """`read` returns what the store must hold, or raises PageError; `known`: what is known about it (`before_upload`)."""
        self._plan = plan
        self._read = read
        self._put = put
        self._known = known
        self._info = info
        self._sent = dict(known.sent)
        self._unchanged = 0
        self._sent_now = 0
        self._failures: list[str] = []

    def run(self, seconds: float) -> str | None:
        """Send what is missing in the store, for at most `seconds`, and return what went wrong; None if all pages are there.

        Raises nothing, except for a signal's KeyboardInterrupt.
        """
        try:
            asyncio.run(asyncio.wait_for(self._send_all(), seconds))
        except asyncio.TimeoutError:
            self._failures.append(f"the store took longer than {seconds:g} s (--upload-timeout)")
        except Exception as error:  # whatever it is, metrics must be written
            self._failures.append(f"an unexpected error ({type(error).__name__}), please report it")
        if not self._failures:
            return None
        total = len(self._plan.objects)
        missing = total - self._unchanged - self._sent_now
        reason, _ = Counter(self._failures).most_common(1)[0]
        return f"{missing} of {total} pages were not published: {reason}; the next run tries again"

    @property
    def state(self) -> UploadState:
        """What is known about the store now."""
        return self._known._replace(sent=dict(self._sent))

    async def _send_all(self) -> None:
        """Send the pages first, and then what links to them."""
        for stage in self._plan.stages:
            waiting = iter(await self._changed(stage))
            await asyncio.gather(*(self._send_each(waiting) for _ in range(MAX_PUTS_AT_ONCE)))

    async def _changed(self, objects: Iterable[Object]) -> list[Object]:
        """Return the objects that the store is not known to hold."""
        changed = []
        for item in objects:
            await asyncio.sleep(0)  # lets the time limit interrupt this loop
            with suppress(PageError):  # reported when it is sent
                if self._sent.get(item.key) == digest_of(self._read(item)):
                    self._unchanged += 1
                    self._info(f"{item.key}: unchanged")
                    continue
            changed.append(item)
        return changed

    async def _send_each(self, waiting: Iterator[Object]) -> None:
        for item in waiting:
            if self._gives_up():
                return
            missing = [key for key in item.links_to if key not in self._sent]
            if missing:
                self._info(f"{item.key}: not sent, since it links to {missing[0]}, which is missing")
            else:
                await self._send(item)

    def _gives_up(self) -> bool:
        """Return whether so many failed and none succeeded that trying the rest is a waste of time."""
        return not self._sent_now and len(self._failures) >= min(MAX_PUTS_AT_ONCE, len(self._plan.objects))

    async def _send(self, item: Object) -> None:
        try:
            data = self._read(item)
            if item.key in self._sent:
                self._sent[item.key] = UNKNOWN  # until the store confirms: it holds the old object, or the new one
            await self._put(item.key, data)
        except (PageError, StoreError) as error:
            self._failures.append(str(error))
            self._info(f"{item.key}: {error}")
        else:
            self._sent[item.key] = digest_of(data)
            self._sent_now += 1
            self._info(f"{item.key}: sent, {len(data):,} bytes")
