"""Rules that are legal and yet probably not meant: seen in the file alone.

Beside ``Scenario.warnings`` (the same rule twice, crossed limits of one scope, cycles) this compares rules of
*different* scopes: one that another makes superfluous, a minimum that a wider cap forbids, numbers in the wrong unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import permutations
from typing import Any

import sqlglot
from sqlglot import exp

from optimizer.errors import Finding
from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.language.ranges import Range
from optimizer.rules.base import Rule
from optimizer.scenario import Scenario

_SIGNS: dict[type[exp.Expression], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


def lint(scenario: Scenario) -> tuple[Finding, ...]:
    """Return what is doubtful in the file, in its order, each with its line and column."""
    found = [*_dominated(scenario), *_forbidden(scenario), *_nothing_left(scenario), *_units(scenario)]
    lines = {finding.where: scenario.position(_path(scenario, finding)) or (0, 0) for finding in found}
    return tuple(sorted(found, key=lambda finding: lines[finding.where]))


def _path(scenario: Scenario, finding: Finding) -> str:
    return next((scenario.rule_path(rule) for rule in scenario.rules() if rule.name == finding.rule), "objective")


def _finding(scenario: Scenario, rule: Rule, key: str, what: str, fix: str) -> Finding:
    path = scenario.rule_path(rule)
    return Finding("scenario", scenario.where(f"{path}.{key}" if key else path), what, fix, rule=rule.name)


# One rule makes another superfluous -------------------------------------------------------------------------------


def _dominated(scenario: Scenario) -> Iterator[Finding]:
    """Find caps and minimums that cannot bind, because a rule of a wider scope is as tight."""
    told: set[str] = set()
    for strong, weak in permutations(scenario.rules(), 2):
        if strong.section != weak.section or weak.name in told or not (_hard(strong) and _hard(weak)):
            continue
        key = _superfluous(strong, weak)
        if key:
            told.add(weak.name)
            what = f"'{weak.name}' can never bind: '{strong.name}' ({_line(scenario, strong)}) is at least as tight"
            yield _finding(scenario, weak, key, what, f"delete '{weak.name}', or tighten it")


def _superfluous(strong: Rule, weak: Rule) -> str | None:
    """Return the key of the weak rule that the strong one makes superfluous, if it is the only limit there."""
    if _same_but_limits(strong, weak):
        return None  # a repetition of one and the same is a warning of the file already
    gap, other = _days(getattr(strong, "spacing", None)), _days(getattr(weak, "spacing", None))
    if gap and other:
        return "spacing" if gap >= other and _covers(strong, weak) else None
    most, least = _number(weak, "at_most"), _number(weak, "at_least")
    if gap and most is not None and least is None and _counts(weak) and _covers(strong, weak):
        window = _days(getattr(weak, "within", None))
        return "at_most" if window and most >= math.ceil(window / gap) else None
    if most is None or least is not None or not _counts(weak) or not _covers(strong, weak):
        return None
    cap = _number(strong, "at_most")
    return "at_most" if cap is not None and _counts(strong) and cap <= most and _spans(strong, weak) else None


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Say whether all that one rule counts together, another one counts together too."""
    if getattr(wide, "per", None) != getattr(narrow, "per", None):
        return False
    if getattr(wide, "count_history", True) is False and getattr(narrow, "count_history", True):
        return False
    where, each = getattr(wide, "where", None), getattr(wide, "for_each", ())
    inside = getattr(narrow, "where", None)
    if each and set(each) - set(getattr(narrow, "for_each", ())):
        return False
    if where is None:
        return True
    return inside is not None and {_sense(p) for p in where.conjuncts()} <= {_sense(p) for p in inside.conjuncts()}


def _spans(wide: Rule, narrow: Rule) -> bool:
    """Say whether every window of one rule lies within a window of another, history included."""
    outer, inner = getattr(wide, "within", None), getattr(narrow, "within", None)
    if outer == inner:
        return True
    days, fewer = _days(outer), _days(inner)
    if fewer and outer is not None and outer.ever:
        return True
    return bool(days and fewer and days >= fewer)


def _same_but_limits(one: Rule, other: Rule) -> bool:
    keys = ("where", "for_each", "per", "within", "total", "spacing", "at_most", "at_least", "exactly")
    return type(one) is type(other) and all(getattr(one, k, None) == getattr(other, k, None) for k in keys)


# What cannot be met ----------------------------------------------------------------------------------------------


