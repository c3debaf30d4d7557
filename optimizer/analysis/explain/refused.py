"""Which rules a contact would break, and the contacts that count against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from fractions import Fraction

from optimizer.analysis.explain.answer import Counted, Refusal
from optimizer.analysis.explain.unit import Unit, Use
from optimizer.plan.audit.books import SqlBooks
from optimizer.problem.refusals import refusals
from optimizer.rules.base import Rule

Windows = dict[tuple[date | None, date | None], dict[int, Counted]]
"""Contacts by their number, in each window."""
Evidence = dict[int, tuple[tuple[Counted, ...], tuple[str, str] | None]]


def breaks_row(unit: Unit, use: Use) -> bool:
    """Say whether using so much more of a row would break it."""
    line = use.line
    if not use.hard:
        return False
    if line["sort"] == "lot":
        return bool(0 < line["used"] + scaled(use) < line["lower"])
    if line["sort"] == "number":
        others = sum(
            r["used"] > 0 for r in unit.run.rows.values() if r["rule"] == line["rule"] and r["sort"] == "number"
        )
        return bool(line["used"] == 0 and others + 1 > line["upper"])
    after = line["used"] + scaled(use)
    over = line["upper"] is not None and after > line["upper"] and use.amount > 0
    under = line["lower"] is not None and after < line["lower"] and use.amount < 0
    return bool(over or under)


def scaled(use: Use) -> int:
    """Return a use in the quanta of the run's row; amounts that the run rounded are rounded alike."""
    places = int(use.line["decimals"]) - use.decimals
    return use.amount * 10**places if places >= 0 else round(Fraction(use.amount, 10**-places))


def refusals_of(unit: Unit, uses: list[list[Use]], asked: Collection[int]) -> dict[int, list[Refusal]]:
    """Return, by position, every rule that unchosen candidates would break, each added alone to the plan.

    Parameters
    ----------
    unit : Unit
    uses : list of list of Use
        By position.
    asked : collection of int
        The candidates to look at.
    """
    rules = {rule.name: rule for rule in unit.compiled.scenario.rules()}
    chosen = set(unit.chosen.tolist())
    found: dict[int, list[Refusal]] = defaultdict(list)
    books = _books(unit)
    for name, mask in sorted(refusals(unit.problem, unit.chosen).items()):
        refused = [j for j in asked if mask[j] and j not in chosen]
        known = _evidence(unit, books, rules[name], refused) if refused else {}
        for j in refused:
            contacts, window = known.get(j, ((), None))
            found[j].append(Refusal(name, rules[name].words(), "contact_policies", contacts=contacts, window=window))
    for j in asked:
        if j in chosen:
            continue
        for use in uses[j]:
            rule = rules[use.line["rule"]]
            if rule.section == "constraints" and breaks_row(unit, use):
                found[j].append(_full(use, rule))
    return found


def _full(use: Use, rule: Rule) -> Refusal:
    line = use.line
    limit = line["upper"] if use.amount > 0 and line["upper"] is not None else line["lower"]
    natural = 10.0 ** -line["decimals"]
    return Refusal(
        rule.name, rule.words(), "constraints", line["group"], used=line["used"] * natural, limit=limit * natural
    )


def _books(unit: Unit) -> SqlBooks:
    """Return books in which all of the unit's candidates are written, chosen or not."""
    books = SqlBooks(unit.compiled.scenario, unit.tables, '"@unit"')
    books.clockwork.assume(next(iter(books.clockwork.assumptions)))
    return books


def _evidence(unit: Unit, books: SqlBooks, rule: Rule, asked: Sequence[int]) -> Evidence:
    """Return, by position, the contacts that count with each of some candidates: the fullest window's."""
    query = rule.evidence(books)
    if query is None:
        return {}
    position = {c: p for c, p in zip(unit.contact, unit.position, strict=True) if p >= 0}
    listed = ", ".join(str(c) for c, p in position.items() if p in asked)
    rows = unit.tables.con.execute(
        f"SELECT DISTINCT contact, other, planned, day, first, last FROM ({query}) WHERE contact IN ({listed}) "
        "ORDER BY ALL"
    ).fetchall()
    key = dict(zip(unit.contact, unit.keys, strict=True))
    chosen = set(unit.chosen.tolist())
    windows: dict[int, dict[tuple[date | None, date | None], dict[int, Counted]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for contact, other, planned, day, first, last in rows:
        if planned and position.get(other, -1) not in chosen:
            continue
        named = dict(zip(("customer", "offer", "channel", "slot"), key[other], strict=True)) if planned else None
        windows[position[contact]][first, last][other] = Counted(str(day), bool(planned), named)
    return {j: _fullest(found) for j, found in windows.items()}


def _fullest(windows: Windows) -> tuple[tuple[Counted, ...], tuple[str, str] | None]:
    (first, last), contacts = max(windows.items(), key=lambda one: (len(one[1]), str(one[0])))
    counted: Sequence[Counted] = sorted(contacts.values(), key=lambda c: (c.day, str(c.key)))
    whole = first is None or last is None or first.year == date.min.year
    return tuple(counted), None if whole else (str(first), str(last))
