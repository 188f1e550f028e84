"""Our rules for .prom files are node_exporter's: each case is shown to the real one, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspec_textfile.check.textfile import BrokenTextfile, parse_textfile

from helpers.host import others_may_enter
from helpers.servers import Node, node_exporter

READ = {
    "a": b"a 1\n",
    "nothing": b"",
    "blanks at the end": b"a 1\n   ",
    "comments": b"# \xff\n#\n# x\r\n# HELP\n# HELP a\n# TYPE a \n# UNIT a s\na 1\n# EOF\n",
    "blanks and tabs": b'\ta\t{ x = "1" , } \t1\n#TYPE  b   gauge\nb {x="1"}1\n',
    "no labels": b"a{} 1\nb{ } 1\n",
    "numbers": b"a Inf\nb +Inf\nc -infinity\nd NaN\ne nan\nf +1\ng .5\nh 5.\ni 1e-999\nj 1E+3\n",
    "names": b"a:b 1\n:a 1\n_a 1\n",
    "a series twice": b"a 1\na 1\n",
    "an empty label is none": b'a{x=""} 1\na 1\n',
    "control characters": b'a{x="\x01\x00"} 1\n',
    "escapes": b'# HELP a x\\n \\\\ y\na{x="\\\\ \\" \\n"} 1\n',
    "types": b"# TYPE a GAUGE\n# TYPE b untyped\na 1\nb 1\n# HELP b after\n",
    "a histogram": b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    "a summary": b'# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 1\ns_count 1\n',
}
SKIPPED = {
    "no newline": (b"a 1\nb 1", 2, "the last line does not end in a newline"),
    "a comment without newline": (b"a 1\n# b", 2, "the last line does not end in a newline"),
    "Windows": (b"a 1\r\n", 1, "the line has a Windows line ending (CR LF)"),
    "a blank line of Windows": (b"a 1\n\r\n", 2, "the line has a Windows line ending (CR LF)"),
    "a timestamp": (b"a 1 123\n", 1, "has a timestamp, which node_exporter refuses"),
    "a timestamp before 1970": (b"a 1  -5\n", 1, "has a timestamp, which node_exporter refuses"),
    "a blank at the end": (b"a 1 \n", 1, "has something after its value"),
    "a comment at the end": (b"a 1 # hi\n", 1, "has something after its value"),
    "no UTF-8": (b'a{x="\xff"} 1\n', 1, "is not UTF-8"),
    "a BOM": (b"\xef\xbb\xbfa 1\n", 1, "does not begin with a valid metric name"),
    "a quoted name": (b'{"a.b"} 1\n', 1, "does not begin with a valid metric name"),
    "a name with a dot": (b"a.b 1\n", 1, "the metric name a is followed by neither labels nor a value"),
    "no value": (b"a \n", 1, "has no value"),
    "no number": (b"a x\n", 1, "'x' is not a number"),
    "underscores": (b"a 1_000\n", 1, "'1_000' is not a number"),
    "hexadecimal": (b"a 0x10\n", 1, "'0x10' is not a number"),
    "a signed NaN": (b"a +nan\n", 1, "'+nan' is not a number"),
    "other digits": ("a \u0661\n".encode(), 1, "'\u0661' is not a number"),
    "too large": (b"a 1e999\n", 1, "'1e999' is too large a number"),
    "a label twice": (b'a{x="1",x="2"} 1\n', 1, "has the label x twice"),
    "two commas": (b'a{x="1",,} 1\n', 1, "the labels are not of the form"),
    "no comma": (b'a{x="1" y="2"} 1\n', 1, "expected a comma or } after the label x"),
    "an unknown escape": (b'a{x="\\t"} 1\n', 1, "the labels are not of the form"),
    "a newline in a label": (b'a{x="\n"} 1\n', 1, "the labels are not of the form"),
    "a label with a colon": (b'a{x:y="1"} 1\n', 1, "the labels are not of the form"),
    "an unknown type": (b"# TYPE a info\na 1\n", 1, "'info' is not a type that node_exporter knows"),
    "a blank after the type": (b"# TYPE a gauge \na 1\n", 1, "'gauge ' is not a type that node_exporter knows"),
    "two types": (b"# TYPE a gauge\n# TYPE a gauge\na 1\n", 2, "a second TYPE of a, or one after its first sample"),
    "a late type": (b"a 1\n# TYPE a gauge\n", 2, "a second TYPE of a, or one after its first sample"),
    "the type of a part": (b"# TYPE s summary\n# TYPE s_sum gauge\ns_sum 1\n", 2, "a second TYPE of s, or"),
    "two texts": (b"# HELP a x\n# HELP a x\na 1\n", 2, "a second HELP of a"),
    "a text of no metric": (b"# HELP a.b x\na 1\n", 1, "the HELP does not name a valid metric"),
    "a backslash": (b"# HELP a C:\\temp\na 1\n", 1, "the HELP of a holds a backslash that escapes nothing"),
    "a bucket that is not a number": (b'# TYPE h histogram\nh_bucket{le="x"} 1\n', 2, "'x' is not a number"),
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Path]]:
    root = tmp_path_factory.mktemp("node")
    folder = root / "textfiles"
    folder.mkdir()
    others_may_enter(folder)
    with node_exporter(folder, root / "node_exporter.log") as running:
        yield running, folder / "x.prom"


@pytest.mark.parametrize("data", READ.values(), ids=READ)
def test_what_is_read(data: bytes, node: tuple[Node, Path]) -> None:
    running, path = node
    path.write_bytes(data)

    written = parse_textfile(data)

    scraped = running.scrape()
    assert "node_textfile_scrape_error 0" in scraped
    served = parse_textfile(scraped.encode()).values
    assert {str(series): str(value) for series, value in written.values.items()}.items() <= {
        str(series): str(value) for series, value in served.items()
    }.items()


@pytest.mark.parametrize(("data", "line", "expected"), SKIPPED.values(), ids=SKIPPED)
def test_what_is_skipped(data: bytes, line: int, expected: str, node: tuple[Node, Path]) -> None:
    running, path = node
    path.write_bytes(data)

    with pytest.raises(BrokenTextfile) as broken:
        parse_textfile(data)

    assert broken.value.line == line
    assert str(broken.value).startswith(expected)
    assert str(broken.value).endswith(": node_exporter skips the whole file")
    assert "node_textfile_scrape_error 1" in running.scrape()


def test_what_does_more_harm() -> None:
    """Seen to: node_exporter 1.5 panics on the first, Prometheus 2.42 refuses a scrape with the second."""
    with pytest.raises(BrokenTextfile, match="begins with __: node_exporter crashes on it"):
        parse_textfile(b'a{__x="1"} 1\n')
    with pytest.raises(BrokenTextfile, match="is not UTF-8: Prometheus refuses all metrics of this host"):
        parse_textfile(b"# HELP a \xff\na 1\n")


def test_where_series_stand() -> None:
    found = parse_textfile(b'# HELP a x\n# TYPE a gauge\na{y="2",x="1"} 1\n\na{x="1",y="2"} 3\nb 1\n')

    series = ("a", (("x", "1"), ("y", "2")))
    assert found.lines == {series: 3, ("b", ()): 6}
    assert found.repeated == {series: 5}
    assert (found.helps, found.types) == ({"a": "x"}, {"a": "gauge", "b": "untyped"})
