"""Hostile reports, a few hundred, or a few thousand with `make long`; `make fuzz` tries 200,000."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from helpers import fuzz
from helpers.host import Host, others_may_enter, parse_series
from helpers.marks import long
from helpers.promtool import OBJECTION, check_promtool, split
from helpers.servers import node_exporter

SAMPLE = 400


@pytest.mark.parametrize("cases", [250, long(2000)])
def test_nothing_breaks_what_is_promised(cases: int) -> None:
    # In a process of its own, for its limit of memory.
    with multiprocessing.get_context("spawn").Pool(1, fuzz._prepare) as pool:
        done, readable, wrong = pool.apply(fuzz._worker, [(0, cases)])

    assert not wrong
    assert done == cases
    assert cases // 2 < readable < cases, "all of one kind: this proves nothing"


@pytest.mark.long
def test_what_comes_of_them_is_accepted_by_the_real_programs(host: Host) -> None:
    """The whole program on a folder of them, node_exporter and promtool on its file."""
    cases = [(number, *fuzz.case(number)) for number in range(SAMPLE)]
    for number, kind, data in cases:
        if kind == "report":
            (host.results / f"{number:04}.json").write_bytes(data)

    done = host.run("--control-series", "all")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "a fault of inspec-textfile" not in done.stderr
    assert all(line.startswith("inspec-textfile: ") for line in done.stderr.splitlines())
    readable = [value for series, value in host.series().items() if series.startswith("inspec_report_readable")]
    assert len(readable) == sum(kind == "report" for _, kind, _ in cases)
    assert 0 < sum(readable) < len(readable)
    others_may_enter(host.textfiles)
    with node_exporter(host.textfiles, host.root / "node_exporter.log") as node:
        served = parse_series(node.scrape())
        assert served["node_textfile_scrape_error"] == 0
        assert "error gathering" not in node.log()
    found = {tuple(sorted(split(series))): value for series, value in served.items()}
    assert {tuple(sorted(split(series))): value for series, value in host.series().items()}.items() <= found.items()
    check_promtool(host, OBJECTION)


FOUND = Path(__file__).parent / "found"
"""What fuzzing found, each as small as it can be; the name says what it was."""


@pytest.mark.parametrize("name", sorted(path.name for path in FOUND.iterdir()))
def test_what_was_found_stays_mended(name: str) -> None:
    fuzz.check("state" if name.endswith(".state") else "report", (FOUND / name).read_bytes(), "found")


def test_the_checks_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """One control too many, a page that shows one too few, a parser that falls over: each is seen."""
    data = fuzz._originals()[5]
    assert fuzz.check("report", data, "x")
    for target, wrong in (
        ("inspec_textfile.metrics.of_report.count_controls", lambda controls: {("high", "failed"): len(controls) + 1}),
        ("inspec_textfile.pages.render_report", lambda _: "<script>"),
        ("helpers.fuzz.parse_report", lambda *_: [][0]),
        ("helpers.fuzz.remembered", lambda row: row._replace(figures=None)),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(target, wrong)
            with pytest.raises((fuzz.Wrong, LookupError)):
                fuzz.check("report", data, "x")
