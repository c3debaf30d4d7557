"""The kernel compiled by numba, lazily: nothing here is paid for by problems that are small enough for plain Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from optimizer.engines.greedy import kernel
from optimizer.engines.greedy.board import make_board
from optimizer.problem.problem import Problem

HELPERS = ("place", "is_new_key", "weigh", "judge", "put", "gain", "helps", "bring", "consider", "any_stage")


@cache
def compiled_walk() -> Callable[..., Any]:
    """Return ``kernel.walk`` compiled: some seconds the first time of all, then a cached second."""
    from optimizer.engines.jit import bare_kernel, twin

    for name in HELPERS:
        twin(getattr(kernel, name))
    return bare_kernel(kernel.walk)


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
