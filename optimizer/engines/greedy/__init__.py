"""What people do today, obeying every rule: go through the candidates in some order and take what fits."""

from __future__ import annotations

from optimizer.engines.greedy.engine import Greedy
from optimizer.engines.greedy.orders import ORDERS, RANKED
from optimizer.errors import UsageError, nearest


def make(variant: str | None = None) -> Greedy:
    """Return the engine for ``value`` (the default) or ``value_per_cost``; other orders need ranks."""
    known = [order for order in ORDERS if order not in RANKED]
    if variant is not None and variant not in known:
        meant = nearest(variant, known)
        raise UsageError(
            f"there is no greedy order {variant!r} here",
            where="solve.engine",
            fix=f"use greedy:{meant}" if meant else f"use greedy:{known[-1]}",
        )
    return Greedy(variant or known[0])


def warm_up() -> None:
    """Compile the kernel."""
    from optimizer.engines.greedy.compiled import warm_up as compile_kernel

    compile_kernel()


__all__ = ["ORDERS", "RANKED", "Greedy", "make", "warm_up"]
