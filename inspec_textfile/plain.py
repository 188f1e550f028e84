"""Plain data that JSON made of the memory: checked as it is read, for the file may have been damaged or forged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")
MAX_WHOLE = 2**63
"""Whole numbers are below it: counts, and times in nanoseconds."""
_MAX_SECONDS = 1e12
"""Seconds: further from 1970 than any time a page can show."""


def text(value: Any) -> str:
    """Return a text. Raises TypeError for anything else."""
    if type(value) is not str:
        raise TypeError("not a text")
    return value


def output(value: Any) -> str:
    """Return a text that goes into a file as it is. Raises TypeError for anything else, ValueError for lone surrogates."""
    found = text(value)
    found.encode()
    return found


def name(value: Any) -> str:
    """Return a text that the name of a file can give. Raises TypeError for anything else, ValueError for other surrogates."""
    found = text(value)
    found.encode("utf-8", "surrogateescape")
    return found


def whole(value: Any) -> int:
    """Return a count. Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value < MAX_WHOLE:
        raise ValueError("not a count")
    return value


def flag(value: Any) -> bool:
    """Return a truth value. Raises TypeError for anything else."""
    if type(value) is not bool:
        raise TypeError("not true or false")
    return value


def seconds(value: Any) -> float | None:
    """Return a time or a time span in seconds, None if there is none. Raises ValueError for anything else."""
    return None if value is None else time(value)


def time(value: Any) -> float:
    """Return a time or a time span in seconds. Raises ValueError for anything else."""
    if type(value) not in (int, float) or not abs(value) < _MAX_SECONDS:
        raise ValueError("not a time")
    return float(value)


def list_of(read: Callable[[Any], _T]) -> Callable[[Any], tuple[_T, ...]]:
    """Return a function that reads a list, each item with `read`. It raises TypeError if there is no list."""

    def read_list(value: Any) -> tuple[_T, ...]:
        if type(value) is not list:
            raise TypeError("not a list")
        return tuple(read(item) for item in value)

    return read_list
