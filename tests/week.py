"""A scenario of one week, as a mapping: what tests that hand over frames begin with."""

from __future__ import annotations

from typing import Any


def week(name: str, **sections: Any) -> dict[str, Any]:
    """Return the scenario's head, and the sections that are given: they replace what is there."""
    return {
        "version": 1,
        "name": name,
        "as_of": "2026-11-22T18:00:00+00:00",
        "horizon": {"start": "2026-11-23", "days": 7},
        "objective": {"maximize": "value"},
        **sections,
    }
