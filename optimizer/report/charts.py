"""Geometry of the charts: blocks in, plain dictionaries out; the templates only draw them.

Horizontal positions are per cent of the chart's width and vertical ones are pixels, so that a chart fills a phone and
a poster alike while its text keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from optimizer.report.numbers import amount, brief, percent, whole

Chart = dict[str, Any]

COLUMN_HEIGHT = 132
HEADROOM = 18
"""Pixels above the tallest column, for its number."""
LABELS_SHOWN = 10
SHADES = 10


def bars(rows: Sequence[Chart]) -> list[Chart]:
    """Give every row of :func:`~optimizer.report.blocks.comparison` the ``start`` and ``width`` of its bar.

    The axis contains zero, so lengths are in proportion; a row without a number has no bar.
    """
    values = [float(row["objective"]) for row in rows if row["objective"] is not None]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    scale = 100 / (high - low) if high > low else 0.0
    drawn = []
    for row in rows:
        value = float(row["objective"] or 0)
        start, end = sorted(((0 - low) * scale, (value - low) * scale))
        drawn.append(row | {"start": _round(start), "width": _round(end - start)})
    return drawn


def capacity_columns(lines: Sequence[Chart]) -> Chart:
    """Draw one column per group: how much of its limit is used, with the limit as a tick."""
    return _columns(
        [
            {
                "value": float(line["used"] or 0),
                "limit": None if line["limit"] is None else float(line["limit"]),
                "label": " · ".join(label(value) for value in line["keys"].values()),
                "title": _title(line),
                "text": brief(line["used"]) if len(lines) <= LABELS_SHOWN else "",
                "full": line["full"],
            }
            for line in lines
        ]
    )


def frequency_columns(steps: Sequence[Chart], caps: Sequence[Chart] = ()) -> Chart:
    """Draw how many customers get how many contacts, and a line behind the last number that a cap allows.

    Parameters
    ----------
    steps, caps : sequence of dict
        Of :func:`~optimizer.report.spread.frequencies` and :func:`~optimizer.report.spread.caps`.
    """
    drawn = _columns(
        [
            {
                "value": float(step["customers"]),
                "limit": None,
                "label": f"{step['contacts']}{'+' if step['or_more'] else ''}",
                "title": f"{whole(step['customers'])} customers get {step['contacts']}"
                + (" or more" if step["or_more"] else ""),
                "text": brief(step["customers"]),
                "full": False,
            }
            for step in steps
        ]
    )
    named: dict[int, list[str]] = {}
    for cap in caps:
        named.setdefault(cap["cap"], []).append(cap["name"])
    pitch = 100 / max(1, len(steps))
    drawn["caps"] = [
        {"x": _round((cap + 1) * pitch), "label": ", ".join(names)}
        for cap, names in named.items()
        if cap < len(steps) and not steps[-1]["or_more"]
    ]
    return drawn


def capacity_grid(lines: Sequence[Chart]) -> Chart | None:
    """Lay groups of two keys out as a table of how full each cell is; None when they have not two keys."""
    if not lines or any(len(line["keys"]) != 2 for line in lines):
        return None
    first, second = sorted(lines[0]["keys"], key=lambda k: len({line["keys"].get(k) for line in lines}))
    by_cell = {(line["keys"].get(first), line["keys"].get(second)): line for line in lines}
    rows, columns = (sorted({cell[axis] for cell in by_cell}, key=str) for axis in (0, 1))
    return grid(rows, columns, [[_cell(by_cell.get((r, c))) for c in columns] for r in rows])


def counts_grid(table: Chart, *, between: str = ", ") -> Chart:
    """Lay counts out as a table: :func:`~optimizer.report.spread.schedule` or one of ``groups``."""
    most = max((cell for row in table["cells"] for cell in row), default=0) or 1
    rows, columns = table["rows"], table["columns"]
    cells: list[list[Chart | None]] = [
        [
            {
                "text": brief(n),
                "step": shade(n / most),
                "title": f"{label(row)}{between}{label(column)}: {whole(n)} contacts",
                "full": False,
            }
            if n
            else None
            for column, n in zip(columns, counts, strict=True)
        ]
        for row, counts in zip(rows, table["cells"], strict=True)
    ]
    sums = [brief(sum(counts)) for counts in table["cells"]]
    below = [brief(sum(counts)) for counts in zip(*table["cells"], strict=True)]
    return grid(rows, columns, cells) | {"sums": sums, "below": below, "total": brief(sum(map(sum, table["cells"])))}


def label(text: str) -> str:
    """Shorten a date or timestamp to what fits under a column (``Mon 23 Nov``); other text stays."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.strftime("%a %d %b" if moment.hour == moment.minute == 0 else "%a %d %H:%M")


def _columns(items: Sequence[Chart]) -> Chart:
    top = max((max(item["value"], item["limit"] or 0) for item in items), default=0) or 1
    pitch = 100 / max(1, len(items))
    base = HEADROOM + COLUMN_HEIGHT
    every = -(-len(items) // LABELS_SHOWN)
    columns = []
    for i, item in enumerate(items):
        height = _round(max(0.0, item["value"]) / top * COLUMN_HEIGHT)
        y, limit_y = (
            _round(base - height),
            None if item["limit"] is None else _round(base - item["limit"] / top * COLUMN_HEIGHT),
        )
        columns.append(
            item
            | {
                "x": _round(i * pitch + pitch * 0.12),
                "width": _round(pitch * 0.76),
                "middle": _round((i + 0.5) * pitch),
                "y": y,
                "height": height,
                "limit_y": limit_y,
                "text_y": _round((y if limit_y is None else min(y, limit_y)) - 5),
                "label": item["label"] if i % every == 0 else "",
            }
        )
    return {"base": base, "height": base + 22, "columns": columns, "caps": []}


def grid(rows: Sequence[str], columns: Sequence[str], cells: list[list[Chart | None]]) -> Chart:
    """Lay cells (``text, step, title, full``, or None) out under their names."""
    return {
        "rows": [label(row) for row in rows],
        "columns": [label(column) for column in columns],
        "cells": cells,
        "sums": None,
        "below": None,
        "total": None,
    }


def _cell(line: Chart | None) -> Chart | None:
    if line is None:
        return None
    return {
        "text": percent(line["share"], 2) if line["share"] is not None else amount(line["used"]),
        "step": shade(line["share"] or 0),
        "title": _title(line),
        "full": line["full"],
    }


def _title(line: Chart) -> str:
    return f"{line['group']}: {amount(line['used'])} of {amount(line['limit'])}"


def shade(share: float) -> int:
    """Return the shade of a cell: the page's policy allows classes, and no styles of single elements."""
    return round(min(1.0, max(0.0, share)) * SHADES)


def _round(number: float) -> float:
    return round(number, 3)
