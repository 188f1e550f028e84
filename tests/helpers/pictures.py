"""The pictures of the README, made from the sample by the installed program: `make pictures`.

The sample's reports are run through it once for every day of three weeks, with some tests failing on some days only, so that
the pages have a past to show.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright

from helpers.browser import ARGUMENTS
from helpers.host import COMMAND
from helpers.needs import require
from helpers.paths import REPOSITORY

PICTURES = REPOSITORY / "docs" / "pictures"
SAMPLE = REPOSITORY / "tests" / "data" / "sample"
LAST_DAY = date(2026, 11, 24)
DAYS = 21
_WIDTH = 1200
_BOTH, _LIGHT = ("light", "dark"), ("light",)
_SHOWN = {
    "index": ("index.html", 420, _BOTH),
    "controls": ("controls.html", 420, _LIGHT),
    "report": ("inspec-ssh-baseline.json.html", 760, _BOTH),
}
"""Name of a picture -> page, height, colour schemes."""


def make() -> None:
    """Write the pictures: of the index and of a report, light and dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        root = Path(folder)
        for name in ("results", "reports", "textfiles"):
            (root / name).mkdir()
        for age in range(DAYS - 1, -1, -1):
            _run(root, age)
        browser = driver.chromium.launch(executable_path=require("chromium", "chromium"), args=ARGUMENTS)
        for name, (page, height, schemes) in _SHOWN.items():
            for scheme in schemes:
                _photograph(browser, root / "reports" / page, height, scheme, PICTURES / f"{name}-{scheme}.png")
        browser.close()


def _run(root: Path, age: int) -> None:
    """Run the program on the sample as it might have been some days before."""
    day = LAST_DAY - timedelta(days=age)
    for file in sorted(SAMPLE.rglob("*.json")):
        report = json.loads(file.read_text(encoding="utf-8").replace("2026-11-24T", f"{day}T"))
        path = root / "results" / file.relative_to(SAMPLE)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(_as_it_was(report, age)), encoding="utf-8")
    arguments = ["--results-dir", "results", "--reports-dir", "reports", "-o", "textfiles/inspec.prom"]
    subprocess.run([COMMAND, *arguments], cwd=root, env={"PATH": os.environ["PATH"]}, check=True)


def _as_it_was(report: dict[str, Any], age: int) -> dict[str, Any]:
    """Return a report in which some of what fails now passed some days ago, and the other way round."""
    controls = [control for profile in report["profiles"] for control in profile["controls"] if control.get("results")]
    for number, control in enumerate(controls):
        failing = any(result["status"] == "failed" for result in control["results"])
        if failing and age > number * 4:
            _turn(control, "failed", "passed")
        elif not failing and number % 3 == 0 and 0 < age <= 6 + number:
            _turn(control, "passed", "failed")
    return report


def _turn(control: dict[str, Any], status: str, other: str) -> None:
    for result in control["results"]:
        if result["status"] == status:
            result["status"] = other
            if other == "passed":
                result.pop("message", None)


def _photograph(browser: Browser, page: Path, height: int, scheme: Any, picture: Path) -> None:
    context = browser.new_context(viewport={"width": _WIDTH, "height": height}, color_scheme=scheme, timezone_id="UTC")
    opened = context.new_page()
    opened.clock.set_fixed_time(f"{LAST_DAY}T09:00:00Z")
    opened.goto(f"file://{quote(str(page))}")
    opened.screenshot(path=str(picture))
    context.close()


if __name__ == "__main__":
    make()
