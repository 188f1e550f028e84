import pytest

from inspec_textfile.text import age, as_text, clean, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ünï 検査 🔒", "plain ünï 検査 🔒"),
        ("two\nlines", "two\nlines"),
        ("nul\x00 esc\x1b[31m cr\r tab\t del\x7f c1\x85", "nul\ufffd esc\ufffd[31m cr\ufffd tab\ufffd del\ufffd c1\ufffd"),
        ("lone \ud800", "lone \ufffd"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_visible_text_stays_on_its_line_and_moves_no_cursor() -> None:
    assert visible("a\nb\x1b[2J\u202egnp\ud83d") == r"a\nb\x1b[2J\u202egnp\ud83d"


def test_visible_text_is_short() -> None:
    assert len(visible("x" * 10_000)) < 700


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), (None, ""), (3, "3"), ([1], "[1]"), (True, "true"), (["a", None], '["a", null]')],
)
def test_as_text(value: object, expected: str) -> None:
    assert as_text(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599, "1 h"), (95_400, "26 h"), (172_799, "2 d"), (864_000, "10 d")],
)
def test_age(seconds: float, expected: str) -> None:
    assert age(seconds) == expected
