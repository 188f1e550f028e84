"""Pages published to real servers of the three clouds' interfaces, and read back by following links as a browser does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urldefrag, urljoin

import pytest

from helpers.clouds import (
    AZURE_ACCOUNT,
    AZURE_KEY,
    BUCKET,
    Cloud,
    aws,
    azure,
    gcs,
    get,
    make_bucket,
    moto_server,
    put_only_signature,
    s3,
)
from helpers.host import Host, parse_series
from helpers.published import HARD_NAMES, OVERVIEW_FILES, alert_link, documented_block, results

INSTANCE = "web 01:9100"
CLOUDS = {"s3": s3, "gs": gcs, "az": azure}


@pytest.fixture(scope="module", params=list(CLOUDS))
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    with CLOUDS[request.param]() as made:
        yield made


def upload(host: Host, cloud: Cloud, prefix: str, *more: str, **env: str) -> tuple[int, str]:
    done = host.run("--upload", f"{cloud.url}/{prefix}", "--instance", INSTANCE, *more, env={**cloud.environment, **env})
    return done.returncode, done.stderr


def links_of(page: str) -> list[str]:
    return [link for link in re.findall('href="([^"]*)"', page) if not re.match("#|[a-z]+:", link)]


def test_an_alerts_link_opens_the_page_of_its_profile(host: Host, cloud: Cloud) -> None:
    for number, name in enumerate(HARD_NAMES):
        results(host, f"report {number}#.json", name)

    assert upload(host, cloud, "in spec/ü") == (0, "")

    base = f"{cloud.base}/in%20spec/%C3%BC"
    for number, name in enumerate(HARD_NAMES):
        address = alert_link(base, name, INSTANCE)
        leads_on, headers = get(address)
        (link,) = links_of(leads_on)
        assert f'content="0; url={link}"' in leads_on
        page, _ = get(urljoin(address, link))
        assert f"report {number}#.json" in page
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["cache-control"] == "no-cache"
    assert host.series()["inspec_upload_success"] == 1


def test_every_link_below_the_bucket_leads_somewhere(host: Host, cloud: Cloud) -> None:
    results(host, "one.json", "ssh", "linux/tls #1")
    results(host, "dc 1/two.json", "ssh")
    host.add("7.1.16/overlay")

    assert upload(host, cloud, "p") == (0, "")

    start = alert_link(f"{cloud.base}/p", "ssh", INSTANCE)
    waiting, seen = [start], {}
    while waiting:
        url = waiting.pop()
        if url not in seen:
            seen[url], _ = get(url)
            waiting += [urldefrag(urljoin(url, link)).url for link in links_of(seen[url])]
    folder = f"{cloud.base}/p/web%2001%3A9100/"
    assert {url for url in seen if url != start} == {
        *(f"{folder}{name}" for name in OVERVIEW_FILES),
        *(
            f"{folder}inspec-one.json.html",
            f"{folder}inspec-dc%201/two.json.html",
            f"{folder}inspec-overlay.json.html",
        ),
    }
    layers = dict.fromkeys(("acme-prod-overlay", "acme-ssh-baseline", "acme-linux-files"), "overlay")
    for name, report in {"linux/tls #1": "one", **layers}.items():  # the original's alerts name the layers
        page, _ = get(alert_link(f"{cloud.base}/p", name, INSTANCE))
        (link,) = links_of(page)
        assert urljoin(alert_link(f"{cloud.base}/p", name, INSTANCE), link) == f"{folder}inspec-{report}.json.html"


def test_a_bucket_that_is_not_there(host: Host, cloud: Cloud) -> None:
    host.add("7.1.16/all-pass")

    done = host.run("--upload", f"{cloud.url}x/p", env=dict(cloud.environment))

    assert done.returncode == 1
    assert re.fullmatch(
        rf"inspec-textfile: upload to {cloud.url}x/p: 5 of 5 pages were not published: .* \(404.*", done.stderr.strip()
    )
    assert host.series()["inspec_upload_success"] == 0


def test_a_second_run_sends_nothing_and_what_changes_replaces_what_was_there(host: Host, cloud: Cloud) -> None:
    host.add("7.1.16/all-pass", "one.json")
    upload(host, cloud, "again")

    code, told = upload(host, cloud, "again", "-v")

    assert code == 0
    assert told.count(": unchanged") == 2 + len(OVERVIEW_FILES)
    assert " sent," not in told

    host.add("5.24.24/ssh-baseline", "one.json")
    upload(host, cloud, "again")
    for name in ("index.html", "inspec-one.json.html"):
        page, _ = get(f"{cloud.base}/again/web%2001%3A9100/{name}")
        assert page == (host.reports / name).read_text()


# --- S3 with accounts --------------------------------------------------------------------------------------------------------

NEVER = b"1000000"


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server of S3 that checks signatures and policies, with a bucket; its endpoint."""
    with moto_server() as endpoint:
        make_bucket(endpoint)
        yield endpoint


