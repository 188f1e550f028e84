"""The tests test what was installed, not what lies in the checkout."""

import sys
from pathlib import Path

import inspec_textfile
from inspec_textfile.pages.overviews import OVERVIEWS

from helpers.needs import CI
from helpers.paths import REPOSITORY


def test_the_package_under_test_is_the_installed_one() -> None:
    imported = Path(inspec_textfile.__file__)

    assert imported.is_relative_to(sys.prefix) or not CI
    if CI:
        assert imported.parent != REPOSITORY / "inspec_textfile"


def test_a_purge_removes_every_overview() -> None:
    postrm = (REPOSITORY / "contrib" / "debian" / "inspec-textfile.postrm").read_text()

    assert f"rm -f {' '.join(overview.file_name for overview in OVERVIEWS)})" in postrm
