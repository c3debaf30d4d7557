"""The kernel compiled by numba, lazily: nothing here is paid for by problems that are small enough for plain Python."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.engines.greedy import kernel
from optimizer.engines.greedy.board import make_board
from optimizer.problem.problem import Problem

BARE = {"_nrt": False}
"""No reference counting: the kernel allocates nothing, and counting made it 18 times slower."""
HELPERS = ("place", "is_new_key", "weigh", "judge", "put", "gain", "helps", "bring", "consider")


@cache
def compiled_walk() -> Callable[..., Any]:
    """Return ``kernel.walk`` compiled; the first call of all takes 10 to 20 seconds, later ones a cached second."""
    from numba import njit
    from numba.extending import register_jitable

    for name in HELPERS:
        register_jitable(**BARE)(getattr(kernel, name))
    try:
        walk = njit(kernel.walk, cache=True, **BARE)
    except RuntimeError:  # neither the source's folder nor the user's cache can be written
        from numba.core import config

        config.CACHE_DIR = os.environ.setdefault("NUMBA_CACHE_DIR", str(_private_cache()))
        walk = njit(kernel.walk, cache=True, **BARE)
    compiled: Callable[..., Any] = walk
    return compiled


def _private_cache() -> Path:
    """Make a cache folder that nobody else can write to."""
    return Path(tempfile.mkdtemp(prefix="contactopt-numba-"))


def warm_up() -> None:
    """Compile the kernel by walking over a problem without candidates."""
    nothing = np.zeros(0, np.int64)
    problem = Problem(
        customer_start=np.zeros(1, np.int64),
        unit_customer=np.zeros(1, np.int64),
        kind=nothing,
        value=nothing,
        value_decimals=0,
        kinds=0,
        most_contacts=0,
    )
    board = make_board(problem, nothing)
    compiled_walk()(board, board.state.copy(), nothing.copy(), np.zeros(1, np.int64))
