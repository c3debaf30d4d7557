"""The plan on a terminal: the same blocks as the report, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from optimizer.cli.layout import INDENT, bar, grid, section
from optimizer.cli.since_text import show_since
from optimizer.language.counts import counted
from optimizer.report import blocks
from optimizer.report.numbers import amount, percent, signed_percent, whole
from optimizer.report.since import since

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

RULES_LISTED = 14
STEPS_LISTED = 10


def show(plan: Plan, console: Console) -> None:
    """Print the answer, the baselines, the rules with their prices, the funnel and the closing sentences."""
    answer = blocks.answer(plan)
    console.print()
    _headline(answer, console)
    section("against what people do today", _comparison(blocks.comparison(plan)), console)
    rules = blocks.rules(plan)
    section("the rules; the price is what one more unit of a limit changes", _rules(rules[:RULES_LISTED]), console)
    if len(rules) > RULES_LISTED:
        console.print(f"  … and {len(rules) - RULES_LISTED} more in constraints.csv", style="dim")
    section("from candidates to eligible", _funnel(answer, blocks.funnel(plan)), console)
    changed = since(plan)
    if changed is not None:
        show_since(changed, console)
    console.print()
    for sentence in answer["sentences"]:
        console.print(f"  {escape(sentence)}")
    console.print(f"  Solved by {escape(plan.summary['engine'])}. {escape(answer['detail'])}".rstrip(), style="dim")
    console.print()


def _headline(answer: blocks.Block, console: Console) -> None:
    if answer["optimal"]:
        proof = "[bold green]proven optimal[/]"
    else:
        known = answer["gap"] is not None
        words = f"within {percent(answer['gap'], 2)} of the best possible" if known else "feasible, nothing proven"
        stopped = f", {answer['stopped']}" if answer["stopped"] else ""
        colour = "green" if answer["reached"] and known else "yellow"
        proof = f"[{colour}]{words}{stopped}[/]"
    console.print(f"[bold]{escape(str(answer['scenario']))}[/]  {proof}")
    facts = grid("<", ">", "<")
    facts.add_row("cost" if answer["minimising"] else "value", f"[bold]{amount(answer['objective'])}[/]", _net(answer))
    facts.add_row("proven bound", amount(answer["bound"]), f"gap {percent(answer['gap'], 2)}")
    reached = f"to {whole(answer['customers_contacted'])} of {counted(answer['customers'], 'customer')}"
    facts.add_row("contacts", whole(answer["contacts"]), reached)
    console.print(Padding(facts, INDENT, expand=False))


def _net(answer: blocks.Block) -> str:
    return f"after {amount(answer['penalties'])} of penalties" if answer["penalties"] else ""


def _comparison(rows: Sequence[blocks.Block]) -> Table:
    table = grid("<", ">", "<", "<")
    top = max((abs(float(row["objective"])) for row in rows if row["objective"] is not None), default=0) or 1
    for row in rows:
        style = {"plan": "bold", "bound": "dim"}.get(row["kind"], "")
        if row["objective"] is None:
            table.add_row(row["name"], "–", "", "found no plan")
            continue
        drawn = bar(abs(float(row["objective"])) / top, "green" if row["kind"] == "plan" else "bright_black")
        gain = f"this plan is {signed_percent(row['gain'])}" if row["gain"] is not None else ""
        table.add_row(Text(row["name"], style), Text(amount(row["objective"]), style), drawn, gain)
    return table


def _rules(rules: Sequence[blocks.Block]) -> Table:
    table = grid("<", ">", "<", "<", ">")
    for rule in rules:
        one = rule["groups"] == 1
        used = amount(rule["used"]) if one else f"fullest {percent(rule['share'])}"
        limit = (
            f"{rule['sense']} {amount(rule['limit'])}" if one else f"{rule['full']} of {rule['groups']} at the limit"
        )
        if rule["report_only"]:
            limit += ", watched only"
        if rule["penalty"]:
            limit += f", penalty {amount(rule['penalty'])}"
        colour = "yellow" if rule["penalty"] else "green" if rule["full"] else "bright_black"
        table.add_row(escape(rule["name"]), used, bar(rule["share"] or 0, colour), limit, _price(rule))
    return table


def _price(rule: blocks.Block) -> str:
    low, high = rule["price_low"], rule["price_high"]
    if high is None:
        return ""
    return f"[cyan]{amount(high)}[/]" if low == high else f"[cyan]{amount(low)} … {amount(high)}[/]"


def _funnel(answer: blocks.Block, steps: Sequence[blocks.Block]) -> Table:
    table = grid("<", ">", ">", "<")
    table.add_row("candidates", "", whole(answer["candidates"]), "")
    total = answer["candidates"] or 1
    for step in [step for step in steps if step["in_order"]][:STEPS_LISTED]:
        dropped = f"−{whole(step['in_order'])}"
        table.add_row(escape(step["reason"]), dropped, whole(step["left"]), bar(step["left"] / total, "bright_black"))
    table.add_row("eligible", "", f"[bold]{whole(answer['eligible'])}[/]", "")
    return table
