"""The dashboard against Grafana's own types, as Grafana publishes them in grafana-foundation-sdk.

The SDK is generated from Grafana's schema. It reads whatever it is given, so two things are looked at: whether all of the
dashboard is still there after reading and writing (what is lost is no part of the schema), and whether each value has its type.
"""

from __future__ import annotations

import copy
import enum
import importlib
import json
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from helpers.needs import missing
from helpers.stack import DASHBOARD

pytestmark = pytest.mark.long

BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def sdk() -> Any:
    """The module of Grafana's dashboards, with panels and queries registered."""
    if tuple(sys.version_info) < (3, 11):
        pytest.skip("grafana-foundation-sdk needs Python 3.11")
    try:
        plugins = importlib.import_module("grafana_foundation_sdk.cog.plugins")
    except ImportError:
        missing("grafana-foundation-sdk", "pip install '.[test]'")
    plugins.register_default_plugins()
    return importlib.import_module("grafana_foundation_sdk.models.dashboard")


def problems(sdk: Any, board: dict[str, Any]) -> list[str]:
    """Return what of a dashboard Grafana's schema does not have, and what has another type there."""
    read = sdk.Dashboard.from_json(board)
    return [*_lost(board, _plain(read), "dashboard"), *_members(read, "dashboard")]


def _plain(value: Any) -> Any:
    """Return a value of the SDK as JSON has it."""
    return json.loads(json.dumps(value, default=lambda part: part.to_json()))


def _lost(before: Any, after: Any, where: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from (
                _lost(value, after[key], f"{where}.{key}") if key in after else [f"{where}.{key} is no part of the schema"]
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after)):
            yield from _lost(*pair, f"{where}[{index}]")
    elif before != after:
        yield f"{where} is not read as it is"


def _members(value: Any, where: str) -> Iterator[str]:
    """Check each attribute of an object of the SDK against its annotation."""
    for name, kind in typing.get_type_hints(type(value), vars(sys.modules[type(value).__module__])).items():
        yield from _mismatches(getattr(value, name), kind, f"{where}.{name}")


def _mismatches(value: Any, kind: Any, where: str) -> Iterator[str]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        likely = [part for part in parts if isinstance(part, type) and isinstance(value, part)] or parts
        choices = [list(_mismatches(value, part, where)) for part in likely]
        yield from choices[0] if all(choices) else ()
    elif origin is list and isinstance(value, list):
        for index, element in enumerate(value):
            yield from _mismatches(element, parts[0], f"{where}[{index}]")
    elif origin is dict and isinstance(value, dict):
        for key, element in value.items():
            yield from _mismatches(element, parts[1], f"{where}.{key}")
    elif isinstance(kind, type) and (hasattr(kind, "from_json") or hasattr(value, "to_json")):
        yield from _of_class(value, kind, where)
    elif not _fits(value, kind, origin, parts):
        yield f"{where} is {value!r}, not {kind}"


def _of_class(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Check an object of the SDK, or a part that it has left as it was."""
    if isinstance(value, dict):
        read = kind.from_json(value)
        yield from _lost(value, _plain(read), where)
        yield from _members(read, where)
    elif isinstance(value, kind):
        yield from _members(value, where)
    else:
        yield f"{where} is {value!r}, not {kind}"


def _fits(value: Any, kind: Any, origin: Any, parts: tuple[Any, ...]) -> bool:
    if origin is typing.Literal:
        return value in parts
    if kind is object:
        return True
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return value in [member.value for member in kind]
    if isinstance(value, bool):  # is an int too, for Python
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def test_the_dashboard_is_one_of_grafanas(sdk: Any) -> None:
    assert problems(sdk, BOARD) == []


def test_what_a_panel_overrides_is_known_to_grafana(sdk: Any) -> None:
    """An override names a property and has its value as any JSON: a misspelled one does nothing, in silence."""
    unknown = []
    for panel in BOARD["panels"]:
        for override in panel.get("fieldConfig", {}).get("overrides", ()):
            for part in override["properties"]:
                unknown += [f"{panel['title']}: {found}" for found in problems(sdk, _as_default(panel, part))]

    assert unknown == []


def _as_default(panel: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return a dashboard whose only panel has a property for all fields, where the schema has types for it."""
    changed = copy.deepcopy(panel)
    custom, _, name = part["id"].rpartition(".")
    defaults = {"custom": {name: part["value"]}} if custom else {name: part["value"]}
    changed["fieldConfig"] = {"defaults": defaults, "overrides": []}
    return {**BOARD, "panels": [changed]}


WRONG = {
    "a key that is unknown": lambda board: board["panels"][1].update(gridpos={}),
    "a type that is wrong": lambda board: board["panels"][1]["gridPos"].update(w="3"),
    "an option that is unknown": lambda board: board["panels"][1]["options"].update(colour="value"),
    "an option of another kind": lambda board: board["panels"][1]["options"].update(graphMode="bars"),
    "a setting of a panel": lambda board: board["panels"][16]["fieldConfig"]["defaults"]["custom"].update(drawStyle="dots"),
    "a query": lambda board: board["panels"][1]["targets"][0].update(expression="up"),
    "a transformation": lambda board: board["panels"][21]["transformations"][0].update(name="merge"),
    "a variable": lambda board: board["templating"]["list"][1].update(refresh="often"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_found(sdk: Any, wrong: str) -> None:
    board = copy.deepcopy(BOARD)
    WRONG[wrong](board)

    assert problems(sdk, board)
