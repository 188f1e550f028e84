"""A real node_exporter on a free loopback port, with nothing but its textfile collector."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from conftest import require

NOBODY = 65534


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Node:
    """One that is running."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log

    def scrape(self) -> str:
        """Return what Prometheus would get."""
        with urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310  # a loopback address
            return str(answer.read().decode())

    def log(self) -> str:
        """Return what it said so far."""
        return self._log.read_text()


@contextlib.contextmanager
def node_exporter(folder: Path, log: Path) -> Iterator[Node]:
    """Run one on a folder of .prom files: as nobody if we are root, for it is never the user who writes them."""
    program = require("prometheus-node-exporter", "prometheus-node-exporter")
    address = f"127.0.0.1:{free_port()}"
    arguments = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, f"--web.listen-address={address}", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            user=NOBODY if os.geteuid() == 0 else None,
            group=NOBODY if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )
    node = Node(f"http://{address}/metrics", log)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                node.scrape()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(f"node_exporter did not start: {node.log()}") from None
                time.sleep(0.05)
        yield node
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
