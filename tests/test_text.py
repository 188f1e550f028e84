import pytest

from inspec_textfile.text import age, as_text, clean, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ünï 検査 🔒", "plain ünï 検査 🔒"),
        ("two\nlines", r"two\x0alines"),
        ("a\u202eb\u200bc\ufeffd", r"a\u202eb\u200bc\ufeffd"),
        (r"C:\temp\x9 \x1b \u00e9", r"C:\temp\x9 \\x1b \\u00e9"),
        ("caf\udce9 \udc85 \x85", r"caf\xe9 \x85 \u0085"),
        ("no\xa0break\u3000full width", "no\xa0break\u3000full width"),
        ("nul\x00 esc\x1b[31m cr\r tab\t del\x7f c1\x85", r"nul\x00 esc\x1b[31m cr\x0d tab\x09 del\x7f c1\u0085"),
        ("lone \ud800", r"lone \ud800"),
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
