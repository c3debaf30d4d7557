"""The page of a comparison: its blocks poured into the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.report import charts
from optimizer.report.blocks import Block
from optimizer.report.compare_blocks import comparison_blocks
from optimizer.report.page import pour

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
    return pour("compare.html.j2", said=said, bars=charts.bars(_bars(said)))


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
    return charts.counts_grid({"rows": names[0], "columns": names[1], "cells": matrix["cells"]}, between=" → ")
