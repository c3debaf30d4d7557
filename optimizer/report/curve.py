"""Geometry of a value curve: points in, plain dictionaries out; the template only draws them.

Horizontal positions are per cent of the width and vertical ones are pixels, as in :mod:`optimizer.report.charts`; the
lines lie in a box of their own that stretches, so that dots stay round and names keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from optimizer.report.blocks import Block
from optimizer.report.numbers import amount

HEIGHT = 300
TICKS = 5
AIR = 0.06
"""Empty share above and below the curve."""


def value_curve(said: Block) -> Block | None:
    """Draw the points of a sweep of one number; None where there are fewer than two with a plan.

    ``line`` joins what the plans reach; ``band`` lies between it and the proven bounds; ``dots`` are the points, with
    ``x`` in per cent and ``y`` in pixels; ``barred`` are values for which there is no plan.
    """
    points = [p for p in said["points"] if p["objective"] is not None]
    if len(said["paths"]) != 1 or not said["numeric"] or len(points) < 2:
        return None
    points.sort(key=lambda p: p["values"][0])
    every = [float(p["values"][0]) for p in said["points"]]
    left, right = min(every), max(every)
    heights = [float(h) for p in points for h in (p["objective"], p["bound"]) if h is not None]
    low, high = min(heights), max(heights)
    air = (high - low or abs(high) or 1.0) * AIR
    low, high = low - air, high + air

    def x(value: float) -> float:
        return round(100 * (value - left) / ((right - left) or 1.0), 3)

    def y(value: float) -> float:
        return round(HEIGHT * (high - value) / (high - low), 3)

    line = [(x(p["values"][0]), y(p["objective"])) for p in points]
    bounded = [(x(p["values"][0]), y(p["bound"])) for p in points if p["bound"] is not None]
    return {
        "height": HEIGHT,
        "line": _path(line),
        "band": _path([*line, *reversed(bounded)]) if len(bounded) == len(points) else "",
        "bound": _path(bounded),
        "dots": [
            {"x": at, "y": height, "knee": p["knee"], "between": p["by"] != "search", "title": _title(p)}
            for p, (at, height) in zip(points, line, strict=True)
        ],
        "barred": [
            {"x": x(p["values"][0]), "title": f"{amount(p['values'][0])}: {p['status']}"}
            for p in said["points"]
            if p["objective"] is None
        ],
        "across": [{"x": x(tick), "text": amount(tick)} for tick in _ticks(left, right)],
        "up": [{"y": y(tick), "text": amount(tick)} for tick in _ticks(low + air, high - air)],
    }


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a},{b}" for a, b in points)


def _title(point: Block) -> str:
    bound = "" if point["bound"] is None else f", at most {amount(point['bound'])}"
    notes = " (knee)" if point["knee"] else ""
    notes += "" if point["by"] == "search" else ", proven by its neighbours"
    return f"{amount(point['values'][0])}: {amount(point['objective'])}{bound}{notes}"


def _ticks(low: float, high: float) -> list[float]:
    """Return about :data:`TICKS` round numbers between two."""
    span = high - low
    if span <= 0:
        return [low]
    power = math.pow(10.0, math.floor(math.log10(span / TICKS)))
    step = next(power * times for times in (1, 2, 5, 10) if span / (power * times) <= TICKS)
    first = -(-low // step)
    return [float(round((first + i) * step, 12)) for i in range(int((high - first * step) // step) + 1)]
