"""contrib/grafana/: the dashboard's form, and every query of it in a Prometheus that scraped our output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any
from urllib.parse import quote

import pytest

from helpers.paths import REPOSITORY
from helpers.stack import DASHBOARD, FRESH, IN_A_FOLDER, Stack

BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
VARIABLES: dict[str, dict[str, Any]] = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
QUERIES = [(panel, target) for panel in PANELS for target in panel.get("targets", ())]
EXPRESSIONS = {f"{panel['id']} {panel['title']} {target['refId']}": target["expr"] for panel, target in QUERIES}
CHOICES = ("instance", "report", "profile")
COUNTS = [name for name, variable in VARIABLES.items() if variable["hide"]]
# What Grafana puts in for the variables at first.
EVERYTHING = {name: variable.get("allValue", variable["query"]) for name, variable in VARIABLES.items()}


def substituted(text: str, **values: str) -> str:
    """Put values in the place of variables, as Grafana does: $name, ${name} and ${name:format}."""
    return re.sub(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))", lambda found: values.get(found[1] or found[2], found[0]), text)


def _strings(value: object) -> Iterator[str]:
    """Yield every string of the dashboard, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def test_it_can_be_imported_as_it_is() -> None:
    assert "id" not in BOARD  # one would overwrite whatever has it there
    assert BOARD["uid"] == "inspec-textfile"
    assert BOARD["title"]
    assert 36 <= BOARD["schemaVersion"] <= 41  # Grafana 9 to 12
    assert not {"__inputs", "__requires"} & set(BOARD)  # the data source is a variable, there is nothing to ask for


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)

    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] >= 0, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
    for one, other in combinations(PANELS, 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not beside and not above


def test_everything_asks_the_data_source_that_was_chosen() -> None:
    for panel, target in QUERIES:
        assert panel["datasource"] == target["datasource"] == SOURCE, panel["title"]
    for variable in VARIABLES.values():
        assert variable["type"] != "query" or variable["datasource"] == SOURCE, variable["name"]
    for panel in PANELS:
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters), panel["title"]


def test_only_variables_that_exist_are_used() -> None:
    used = {name for text in _strings(BOARD) for name in re.findall(r"\$\{?([a-z_]\w*)", text)}

    assert used <= {*VARIABLES, "__all", "__data", "__value", "__url_time_range"}


def test_links_use_columns_that_their_query_returns() -> None:
    for panel in PANELS:
        used = {name for text in _strings(panel.get("fieldConfig")) for name in re.findall(r"__data\.fields\.(\w+)", text)}
        for target in panel.get("targets", ()) if used else ():
            columns = re.findall(r" by \(([^)]*)\)", target["expr"])[0].split(", ")
            assert used <= set(columns), panel["title"]


@pytest.mark.long
@pytest.mark.parametrize("query", EXPRESSIONS)
def test_a_query_returns_data(stack: Stack, query: str) -> None:
    assert stack.query(substituted(EXPRESSIONS[query], **EVERYTHING))


@pytest.mark.long
@pytest.mark.parametrize("query", EXPRESSIONS)
def test_a_query_returns_data_for_one_host_and_one_profile(stack: Stack, query: str) -> None:
    # Grafana escapes what a regular expression would take for its own, and quotes that for PromQL.
    host = re.escape(stack.instance).replace("\\", "\\\\")
    named = {"waiver": "waivers", "inspec_exec_": FRESH}
    name = next((report for part, report in named.items() if part in EXPRESSIONS[query]), "edge-outcomes")

    chosen = {**EVERYTHING, "instance": host, "report": name, "profile": name}
    assert stack.query(substituted(EXPRESSIONS[query], **chosen))


def test_a_panel_has_at_most_50_lines_and_200_rows() -> None:
    """Where it has one for each host, report, profile or control. tests/benchmark/rules.py counts them in a large fleet."""
    for panel in PANELS:
        for_each = any(f"{{{{{name}}}}}" in target["legendFormat"] for target in panel.get("targets", ()) for name in CHOICES)
        if panel["type"] != "table" and not for_each:
            continue
        most = 200 if panel["type"] == "table" else 50
        limits = [re.findall(r"(?:top|bottom)k\((\d+), ", target["expr"]) for target in panel["targets"]]
        assert all(limits), panel["title"]
        # Each query of a table fills columns of the same rows.
        found = limits[:1] if panel["type"] == "table" else limits
        assert sum(int(limit) for each in found for limit in each) <= most, panel["title"]
        assert re.search(r" \(at most \d+ of \$", panel["title"]), panel["title"]


@pytest.mark.long
@pytest.mark.parametrize("name", COUNTS)
def test_a_title_says_how_many_there_are(stack: Stack, name: str) -> None:
    """As Grafana makes the text of a variable of a query's result: labels, value and time of each."""
    query = re.fullmatch(r"query_result\((.*)\)", VARIABLES[name]["query"]["query"])
    assert query
    assert any(f"${name} " in panel["title"] or f"${name})" in panel["title"] for panel in PANELS)

    (found,) = stack.query(substituted(query[1], **EVERYTHING))
    text = f"{{{','.join(found['metric'])}}} {found['value'][1]} {found['value'][0] * 1000}"

    assert re.search(VARIABLES[name]["regex"].strip("/"), text)


@pytest.mark.long
@pytest.mark.parametrize("name", CHOICES)
def test_a_variable_finds_values(stack: Stack, name: str) -> None:
    found = re.fullmatch(r"label_values\((.*), (\w+)\)", VARIABLES[name]["query"]["query"])
    assert found

    offered = stack.api(f"label/{found[2]}/values", **{"match[]": substituted(found[1], **EVERYTHING)})

    assert {"instance": stack.instance, "report": IN_A_FOLDER, "profile": "edge-outcomes"}[name] in offered


@pytest.mark.long
def test_the_link_of_a_row_leads_to_the_control_on_its_page(stack: Stack) -> None:
    (panel,) = [panel for panel in PANELS if panel["title"].startswith("Failing controls (")]
    (target,) = panel["targets"]
    (override,) = [override for override in panel["fieldConfig"]["overrides"] if override["matcher"]["options"] == "page"]
    (link,) = [part["value"][0]["url"] for part in override["properties"] if part["id"] == "links"]

    rows = stack.query(substituted(target["expr"], **EVERYTHING))
    assert rows
    for labels in (row["metric"] for row in rows):
        url = _followed(link, labels)
        path, _, anchor = url.removeprefix("https://127.0.0.1/inspec-reports/").partition("#")
        assert f'id="{anchor}"' in (stack.host.reports / path).read_text(encoding="utf-8"), url


def _followed(link: str, labels: dict[str, str]) -> str:
    """Fill in a link as Grafana does: by default what a URL may hold stays, "percentencode" leaves letters, digits and -_.~."""
    url = link.replace("${__value.raw}", labels["page"])
    url = re.sub(r"\$\{__data\.fields\.(\w+)\}", lambda found: labels[found[1]], url)
    return re.sub(r"\$\{__data\.fields\.(\w+):percentencode\}", lambda found: quote(labels[found[1]], safe=""), url)


def test_the_readme_tells_how_to_set_each_variable() -> None:
    readme = (REPOSITORY / "contrib" / "grafana" / "README.md").read_text(encoding="utf-8")

    assert [name for name, made in VARIABLES.items() if name not in COUNTS and f"**{made['label']}**" not in readme] == []
