"""Answers on a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from optimizer.analysis.explain.answer import CandidateAnswer, because
from optimizer.cli.layout import bar, grid, section
from optimizer.report.numbers import amount, group_words, whole

if TYPE_CHECKING:
    from optimizer.analysis.explain.answer import Explanation
    from optimizer.analysis.explain.offer import OfferAnswer
    from optimizer.analysis.explain.rule import RuleAnswer

COLOURS = {"chosen": "green", "refused": "yellow", "ineligible": "bright_black"}
LISTED = 12
DETAILED = 3


def show_customer(found: Explanation, console: Console) -> None:
    """Print every candidate with its fate, then the best that are not in the plan in detail."""
    console.print()
    console.print(f"[bold]{escape(found.headline)}[/]")
    if found.together_with:
        console.print(f"  shares policies with {whole(found.together_with)} more", style="dim")
    section("candidates; the margin is what one brings, less the price of what it uses", _candidates(found), console)
    left = [c for c in found.candidates if c.fate not in ("chosen", "ineligible")]
    for one in left if len(found.candidates) <= DETAILED else left[:DETAILED]:
        _detail(one, console, maximises=found.maximises)
    if len(left) > DETAILED:
        console.print(f"\n  … and {len(left) - DETAILED} more: --offer ID shows one offer's, --json all", style="dim")
    console.print()


def _candidates(found: Explanation) -> Table:
    table = grid("<", "<", ">", ">", "<")
    table.columns[-1].no_wrap = False  # the reasons give way on a narrow screen, names and figures do not
    if found.candidates:
        table.add_row(
            *(f"[dim]{title}[/]" for title in ("", "", "brings" if found.maximises else "costs", "margin", ""))
        )
    for one in found.candidates[:LISTED]:
        colour = COLOURS.get(one.fate, "cyan")
        fate = f"{one.fate}, runner-up" if one.runner_up else one.fate
        table.add_row(
            escape(one.name),
            f"[{colour}]{fate}[/]",
            amount(one.contribution),
            amount(one.margin),
            f"[dim]{escape(because(one))}[/]",
        )
    if len(found.candidates) > LISTED:
        table.add_row(f"[dim]… and {len(found.candidates) - LISTED} more in --json[/]", "", "", "", "")
    return table


def _detail(one: CandidateAnswer, console: Console, *, maximises: bool) -> None:
    console.print()
    console.print(f"  [bold]{escape(one.name)}[/]  {escape(one.fate)}: {one.why}", soft_wrap=True)
    for refusal in one.refusals:
        console.print(f"    [yellow]✗[/] {escape(str(refusal))}", soft_wrap=True)
    for charge in one.charges:
        sign, paid = ("+" if charge.paid < 0 else "−"), replace(charge, paid=abs(charge.paid))
        console.print(f"    [cyan]{sign}[/] {escape(str(paid))}", soft_wrap=True)
    if one.swap is not None:
        console.print(f"    [green]⇄[/] {escape(one.swap.words(maximises=maximises))}", soft_wrap=True)
    elif one.fate == "refused":
        console.print("    [dim]⇄ no one contact makes room for it by leaving[/]", soft_wrap=True)


def show_offer(found: OfferAnswer, console: Console) -> None:
    """Print where an offer's candidates went."""
    console.print()
    console.print(f"[bold]{escape(found.headline)}[/]", soft_wrap=True)
    went = {
        "in the plan": found.chosen,
        "refused by a policy": found.refused,
        "no room in a constraint": found.full,
        "priced out, or worth nothing": found.priced_out,
    }
    table = grid("<", ">", "<")
    for name, count in went.items():
        table.add_row(name, whole(count), bar(count / (found.eligible or 1), "green" if name in went else "cyan"))
    section(f"the {whole(found.eligible)} eligible", table, console)
    for title, counts in (
        ("not eligible, by each reason alone", found.ineligible),
        ("would break a policy; one candidate may break several", found.policies),
        ("would break a constraint", found.limits),
        ("refused, and the best contact of the same customer is", found.beaten_by),
    ):
        table = grid("<", ">")
        for name, count in list(counts.items())[:LISTED]:
            table.add_row(escape(str(name)), whole(count))
        section(title, table, console)
    console.print()


def show_rule(found: RuleAnswer, console: Console) -> None:
    """Print what a rule costs."""
    console.print()
    console.print(f"[bold]{escape(found.headline)}[/]", soft_wrap=True)
    console.print(f"  {escape(found.words)}", style="dim", soft_wrap=True)
    table = grid("<", ">", "<", ">", "<")
    if found.prices:
        table.add_row(*(f"[dim]{title}[/]" for title in ("", "used", "limit", "price", "holds about")))
    for one in found.prices[:LISTED]:
        holds = f"{amount(one.holds_from)} … {amount(one.holds_to)}" if one.holds_from is not None else ""
        limit = f"{one.sense} {amount(one.limit)}"
        table.add_row(escape(group_words(one.group) or "all"), amount(one.used), limit, amount(one.price), holds)
    if len(found.prices) > LISTED:
        table.add_row(f"[dim]… and {len(found.prices) - LISTED} more in --json[/]", "", "", "", "")
    section("one more unit; the range, in which the price moves by a tenth, is an estimate", table, console)
    console.print()
    if found.whole_words:
        console.print(f"  {escape(found.whole_words)}\n", soft_wrap=True)
    elif found.section != "eligibility":
        console.print("  --without solves again, and says what the whole rule costs\n", style="dim")
