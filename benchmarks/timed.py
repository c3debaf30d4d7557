"""What one timed run found."""

from __future__ import annotations

from typing import NamedTuple


class Timed(NamedTuple):
    """One run: seconds by the clock and of the processor, and what came of it."""

    seconds: float
    processor: float
    objective: float | None
    gap: float | None
    note: str
    bound: float | None = None
