"""What holds for every test: examples that hypothesis draws are the same on every machine, and no test has a stopwatch."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")
