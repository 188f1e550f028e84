"""Does the running node_exporter serve our series? Asked over plain HTTP, on this host only."""

from __future__ import annotations

import http.client
import ipaddress
import math
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from inspec_textfile.check.exporter import Exporter, option_values
from inspec_textfile.check.findings import Finding, note, ok, problem
from inspec_textfile.check.textfile import BrokenTextfile, Series, Textfile, parse_textfile
from inspec_textfile.files import read_at_most

_SECONDS = 5.0
_MAX_BYTES = 256 * 1024 * 1024
_DEFAULT_ADDRESS = ":9100"
_LISTENING = "0A"
_ANY = ("0.0.0.0", "::")  # noqa: S104  # as others listen; Go listens on both when it listens on ::
_SCRAPE_ERROR: Series = ("node_textfile_scrape_error", ())


class Address(NamedTuple):
    """An address of this host on which a process listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NotAsked(Exception):
    """node_exporter could not be scraped; the message says why."""


def served_findings(exporter: Exporter, path: str, *, proc: str = "/proc") -> Iterator[Finding]:
    """Scrape a node_exporter that reads the .prom file `path`, and compare."""
    name = f"node_exporter (process {exporter.pid})"
    try:
        address = find_address(exporter.arguments, _read(f"{proc}/net/tcp"), _read(f"{proc}/net/tcp6"))
        before, served, after = _read_bytes(path), ask(address, exporter.arguments), _read_bytes(path)
        if before != after:  # a run has just ended
            before, served = after, ask(address, exporter.arguments)
        written = parse_textfile(before)
    except NotAsked as error:
        yield note(f"{name}: could not check whether it serves these series: {error}")
    except (OSError, BrokenTextfile):
        return  # our own file is missing or broken, which has a finding of its own
    else:
        yield _compared(f"{name}, {address}", path, written, served)


def _compared(name: str, path: str, written: Textfile, served: Mapping[Series, float]) -> Finding:
    missing = [series for series in written.values if series not in served]
    different = [s for s, value in written.values.items() if s in served and not _is_same(value, served[s])]
    if missing:
        why = (
            "it reports node_textfile_scrape_error 1: see the problems above, and its log"
            if served.get(_SCRAPE_ERROR)
            else "compare its --collector.textfile.directory and its log"
        )
        return problem(f"{name}: does not serve {len(missing)} of {len(written.values)} series of {path}: {why}")
    if different:
        return problem(
            f"{name}: serves other values for {len(different)} of {len(written.values)} series of {path}, such as "
            f"{different[0][0]}: look for another file with the same series"
        )
    return ok(f"{name}: serves all {len(written.values)} series of {path}")


def _is_same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def find_address(arguments: Sequence[str], tcp: str, tcp6: str) -> Address:
    """Return where a node_exporter with these arguments listens. Raises NotAsked.

    `tcp`, `tcp6`: /proc/net/tcp and tcp6. Only addresses listed there are scraped, so nothing leaves this host.
    """
    listening = set(_listening(tcp)) | set(_listening(tcp6))
    wanted = option_values("web.listen-address", arguments) or [_DEFAULT_ADDRESS]
    for address in wanted:
        host, _, port = address.rpartition(":")
        if not port.isdecimal():
            continue
        for candidate in _hosts(host.strip("[]")):
            if (candidate, int(port)) in listening:
                return Address("127.0.0.1" if candidate in _ANY else candidate, int(port))
    raise NotAsked(f"nothing listens on {', '.join(wanted)} in this host's network (does it run in a container?)")


def _hosts(host: str) -> tuple[str, ...]:
    """Return the addresses under which /proc/net/tcp may have a listener."""
    if host in ("", *_ANY):
        return _ANY
    if host == "localhost":
        return ("127.0.0.1", "::1")
    try:
        return (str(ipaddress.ip_address(host)), *_ANY)
    except ValueError:
        return ()


def _listening(table: str) -> Iterator[tuple[str, int]]:
    """Yield the addresses in state LISTEN of /proc/net/tcp or tcp6."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == _LISTENING:
            address, _, port = fields[1].partition(":")
            words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
            family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
            yield socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16)


def ask(address: Address, arguments: Sequence[str]) -> Mapping[Series, float]:
    """Return the series of the textfile collector that a node_exporter serves. Raises NotAsked."""
    path = (option_values("web.telemetry-path", arguments) or ["/metrics"])[-1]
    connection = http.client.HTTPConnection(address.host, address.port, timeout=_SECONDS)
    try:
        connection.request("GET", f"{path}?collect[]=textfile")
        answer = connection.getresponse()
        body = read_at_most(answer, _MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise NotAsked(f"http://{address}{path}: {error}") from None
    finally:
        connection.close()
    if answer.status == http.client.UNAUTHORIZED:
        raise NotAsked(f"http://{address}{path} requires a user name and password: check it with curl -u USER")
    if answer.status == http.client.BAD_REQUEST and b"HTTPS server" in body:
        raise NotAsked(f"it uses HTTPS: check it with curl https://{address}{path}")
    if answer.status != http.client.OK:
        raise NotAsked(f"http://{address}{path} answers {answer.status} {answer.reason}")
    try:
        return parse_textfile(body).values
    except BrokenTextfile as error:
        raise NotAsked(f"http://{address}{path} answers with something other than metrics (line {error.line})") from None


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""  # no IPv6


def _read_bytes(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        return read_at_most(file, _MAX_BYTES)
