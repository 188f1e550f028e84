"""Links between the pages of documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers.paths import REPOSITORY

PAGES = sorted(page for pattern in ("*.md", "docs/*.md", "contrib/**/*.md") for page in REPOSITORY.glob(pattern))


def without_code(text: str) -> str:
    return re.sub(r"(?ms)^ *```.*?^ *```$|`[^`\n]*`", lambda found: re.sub(r"[#\[\]]", " ", found.group()), text)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"(?m)^#+ (.*)$", without_code(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    found = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8")))
    dead = []
    for link in found:
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_messages_name_headings_that_are_there() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "inspec_textfile").rglob("*.py"))
    found = re.findall(r"see (docs/\S+\.md), ([A-Z][\w ]+)", sources)
    assert found
    for page, heading in found:
        assert f"\n## {heading}\n" in (REPOSITORY / page).read_text(encoding="utf-8")


def test_there_are_links_to_look_at() -> None:
    assert len(PAGES) > 8
