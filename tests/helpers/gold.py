"""Gold files: what the installed program makes of varied reports, kept in tests/gold so that changed output shows in review.

    make gold    writes them anew

Two runs a day apart: in the second a report has changed, one has broken, and one never was readable. Kept are the .prom, every
file of the pages' folder and the messages of the second run; and a small .prom with every family. What differs from run to run
or with every release is replaced by a word in capitals; the pages' style and script are files of the package, and left out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from helpers.host import COMMAND, MEASURED
from helpers.paths import REPORTS, REPOSITORY
from helpers.small import small_file

GOLD = REPOSITORY / "tests" / "gold"

UNCHANGED = {
    "overlay": "7.1.16/overlay",
    "nested-overlay": "7.1.16/nested-overlay",
    "waivers": "7.1.16/waivers",
    "edge-outcomes": "7.1.16/edge-outcomes",
    "json-min": "7.1.16/edge-outcomes.min",
    "with-broken": "7.1.16/multi-with-broken",
    "markdown": "7.1.16/docs-markdown",
    "noisy": "7.1.16/noisy",
    "old/inspec-1.51": "1.51.21/linux-files",
    "never-readable": "7.1.16/broken-syntax",
}
CHANGED = "ssh-baseline"
BROKEN = "tls-baseline"

FIRST_DAY = 1_795_500_000
DAY = 86_400

_VARIES = (
    (r"(?m)^# inspec-textfile .*\n", ""),
    (r"(?m)^(inspec_textfile_(?:last_run|history_start)_timestamp_seconds) .*", r"\1 TIME"),
    (r"(?m)^(inspec_textfile_run_duration_seconds) .*", r"\1 SECONDS"),
    (r'(?m)^(inspec_textfile_build_info\{version=)"[^"]*"', r'\1"VERSION"'),
    (r"(\d)e\+0+", r"\1e+"),  # prometheus_client 0.16 writes 1.7e+012
    (r'(<meta name="inspec-textfile" content=)"[^"]*"', r'\1"DIGEST"'),
    (r"'sha256-[^']*'", "'sha256-DIGEST'"),
    (r"(?s)<style>.*?</style>", "<style>STYLE</style>"),
    (r"(?s)<script>.*?</script>", "<script>SCRIPT</script>"),
    (r"(Made by inspec-textfile) \S+", r"\1 VERSION"),
)


def gold_files() -> dict[str, str]:
    """Return name -> text of the files that two runs leave, and of what the second run says."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name in ("results", "reports", "textfiles"):
            (root / name).mkdir()
        for name, case in UNCHANGED.items():
            _put(root, name, (REPORTS / f"{case}.json").read_bytes(), FIRST_DAY)
        baseline = json.loads((REPORTS / "7.1.16/ssh-baseline.json").read_bytes())
        _put(root, CHANGED, json.dumps(baseline).encode(), FIRST_DAY)
        whole = (REPORTS / "7.1.16/tls-baseline.json").read_bytes()
        _put(root, BROKEN, whole, FIRST_DAY)
        _run(root)
        _put(root, CHANGED, json.dumps(_a_day_later(baseline)).encode(), FIRST_DAY + DAY)
        _put(root, BROKEN, whole[: len(whole) // 2], FIRST_DAY + DAY)
        said = _run(root)
        pages = root / "reports"
        texts = {
            f"pages/{path.relative_to(pages)}": path.read_text(encoding="utf-8") for path in pages.rglob("*") if path.is_file()
        }
        texts |= {"inspec.prom": (root / "textfiles" / "inspec.prom").read_text(encoding="utf-8"), "stderr.txt": said}
    texts["small.prom"] = small_file().decode()
    return {name: _without_what_varies(text.replace(str(root), "/ROOT")) for name, text in texts.items()}


def write() -> None:
    """Write all gold files again, and remove those that are no longer made."""
    texts = gold_files()
    for path in kept():
        if path not in texts:
            (GOLD / path).unlink()
    for name, text in texts.items():
        (GOLD / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLD / name).write_text(text, encoding="utf-8")


def kept() -> list[str]:
    """Return the names of the gold files that there are."""
    return sorted(str(path.relative_to(GOLD)) for path in GOLD.rglob("*") if path.is_file())


def _put(root: Path, name: str, data: bytes, modified: int) -> None:
    path = root / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (modified, modified))


def _a_day_later(report: dict[str, Any]) -> dict[str, Any]:
    """Return a later run of a report in which what failed passes, and the first control that passed fails."""
    changed: dict[str, Any] = json.loads(json.dumps(report).replace("2026-11-24T", "2026-11-25T"))
    controls = changed["profiles"][0]["controls"]
    failed = [control for control in controls if any(result["status"] == "failed" for result in control["results"])]
    passed = [control for control in controls if all(result["status"] == "passed" for result in control["results"])]
    for control, status in ((failed[0], "passed"), (passed[0], "failed")):
        for result in control["results"]:
            result["status"] = status
    return changed


def _run(root: Path) -> str:
    """Run the installed program and return what it says on standard error."""
    folders = ["--results-dir", str(root / "results"), "--reports-dir", str(root / "reports")]
    done = subprocess.run(
        [COMMAND, *folders, "-o", str(root / "textfiles" / "inspec.prom"), "--control-series", "failing"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C.UTF-8", **MEASURED},
        timeout=120,
    )
    assert done.returncode == 1, done.stderr  # never-readable
    return done.stderr


def _without_what_varies(text: str) -> str:
    for pattern, word in _VARIES:
        text = re.sub(pattern, word, text)
    return text


if __name__ == "__main__":
    write()
