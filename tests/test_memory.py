"""What a run says it used is its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

LARGE = 300_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a program's memory is its own")
def test_a_large_program_that_starts_a_run_is_not_counted() -> None:
    held = bytearray(LARGE)
    held[::4096] = b"1" * len(held[::4096])
    code = "from optimizer.memory import own_peak; print(own_peak())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1_000_000 < int(told.stdout) < LARGE
