"""Is this host set up right, from InSpec to node_exporter? The answer to "my metrics don't show up". Changes nothing.

inspec.py      InSpec, as run_inspec.sh tells of it
results.py     the results files: there, readable, fresh
folders.py     the folders that a run writes to, the .prom file and the memory
exporter.py    which node_exporters run here, and whether they can read our file
served.py      what a node_exporter serves when it is scraped, and what other files do to it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from inspec_textfile.check.exporter import expanded, exporter_findings, readers_of, running_exporters, what_blocks
from inspec_textfile.check.findings import Finding
from inspec_textfile.check.folders import memory_findings, pages_findings, prom_findings
from inspec_textfile.check.inspec import inspec_findings
from inspec_textfile.check.results import results_findings, usable
from inspec_textfile.check.served import neighbour_findings, served_findings
from inspec_textfile.pages.links import page_file


def check(
    arguments: Sequence[str], results_dir: str, reports_dir: str | None, output_dir: str, output_file: str, *, now: float
) -> Iterator[Finding]:
    """Look at everything that a run needs. `now`: Unix time in seconds."""
    # Absolute, for the commands in what follows: node_exporter is started elsewhere.
    prom, running = Path(output_dir).absolute() / output_file, list(running_exporters())
    readers = readers_of(prom, running)
    folders = {prom.parent.resolve()} | {path.resolve() for one in readers for name in one.folders for path in expanded(name)}
    yield from inspec_findings(folders, now)
    sources, findings = usable(arguments, results_dir, now)
    yield from findings
    yield from results_findings(sources, now)
    if reports_dir:
        yield from pages_findings(reports_dir, [page_file(source.name) for source in sources.found])
    yield from prom_findings(output_dir, output_file, now)
    yield from memory_findings(output_dir, output_file)
    yield from exporter_findings(prom, running)
    conflicts = list(neighbour_findings(prom, folders))
    yield from conflicts
    for reader in readers if not conflicts else ():  # which explain what is not served
        if not what_blocks(reader, prom):
            yield from served_findings(reader, str(prom))
