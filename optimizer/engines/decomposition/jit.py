"""Compiled loops: numba with a cache on disk, wherever one can be kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

Loop = Callable[..., Any]


def _forget_stale() -> None:
    """Drop cached kernels that are older than a source file with kernels in this folder.

    numba looks at the file of a kernel alone, and would not see that one it calls from another file has changed.
    """
    here = Path(__file__).parent
    sources = [here / "jit.py"]
    sources += [path for path in here.glob("*.py") if "kernel\ndef " in path.read_text(encoding="utf-8")]
    newest = max(path.stat().st_mtime for path in sources)
    for index in (here / "__pycache__").glob("*.nb?"):
        try:
            if index.stat().st_mtime < newest:
                index.unlink()
        except OSError:  # another process was faster, or the folder is read-only: then it is not edited either
            return


def _njit(function: Loop, **options: Any) -> Loop:
    compiled: Loop = numba.njit(function, cache=True, **options)
    return compiled


def _compiled(function: Loop, **options: Any) -> Loop:
    try:
        return _njit(function, **options)
    except RuntimeError:  # neither the source folder nor the user's cache can be written
        os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="contactopt-kernels-")
        numba.config.reload_config()
        return _njit(function, **options)


def kernel(function: Loop) -> Loop:
    """Compile a loop lazily, on its first call."""
    return _compiled(function)


def inlined_kernel(function: Loop) -> Loop:
    """Compile a loop into its callers: a call per unit would cost more than the work, for all the arrays it passes."""
    return _compiled(function, forceinline=True)


def parallel_kernel(function: Loop) -> Loop:
    """Compile a loop whose ``prange`` runs over fixed chunks, so that no result depends on the number of threads."""
    return _compiled(function, parallel=True)


_forget_stale()
