"""Decomposition: a price per row, an exact small problem per unit, a certificate from both."""

from __future__ import annotations

from optimizer.engines.decomposition.engine import Decomposition
from optimizer.engines.decomposition.warm import load, warm_up
from optimizer.errors import UsageError

__all__ = ["Decomposition", "load", "make", "warm_up"]


def make(variant: str | None) -> Decomposition:
    """Return the engine.

    Raises
    ------
    UsageError
        If a variant is asked for.
    """
    if variant is not None:
        raise UsageError(f"there is no engine 'decomposition:{variant}'", where="solve.engine", fix="use decomposition")
    return Decomposition()
