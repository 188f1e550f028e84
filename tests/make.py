"""Small entries for tests of rules, with only what a test is about."""

from __future__ import annotations

from inspec_textfile.model import ControlEntry, Dependency, ProfileEntry, Result, Waiver


def result(status: str = "passed", exception: str = "", backtrace: tuple[str, ...] = (), resource: str = "") -> Result:
    return Result(status, "", "", "", exception, backtrace, resource, "", None)


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
    return ControlEntry(id_, title, None, impact, made, own_status, waiver, (), {}, (), "", "")


def profile(
    name: str, *controls: ControlEntry, parent: str | None = None, depends: tuple[str, ...] = (), status: str = "loaded"
) -> ProfileEntry:
    return ProfileEntry(
        name=name,
        parent=parent,
        depends=tuple(Dependency(other, "loaded", "") for other in depends),
        status=status,
        message="",
        title="",
        version="",
        summary="",
        maintainer="",
        license="",
        copyright="",
        supports=(),
        inputs=(),
        controls=controls,
    )


def waiver(*, expired: bool = False, expires: float | None = None, justification: str = "known") -> Waiver:
    return Waiver(justification, expires, "", expired, True, "", ())
