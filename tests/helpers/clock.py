"""Runs at a time of the test's choice."""

from __future__ import annotations

import os
from unittest import mock

from inspec_textfile.messages import Messages
from inspec_textfile.run import Clock, run
from inspec_textfile.upload.target import Publication, parse_target

from helpers.fake_store import FakeStore
from helpers.host import Host
from helpers.jobs import job_of


def run_at(host: Host, store: FakeStore, now: float) -> list[str]:
    """Run with an upload to a store, at this time (Unix time, seconds), and return the errors."""
    errors: list[str] = []
    with mock.patch.dict(os.environ, store.environment):
        job = job_of(host.results, host.textfiles, host.reports)._replace(
            upload=Publication(parse_target("s3://pages"), "h:1", 45.0, os.environ)
        )
        clock = Clock(now=lambda: now, elapsed=lambda: 0.0)
        run(job, clock=clock, write_stdout=lambda _text: None, messages=Messages(errors.append, lambda _message: None))
    return errors
