"""Which host was scanned: its name, its id, and whether two reports are of the same one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from inspec_textfile.report.fields import as_mapping
from inspec_textfile.text import clean

_NAMES = ("hostname", "host", "fqdn", "host_name", "node_name")
_UUID = r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?|[0-9a-f]{32}"
_IS_UUID = re.compile(_UUID, re.IGNORECASE)
# A UUID, or a container's id in hexadecimal.
_IS_ID = re.compile(rf"{_UUID}|[0-9a-f]{{12}}|[0-9a-f]{{64}}", re.IGNORECASE)
# What InSpec may take for `target_id` where there is no machine id: the end of a line of /proc/self/cgroup or mountinfo
# (inspec/train, lib/train/platforms/detect/helpers/os_common.rb, uuid_from_containerized_system). Ids of containers and pods,
# units of systemd, words of container engines: none of them says which host it was.
_IS_CGROUP = re.compile(
    rf"""/(?!/)[^@]* | \d+:[\w,=]*:/[^@]*
    | (?:user@\d+|[\w.\\-]+)\.(?:scope|slice|service)
    | (?:[\w.:/-]+[-:/.])? (?:{_UUID} | [0-9a-f]{{64}})
    | (?:docker|libpod|crio|cri-containerd|containerd|kubepods|buildkit)(?:-[a-z]+)?[-:/][0-9a-f]{{12,}}
    | pod[0-9a-f_-]{{32,36}} | [0-9a-f]{{32}}-\d{{8,11}} | [0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{4}}
    | lxc\.(?:payload|monitor)[./][^@]*
    | docker | podman | libpod | containerd | crio | lxc | kubepods(?:[-:/.](?:besteffort|burstable))?
    | besteffort | burstable | guaranteed | container
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z]", re.IGNORECASE)
# What train makes of an empty file (the SHA-1 of nothing), and UUIDs of machines that have none.
_NO_MACHINE = {"da39a3ee-5e6b-5b0d-b255-bfef95601890", str(UUID(int=0)), str(UUID(int=(1 << 128) - 1))}

_QUERY = re.compile(r"[?#;&]")
_IS_QUERY = re.compile(r"[?#;&][\w.-]{1,100}=")
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,50}:)?//", re.IGNORECASE)


def same_host(one: str, other: str) -> bool:
    """Return whether two names of hosts may be of the same one: with and without its domain.

    "" and an address say little: hosts get new addresses, and others their old ones.
    """
    old, new = one.casefold().rstrip("."), other.casefold().rstrip(".")
    if old.startswith(f"{new}.") or new.startswith(f"{old}.") or old in ("", new) or not new:
        return True
    return is_address(old) or is_address(new)


def machine_of(target_id: str) -> str:
    """Return the UUID of the machine that a `Report.target_id` is of, in lower case; "" if it is of none.

    The id of a container is new with each of its runs, so it tells no two hosts apart.
    """
    if not _IS_UUID.fullmatch(target_id):
        return ""
    machine = str(UUID(target_id))
    return "" if machine in _NO_MACHINE else machine


def read_target(document: Mapping[str, Any], *, is_converted: bool) -> tuple[str, str]:
    """Return the name of the host that was scanned and its id, "" for what the report does not say.

    The first name that is not just an id counts. `is_converted`: a converter made the report; its `target_id` may be the name
    of a tool, a project or a standard (mitre/heimdall2, asff-mapper.ts), so only what can be nothing else is a host.
    """
    names: list[str] = []
    ids: list[str] = []
    for value, is_platforms in _candidates(document):
        raw = value.strip() if isinstance(value, str) else ""
        text = clean(without_secrets(raw))
        if is_platforms and _IS_CGROUP.fullmatch(raw):
            ids.append(clean(raw))
        elif _IS_ID.fullmatch(text):
            ids.append(text)
        elif text and not (is_platforms and is_converted and not _HOST_NAME.fullmatch(text) and not is_address(text)):
            names.append(text)
    return next(iter(names), ""), next(iter(ids), "")


def _candidates(document: Mapping[str, Any]) -> Iterator[tuple[Any, bool]]:
    """Yield what may name the host, best first, and whether it is the platform's `target_id`."""
    # `target` and `passthrough` are what people say with `saf supplement`; the others what InSpec and Chef Infra Client write.
    target = document.get("target")
    places = (as_mapping(target), as_mapping(document.get("passthrough")))
    said = [target, places[0].get("name"), *(place.get(key) for place in places for key in _NAMES)]
    for value in (*said, document.get("node_name"), document.get("fqdn")):
        yield value, False
    yield as_mapping(document.get("platform")).get("target_id"), True
    for value in (document.get("ipaddress"), places[0].get("id"), document.get("node_id"), document.get("node_uuid")):
        yield value, False


def without_secrets(target: str) -> str:
    """Return a host's name from what `inspec exec --target` takes, without user, password, and whatever follows the host.

    `ssh://user:password@host:22` is `host:22`; a password may hold `@`, `/` and `?`. "" where it is not clear what is secret.
    """
    scheme = _SCHEME.match(target)
    rest = target[scheme.end() :] if scheme else target
    before, at, after = rest.rpartition("@")
    if at and _IS_QUERY.search(before):
        return ""  # an @ in a query, or a password that looks like one
    host = _QUERY.split(after, maxsplit=1)[0]
    if "=" in host:
        return ""
    name, colon, port = host.partition("/")[0].rpartition(":")
    if scheme and colon and not port.isdigit() and not is_address(host):
        return name  # `user:password` without a host
    return host.rstrip("/") if scheme else host.strip()


def is_address(host: str) -> bool:
    """Return whether this is an IP address, with or without a port. `cafe.de` is none."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::\d+)?", host)
    for text in (bracketed[1] if bracketed else host, host.rpartition(":")[0]):
        try:
            ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            continue
        return True
    return False
