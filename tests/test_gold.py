"""The output is what the gold files say. A change on purpose: `make gold`, and review the difference with the code."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from helpers.gold import GOLD, gold_files, kept

LINES = 60
"""Limit of the differences that are shown."""


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return gold_files()


def test_the_files_are_those_that_are_kept(made: dict[str, str]) -> None:
    assert sorted(made) == kept(), "if this is meant: make gold"


@pytest.mark.parametrize("name", kept())
def test_output_is_as_kept(name: str, made: dict[str, str]) -> None:
    gold = (GOLD / name).read_text(encoding="utf-8").splitlines()
    now = made.get(name, "").splitlines()

    difference = list(unified_diff(gold, now, f"tests/gold/{name}", "now", lineterm=""))

    if difference:
        pytest.fail("\n".join(["if this is meant: make gold", *difference[:LINES]]), pytrace=False)
