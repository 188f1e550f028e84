"""Nothing changed since the last run: then its file is right still, but for the two times that are this run's own.

Told by content, not by clocks. A run without any trouble writes down, in the last line of its file, what it made it from: the
digest of every results file and page, and every option that shows. When all of it is the same again, nothing has to be
parsed or rendered, and none of the packages for it is imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspec_textfile.links import INDEX_FILE, PAGE_HEAD

MARK = b"# inspec-textfile run "
_OWN_TIMES = re.compile(rb"^(inspec_textfile_(?:last_run_timestamp|run_duration)_seconds) .*$", re.MULTILINE)
_LARGEST_INDEX = 64 * 1024 * 1024

_Read = Callable[[int], tuple[bytes, int]]
_Page = Callable[[str, int], "bytes | None"]


@dataclass(frozen=True)
class Made:
    """What a file of metrics was made from."""

    options: str
    """The program's version, and all options that show in the file or on the pages."""
    reports: tuple[tuple[str, str, int], ...]
    """(name, SHA-256 of the bytes, mtime in nanoseconds), in order."""
    pages: tuple[tuple[str, str], ...]
    """(name below the reports folder, fingerprint); none if no pages were asked for."""
    index: str
    """SHA-256 of index.html, "" without pages."""

    def is_of(self, options: str, names: Sequence[str], read: _Read, page: _Page) -> bool:
        """Tell whether a run with these options, on the reports of these names, would make the same again.

        `read(number)` returns the bytes and the mtime of one, and is called no longer than they are the same; its errors
        are the caller's. `page(name, most)` returns the first bytes of a page.
        """
        if self.options != options or [name for name, _, _ in self.reports] != list(names):
            return False
        # The pages first: looking at them costs less than reading all results.
        if any(fingerprint.encode() not in (page(name, PAGE_HEAD) or b"") for name, fingerprint in self.pages):
            return False
        if self.index and digest_of(page(INDEX_FILE, _LARGEST_INDEX) or b"") != self.index:
            return False
        for number, (_, digest, modified_ns) in enumerate(self.reports):
            data, now_modified_ns = read(number)
            if now_modified_ns != modified_ns or digest_of(data) != digest:
                return False
        return True


def with_origin(text: bytes, made: Made) -> bytes:
    """Return a file of metrics with a last line, a comment, that says what it was made from."""
    origin = [made.options, made.reports, made.pages, made.index, _digest_but_for_times(text)]
    return text + MARK + json.dumps(origin).encode() + b"\n"


def origin_of(text: bytes) -> Made | None:
    """Return what a file was made from; None if it does not say, or is not as it was written."""
    body, mark, line = text.rpartition(MARK)
    try:
        options, reports, pages, index, digest = json.loads(line)
        made = Made(options, tuple((n, d, t) for n, d, t in reports), tuple((n, f) for n, f in pages), index)
    except (ValueError, TypeError):
        return None
    return made if mark and digest == _digest_but_for_times(body) else None


def as_of(text: bytes, *, now: float, duration: float) -> bytes:
    """Return a file with the times of this run: Unix time, and how long it took, in seconds."""
    times = {b"inspec_textfile_last_run_timestamp_seconds": now, b"inspec_textfile_run_duration_seconds": duration}
    return _OWN_TIMES.sub(lambda found: found[1] + f" {times[found[1]]!r}".encode(), text)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _digest_but_for_times(text: bytes) -> str:
    return digest_of(_OWN_TIMES.sub(b"", text))
