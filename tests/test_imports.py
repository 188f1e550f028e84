"""The direction of imports: reports -> metrics | pages -> what writes them -> the command line. No circles.

And what only the outermost layer may touch: click, the environment and the clock.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from helpers.paths import REPOSITORY

PACKAGE = REPOSITORY / "inspec_textfile"

READING = ("text", "ownership", "files", "report")
MAY_IMPORT = {
    "text": (),
    "messages": ("text",),
    "ownership": (),
    "lock": ("ownership",),
    "files": ("text", "ownership", "lock"),
    "parallel": (),
    "budget": (),
    "report": READING,
    "history": ("report",),
    "summary": ("report", "history"),
    "words": ("report",),
    "verdict": ("report", "summary", "words"),
    "metrics": ("text", "report", "history"),
    "pages": ("text", "report", "history", "summary", "words", "verdict"),
    "upload": (*READING, "messages", "summary", "words", "verdict", "pages"),
}
"""What the lower layers may import besides themselves. Modules above these may import anything without a cycle."""

OUTERMOST = {"cli", "options"}
"""And `console` and `table`, which are what a person sees, take the progress bar and colours from click."""

OPTIONS = "options are read in one place"
CLOCK = "the clock is read in one place, so that the same input gives the same output"
ONLY_CLI = {
    "click": OPTIONS,
    "os.environ": OPTIONS,
    "os.getenv": OPTIONS,
    "time.time": CLOCK,
    "time.time_ns": CLOCK,
    "datetime.now": CLOCK,
    "datetime.today": CLOCK,
    "datetime.utcnow": CLOCK,
}
EXCEPTIONS = {
    ("upload.stores", "os.environ"): "sets how many threads the upload's library starts, which has no other way to be told",
}

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@functools.cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


def imports(module: str) -> set[str]:
    """Return the modules of the package that a module imports, wherever in it; "" is the package itself."""
    found = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in names if own(name) in MODULES}
            found |= modules | ({str(node.module)} if names - modules else set())
    return {own(name) for name in found if own(name) in MODULES}


def own(name: str) -> str:
    """Return the name of a module below the package, or one that no module of it has."""
    return name.partition("inspec_textfile")[2].removeprefix(".") if name.split(".")[0] == "inspec_textfile" else "not ours"


def part(module: str) -> str:
    """Return the folder, or the module beside the folders."""
    return module.partition(".")[0]


def test_the_layers_are_all_there() -> None:
    """Or a folder that was renamed would be held to nothing."""
    assert MAY_IMPORT.keys() <= {part(module) for module in MODULES}
    assert imports("run")
    assert imports("pages.report") & {"report.model"}


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_a_layer_imports_those_below_it_only(layer: str) -> None:
    allowed = {"", layer, *MAY_IMPORT[layer]}

    wrong = [
        f"{module} imports {imported}"
        for module in MODULES
        if part(module) == layer
        for imported in sorted(imports(module))
        if part(imported) not in allowed
    ]

    assert not wrong


def test_nothing_imports_the_command_line() -> None:
    importers = {module for module in MODULES if "cli" in imports(module)}

    assert importers == {"__main__"}


def test_there_are_no_circles() -> None:
    sorter = TopologicalSorter({module: imports(module) - {module, ""} for module in MODULES})

    try:
        sorter.prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]), pytrace=False)


def used(module: str) -> Iterator[str]:
    """Yield the names with a dot, and the packages, that a module uses."""
    for node in nodes(module):
        if isinstance(node, ast.Attribute):
            yield ".".join(ast.unparse(node).split(".")[-2:])
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", ONLY_CLI)
def test_what_only_the_command_line_touches(name: str) -> None:
    users = {module for module in MODULES if name in used(module) and (module, name) not in EXCEPTIONS}

    assert users <= OUTERMOST | ({"console", "table"} if name == "click" else set()), ONLY_CLI[name]


def test_the_command_line_is_seen_to_touch_it() -> None:
    """Or the test above could not fail; and an exception is one that is needed."""
    assert {"click", "os.environ", "time.time"} <= set(used("cli"))
    assert all(name in used(module) for module, name in EXCEPTIONS)
