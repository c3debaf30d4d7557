"""The moments at which a disk, a database or the whole machine may fail: named, so that tests can make each of them.

Every write, flush, rename and database call that changes something, every border between stages, and a reading that
could mix two runs calls :func:`reach` first. In production nobody listens. A test sets :data:`listener` and raises, or
ends the process, at the n-th call, for n = 1, 2, 3 … until there are no more.
"""

from __future__ import annotations

from collections.abc import Callable

listener: Callable[[str], None] | None = None
"""Is told every place that is reached."""


def reach(place: str) -> None:
    """Say that something is about to happen which can fail.

    Parameters
    ----------
    place : str
        What and where: ``fsync contacts.parquet``.
    """
    if listener is not None:
        listener(place)
