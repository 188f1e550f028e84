"""What Markdown costs grows with its length, whatever it is made of and whatever version of the parser reads it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from inspec_textfile.pages.markdown import markdown

from helpers.marks import long

_PLAIN = "a *b* c\n"


def _repeated(text: str) -> Callable[[int], str]:
    return lambda length: (text * (length // len(text) + 1))[:length]


CONSTRUCTS: dict[str, Callable[[int], str]] = {
    "table of many columns": lambda n: "|a" * (n // 6) + "\n" + "|-" * (n // 6) + "\n" + "|x\n" * (n // 9),
    "table of many rows": lambda n: "|a" * 10 + "\n" + "|-" * 10 + "\n" + "|x\n" * (n // 3),
    "table in a block quote": lambda n: "> " + "|a" * (n // 6) + "\n> " + "|-" * (n // 6) + "\n" + "> |x\n" * (n // 15),
    "nested brackets": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "block quotes": lambda n: ">" * n + "a",
    "nested lists": lambda n: "\n".join("  " * level + "- a" for level in range(int(n**0.5))),
    "backticks of all lengths": lambda n: "".join("`" * count + " " for count in range(1, int((2 * n) ** 0.5))),
    "reference links": lambda n: "[a]: x\n\n" + _repeated("[a]")(n),
    **{
        text: _repeated(text)
        for text in (
            *("[", "![", "[]", "[a](", "[a](<", '[a](b "', "[a]: b\n", "[^", "*a [b ", "[*`_<&a", "*[`"),
            *("*", "**a ", "*a _b ", "*a **b ", "__a_", "~~a ", "`a`` ", "```\na\n", "&amp;", "&#1;", "<", "<http://a ", "<a "),
            *(
                "- ",
                "- a\n",
                "- a\n\n",
                "1. a\n",
                "a  \n",
                "\\",
                "\\*",
                "http://a.b ",
                "a@b.c ",
                "*a*\n",
                "---\n",
                "|",
                "a|b\n-|-\n",
            ),
        )
    },
}


def calls(text: str) -> int:
    """Return how many functions are called to render a text."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        markdown(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("construct", [one if number % 3 == 0 else long(one) for number, one in enumerate(CONSTRUCTS)])
def test_twice_the_length_is_about_twice_the_work(construct: str) -> None:
    make = CONSTRUCTS[construct]
    markdown(_PLAIN)  # the parser is made once

    once, twice, four_times = (calls(make(length)) for length in (1500, 3000, 6000))

    assert twice < 3 * once + 1000
    assert four_times < 3 * twice + 1000


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_the_markup_is_not_much_longer_than_the_text(construct: str) -> None:
    text = CONSTRUCTS[construct](20_000)

    assert len(markdown(text)) < 20 * len(text)


def test_a_text_that_would_cost_too_much_is_shown_as_it_is() -> None:
    assert "|a|a|a" in markdown("|a" * 2000 + "\n" + "|-" * 2000 + "\n|x")
    assert "<table" not in markdown("|a" * 2000 + "\n" + "|-" * 2000 + "\n|x")
    assert "<table" in markdown("|a|b|\n|-|-|\n|x|y|")
