"""SIGKILL while a file is written and at random moments, a hundred runs; `python -m helpers.killed --long` does a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import killed


@pytest.mark.long
def test_no_reader_ever_sees_anything_but_a_whole_file_of_one_run(tmp_path: Path) -> None:
    outcome = killed.run_all(tmp_path, 100, seed=1, say=lambda _: None)

    assert not outcome.wrong
    assert outcome.killed_writing > 40
    assert outcome.states >= outcome.whole > 9
