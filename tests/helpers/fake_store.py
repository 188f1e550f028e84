"""A small object store that speaks just enough S3, and fails as it is told to."""

from __future__ import annotations

import http.server
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

OK, STALL, RESET, SILENT_CLOSE, LOST, DIE = "ok", "stall", "reset", "close", "lost", "die"
Behaviour = Callable[[str, int], "str | int"]
"""(key, how often it was asked for) -> one of the words above, or a status."""

LEAK = "AKIASECRET-and-its-signature"


@dataclass
class FakeStore:
    """A bucket on a loopback port; objects and counts survive a restart."""

    behaviour: Behaviour = lambda _key, _times: OK
    conditions: str = "kept"
    """What becomes of the condition "if there is none": kept, or, as with old stores, ignored or refused."""
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=list)
    """Keys of all puts that were carried out, in order."""
    stored: list[tuple[str, bytes]] = field(default_factory=list)
    """Every object that ever stood here, in order."""
    methods: set[str] = field(default_factory=set)
    """Methods other than PUT that were tried; they are refused."""
    asked: dict[str, int] = field(default_factory=dict)
    most_at_once: int = 0
    delay: float = 0.0
    port: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: http.server.ThreadingHTTPServer | None = None
    _ending: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> FakeStore:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        store = self

        class Handler(_Handler):
            fake = store

        self._ending.clear()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._ending.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": LEAK,
            "AWS_SECRET_ACCESS_KEY": "the-secret-key",
            "AWS_REGION": "us-east-1",
        }

    def forget(self) -> None:
        """Start counting anew."""
        self.bodies.clear()
        self.asked.clear()
        self.most_at_once = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    fake: FakeStore
    wbufsize = 65536  # an answer in one packet: in two it would wait for the client's delayed acknowledgement
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # http.server's name
        self.fake.methods.add(self.command)
        self._answer(403, "AccessDenied")

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        fake = self.fake
        if fake._ending.is_set():  # a connection that outlived the server
            self.close_connection = True
            return
        key = unquote(self.path).removeprefix("/pages/")
        with fake._lock:
            fake.asked[key] = fake.asked.get(key, 0) + 1
            times = fake.asked[key]
            fake._now += 1
            fake.most_at_once = max(fake.most_at_once, fake._now)
        try:
            if fake.delay:
                time.sleep(fake.delay)
            self._act(key, fake.behaviour(key, times))
        finally:
            with fake._lock:
                fake._now -= 1

    def _act(self, key: str, action: str | int) -> None:
        fake = self.fake
        if action == STALL:
            fake._ending.wait(60)
            self.close_connection = True
        elif action == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif action == SILENT_CLOSE:
            self.close_connection = True
        elif action == LOST:
            self._store(key, answer=False)
            self.close_connection = True
        elif action == DIE:
            threading.Thread(target=fake.stop, daemon=True).start()
            fake._ending.wait(10)
            self.close_connection = True
        elif action == OK:
            self._store(key)
        else:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self._answer(int(action), "SlowDown" if action == 503 else "AccessDenied")

    def _store(self, key: str, *, answer: bool = True) -> None:
        fake = self.fake
        data = self.rfile.read(int(self.headers["Content-Length"] or 0))
        conditional = self.headers.get("If-None-Match") == "*"
        with fake._lock:
            if conditional and fake.conditions == "refused":
                self._answer(501, "NotImplemented")
                return
            if conditional and fake.conditions == "kept" and key in fake.objects:
                self._answer(412, "PreconditionFailed")
                return
            fake.objects[key] = data
            fake.headers[key] = {name.lower(): value for name, value in self.headers.items()}
            fake.bodies.append(key)
            fake.stored.append((key, data))
        if not answer:
            return
        self.send_response(200)
        self.send_header("ETag", '"etag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, code: str) -> None:
        """Answer as S3 does, which repeats what was signed."""
        body = (
            f"<Error><Code>{code}</Code><AWSAccessKeyId>{LEAK}</AWSAccessKeyId>"
            f"<StringToSign>{self.headers.get('Authorization', '')}</StringToSign></Error>"
        ).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
