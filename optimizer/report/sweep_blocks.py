"""What a sweep says, as plain data: the terminal, the JSON and the page draw the same blocks."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optimizer.analysis.sweep import is_number
from optimizer.report.blocks import Block

if TYPE_CHECKING:
    from optimizer.analysis.points import Point
    from optimizer.analysis.sweep import Sweep

FIGURES = ("status", "objective", "bound", "gap", "contacts", "by", "reason", "seconds")


def sweep_blocks(found: Sweep) -> Block:
    """Return everything that a sweep says."""
    bends = {point.values for point in found.knees}
    return {
        "scenario": found.scenario.name,
        "minimising": found.scenario.objective.maximize is None,
        "paths": list(found.paths),
        "values": [[_plain(value) for value in values] for values in found.values.values()],
        "numeric": all(is_number(value) for values in found.values.values() for value in values),
        "complete": found.complete,
        "points": [_point(point, point.values in bends) for point in found.solved],
        "priced": [
            i for i, _ in enumerate(found.paths) if any(p.prices[i] is not None for p in found.solved if p.prices)
        ],
        "searched": sum(point.by == "search" for point in found.solved),
        "marginals": [asdict(one) for one in found.marginals],
        "seconds": found.seconds,
    }


def _point(point: Point, knee: bool) -> Block:
    figures = {key: getattr(point, key) for key in FIGURES}
    return {"values": [_plain(v) for v in point.values], "prices": list(point.prices), "knee": knee, **figures}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, bool | int | float | str) else str(value)
