"""How much memory this process has used at most."""

from __future__ import annotations

import re
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def own_peak() -> int:
    """Return the largest memory that this process has used, in bytes; 0 where nobody knows.

    Linux's ``ru_maxrss`` of a program also counts the one that started it, however large that was; ``VmHWM`` does not.
    """
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text("ascii"), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else _used("RUSAGE_SELF")


def peak() -> int:
    """Return the largest memory that this process, or a child of it, has used, in bytes."""
    return max(own_peak(), _used("RUSAGE_CHILDREN"))


def _used(whose: str) -> int:
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(getattr(resource, whose)).ru_maxrss
