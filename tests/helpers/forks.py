"""The installed program, started once: a run is a fork of it, so that a test waits for the work and not for imports.

A fork has what a process of its own has: arguments, environment, folder, streams, exit status. What it has not is a start of
Python, so tests of that start the program (`Host.start` does where options or the environment reach that far).
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Arguments: the command that it stands for, and a socket. A message has what a run gets, and its three streams.
_SERVER = """
import importlib, json, os, pkgutil, signal, socket, sys, time
command, requests = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
sys.path[0] = os.path.dirname(command)
import inspec_textfile.__main__
for module in pkgutil.walk_packages(inspec_textfile.__path__, "inspec_textfile."):
    importlib.import_module(module.name)
while True:
    message, streams, _, _ = socket.recv_fds(requests, 1 << 20, 3)
    if not message:
        os._exit(0)
    process = os.fork()
    if not process:
        break
    for stream in streams:
        os.close(stream)
    requests.send(str(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])).encode())
requests.close()
for number, stream in enumerate(streams):
    os.dup2(stream, number)
    os.close(stream)
run = json.loads(message)
os.chdir(run["folder"])
os.umask(run["umask"])
os.environ.clear()
os.environ.update(run["environment"])
sys.argv = [command, *run["arguments"]]
inspec_textfile.cli._STARTED = time.monotonic()
signal.alarm(120)
inspec_textfile.cli.main()
"""


class _Program:
    """A process that has loaded the program, and forks a run when it is told to."""

    def __init__(self, command: str) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        arguments = [sys.executable, "-c", _SERVER, command, str(other.fileno())]
        # Pipes, as a run has: Python looks at its streams when it starts.
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"]},
            pass_fds=[other.fileno()],
        )
        other.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._socket.close()
        self._process.communicate()

    def run(
        self, arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str], folder: Path
    ) -> tuple[int, bytes, bytes]:
        """Run once; return the exit status and what was said on both streams."""
        umask = os.umask(0)
        os.umask(umask)
        message = json.dumps(
            {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder), "umask": umask}
        )
        (stdin_there, stdin_here), (stdout_here, stdout_there), (stderr_here, stderr_there) = (os.pipe() for _ in range(3))
        theirs = (stdin_there, stdout_there, stderr_there)
        with self._lock, ThreadPoolExecutor(3) as pool:
            socket.send_fds(self._socket, [message.encode()], theirs)
            for stream in theirs:
                os.close(stream)
            pool.submit(_write, stdin_here, stdin)
            said = [pool.submit(_read, stream) for stream in (stdout_here, stderr_here)]
            status = self._socket.recv(16)
            assert status, f"no run any more: {self._process.communicate()[1].decode()}"
            return int(status), said[0].result(), said[1].result()


def _write(stream: int, data: bytes) -> None:
    try:
        with open(stream, "wb") as file:
            file.write(data)
    except BrokenPipeError:
        pass  # it did not read all, as it may


def _read(stream: int) -> bytes:
    with open(stream, "rb") as file:
        return file.read()


@functools.cache
def started(command: str) -> _Program:
    """Return the program that the command runs, started."""
    return _Program(command)
