"""A sweep on a terminal: the same blocks as its page."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from optimizer.cli.layout import bar, grid, section
from optimizer.report.blocks import Block
from optimizer.report.numbers import amount, percent, whole
from optimizer.report.sweep_page import value_grid

REASON = 90
"""Characters of a reason that are shown; the page and the JSON have all of them."""


def show_sweep(said: Block, console: Console) -> None:
    """Print the points, with the curve as bars; a grid of two values as a table before them."""
    console.print()
    title = f"[bold]{escape(said['scenario'])}[/]  {escape(' × '.join(said['paths']))}"
    console.print(title + ("" if said["complete"] else "  [yellow]interrupted[/]"))
    laid_out = value_grid(said)
    if laid_out is not None:
        name = "cost" if said["minimising"] else "value"
        section(f"{name}, by {said['paths'][0]} (rows) and {said['paths'][1]} (columns)", _grid(laid_out), console)
    searched, every = said["searched"], len(said["points"])
    how = "" if searched == every else f" (searched {searched} of {every}; · proven by neighbours, to the asked gap)"
    section(f"the points{how}", _points(said), console)
    for point in said["points"]:
        if point["reason"]:
            values = ", ".join(map(_word, point["values"]))
            reason = point["reason"] if len(point["reason"]) <= REASON else point["reason"][: REASON - 1] + "…"
            console.print(f"  [yellow]{escape(values)}: {point['status']}.[/] {escape(reason)}", soft_wrap=True)
    _close(said, console)
    console.print()


def _points(said: Block) -> Table:
    one = len(said["paths"]) == 1
    table = grid(*(">" for _ in said["paths"]), ">", "<", ">", ">", *(">" for _ in said["paths"]), ">", "<")
    heads = [*(path.rpartition(".")[0].rpartition(".")[2] or path for path in said["paths"])]
    heads += ["cost" if said["minimising"] else "value", "", "gap", "contacts"]
    heads += ["price" if one else f"price {name}" for name in heads[: len(said["paths"])]]
    table.add_row(*(Text(head, "bold") for head in (*heads, "per unit" if said["marginals"] else "", "")))
    top = max((abs(p["objective"]) for p in said["points"] if p["objective"] is not None), default=0) or 1
    steps = {step["end"]: step for step in said["marginals"]}
    for point in said["points"]:
        values = [Text(_word(value)) for value in point["values"]]
        if point["objective"] is None:
            table.add_row(*values, Text(point["status"], "yellow"))
            continue
        step = steps.get(point["values"][0]) if one else None
        table.add_row(
            *values,
            amount(point["objective"]),
            bar(abs(point["objective"]) / top, "green"),
            percent(point["gap"], 2),
            whole(point["contacts"]),
            *(Text("" if price is None else amount(price), "cyan") for price in point["prices"]),
            "" if step is None else amount(step["plans"]) if step["proven"] else "not proven",
            "← knee" if point["knee"] else "·" if point["by"] != "search" else "",
        )
    return table


def _grid(laid_out: Block) -> Table:
    table = grid(">", *(">" for _ in laid_out["columns"]))
    table.add_row("", *(Text(name, "bold") for name in laid_out["columns"]))
    for name, row in zip(laid_out["rows"], laid_out["cells"], strict=True):
        table.add_row(Text(name, "bold"), *("" if cell is None else escape(cell["text"]) for cell in row))
    return table


def _word(value: Any) -> str:
    return amount(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _close(said: Block, console: Console) -> None:
    """Say what more of the limit brings at the end, and where that bends."""
    proven = [step for step in said["marginals"] if step["proven"]]
    if not said["marginals"]:
        return
    console.print()
    if proven:
        verb = "saves" if said["minimising"] else "brings"
        first, last = proven[0], proven[-1]
        console.print(
            f"  One more unit {verb} {amount(abs(first['plans']))} at {amount(first['start'])}, "
            f"{amount(abs(last['plans']))} up to {amount(last['end'])}."
        )
    if said["marginals"][-1] is not (proven[-1] if proven else None):
        after = proven[-1]["end"] if proven else said["marginals"][0]["start"]
        console.print(f"  Beyond {amount(after)} no difference is proven.")
