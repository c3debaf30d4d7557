"""Where a row came from: its file and its number, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A row of an input.

    Parameters
    ----------
    file : str
        Name of the file as the scenario's folder sees it, or ``candidates (frame)``.
    row : int
        Number of the data row in that file, from 1; a header is not counted.
    """

    file: str
    row: int

    def __str__(self) -> str:
        return f"{self.file} · row {self.row:,}"


def list_rows(places: Iterable[Place]) -> str:
    """Say several places briefly: ``rows 3, 8`` or, of several files, ``a.csv row 3, b.csv row 8``."""
    places = list(places)
    if len({p.file for p in places}) <= 1:
        return f"row{'s' if len(places) > 1 else ''} " + ", ".join(f"{p.row:,}" for p in places)
    return ", ".join(f"{p.file} row {p.row:,}" for p in places)
