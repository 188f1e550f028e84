"""Does the running node_exporter serve our series, asked over plain HTTP on this host? And what keeps it from doing so?"""

from __future__ import annotations

import http.client
import ipaddress
import math
import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from inspec_textfile.check.exporter import Exporter, option_values
from inspec_textfile.check.findings import Finding, note, ok, problem
from inspec_textfile.files import MAX_OUTPUT_BYTES, read_at_most
from inspec_textfile.inspec_runs import FILES
from inspec_textfile.prom_text import Prom, Series, parse_prom, read_prom, shown

_SECONDS = 5.0
_DEFAULT_ADDRESS = ":9100"
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104  # as others listen
_SCRAPE_ERROR: Series = ("node_textfile_scrape_error", ())


# --- the files beside ours ---------------------------------------------------------------------------------------------------


def neighbour_findings(own: Path, folders: Collection[Path]) -> Iterator[Finding]:
    """Find .prom files, in the folders that node_exporter reads, that have series of ours, or of run_inspec.sh's, too."""
    own = own.parent.resolve() / own.name
    found: dict[Path, Prom] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.prom")):
        if path != own and path.resolve() == own:  # node_exporter's link to ours
            continue
        try:
            found[path] = read_prom(str(path))
        except (OSError, ValueError):  # node_exporter says so itself, by node_textfile_scrape_error
            continue
    ours = [path for path in found if path == own or path.match(FILES)]
    for number, path in enumerate(ours, 1):
        for other in found:
            shared = [series for series in found[path] if series in found[other]]
            if shared and other not in ours[:number]:
                what = f"has {len(shared)} series of {path}, too, such as {shown(shared[0])}"
                yield problem(f"{other}: {what}: node_exporter drops what it reads second; remove that file")


# --- what is served ----------------------------------------------------------------------------------------------------------


class Address(NamedTuple):
    """An address of this host."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NotAsked(Exception):
    """node_exporter could not be scraped; the message says why."""


def served_findings(exporter: Exporter, path: str) -> Iterator[Finding]:
    """Scrape a node_exporter that reads the .prom file `path`, and compare."""
    name = f"node_exporter (process {exporter.pid})"
    try:
        written = read_prom(path)
        address = find_address(exporter.arguments)
        served = ask(address, exporter.arguments)
        if _differs(written, served) and (again := read_prom(path)) != written:  # a run has just ended
            written, served = again, ask(address, exporter.arguments)
    except NotAsked as error:
        yield note(f"{name}: could not check whether it serves these series: {error}")
    except OSError:
        return  # our own file is missing, which has a finding of its own
    except ValueError as error:
        yield problem(f"{path}: {error}: run inspec-textfile again")
    else:
        yield from _compared(f"{name}, {address}", path, written, served)


def _differs(written: Prom, served: Prom) -> list[Series]:
    """Return the series that are not served, or not with their value."""
    return [series for series, value in written.items() if not _is_same(value, served.get(series))]


def _compared(name: str, path: str, written: Prom, served: Prom) -> Iterator[Finding]:
    different, total = _differs(written, served), len(written)
    missing = [series for series in different if series not in served]
    if missing:
        why = "compare its --collector.textfile.directory and its log"
        if served.get(_SCRAPE_ERROR):
            why = "it reports node_textfile_scrape_error 1, and its log (journalctl) names the file and the line"
        yield problem(f"{name}: does not serve {len(missing)} of {total} series of {path}: {why}")
        return
    if different:
        what = f"serves other values for {len(different)} of {total} series of {path}, such as {different[0][0]}"
        yield problem(f"{name}: {what}: look for another file with the same series")
    else:
        yield ok(f"{name}: serves all {total} series of {path}")
    if served.get(_SCRAPE_ERROR):
        yield problem(f"{name}: reports node_textfile_scrape_error 1 for another file: its log (journalctl) names it")


def _is_same(one: float, other: float | None) -> bool:
    return one == other or (other is not None and math.isnan(one) and math.isnan(other))


def find_address(arguments: Sequence[str]) -> Address:
    """Return where a node_exporter with these arguments listens: an address of this host. Raises NotAsked."""
    wanted = option_values("web.listen-address", arguments) or [_DEFAULT_ADDRESS]
    for address in wanted:
        name, _, port = address.rpartition(":")
        host = _LOOPBACK.get(name.strip("[]"), name.strip("[]"))
        if port.isascii() and port.isdecimal() and 0 < int(port) < 65536 and _is_of_this_host(host):
            return Address(host, int(port))
    raise NotAsked(f"{', '.join(wanted)} is no address of this host (does it run in a container?)")


def _is_of_this_host(host: str) -> bool:
    """Return whether an IP address is one of this host's: only those can be listened on. So nothing leaves the host."""
    try:
        version = ipaddress.ip_address(host).version
        with closing(socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6)) as probe:
            probe.bind((host, 0))
    except (OSError, ValueError):
        return False
    return True


def ask(address: Address, arguments: Sequence[str]) -> Prom:
    """Return the series of the textfile collector that a node_exporter serves. Raises NotAsked."""
    path = (option_values("web.telemetry-path", arguments) or ["/metrics"])[-1]
    url = f"http://{address}{path}"
    try:
        with closing(http.client.HTTPConnection(address.host, address.port, timeout=_SECONDS)) as connection:
            connection.request("GET", f"{path}?collect[]=textfile")
            answer = connection.getresponse()
            body = read_at_most(answer, MAX_OUTPUT_BYTES)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotAsked(f"{url}: {error}") from None
    if answer.status == http.client.UNAUTHORIZED:
        raise NotAsked(f"{url} requires a user name and password: check it with curl -u USER")
    if answer.status == http.client.BAD_REQUEST and b"HTTPS server" in body:
        raise NotAsked(f"it uses HTTPS: check it with curl https://{address}{path}")
    if answer.status != http.client.OK:
        raise NotAsked(f"{url} answers {answer.status} {answer.reason}")
    try:
        return parse_prom(body)
    except ValueError:
        raise NotAsked(f"{url} answers with something other than metrics") from None
