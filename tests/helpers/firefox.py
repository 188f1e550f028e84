"""Debian's Firefox, driven over its own remote protocol (Marionette), for which the standard library will do."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.needs import require

_SECONDS = 60
_SETTINGS = {
    "marionette.port": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """A running Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""
        self._last = 0
        self._read()  # it says hello

    def ask(self, command: str, **parameters: Any) -> Any:
        """Send a command of Marionette's, and return its answer."""
        self._last += 1
        message = json.dumps([0, self._last, command, parameters]).encode()
        self._connection.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, answer = self._read()
        assert error is None, error
        return answer

    def run(self, script: str) -> Any:
        """Run the body of a function in the page, and return what it returns."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=[])["value"]

    def _read(self) -> Any:
        while b":" not in self._received:
            self._receive()
        size, _, self._received = self._received.partition(b":")
        while len(self._received) < int(size):
            self._receive()
        message, self._received = self._received[: int(size)], self._received[int(size) :]
        return json.loads(message)

    def _receive(self) -> None:
        data = self._connection.recv(65536)
        assert data, "Firefox has gone"
        self._received += data


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a new profile in a folder, and end it afterwards."""
    program = require("firefox-esr", "firefox-esr")
    profile = folder / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _SETTINGS.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with socket.create_connection(("127.0.0.1", _port(profile)), _SECONDS) as connection:
                made = Firefox(connection)
                made.ask("WebDriver:NewSession", capabilities={})
                yield made
        finally:
            process.terminate()


def _port(profile: Path) -> int:
    """Return the port that Firefox chose, as soon as it says so in its profile."""
    file = profile / "MarionetteActivePort"
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if file.exists() and file.read_text().strip():
            return int(file.read_text())
        time.sleep(0.1)
    raise AssertionError("Firefox does not start")