def _forbidden(scenario: Scenario) -> Iterator[Finding]:
    """Find minimums of a customer that a cap of a wider scope forbids."""
    days = scenario.horizon.days
    for cap, floor in permutations(scenario.rules(), 2):
        most, least = _number(cap, "at_most"), _number(floor, "at_least")
        if cap.section != floor.section or not (_hard(cap) and _hard(floor)) or most is None or least is None:
            continue
        if not (_counts(cap) and _counts(floor) and _covers(cap, floor)) or _alike(cap, floor):
            continue
        reach, window = _days(getattr(cap, "within", None)), getattr(floor, "within", None)
        whole = getattr(cap, "within", None) is None or (reach or 0) >= days or cap.within.ever  # type: ignore[attr-defined]
        if most < least and window is None and whole:
            what = f"'{floor.name}' asks for {least}, and '{cap.name}' ({_line(scenario, cap)}) allows {most}"
            yield _finding(scenario, floor, _key(floor, "at_least"), what, "lower the minimum, or make it soft")


def _alike(one: Rule, other: Rule) -> bool:
    """Say whether the scopes are the same: then the file's own warnings tell."""
    return all(getattr(one, k, None) == getattr(other, k, None) for k in ("where", "for_each", "per", "within"))


def _nothing_left(scenario: Scenario) -> Iterator[Finding]:
    """Find a *keep* and a *drop* of the same candidates."""
    on = [rule for rule in scenario.eligibility if rule.enabled]
    for keep in (rule for rule in on if hasattr(rule, "keep")):
        for drop in (rule for rule in on if hasattr(rule, "drop")):
            if _sense(keep.keep) == _sense(drop.drop):
                what = f"'{drop.name}' drops what '{keep.name}' ({_line(scenario, keep)}) keeps: nothing is left"
                yield _finding(scenario, drop, "drop", what, "one of the two means the opposite")


# Numbers in the wrong unit ---------------------------------------------------------------------------------------


def _units(scenario: Scenario) -> Iterator[Finding]:
    """Find comparisons with numbers that a column never has, and shares that look like something else."""
    for rule in scenario.rules():
        for name, field in type(rule).model_fields.items():
            value = getattr(rule, name)
            if isinstance(value, Expression):
                yield from _out_of_range(scenario, rule, field.alias or name, value)


def _out_of_range(scenario: Scenario, rule: Rule, key: str, condition: Expression) -> Iterator[Finding]:
    tree = sqlglot.parse_one(condition.sql(lambda c: f'"{c.name}"'), dialect="duckdb")
    for node in tree.find_all(*_SIGNS):
        sign, column, number = _SIGNS[type(node)], _bare(node.this), _literal(node.expression)
        if column is None:
            sign, column, number = _TURNED[sign], _bare(node.expression), _literal(node.this)
        if column is None or number is None:
            continue
        verdict = _verdict(sign, number, scenario.data.expected(column))
        if verdict:
            what = f"'{column} {sign} {number}' is {verdict}: '{column}' lies in {scenario.data.expected(column)}"
            fix = f"write {number / 100}, if per cent are meant" if number > 1 else "check the unit"
            yield _finding(scenario, rule, key, what, fix)


def _verdict(sign: str, number: Decimal, known: Range) -> str | None:
    low, high = known.low, known.high
    if high is not None and number > high:
        return "always true" if sign in ("<", "<=") else "never true"
    if low is not None and (number < low or (number == low and sign == "<")):
        return "always true" if sign in (">", ">=") else "never true"
    return None


def _bare(node: Any) -> str | None:
    node = node.unnest()
    return str(node.name) if isinstance(node, exp.Column) else None


def _literal(node: Any) -> Decimal | None:
    sign, node = 1, node.unnest()
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this.unnest()
    if isinstance(node, exp.Cast):
        node = node.this.unnest()
    return sign * Decimal(node.name) if isinstance(node, exp.Literal) and not node.is_string else None


# What rules have in common ---------------------------------------------------------------------------------------


def _number(rule: Rule, key: str) -> Decimal | None:
    value = getattr(rule, _key(rule, key), None)
    return Decimal(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else None


def _key(rule: Rule, key: str) -> str:
    return key if getattr(rule, key, None) is not None or getattr(rule, "exactly", None) is None else "exactly"


def _counts(rule: Rule) -> bool:
    total = getattr(rule, "total", None)
    return total is not None and total.contacts


def _hard(rule: Rule) -> bool:
    soft = getattr(rule, "penalty", None) is not None or getattr(rule, "report_only", False)
    return not soft and getattr(rule, "if_short", None) in (None, "required")


def _days(window: Window | None) -> int | None:
    return window.days if isinstance(window, Window) else None


def _sense(condition: Expression) -> str:
    return condition.sql(str)


def _line(scenario: Scenario, rule: Rule) -> str:
    place = scenario.position(scenario.rule_path(rule))
    return f"line {place[0]}" if place else rule.name