def new_user(endpoint: str, name: str, policy: dict[str, object]) -> dict[str, str]:
    """Make a user who may do no more than the policy says, and return the environment of that user."""
    _allow(endpoint, NEVER)
    iam = aws("iam", endpoint)
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    _allow(endpoint, b"0")
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }


def _allow(endpoint: str, calls: bytes) -> None:
    """Make moto check signatures and policies after a number of calls."""
    from helpers.clouds import _post

    _post(f"{endpoint}/moto-api/reset-auth", calls, "text/plain")


def put_only() -> dict[str, object]:
    """Return the policy of docs/upload.md, which is for web01:9100."""
    policy: dict[str, object] = json.loads(documented_block("policy").replace("BUCKET", BUCKET))
    return policy


def test_the_right_to_put_is_enough(host: Host, guarded: str) -> None:
    host.add("7.1.16/all-pass")
    user = new_user(guarded, "web01", put_only())
    options = ["--upload", f"s3://{BUCKET}/inspec", "--instance", "web01:9100", "-v"]

    first, second = host.run(*options, env=user), host.run(*options, env=user)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert second.stderr.count(": unchanged") == 2 + len(OVERVIEW_FILES)


@pytest.mark.parametrize("case", ["another instance", "wrong secret", "unknown key"])
def test_credentials_that_are_refused_are_told_in_a_line_without_them(host: Host, guarded: str, case: str) -> None:
    host.add("7.1.16/all-pass")
    user = new_user(guarded, case, put_only())
    wrong = {"wrong secret": {"AWS_SECRET_ACCESS_KEY": "WRONGSECRET"}, "unknown key": {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}}
    user |= wrong.get(case, {})
    instance = "web02:9100" if case == "another instance" else "web01:9100"

    done = host.run("--upload", f"s3://{BUCKET}/inspec", "--instance", instance, "-v", env=user)

    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("inspec-textfile: upload to ")]
    assert "refuses these credentials (403 " in line
    for secret in (user["AWS_ACCESS_KEY_ID"], user["AWS_SECRET_ACCESS_KEY"], "Signature="):
        assert secret not in done.stderr
    assert parse_series(host.prom.read_text())["inspec_upload_success"] == 0
    assert (host.reports / "index.html").exists()


# --- Azure with a signature ------------------------------------------------------------------------------------------


def test_azure_signatures_with_the_right_to_put_and_wrong_ones(host: Host) -> None:
    host.add("7.1.16/all-pass")
    with azure() as cloud:
        endpoint = cloud.base.removesuffix(f"/{BUCKET}")
        common = {"AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_STORAGE_ENDPOINT": endpoint}
        for _ in range(2):
            done = host.run("--upload", f"{cloud.url}/p", "-v", env={**common, "AZURE_STORAGE_SAS_TOKEN": put_only_signature()})
            assert done.returncode == 0, done.stderr
        assert done.stderr.count(": unchanged") == 2 + len(OVERVIEW_FILES)
        for secret, variable in (
            ("c2VjcmV0", "AZURE_STORAGE_ACCOUNT_KEY"),
            ("sv=2021-08-06&sp=cw&sr=c&sig=c2VjcmV0", "AZURE_STORAGE_SAS_TOKEN"),
        ):
            done = host.run("--upload", cloud.url, "-v", env={**common, variable: secret})

            assert done.returncode == 1
            assert "refuses these credentials (403 AuthorizationFailure)" in done.stderr
            assert "c2VjcmV0" not in done.stderr
        assert AZURE_KEY not in done.stderr
        with pytest.raises(HTTPError):
            get(f"{cloud.base}/all-pass/{INSTANCE}".replace(" ", "%20"))
