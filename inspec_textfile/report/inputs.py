"""The inputs (attributes) of a report's profiles, with nothing in them that must not be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from inspec_textfile.report.fields import as_list, as_mapping
from inspec_textfile.report.model import Input, Report
from inspec_textfile.text import as_text

# Attribute levels of a Chef node object, and other keys that only such an object has.
_NODE_KEYS = {"automatic", "normal", "default", "override", "run_list", "chef_environment", "chef_type", "policy_group"}
_MIN_NODE_KEYS = 2
_NOT_SHOWN = "not shown: sensitive"
_FACTS = (
    "environment",
    "policy_name",
    "policy_group",
    "organization_name",
    "source_fqdn",
    "roles",
    "recipes",
    "chef_tags",
    "tags",
    "job_uuid",
)
_MAX_FACTS = 100
_MAX_FACT = 1000
"""Characters."""
_PASSWORD = re.compile(r"//[^/\s@]{1,300}@")


def without_inputs(report: Report) -> Report:
    """Return a report without the inputs of its profiles, for `--no-inputs`."""
    return report._replace(
        entries=tuple(entry._replace(inputs=()) for entry in report.entries),
        profiles=tuple(profile._replace(entry=profile.entry._replace(inputs=())) for profile in report.profiles),
    )


def sensitive_names(profiles: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of inputs that any of the profiles marks sensitive.

    InSpec masks them in the profile that marks them, if at all, not in the wrapper that sets them (inspec/inspec#6009).
    """
    names = {
        _name(item) for profile in profiles for item in items_of(profile) if _is_marked(item) or _is_marked(item.get("options"))
    }
    return frozenset(names - {""})


def read_inputs(profile: Mapping[str, Any], sensitive: frozenset[str]) -> tuple[Input, ...]:
    """Return the inputs of a profile, those named in `sensitive` without their values."""
    return tuple(_input(item, sensitive) for item in items_of(profile))


def is_sensitive(item: Mapping[str, Any], names: frozenset[str]) -> bool:
    """Return whether an input has one of the names that `sensitive_names` gave."""
    return _name(item) in names


def read_facts(document: Mapping[str, Any], sensitive: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return what a report says about the run and its host that people route by, masked as inputs are.

    Chef Infra Client's fields (chef/chef, lib/chef/compliance/reporter/automate.rb), and what `saf supplement` put into
    `passthrough`. A long list or object is not shown.
    """
    passthrough = document.get("passthrough")
    more = passthrough if isinstance(passthrough, dict) else {"": passthrough}
    fields = {key: document.get(key) for key in _FACTS} | {f"passthrough {key}".strip(): value for key, value in more.items()}
    facts: list[tuple[str, str]] = []
    for name, value in fields.items():
        own_name = name.removeprefix("passthrough ")
        if value not in (None, "", [], {}) and len(facts) < _MAX_FACTS and not _is_node(own_name, parsed(value)):
            facts.append((name, _NOT_SHOWN if _plain(own_name) in sensitive else _fact(_masked(value, sensitive))))
    return tuple(facts)


def _fact(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        text = ", ".join(map(as_text, value))
    else:
        text = as_text(value)
    text = _PASSWORD.sub("//***@", text)
    if len(text) <= _MAX_FACT:
        return text
    return f"{text[:_MAX_FACT]}..." if isinstance(value, str) else f"not shown: {len(text):,} characters"


def items_of(profile: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the inputs of a profile, as they are in the report."""
    items = [*as_list(profile.get("attributes")), *as_list(profile.get("inputs"))]
    return [item for item in items if isinstance(item, dict)]


def _name(item: Mapping[str, Any]) -> str:
    return _plain(as_text(item.get("name")))


def _plain(name: str) -> str:
    """Return what names of one input have in common: `pw`, `:pw` (Ruby) and `child-profile/pw` (for a profile below)."""
    name = name.strip().lstrip(":").casefold()
    profile, slash, own = name.partition("/")
    return own if profile and slash and own and "/" not in own else name


def _is_marked(options: Any) -> bool:
    return as_text(as_mapping(options).get("sensitive")).strip().lower() in ("true", "yes", "1")


def _input(item: Mapping[str, Any], sensitive: frozenset[str]) -> Input:
    name = as_text(item.get("name"))
    if is_sensitive(item, sensitive):
        return Input(name=name, sensitive=True)
    options = as_mapping(item.get("options"))
    value = options.get("value", options.get("default", item.get("value")))
    try:
        if _is_node(_name(item), parsed(value)):
            return Input(name=name, size=len(_shown(value)))
        return Input(name=name, value=_shown(_masked(value, sensitive) if sensitive else value))
    except RecursionError:
        if isinstance(value, str):  # JSON in a text: the report itself could be read
            return Input(name=name, size=len(value))
        raise


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parsed(value: Any) -> Any:
    """Return the object or list that a text holds as JSON; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _masked(value: Any, sensitive: frozenset[str]) -> Any:
    """Return a value without those within it whose names are in `sensitive`; in texts that hold JSON, too."""
    if isinstance(value, str):
        inner = parsed(value)
        if inner is value:
            return value
        masked = _masked(inner, sensitive)
        return value if masked == inner else masked
    if isinstance(value, dict):
        hidden = {key for key in value if _plain(key) in sensitive}
        if _name(value) in sensitive:  # {"name": "password", "value": ...}
            hidden.add("value")
        return {key: _NOT_SHOWN if key in hidden else _masked(item, sensitive) for key, item in value.items()}
    return [_masked(item, sensitive) for item in value] if isinstance(value, list) else value


def _is_node(name: str, value: Any) -> bool:
    """Return whether a value is or holds a whole node object, in which is whatever a cookbook put into it: passwords too."""
    if name == "chef_node" and value is not None:
        return True
    if isinstance(value, list):
        return any(_is_node("", item) for item in value)
    if not isinstance(value, dict):
        return False
    return len(_NODE_KEYS & value.keys()) >= _MIN_NODE_KEYS or any(_is_node("", item) for item in value.values())
