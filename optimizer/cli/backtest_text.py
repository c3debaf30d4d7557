"""A replay on a terminal: a line per night, the sums, and what they cannot show."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from optimizer.cli.layout import bar, grid, section
from optimizer.report.numbers import amount, percent, signed_amount, whole

Said = dict[str, Any]
TRUTH = {
    "contacts": "contacts",
    "promised": "responses promised",
    "sent": "really sent",
    "promised_of_sent": "promised of these",
    "came": "came true",
}
"""Columns of what came true, and their heads."""


def show_backtest(said: Said, console: Console) -> None:
    """Print the nights, those without a plan with their reason, the total and the notes."""
    console.print()
    title = f"[bold]{escape(said['scenario'])}[/]  {len(said['nights'])} past nights"
    console.print(title + ("" if said["complete"] else f"  [yellow]interrupted; {said['asked']} were asked[/]"))
    section("what each night would have chosen", _nights(said), console)
    section("what was promised, and what came true where the same was really sent", _truth(said), console)
    for night in said["nights"]:
        if night["reason"]:
            console.print(
                f"  [yellow]{night['night']}: {night['status']}.[/] {escape(night['reason'])}", soft_wrap=True
            )
    console.print()
    for note in said["notes"]:
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_row("·", escape(note))
        console.print(Padding(line, (0, 0, 0, 2)), style="dim")
    console.print()


def _nights(said: Said) -> Table:
    found = said["total"]
    table = grid("<", "<", ">", ">", "<", ">", ">", ">")
    name = "cost" if said["sense"] == "minimize" else "value"
    _bold(table, ["night", "plans", "contacts", name, "", "gap", "usual practice", "better by"])
    top = max((abs(n["objective"]) for n in said["nights"] if n["objective"] is not None), default=0) or 1
    for night in said["nights"]:
        days = night["start"] if night["start"] == night["end"] else f"{night['start']} to {night['end'][5:]}"
        if night["objective"] is None:
            table.add_row(night["night"], days, Text(night["status"], "yellow"))
            continue
        table.add_row(
            night["night"],
            days,
            whole(night["contacts"]),
            amount(night["objective"]),
            bar(abs(night["objective"]) / top, "green"),
            percent(night["gap"], 2),
            amount(night["usual"]),
            Text(signed_amount(night["better_by"]), "cyan"),
        )
    sums = [whole(found["contacts"]), amount(found["objective"]), "", f"≤ {percent(found['largest_gap'], 2)}"]
    _bold(table, [*_counted(found), *sums, amount(found["usual"]), signed_amount(found["better_by"])])
    return table


def _truth(said: Said) -> Table:
    """Lay out what was promised, and what came of the contacts that were really sent."""
    found = said["total"]
    told = [key for key in TRUTH if found[key] is not None]
    table = grid("<", "<", *(">" for _ in told))
    if told == ["contacts"]:
        return table
    _bold(table, ["night", "", *(TRUTH[key] for key in told)])
    for night in said["nights"]:
        if night["objective"] is not None:
            table.add_row(night["night"], "", *(amount(night[key]) for key in told))
    _bold(table, [*_counted(found), *(amount(found[key]) for key in told)])
    return table


def _counted(found: Said) -> tuple[str, str]:
    return "in all", f"{found['with_plan']} of {found['nights']} nights"


def _bold(table: Table, cells: list[str]) -> None:
    table.add_row(*(Text(cell, "bold") for cell in cells))
