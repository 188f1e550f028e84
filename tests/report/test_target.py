from __future__ import annotations

import json
from typing import Any

import pytest

from inspec_textfile.report.parse import parse_report
from inspec_textfile.report.target import machine_of, same_host, without_secrets

UUID = "6f1d2c3b-aaaa-bbbb-cccc-0123456789ab"
HASH = "0123456789abcdef" * 4


def target_of(**fields: Any) -> tuple[str, str]:
    report = parse_report(json.dumps({"profiles": [], **fields}).encode(), "x", 0)
    return report.target, report.target_id


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"target": {"name": "db01"}, "node_name": "chef-7"}, ("db01", "")),
        ({"target": "db01"}, ("db01", "")),
        ({"target": {"type": "host", "id": UUID}}, ("", UUID)),
        ({"passthrough": {"hostname": "db01"}, "platform": {"target_id": UUID}}, ("db01", UUID)),
        ({"passthrough": {"name": "Some scanner", "hostname": ["x"]}}, ("", "")),
        ({"node_name": UUID, "fqdn": "web01.example.org"}, ("web01.example.org", UUID)),
        ({"platform": {"target_id": UUID.upper()}}, ("", UUID.upper())),
        ({"platform": {"target_id": "i-0abcdef0123456789"}}, ("i-0abcdef0123456789", "")),
        ({"platform": {"target_id": "f" * 64}}, ("", "f" * 64)),
        ({"platform": {"target_id": ""}, "node_name": None, "target": 5}, ("", "")),
        ({"ipaddress": "192.0.2.7"}, ("192.0.2.7", "")),
        ({"target": {"name": "root@db01"}}, ("db01", "")),
        ({"target": "audit@", "platform": {"target_id": "web9"}}, ("web9", "")),
        ({"passthrough": "ticket CHG0042"}, ("", "")),
        ({"node_name": " web\x1b01 "}, (r"web\x1b01", "")),
    ],
)
def test_target(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    assert target_of(**fields) == expected


@pytest.mark.parametrize(
    "id_",
    [
        f"docker-{HASH}.scope",
        f"libpod-{HASH}.scope",
        f"libpod-payload-{HASH}",
        f"libpod-conmon-{HASH}.scope",
        f"cri-containerd-{HASH}.scope",
        f"crio-{HASH}",
        f"docker-{HASH[:12]}",
        f"system.slice:docker:{HASH}",
        f"/docker/{HASH}",
        f"/ecs/{UUID}/{HASH}",
        "/",
        "0::/",
        f"pod{UUID}",
        f"kubepods-besteffort-pod{UUID.replace('-', '_')}.slice",
        "kubepods-burstable.slice",
        "kubepods",
        "kubepods-besteffort",
        "besteffort",
        "burstable",
        "guaranteed",
        "docker",
        "podman",
        "user.slice",
        "session-3.scope",
        "inspec.service",
        "user@1000.service",
        "lxc.payload.web01",
        f"{HASH[:32]}-1234567890",
        "70155ceb-1f02-44a1-7b4f-5e3d",
        HASH,
        HASH[:32],
        HASH[:12],
        UUID,
    ],
)
def test_ids_of_containers_are_no_hosts(id_: str) -> None:
    assert target_of(platform={"name": "debian", "target_id": id_}) == ("", id_)


@pytest.mark.parametrize(
    "name",
    [
        "docker01",
        "docker-01",
        "docker.example.org",
        "lxc.example.org",
        "podman-host",
        "kube01",
        "cafe.de",
        "abc.de",
        "beef",
        "facade",
        "pod7",
        "container-registry",
        "web01.service.consul",
        "dead-beef.example",
        "machine.local",
    ],
)
def test_names_that_look_like_ids_are_hosts(name: str) -> None:
    assert target_of(platform={"name": "debian", "target_id": name}) == (name, "")


def test_what_chef_calls_a_node_is_its_name() -> None:
    assert target_of(node_name="docker", platform={"target_id": "besteffort"}) == ("docker", "besteffort")


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("Prowler", ""),
        ("Aqua Security - Trivy", ""),
        ("AWS Foundational Security Best Practices v1.0.0", ""),
        ("standards/aws-foundational-security-best-practices/v/1.0.0", ""),
        ("my-project", ""),
        ("v1.2.0", ""),
        ("Host: 192.0.2.7 Port: 80", ""),
        ("web01.example.org", "web01.example.org"),
        ("https://shop.example.org", "shop.example.org"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_converter_may_name_a_tool_or_a_standard(id_: str, expected: str) -> None:
    platform = {"name": "Heimdall Tools", "release": "2.11.4", "target_id": id_}

    assert target_of(platform=platform)[0] == expected
    assert target_of(platform=platform, passthrough={"hostname": "web7"})[0] == "web7"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("ssh://root:S3cr3t@db01:22", "db01:22"),
        ("ssh://db01", "db01"),
        ("ssh://db01/", "db01"),
        ("winrm://Administrator:S3/cr@3t@db01", "db01"),
        ("winrm+https://Administrator:S3cr3t@db01:5986", "db01:5986"),
        ("k8s-container://audit:S3cr3t@db01", "db01"),
        ("k8s-container://prod/web-0/nginx", "prod/web-0/nginx"),
        ("//audit:S3cr3t@db01", "db01"),
        ("audit:S3cr3t@db01", "db01"),
        ("audit:S3/cr3t@db01", "db01"),
        ("audit:S3?cr#3t@db01", "db01"),
        ("CORP\\audit:S3cr3t@db01", "db01"),
        ("https://db01/?token=S3cr3t", "db01"),
        ("https://db01?token=S3cr3t", "db01"),
        ("https://db01/api;token=S3cr3t", "db01/api"),
        ("https://db01#S3cr3t", "db01"),
        ("db01?token=S3cr3t", "db01"),
        ("https://db01?token=a@S3cr3t", ""),
        ("ssh://audit:S3cr3t", "audit"),
        ("ssh://audit:S3cr3t/x", "audit"),
        ("ssh://[2001:db8::7]:22", "[2001:db8::7]:22"),
        ("ssh://audit:S3cr3t@2001:db8::beef", "2001:db8::beef"),
        ("db01;Password=S3cr3t", "db01"),
        ("Server=db01;Password=S3cr3t", ""),
        ("aws://eu-central-1/audit", "eu-central-1/audit"),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
        ("web 01", "web 01"),
    ],
)
def test_user_and_password_are_in_no_target(target: str, expected: str) -> None:
    assert without_secrets(target) == expected


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("web01", "web01", True),
        ("web01", "WEB01.example.org.", True),
        ("web01.example.org", "web01", True),
        ("web01", "web02", False),
        ("web01", "web01x.example.org", False),
        ("web01.a.example", "web01.b.example", False),
        ("cafe.de", "abc.de", False),
        ("cafe.de", "beef.de", False),
        ("192.0.2.7", "192.0.2.8", True),
        ("[2001:db8::7]:22", "web01", True),
        ("192.0.2.7:22", "web01", True),
        ("", "web01", True),
    ],
)
def test_same_host(old: str, new: str, same: bool) -> None:
    assert same_host(old, new) is same
    assert same_host(new, old) is same


@pytest.mark.parametrize(
    ("target_id", "machine"),
    [
        (UUID, UUID),
        (f"{{{UUID.upper()}}}", UUID),
        (UUID.replace("-", ""), UUID),
        (HASH, ""),
        (f"docker-{HASH}.scope", ""),
        ("da39a3ee-5e6b-5b0d-b255-bfef95601890", ""),
        ("00000000-0000-0000-0000-000000000000", ""),
    ],
)
def test_the_id_of_a_machine(target_id: str, machine: str) -> None:
    assert machine_of(target_id) == machine
