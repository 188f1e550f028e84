"""Small entries for tests of rules, with only what a test is about."""

from __future__ import annotations

from inspec_textfile.report.model import ControlEntry, Dependency, ProfileEntry, Result, Waiver


def result(status: str = "passed", exception: str = "", backtrace: tuple[str, ...] = (), resource: str = "") -> Result:
    return Result(status=status, exception=exception, backtrace=backtrace, resource=resource)


def control(
    id_: str = "c-1",
    *statuses: str,
    impact: float | None = 0.5,
    results: tuple[Result, ...] | None = None,
    own_status: str | None = None,
    waiver: Waiver | None = None,
    title: str | None = None,
) -> ControlEntry:
    made = results if results is not None else tuple(map(result, statuses))
    return ControlEntry(id=id_, title=title, impact=impact, results=made, own_status=own_status, waiver=waiver)


def profile(
    name: str,
    *controls: ControlEntry,
    parent: str | None = None,
    depends: tuple[str, ...] = (),
    status: str = "loaded",
    version: str = "",
) -> ProfileEntry:
    return ProfileEntry(
        name=name,
        parent=parent,
        depends=tuple(map(Dependency, depends)),
        status=status,
        version=version,
        controls=controls,
    )


def waiver(*, expired: bool = False, expires: float | None = None, justification: str = "known") -> Waiver:
    return Waiver(justification=justification, expires=expires, expired=expired, run=True)
