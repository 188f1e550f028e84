"""Is this host set up right? The answer to "my metrics don't show up". Changes nothing.

results.py     the results files: there, readable, fresh
folders.py     the folders that a run writes to, and the .prom file
exporter.py    which node_exporters run here, and whether they can read our file
neighbours.py  every .prom file that node_exporter reads
textfile.py    the rules by which it reads them
served.py      what it serves when it is scraped
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from inspec_textfile.check.exporter import expanded, exporter_findings, readers_of, running_exporters, what_blocks
from inspec_textfile.check.findings import Finding
from inspec_textfile.check.folders import pages_findings, prom_findings
from inspec_textfile.check.neighbours import textfile_findings
from inspec_textfile.check.results import results_findings, usable
from inspec_textfile.check.served import served_findings
from inspec_textfile.pages.files import page_file


def check(
    arguments: Sequence[str], results_dir: str, reports_dir: str | None, output_dir: str, output_file: str, *, now: float
) -> Iterator[Finding]:
    """Look at everything that a run needs. `now`: Unix time in seconds."""
    sources, findings = usable(arguments, results_dir, now)
    yield from findings
    yield from results_findings(sources, now)
    if reports_dir:
        yield from pages_findings(reports_dir, [page_file(source.name) for source in sources.found])
    yield from prom_findings(output_dir, output_file, now)
    yield from _readers_findings(Path(output_dir) / output_file)


def _readers_findings(prom: Path) -> Iterator[Finding]:
    """Say who reads the .prom file, and how they read it and the files beside it."""
    running = list(running_exporters())
    readers = readers_of(prom, running)
    yield from exporter_findings(prom.parent, prom.name, running)
    folders = {path.resolve() for exporter in readers for folder in exporter.folders for path in expanded(folder)}
    yield from textfile_findings(sorted(folders | {prom.parent.resolve()}), prom.parent.resolve() / prom.name)
    for exporter in readers:
        if not what_blocks(exporter, prom):
            yield from served_findings(exporter, str(prom))
