"""Which objects there are, and that a link leads to each."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from textwrap import indent
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from inspec_textfile.upload.keys import Plan, link, plan, profile_key
from inspec_textfile.upload.profile import profile_page
from inspec_textfile.upload.stores import headers
from inspec_textfile.upload.target import TargetError, parse_instance, parse_target

from helpers.needs import require
from helpers.published import HARD_NAMES, alert_link, documented_block

HOST = "web 01:9100"
MORE_NAMES = (*HARD_NAMES, "..a/.b", "a\\..\\b", "%2e%2e/x")


@pytest.mark.parametrize("name", MORE_NAMES)
def test_the_path_of_an_alerts_link_is_the_key(name: str) -> None:
    link = alert_link("https://bucket.example/pre", name, HOST)

    assert unquote(urlsplit(link).path) == f"/pre/{profile_key(name, HOST)}"
    assert not urlsplit(link).query
    assert not urlsplit(link).fragment


@pytest.mark.parametrize("name", ["", ".", "..", "/a", "a/", "a//b", "a/../b", "./a", "a\nb", "\x00", "\ud800", "é" * 520])
def test_names_that_no_link_can_carry_have_no_key(name: str) -> None:
    assert profile_key(name, HOST) is None


def test_a_prefix_counts_for_the_longest_key() -> None:
    name = "n" * (1024 - len(f"/{HOST}"))

    assert profile_key(name, HOST) == f"{name}/{HOST}"
    assert profile_key(name, HOST, "p") is None


def test_no_two_pairs_of_profile_and_instance_share_a_key_nor_take_a_pages() -> None:
    names = ["a", "a/b", "b", "a:9100", "a:9100/inspec-b.json.html"]
    instances = ["a", "b", "a:9100", "inspec-b"]
    keys = [profile_key(name, instance) for name in names for instance in instances]
    pages = [one.key for host in instances for one in planned({"b": []}, host).objects]

    assert len({*keys, *pages}) == len(keys) + len(pages)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "index.html", "x.html"])
def test_instances_that_are_refused(name: str) -> None:
    with pytest.raises(TargetError, match="label `instance`"):
        parse_instance(name)


def planned(profiles_of: dict[str, list[str]], instance: str = "h:1") -> Plan:
    return plan(profiles_of, ["all.csv", "index.html"], instance, "")


def test_what_links_to_something_is_sent_after_it() -> None:
    one, two = "h:1/inspec-one.json.html", "h:1/inspec-d/two.json.html"

    stages = planned({"one": ["ssh", "tls"], "d/two": ["ssh"]}).stages

    assert [[(item.key, item.file, item.links_to) for item in stage] for stage in stages] == [
        [(one, "inspec-one.json.html", ()), (two, "inspec-d/two.json.html", ())],
        [("ssh/h:1", None, (one, two)), ("tls/h:1", None, (one,))],
        [("h:1/all.csv", "all.csv", (one, two))],
        [("h:1/index.html", "index.html", (one, two, "h:1/all.csv"))],
    ]
    assert re.findall('href="([^"]*)">([^<]*)', stages[1][0].data.decode()) == [
        ("../h%3A1/inspec-one.json.html", "one"),
        ("../h%3A1/inspec-d/two.json.html", "d/two"),
    ]


def test_profiles_without_a_link_are_named_and_their_pages_stay() -> None:
    made = planned({"one": ["..", "ssh"]})

    assert made.unlinked == ("..",)
    assert [one.key for one in made.objects] == ["h:1/inspec-one.json.html", "ssh/h:1", "h:1/all.csv", "h:1/index.html"]


@pytest.mark.parametrize(
    ("profile", "key"), [("ssh", "h:1/inspec-a.json.html"), ("linux/ssh?/x y", "h 1#/inspec-d/e/a b.json.html")]
)
def test_a_link_of_a_profiles_page_leads_to_the_page_of_the_report(profile: str, key: str) -> None:
    instance = key.partition("/")[0]
    address = alert_link("https://bucket.example/pre", profile, instance)

    leads_to = urljoin(address, link(f"{profile}/{instance}", key))

    assert unquote(urlsplit(leads_to).path) == f"/pre/{key}"
    assert not urlsplit(leads_to).fragment


def test_a_page_for_one_report_leads_there_at_once() -> None:
    page = profile_page("a<b", "h:1", {"x": "../h%3A1/inspec-x.json.html"}).decode()

    assert '<meta http-equiv="refresh" content="0; url=../h%3A1/inspec-x.json.html">' in page
    assert '<a href="../h%3A1/inspec-x.json.html">x</a>' in page
    assert "<title>a&lt;b on h:1</title>" in page
    assert len(page) < 1000


def test_a_page_for_several_reports_opens_none_of_them_at_once() -> None:
    page = profile_page("ssh", "h:1", {"b": "../b", "a": "../a"}).decode()

    assert "refresh" not in page
    assert page.index('<li><a href="../b">b</a></li>') < page.index('<li><a href="../a">a</a></li>')


def test_each_kind_of_file_has_its_type() -> None:
    assert headers("h:1/findings.csv")["Content-Type"] == "text/csv; charset=utf-8"
    assert headers("ssh/h:1")["Content-Type"] == headers("h:1/index.html")["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("url", "bucket", "prefix", "shown"),
    [
        ("s3://b-1.x", "b-1.x", "", "s3://b-1.x"),
        ("s3://pages/", "pages", "", "s3://pages"),
        ("gs://pages/a b/ü/", "pages", "a b/ü", "gs://pages/a b/ü"),
        ("az://$web/inspec", "$web", "inspec", "az://$web/inspec"),
        ("file:///srv/www%20x/", "", "srv/www x", "file:///srv/www x"),
    ],
)
def test_urls(url: str, bucket: str, prefix: str, shown: str) -> None:
    target = parse_target(url)

    assert (target.bucket, target.prefix, target.url) == (bucket, prefix, shown)


@pytest.mark.parametrize(
    "url",
    [
        *("", "pages", "s3:/pages", "s3://", "http://pages/x", "https://acc.blob.core.windows.net/c?sig=SECRET", "s3:///x"),
        *(
            "s3://key:SECRET@pages/x",
            "az://c/x?sv=1&sig=SECRET",
            "s3://pages/a#SECRET",
            "s3://pa ges",
            "file://host/x",
            "file:///",
        ),
        *("s3://pages/a//b", "s3://pages/../b", "s3://pages/a\nb", "file:///a/../b"),
    ],
)
def test_urls_that_are_refused_are_not_repeated(url: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(url)

    assert "SECRET" not in str(caught.value)


def test_prometheus_makes_the_links_that_lead_to_the_keys(tmp_path: Path) -> None:
    """The template of docs/upload.md, run by Prometheus itself."""
    promtool = require("promtool", "prometheus")
    alerts = indent(documented_block("alert"), "      ")
    (tmp_path / "rules.yml").write_text(f"groups:\n  - name: g\n    rules:\n{alerts}")
    base = "https://BUCKET.s3.eu-central-1.amazonaws.com/inspec"
    labels = [{"status": "failed", "profile": name, "instance": HOST} for name in HARD_NAMES]
    series = [
        {
            "series": f"inspec_checks_total{{{','.join(f'{key}={json.dumps(value)}' for key, value in one.items())}}}",
            "values": "1",
        }
        for one in labels
    ]
    expected = [{"exp_labels": one, "exp_annotations": {"page": alert_link(base, one["profile"], HOST)}} for one in labels]
    case = {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [{"eval_time": "0m", "alertname": "ComplianceFailure", "exp_alerts": expected}],
    }
    (tmp_path / "test.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [case]}))

    done = subprocess.run([promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
