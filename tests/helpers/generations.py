"""Results, metrics and pages that show which run they are of."""

from __future__ import annotations

import json
import os

from inspec_textfile.memory import fallback_name, file_name
from inspec_textfile.pages.overviews import OVERVIEWS

from helpers.host import Host
from helpers.paths import REPORTS
from helpers.strict import parse

PAGE = "inspec-a.json.html"


def write_results(host: Host, generation: int) -> None:
    report = json.loads((REPORTS / "7.1.16" / "ssh-baseline.json").read_text())
    report["version"] = f"9.{generation}"
    (host.results / "a.json").write_text(json.dumps(report))


def generation(host: Host) -> int:
    """Return which results the metrics show, and make sure that every file is whole."""
    for path in host.reports.glob("*.html"):
        assert path.read_text().endswith("</html>\n")
    (version,) = {
        dict(labels)["inspec_version"] for name, labels in parse(host.prom.read_bytes()) if name == "inspec_profile_info"
    }
    return int(version.removeprefix("9."))


def leftovers(host: Host) -> list[str]:
    overviews = {overview.file_name for overview in OVERVIEWS}
    expected = {host.prom.name, file_name(host.prom.name), fallback_name(host.prom.name), PAGE, *overviews}
    return [name for folder in (host.textfiles, host.reports) for name in os.listdir(folder) if name not in expected]
