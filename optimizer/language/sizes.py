"""Sizes of memory: ``16 GB`` in bytes."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from optimizer.errors import cut, nearest

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip


def parse_size(value: object) -> int:
    """Return a size in bytes.

    Parameters
    ----------
    value : str or int
        ``16 GB`` (10**9), ``16 GiB`` (2**30), or a number of bytes.

    Raises
    ------
    ValueError
        Not a size, or nothing.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value} B"
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]+)", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"'{cut(value)}' is not a size\nMaybe '16 GB'")
    if found[2] not in UNITS:
        near = nearest(found[2], UNITS)
        raise ValueError(f"unknown unit '{cut(found[2])}' in '{cut(value)}'\nMaybe '{near or 'GB'}'")
    size = int(Decimal(found[1]) * UNITS[found[2]])
    if size <= 0:
        raise ValueError(f"'{cut(value)}': a size must be more than nothing\nMaybe '16 GB'")
    return size


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": ["string", "integer"], "description": "Memory, for example '16 GB'."}),
]
