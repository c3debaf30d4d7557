"""Tables and bars on a terminal, the same in every command."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

BAR = 16
"""Characters of a full bar."""
INDENT = (0, 0, 0, 2)


def grid(*sides: str) -> Table:
    """Return a table without lines; a side is ``<`` or ``>`` for each column."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for side in sides:
        table.add_column(justify="right" if side == ">" else "left", no_wrap=True)
    return table


def section(title: str, table: Table, console: Console) -> None:
    """Print a table under its title; nothing for an empty one."""
    if table.row_count:
        console.print()
        console.print(f"  {title}", style="dim")
        console.print(Padding(table, INDENT, expand=False))


def bar(share: float, colour: str) -> Text:
    """Draw a share of 1 as a bar."""
    full = round(min(1.0, max(0.0, share)) * BAR)
    return Text("█" * full, colour) + Text("░" * (BAR - full), "bright_black")
