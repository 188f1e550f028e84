"""The tests test what was installed, not what lies in the checkout."""

import sys
from pathlib import Path

import inspec_textfile

from helpers.needs import CI
from helpers.paths import REPOSITORY


def test_the_package_under_test_is_the_installed_one() -> None:
    imported = Path(inspec_textfile.__file__)

    assert imported.is_relative_to(sys.prefix) or not CI
    if CI:
        assert imported.parent != REPOSITORY / "inspec_textfile"
