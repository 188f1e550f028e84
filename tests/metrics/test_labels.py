"""Labels of any length."""

from __future__ import annotations

import hashlib

import pytest

from inspec_textfile.metrics.figures import label


@pytest.mark.parametrize("length", [999, 1000, 1001, 5000])
def test_the_length_from_which_labels_are_shortened(length: int) -> None:
    text = "ü" * length
    digest = hashlib.sha256(text.encode()).hexdigest()

    assert label(text) == (text if length <= 1000 else "ü" * 900 + "... sha256:" + digest)


def test_a_long_label_that_is_no_unicode() -> None:
    assert label("\ud800" * 1001) == "\ud800" * 900 + "... sha256:" + hashlib.sha256(b"?" * 1001).hexdigest()
