"""Import the scripts beside a bundled scenario, which are no package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def script(scenario: str, name: str) -> ModuleType:
    """Return a script as a module; scripts of one scenario may import each other."""
    folder = str(SCENARIOS / scenario)
    sys.path.insert(0, folder)
    try:
        sys.modules.pop(name, None)
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)
