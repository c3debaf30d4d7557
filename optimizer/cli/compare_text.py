"""A comparison on a terminal: the same blocks as its page."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from optimizer.cli.layout import grid, section
from optimizer.cli.since_text import show_since
from optimizer.report.blocks import Block
from optimizer.report.numbers import amount, percent, signed_amount, whole

GROUPS_LISTED = 3
VALUES_LISTED = 12
FIGURES = (
    ("objective", amount),
    ("bound", amount),
    ("gap", lambda gap: percent(gap, 2)),
    ("penalties", amount),
    ("contacts", whole),
    ("customers_contacted", whole),
)
NAMES = {"bound": "proven bound", "customers_contacted": "customers reached"}


def show_comparison(said: Block, console: Console) -> None:
    """Print the verdicts, the figures, what changed, the rules, who hears what, and what became of the contacts."""
    console.print()
    if said["incomparable"]:
        console.print(f"  [yellow]Not compared by value:[/] {escape(said['incomparable'])}.")
    for run in said["runs"][1:]:
        if run["difference"] is not None:
            colour = "bold" if run["difference"]["proven"] else "yellow"
            console.print(f"  [{colour}]{run['run']} against A:[/] {escape(run['verdict'])}")
        if run["scores"] is not None and not run["scores"]["told_apart"]:
            low, high = (signed_amount(run["scores"][end]) for end in ("low", "high"))
            console.print(
                f"  [yellow]The scores cannot tell {run['run']} from A:[/] by what came true, {low} to {high}."
            )
    section("side by side", _figures(said), console)
    for one in said["changes"]:
        section(f"what changed from A to {one['run']}", _changes(one), console)
    for one in said["effects"] or ():
        title = f"which change does what, from A to {one['run']}: made first, and made last"
        section(title, _effects(one["effects"]), console)
    section("the rules: used of limit, and what one more unit is worth", _rules(said), console)
    section("contact policies: worthwhile candidates refused", _policies(said), console)
    for margin in said["margins"]:
        section(f"contacts by {margin['column']}", _margin(said, margin), console)
    for one in said["since"]:
        show_since(one["since"], console)
    for moved in said["moves"]:
        section(f"what became of A's contacts in {moved['run']}", _moves(moved), console)
        section("customers who hear", _customers(moved["customers"]), console)
    console.print()


def _columns(said: Block) -> list[str]:
    return [">" for _ in said["runs"]]


def _head(said: Block, table: Table, *, labels: bool = False) -> None:
    names = [f"{run['run']}  {run['label']}" if labels else run["run"] for run in said["runs"]]
    table.add_row("", *(Text(name, "bold") for name in names))


def _figures(said: Block) -> Table:
    table = grid("<", *_columns(said))
    _head(said, table, labels=True)
    for key, words in FIGURES:
        if key == "penalties" and not any(run[key] for run in said["runs"]):
            continue
        name = NAMES.get(key, key)
        if key == "objective":
            name = "cost" if said["minimising"] else "value"
        table.add_row(name, *(words(run[key]) for run in said["runs"]))
    for baseline in said["baselines"]:
        values = [Text(amount(value), "bright_black") for value in baseline["objectives"]]
        table.add_row(Text(f"usual practice: {baseline['name']}", "bright_black"), *values)
    return table


def _changes(one: Block) -> Table:
    table = grid("<", "<")
    for change in one["changes"]:
        table.add_row(escape(change["path"]), escape(f"{_value(change['before'])} → {_value(change['after'])}"))
    for name in one["inputs"]:
        table.add_row(name, "[yellow]another table was read[/]")
    if not table.row_count:
        table.add_row("nothing: the scenarios say the same")
    return table


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _effects(effects: list[Block]) -> Table:
    table = grid("<", ">", "<", ">", "<")
    for effect in effects:
        table.add_row(escape(effect["part"]), *_effect(effect["first"]), *_effect(effect["last"]))
    return table


def _effect(found: Block) -> tuple[str, str]:
    proof = f"{signed_amount(found['low'])} … {signed_amount(found['high'])}" if found["proven"] else "not proven"
    return signed_amount(found["objective"]), f"[bright_black]({proof})[/]"


def _rules(said: Block) -> Table:
    table = grid("<", *(side for _ in said["runs"] for side in "><"))
    for rule in said["rules"]:
        table.add_row(escape(rule["name"]), *(text for cell in rule["cells"] for text in _rule(cell)))
        for line in [one for one in rule["lines"] if any(cell["price"] for cell in one["cells"])][:GROUPS_LISTED]:
            cells = [text for cell in line["cells"] for text in _line(cell)]
            table.add_row(Text(f"  {line['group']}", "bright_black"), *cells)
    return table


def _rule(cell: Block | None) -> tuple[str, str]:
    if cell is None:
        return "–", ""
    if cell["groups"] > 1:
        used = f"{whole(cell['full'])} of {whole(cell['groups'])} at the limit"
    else:
        used = f"{amount(cell['used'])} of {amount(cell['limit'])}"
    low, high = cell["price_low"], cell["price_high"]
    if not low and not high:
        return used, ""
    return used, f"[cyan]{amount(high)}[/]" if low == high else f"[cyan]{amount(low)} … {amount(high)}[/]"


def _line(cell: Block) -> tuple[Text, Text]:
    price = amount(cell["price"]) if cell["price"] else ""
    return Text(f"{amount(cell['used'])} of {amount(cell['limit'])}", "bright_black"), Text(price, "cyan")


def _policies(said: Block) -> Table:
    table = grid("<", *_columns(said))
    for policy in said["policies"]:
        table.add_row(escape(policy["name"]), *(whole(cell["refused"]) for cell in policy["cells"]))
    return table


def _margin(said: Block, margin: Block) -> Table:
    table = grid("<", *_columns(said))
    _head(said, table)
    for row in margin["rows"][:VALUES_LISTED]:
        table.add_row(escape(row["value"]), *(whole(count) for count in row["contacts"]))
    hidden = len(margin["rows"]) - VALUES_LISTED
    if hidden > 0:
        table.add_row(Text(f"… and {hidden} more with --json", "bright_black"))
    return table


def _moves(moved: Block) -> Table:
    table = grid("<", ">", ">", ">")
    table.add_row("", *(Text(name, "bold") for name in ("contacts", "value in A", f"value in {moved['run']}")))
    for row in moved["totals"]:
        table.add_row(row["kind"], whole(row["contacts"]), amount(row["value_before"]), amount(row["value_after"]))
    return table


def _customers(customers: dict[str, int]) -> Table:
    table = grid("<", ">")
    for name, count in customers.items():
        table.add_row(name, whole(count))
    return table
