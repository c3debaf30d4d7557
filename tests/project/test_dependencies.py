"""What is installed fits together, and nothing bad is known of it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest


def test_the_installed_libraries_want_nothing_that_is_not_there() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def audited(*given: str) -> list[dict[str, Any]]:
    """Return what pip-audit says of the installed libraries, or of those given."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "5"]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pip-audit cannot ask its service from here: {done.stderr.splitlines()[-1]}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return found


def test_no_installed_library_has_a_known_vulnerability(tmp_path: Path) -> None:
    if importlib.util.find_spec("pip_audit") is None:
        pytest.skip("pip-audit is not installed: `make audit` installs it")
    one = tmp_path / "one.txt"
    one.write_text(f"numpy=={version('numpy')}\n")
    if not any("vulns" in library for library in audited("--requirement", str(one), "--no-deps", "--disable-pip")):
        pytest.skip("pip-audit cannot ask its service from here: it passes over what it cannot look up")
    unsafe = [
        f"{library['name']} {library['version']}: {wrong['id']}, mended in {wrong['fix_versions'] or 'no version yet'}"
        for library in audited("--skip-editable")
        for wrong in library.get("vulns", [])
    ]
    assert unsafe == []
