"""``contactopt audit``: whether a plan keeps its rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli import options, output
from optimizer.errors import AuditError
from optimizer.language.counts import counted
from optimizer.report.numbers import amount, group_words, whole

if TYPE_CHECKING:
    from optimizer.plan.audit.report import AuditReport
    from optimizer.rules.books import Line

BREACHES_LISTED = 3
"""Of each rule; the first are enough to see what is wrong."""


@click.command("audit")
@click.argument("target", metavar="RUN|SCENARIO", type=click.Path(path_type=Path))
@click.option(
    "--plan", "contacts", type=click.Path(path_type=Path), help="Judge these contacts by SCENARIO: Parquet or CSV."
)
@click.option("--full", is_flag=True, help="List every count, and recompute the bound over all customers.")
@click.option("--bound/--no-bound", default=True, help="With --plan: also solve, to say what is left on the table.")
@options.common
def command(target: Path, contacts: Path | None, full: bool, bound: bool, as_json: bool) -> int:
    """Recount every rule of RUN from its raw inputs; or judge anybody's plan: SCENARIO --plan FILE.

    A foreign plan is also held against the best possible: what does it leave on the table? Exits with 8 when a rule
    is broken.
    """
    from optimizer import Scenario, audit
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.watch import Watch

    if contacts is None:
        report = audit(target, full=full)
    else:
        with Interrupts(keep=False) as interrupts, Watch(output.console(), interrupts) as watch:
            report = audit(Scenario.load(target), contacts=contacts, bound=bound, observer=watch)
    if as_json:
        output.emit_json(report.to_dict())
    else:
        _show(report, full=full)
    return 0 if report.ok else AuditError.exit_code


def _show(report: AuditReport, *, full: bool) -> None:
    output.emit(str(report))
    worth = f"  objective {amount(report.objective)}"
    if report.penalties:
        worth += f" (value {amount(report.value)}, penalties {amount(report.penalties)})"
    if report.bound is not None:
        worth += f", proven bound {amount(report.bound)}"
    if report.left_on_the_table is not None:
        worth += f": at most {amount(report.left_on_the_table)} left on the table"
    output.emit(worth)
    for name, value in report.notes.items():
        if value:
            output.emit(f"  {name.replace('_', ' ')}: {_noted(name, value)}")
    customers = report.customers
    by_rule: dict[str, list[Line]] = {}
    for line in report.lines:
        if full or line.broken:
            by_rule.setdefault(line.rule, []).append(line)
    for rule, lines in by_rule.items():
        if full or len(lines) == 1:
            for line in lines:
                _count(line.rule, line)
            continue
        output.emit(f"  ✗ {rule}: broken {_often(len(lines), customers.get(rule))}")
        for line in lines[:BREACHES_LISTED]:
            _count("", line)
        if len(lines) > BREACHES_LISTED:
            output.emit(f"    … and {whole(len(lines) - BREACHES_LISTED)} more; --full lists them")


def _noted(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if name == "units_bounded_from_above":
        return f"{whole(value)}, too large to be searched to the end here: the bound may be a looser one"
    return amount(value) if isinstance(value, float) else whole(value)


def _often(times: int, customers: int | None) -> str:
    if customers is None:
        return f"in {counted(times, 'group')}"
    return f"{counted(times, 'time')}, for {counted(customers, 'customer')}"


def _count(rule: str, line: Line) -> None:
    sign = " " if not rule else "✗" if line.broken else "✓"
    group = group_words({key: str(value) for key, value in line.group.items()})
    output.emit(f"  {sign} {rule:<24} {amount(line.used):>14} {line.sense} {amount(line.limit):<14} {group}")
