"""Fleets with a past, for tests of overviews: hosts in groups, each with some baselines, made from a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from inspec_textfile.history.model import Finding, RunCounts
from inspec_textfile.pages.fleet import Fleet, FleetReport
from inspec_textfile.report.model import ERROR, FAILED, NOT_REVIEWED, NOT_TESTED, PASSED, Unreadable
from inspec_textfile.summary import OpenFinding, ProfileLine, Summary, Tally

DAY = 86_400.0
NOW = 1_795_921_800.0
"""29 Nov 2026, 03:10 UTC."""
LIMITS = MappingProxyType({"critical": 30, "high": 30, "medium": 90, "low": 180})
_BASELINES = (
    (
        ("ssh-baseline", "Acme SSH Server Baseline", "2.3.1"),
        (
            ("ssh-01", "Direct root login must be refused", "critical"),
            ("ssh-02", "Password logins must be off", "high"),
            ("ssh-03", "Number of authentication attempts is limited", "medium"),
            ("ssh-04", "Weak ciphers are not offered", "high"),
            ("ssh-05", "X11 forwarding is off", "low"),
            ("ssh-06", "The daemon is installed, enabled and running", "medium"),
        ),
    ),
    (
        ("linux-files", "Acme Linux File Permissions", "0.9.0"),
        (
            ("files-shadow", "/etc/shadow is closed", "critical"),
            ("files-ww", "No world-writable files under /etc", "high"),
            ("files-passwd", "/etc/passwd belongs to root", "medium"),
            (
                "files-tmp",
                "Temporary files have a file system of their own, mounted with nodev, nosuid and noexec",
                "low",
            ),
            ("files-sudoers", "Nobody but root may write to /etc/sudoers and the files that it includes", "high"),
        ),
    ),
    (
        ("tls-baseline", "Acme TLS Endpoint Baseline", "1.0.0"),
        (
            ("tls-certificate", "Certificate is long-lived enough and strong", "critical"),
            ("tls-protocol", "Old protocol versions are disabled", "critical"),
            ("tls-key-permissions", "Private key is not readable by others", "high"),
            ("tls-hsts", "Strict transport security is on", "low"),
        ),
    ),
)
_GROUPS = (("dmz", 15), ("prod", 54), ("staging", 32))
_KINDS = ("app", "cache", "db", "edge", "mail", "vpn", "web")


def fleet(count: int, *, groups: bool = True, seed: int = 3) -> Fleet:
    """Return a fleet of so many reports, three for each host, of which some have everything that a report can have."""
    dice = random.Random(seed)  # noqa: S311  # not for secrets
    reports = [_report(dice, *place) for place, _ in zip(_places(groups), range(count))]
    return Fleet(tuple(reports), LIMITS)


def _places(groups: bool) -> Iterator[tuple[str, str, int]]:
    """Yield name, host and number of a baseline, without an end."""
    number = 0
    while True:
        for group, hosts in _GROUPS:
            for index in range(hosts):
                host = f"{_KINDS[index % len(_KINDS)]}{number + index // len(_KINDS) + 1:02}.{group}.example.com"
                for baseline, ((profile, _, _), _) in enumerate(_BASELINES):
                    yield (f"{group}/{host}/{profile}" if groups else f"{host}-{profile}"), host, baseline
        number += 10


def _report(dice: random.Random, name: str, host: str, baseline: int) -> FleetReport:
    started = NOW - dice.choice((600, 900, 1800, 3000, 5400, 7200, 7300)) - (3 * DAY if dice.random() < 0.015 else 0)
    state = dice.random()
    if state < 0.03:
        profile, title, version = _BASELINES[baseline][0]
        summary = summary_of(name, host, started, ((profile, title, version),), [], not_loaded=("ssl-lib",))
        return FleetReport(name, summary)
    (profile, title, version), controls = _BASELINES[baseline]
    findings = [] if state < 0.45 else list(_findings(dice, started, profile, controls))
    statuses = {one.control: one.finding.status for one in findings}
    tested = [(level, statuses.get(control, PASSED)) for control, _, level in controls]
    if 0.40 < state < 0.45:
        tested[-1] = (tested[-1][0], NOT_REVIEWED)
    tested = [(level, NOT_REVIEWED if status == NOT_TESTED else status) for level, status in tested]
    summary = summary_of(name, host, started, ((profile, title, version),), tested, findings=findings, dice=dice)
    broken = None
    if 0.43 < state < 0.46:
        reason = dice.choice(
            ("is cut short (line 1, column 2): InSpec is still writing it, or died", "cannot be read by this user")
        )
        broken = Unreadable(name, f"/usr/local/etc/inspec-results/{name}.json", reason, NOW - DAY / 3)
    return FleetReport(name, summary, broken)


def _findings(
    dice: random.Random, started: float, profile: str, controls: Sequence[tuple[str, str, str]]
) -> Iterator[OpenFinding]:
    weights = {"critical": 0.12, "high": 0.25, "medium": 0.4, "low": 0.35}
    for control, title, level in controls:
        if dice.random() < weights[level]:
            days = dice.choice((0, 3, 5, 9, 11, 17, 22, 31, 41, 44))
            status = dice.choices((FAILED, ERROR, NOT_TESTED), (20, 1, 1))[0]
            total = dice.randint(1, 6)
            since, failed = started - days * DAY, dice.randint(1, total)
            found = Finding(title, level, status, since, days == 44, days + 1, failed, total, "1.0")
            yield OpenFinding(profile, control, found)


def summary_of(
    name: str,
    host: str,
    started: float,
    profiles: Sequence[tuple[str, str, str]],
    controls: Sequence[tuple[str, str]],
    *,
    findings: Sequence[OpenFinding] = (),
    not_loaded: tuple[str, ...] = (),
    dice: random.Random | None = None,
) -> Summary:
    """Return a summary. `profiles`: (name, title, version); `controls`: (severity, status) of each control."""
    counts = Counter(controls)
    failing = sum(counts[level, status] for level, status in counts if status in (FAILED, ERROR))
    past = [max(0, failing + dice.randint(-2, 3)) if dice else failing for _ in range(11)]
    return Summary(
        name=name,
        profiles=tuple(ProfileLine(*profile) for profile in profiles),
        target=host,
        platform="debian 12.11",
        inspec_version="5.24.24",
        started=started,
        duration=58.9,
        tally=Tally.of(counts),
        results={FAILED: failing, PASSED: len(controls)},
        not_loaded=not_loaded,
        at=started,
        recent=tuple(RunCounts(started - (11 - index) * DAY, failed=count) for index, count in enumerate((*past, failing))),
        findings=tuple(findings),
    )


def finding(
    control: str = "a",
    severity: str = "high",
    *,
    status: str = FAILED,
    days: float = 10.0,
    first_seen: bool = False,
    tests: tuple[int, int] = (1, 2),
    title: str = "",
    profile: str = "base",
) -> OpenFinding:
    """Return a finding that has been open for so many days at NOW. `tests`: how many failed, and how many there are."""
    title = title or f"Title of {control}"
    return OpenFinding(
        profile, control, Finding(title, severity, status, NOW - days * DAY, first_seen, 3, *tests, version="1.0")
    )


def report_with(
    name: str,
    *,
    host: str = "",
    failing: Mapping[str, int] = MappingProxyType({}),
    findings: Sequence[OpenFinding] = (),
    passed: int = 3,
    skipped: int = 0,
    error: int = 0,
    not_loaded: tuple[str, ...] = (),
    unreadable: bool = False,
    runs: Sequence[int] = (),
) -> FleetReport:
    """Return a report with findings (`failing`: so many of each severity), and with other controls."""
    findings = [
        *findings,
        *(finding(f"{level}-{number}", level) for level, count in failing.items() for number in range(count)),
    ]
    controls = [(one.severity, NOT_REVIEWED if one.status == NOT_TESTED else one.status) for _, _, one in findings]
    controls += [("medium", PASSED)] * passed + [("medium", NOT_REVIEWED)] * skipped + [("unknown", ERROR)] * error
    summary = summary_of(name, host, NOW, (("base", "base", "1.0"),), controls, findings=findings, not_loaded=not_loaded)
    if runs:
        past = (RunCounts(NOW - (len(runs) - 1 - index) * DAY, failed=count) for index, count in enumerate(runs))
        summary = summary._replace(recent=tuple(past))
    broken = Unreadable(name, f"/r/{name}.json", "is empty") if unreadable else None
    return FleetReport(name, summary, broken)
