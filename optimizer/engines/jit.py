"""Compiled loops: numba with a cache on disk, wherever one can be kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.extending import register_jitable

Loop = Callable[..., Any]
PART = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _forget_stale() -> None:
    """Drop cached kernels that are older than a source file with kernels in their folder.

    numba looks at the file of a kernel alone, and would not see that one it calls from another file has changed.
    """
    here = Path(__file__)
    for folder in {index.parent.parent for index in here.parent.glob("*/__pycache__/*.nbi")}:
        sources = [path for path in folder.glob("*.py") if "jit import" in path.read_text(encoding="utf-8")]
        newest = max(path.stat().st_mtime for path in [here, *sources])
        for index in (folder / "__pycache__").glob("*.nb?"):
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
    """Compile a loop lazily, on its first call from Python."""
    return _compiled(function, nogil=True)


def bare_kernel(function: Loop) -> Loop:
    """Compile a loop that allocates nothing: without reference counts it is smaller by half, and quicker to compile."""
    return _compiled(function, nogil=True, _nrt=False)


def part(function: Loop) -> Loop:
    """Compile a part of bare kernels, which Python cannot call: what it would need for that is larger than the part."""
    return _part(function)


def inlined_part(function: Loop) -> Loop:
    """Compile a part into its callers: a call per unit would cost more than the work, for all the arrays it passes."""
    return _part(function, forceinline=True)


def _part(function: Loop, **options: Any) -> Loop:
    """Compile a part once, whatever constants it is called with: numba would make another for each."""
    compiled: Any = _compiled(function, **PART, **options)
    template = compiled.get_call_template

    def without_constants(args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        return template(tuple(map(types.unliteral, args)), {k: types.unliteral(v) for k, v in kws.items()})

    compiled.get_call_template = without_constants
    return compiled  # type: ignore[no-any-return]


def is_compiled(compiled: Loop) -> bool:
    """Say whether a kernel's machine code is in memory or in its cache, as far as names tell."""
    kernel: Any = compiled
    cached = Path(kernel.stats.cache_path or "/nowhere").glob(f"*.{kernel.py_func.__name__}-*.nbi")
    return bool(kernel.signatures) or any(cached)


def twin(function: Loop) -> None:
    """Let a plain function be called by bare kernels too, which compile it; Python goes on to call it as it is."""
    register_jitable(**PART)(function)


_forget_stale()
