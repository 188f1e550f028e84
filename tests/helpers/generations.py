"""Results, metrics and pages that show which run they are of."""

from __future__ import annotations

import json
import os

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
    expected = {host.prom.name, f".{host.prom.name}.state", PAGE, "index.html"}
    return [name for folder in (host.textfiles, host.reports) for name in os.listdir(folder) if name not in expected]
