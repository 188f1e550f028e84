"""Labels of any length."""

from __future__ import annotations

import pytest

from inspec_textfile.text import MAX_LABEL_BYTES, label


@pytest.mark.parametrize(("length", "is_cut"), [(149, False), (150, False), (151, True), (5000, True)])
def test_the_length_in_bytes_from_which_labels_are_cut(length: int, is_cut: bool) -> None:
    text = "ü" * length

    assert (label(text) != text) == is_cut
    assert len(label(text).encode()) <= MAX_LABEL_BYTES
    if is_cut:
        assert label(text).startswith("ü" * 100)
        assert label(text + "1") != label(text + "2")


def test_a_cut_falls_between_two_characters() -> None:
    for shift in range(4):
        label("x" * shift + "\U0001f4a9" * 200).encode()
