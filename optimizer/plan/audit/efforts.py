"""Best efforts: whether a plan falls short of one by more than it must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.sharing import units_of
from optimizer.plan.audit.shortfalls import Shortfalls
from optimizer.plan.audit.trials import Trials, Unit
from optimizer.rules.base import Rule
from optimizer.rules.books import Line


def with_efforts(books: SqlBooks, rules: Sequence[Rule], lines: list[Line]) -> tuple[list[Line], Shortfalls | None]:
    """Mark the shortfalls of best efforts that could have been less; count those that could not.

    Parameters
    ----------
    books : SqlBooks
        Of the audited contacts.
    rules : sequence of Rule
    lines : list of Line
        What the rules said of the contacts.

    Returns
    -------
    list of Line, Shortfalls
        None where nothing falls short.
    """
    if not any(line.effort for line in lines):
        return lines, None
    policies = [rule for rule in rules if rule.section == "contact_policies"]
    per = {rule.name: str(getattr(rule, "per", "customer")) for rule in policies}
    owners = [(per[line.rule], str(line.group[per[line.rule]])) if line.effort else None for line in lines]
    unit_of = units_of(books, list(per.values()), [owner for owner in owners if owner is not None])
    units: dict[int, Unit] = {}
    for line, owner in zip(lines, owners, strict=True):
        if owner is not None:
            units.setdefault(unit_of[owner], Unit(unit_of[owner])).short += line.excess
    Trials(books, policies, [units[number] for number in sorted(units)]).run()
    lines = [
        replace(line, broken=True) if owner is not None and units[unit_of[owner]].avoidable else line
        for line, owner in zip(lines, owners, strict=True)
    ]
    least = sum(unit.least for unit in units.values())
    return lines, Shortfalls(len(units), least, sum(unit.avoidable for unit in units.values()))
