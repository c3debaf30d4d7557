"""The exact engine: the whole problem as a MIP, with a proof."""

from __future__ import annotations

from optimizer.engines.exact.engine import Exact
from optimizer.errors import UsageError


def make(variant: str | None = None) -> Exact:
    """Return the engine; it has no variants."""
    if variant is not None:
        raise UsageError(f"the exact engine has no variant {variant!r}", where="solve.engine", fix="use exact")
    return Exact()


__all__ = ["Exact", "make"]
