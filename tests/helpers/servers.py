"""Real servers on free loopback ports, for the length of a `with` block."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from helpers.needs import require

NOBODY = 65534

T = TypeVar("T")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(look: Callable[[], T | None], seconds: float, what: str, every: float = 0.1) -> T:
    """Return what `look` returns as soon as it is true; fail the test if that takes far more than some seconds."""
    limit = 3 * seconds  # a slow machine proves nothing
    end = time.monotonic() + limit
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"not within {limit:g} s: {what}")
        time.sleep(every)


@contextlib.contextmanager
def running(command: list[str], ready: str, log: Path, *, user: int | None = None) -> Iterator[None]:
    """Run a server until the block ends, and start the block when the address `ready` answers."""

    def answers() -> bool:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(ready, timeout=1):  # noqa: S310  # a loopback address made here
                return True
        except OSError:
            return False

    groups: list[int] | None = None if user is None else []
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, cwd=log.parent, user=user, group=user, extra_groups=groups
        ) as server,
    ):
        try:
            eventually(answers, 30, f"{ready} answers", every=0.05)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


class Node:
    """A node_exporter that is running."""

    def __init__(self, address: str, log: Path) -> None:
        self.address = address
        self._log = log

    def scrape(self) -> str:
        """Return what Prometheus would get."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=30) as answer:  # loopback
            return str(answer.read().decode())

    def log(self) -> str:
        """Return what it said so far."""
        return self._log.read_text()


@contextlib.contextmanager
def node_exporter(folder: Path, log: Path) -> Iterator[Node]:
    """Run one with nothing but its textfile collector, on a folder of .prom files.

    As nobody if we are root, for it is never the user who writes them.
    """
    program = require("prometheus-node-exporter", "prometheus-node-exporter")
    address = f"127.0.0.1:{free_port()}"
    command = [
        program,
        f"--web.listen-address={address}",
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={folder}",
    ]
    # Not /metrics: a large file takes a busy machine longer than an answer may.
    with running(command, f"http://{address}/", log, user=NOBODY if os.geteuid() == 0 else None):
        yield Node(address, log)


@contextlib.contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[str]:
    """Run one on a configuration, whose paths are relative to `folder`, and return its URL."""
    program = require("prometheus", "prometheus")
    (folder / "prometheus.yml").write_text(configuration, encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    with running(command, f"http://{address}/-/ready", folder / "prometheus.log"):
        yield f"http://{address}"
