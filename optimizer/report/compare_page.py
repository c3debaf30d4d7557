"""The page of a comparison: its blocks poured into the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.report import charts
from optimizer.report.blocks import Block
from optimizer.report.compare_blocks import comparison_blocks
from optimizer.report.numbers import whole
from optimizer.report.page import environment

if TYPE_CHECKING:
    from optimizer.analysis.compare import Comparison

NOTHING = "no contact"


def render_comparison(found: Comparison) -> str:
    """Write a comparison as one HTML page that needs nothing else.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    str
        The page. The same comparison gives the same bytes.
    """
    said = comparison_blocks(found)
    for moved in said["moves"]:
        moved["grids"] = {column: _grid(matrix) for column, matrix in moved["matrices"].items()}
    return environment().get_template("compare.html.j2").render(said=said, bars=charts.bars(_bars(said)))


def _bars(said: Block) -> list[Block]:
    """Return a bar for each run and, below it, what is best possible there."""
    rows = []
    for run in said["runs"]:
        name = f"{run['run']}  {run['label']}"
        rows.append({"name": name, "kind": "plan", "objective": run["objective"], "gain": None})
        if run["bound"] is not None:
            rows.append({"name": "best possible", "kind": "bound", "objective": run["bound"], "gain": None})
    return rows


def _grid(matrix: Block) -> Block:
    names = [[NOTHING if value is None else value or "–" for value in matrix[axis]] for axis in ("rows", "columns")]
    most = max((n for row in matrix["cells"] for n in row), default=0) or 1
    cells = [
        [
            {"text": whole(n), "shade": round(n / most, 3), "title": f"{before} → {after}: {whole(n)}", "full": False}
            if n
            else None
            for after, n in zip(names[1], row, strict=True)
        ]
        for before, row in zip(names[0], matrix["cells"], strict=True)
    ]
    return {"rows": names[0], "columns": names[1], "cells": cells}
