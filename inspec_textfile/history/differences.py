"""What makes a run hard to compare with the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inspec_textfile.history.model import Difference, ProfileRun
from inspec_textfile.history.rule import Step, followers
from inspec_textfile.report.model import LOADED

_FAR_FEWER = 2
"""A profile that ran fewer than 1/2 of the tests of the run before is hard to compare with it."""


def differences(step: Step, before: Mapping[str, ProfileRun]) -> Iterator[Difference]:
    """Yield how the profiles of a run differ from those before."""
    now = {profile.name: profile for profile in step.report.profiles}
    renamed = followers(step.renamed)
    for name, old in before.items():
        new_name = renamed.get(name, name)
        if new_name not in now or now[new_name].status != LOADED:
            if not old.missed:
                kind = "profile_not_loaded" if new_name in now else "profile_missing"
                yield Difference(kind, name, gone=len(old.controls))
        else:
            yield from _difference(name, new_name, old, step.profiles[new_name])
    followed = {new for new, _ in step.renamed}
    for name, profile in now.items():
        if name not in before and name not in followed and profile.status == LOADED:
            yield Difference("profile_new", name, added=len(profile.controls))


def _difference(name: str, new_name: str, old: ProfileRun, new: ProfileRun) -> Iterator[Difference]:
    added, gone = len(set(new.controls) - set(old.controls)), len(set(old.controls) - set(new.controls))
    if new_name != name:
        yield Difference("profile_renamed", new_name, name, new_name, added, gone)
    elif new.version != old.version:
        yield Difference("profile_version", name, old.version, new.version, added, gone)
    elif added or gone:
        yield Difference("profile_controls", name, added=added, gone=gone)
    elif new.tests * _FAR_FEWER < old.tests:
        yield Difference("profile_tests", name, added=new.tests, gone=old.tests)
