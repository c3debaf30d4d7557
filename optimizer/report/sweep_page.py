"""The page of a sweep: its blocks and its curve poured into the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.report import charts
from optimizer.report.blocks import Block
from optimizer.report.curve import value_curve
from optimizer.report.numbers import amount
from optimizer.report.page import pour
from optimizer.report.sweep_blocks import sweep_blocks

if TYPE_CHECKING:
    from optimizer.analysis.sweep import Sweep


def render_sweep(found: Sweep) -> str:
    """Write a sweep as one HTML page that needs nothing else.

    Parameters
    ----------
    found : Sweep

    Returns
    -------
    str
        The page. Seconds aside, the same sweep gives the same bytes.
    """
    said = sweep_blocks(found)
    return pour("sweep.html.j2", said=said, curve=value_curve(said), grid=value_grid(said))


def value_grid(said: Block) -> Block | None:
    """Lay the objective of a sweep of two values out as a table, first value in rows; None for a sweep of one."""
    if len(said["paths"]) != 2:
        return None
    reached = [p["objective"] for p in said["points"] if p["objective"] is not None]
    low, high = min(reached, default=0.0), max(reached, default=0.0)
    at = {tuple(p["values"]): p for p in said["points"]}
    rows, columns = said["values"]
    cells = [[_cell(at.get((r, c)), low, high) for c in columns] for r in rows]
    return charts.grid([_word(r) for r in rows], [_word(c) for c in columns], cells)


def _cell(point: Block | None, low: float, high: float) -> Block | None:
    if point is None:
        return None
    if point["objective"] is None:
        return {"text": point["status"], "step": 0, "title": point["reason"], "full": False}
    share = (point["objective"] - low) / (high - low) if high > low else 0.5
    bound = "nothing proven" if point["bound"] is None else f"at most {amount(point['bound'])}"
    return {"text": amount(point["objective"]), "step": charts.shade(share), "title": bound, "full": False}


def _word(value: object) -> str:
    return amount(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
