"""Which host was scanned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from inspec_textfile.report.fields import as_mapping
from inspec_textfile.text import clean

_NAMES = ("hostname", "host", "fqdn", "host_name", "node_name")
# A UUID, or a container's or machine's id in hexadecimal.
_ID = re.compile(r"\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?|[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{64}", re.IGNORECASE)

# What `inspec exec --target` takes: ssh://user:password@host. A password should have no slash, but may.
_BEFORE_HOST = re.compile(r"^\w+://(?:.*@)?|^[^/]*@", re.DOTALL)


def read_target(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of the host that was scanned and its id, "" for what the report does not say.

    The first name that is not just an id counts.
    """
    values = list(dict.fromkeys(_candidates(document)))
    name = next((text for text in values if not _ID.fullmatch(text)), "")
    return name, next((text for text in values if _ID.fullmatch(text)), "")


def _candidates(document: Mapping[str, Any]) -> Iterator[str]:
    # `target` and `passthrough` are what people say with `saf supplement`; the others what InSpec and Chef Infra Client found.
    target, passthrough, platform = (document.get(key) for key in ("target", "passthrough", "platform"))
    values = [target, as_mapping(target).get("name")]
    values += [as_mapping(place).get(key) for place in (target, passthrough) for key in _NAMES]
    values += [document.get("node_name"), document.get("fqdn"), as_mapping(platform).get("target_id")]
    values += [document.get("ipaddress"), as_mapping(target).get("id"), document.get("node_id"), document.get("node_uuid")]
    for value in values:
        if isinstance(value, str) and value.strip():
            name = clean(_BEFORE_HOST.sub("", value.strip()))
            if name:
                yield name
