"""Random numbers that depend on what they are for, and not on how the work is cut up.

Customers are drawn in blocks of fixed size, each from a stream of its own. A block is always drawn whole and then
cut, so that a larger instance begins with the customers of a smaller one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

BLOCK = 4096
"""Customers in a block: enough to vectorise, small enough for 200 candidates each to stay below 100 MB."""


def stream(seed: int, purpose: str, block: int = 0) -> np.random.Generator:
    """Return the random stream of a purpose (and, where customers are drawn, of a block)."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), block])


def blocks(customers: int) -> Iterator[tuple[int, int]]:
    """Yield (block, customers in it), first to last."""
    for block in range(-(-customers // BLOCK)):
        yield block, min(BLOCK, customers - block * BLOCK)
