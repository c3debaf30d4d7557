"""What changed since an earlier plan, on a terminal: the same block as in the report."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from optimizer.cli.layout import grid, section
from optimizer.report.blocks import Block
from optimizer.report.numbers import amount, signed_amount, whole

REASONS_LISTED = 8


def show_since(changed: Block, console: Console) -> None:
    """Print what changed since an earlier plan: the value step by step, and why contacts are not as they were."""
    section(f"since {changed['day']}", _steps(changed["steps"]), console)
    console.print(f"  {escape(changed['verdict'])}")
    if changed["reasons"]:
        section("contacts of that plan that are not as they were", _reasons(changed["reasons"]), console)


def _steps(steps: Sequence[Block]) -> Table:
    table = grid(">", "<", ">", "<")
    for step in steps:
        note = f"[dim]{step['note']}[/]" if step["note"] else ""
        contacts = "" if step["contacts"] is None else whole(step["contacts"])
        table.add_row(contacts, step["what"], signed_amount(step["change"]), note)
    return table


def _reasons(reasons: Sequence[Block]) -> Table:
    table = grid(">", "<", ">")
    for one in reasons[:REASONS_LISTED]:
        rule = f": {escape(one['rule'])}" if one["rule"] else ""
        table.add_row(whole(one["contacts"]), f"{one['what']}{rule}", amount(one["value"]))
    return table
