"""What is installed fits together."""

from __future__ import annotations

import subprocess
import sys


def test_the_installed_libraries_want_nothing_that_is_not_there() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
