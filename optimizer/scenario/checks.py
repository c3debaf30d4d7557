"""Checks of the file that need no data and concern more than one rule or section."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from optimizer.errors import Finding, cut
from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.rules.base import Rule
from optimizer.rules.registry import sections
from optimizer.scenario.origin import Origin
from optimizer.scenario.yaml import Path

if TYPE_CHECKING:
    from optimizer.scenario.model import Scenario

Found = Iterator[tuple[Path, Finding]]
_Placed = tuple[Path, Rule]

NAMED_SECTIONS = ("stability", "pins", "holdout")
"""Sections that stand among the rules, by their own names, in constraints, prices and breaches."""
_OWN = {"name", "enabled"}
_LIMITS = {"at_most", "at_least", "exactly", "if_short", "penalty", "report_only", "lot"}


def text(origin: Origin) -> Found:
    """Find what the text alone tells: keys without a value, names that stand twice, a minimum above its maximum."""
    yield from _empty(origin, origin.document.data, ())
    first: dict[str, Path] = {}
    own = {name: (name,) for name in NAMED_SECTIONS if name in origin.document.data}
    for section in sections:
        written = origin.document.data.get(section)
        for number, rule in enumerate(written if isinstance(written, list) else ()):
            if isinstance(rule, dict):
                yield from _repeated(origin, (section, number, "name"), rule.get("name"), first, own)
                yield from _swapped(origin, (section, number), rule.get("at_least"), rule.get("at_most"))


def _repeated(origin: Origin, path: Path, name: object, first: dict[str, Path], own: Mapping[str, Path]) -> Found:
    if name is None:
        return
    if str(name) in own:
        section = origin.where(own[str(name)], key=False)
        what = f"the name '{name}' is that of a section ({section}), by which plans and audits call it"
        yield path, _finding(origin, path, what, "give the rule another name", key=False)
    before = first.setdefault(str(name), path)
    if before != path:
        what = f"the name '{cut(name)}' stands twice (first in {origin.where(before, key=False)})"
        yield path, _finding(origin, path, what, "give each rule a name of its own", key=False)


def _swapped(origin: Origin, path: Path, low: object, high: object) -> Found:
    if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
        there = origin.where((*path, "at_most"))
        what = f"the minimum {low} is above the maximum {high} ({there})"
        finding = _finding(origin, (*path, "at_least"), what, "they are swapped")
        yield path, finding


def _empty(origin: Origin, data: Any, path: Path) -> Found:
    if data is None:
        what = f"the key '{path[-1]}' has no value" if isinstance(path[-1], str) else "an empty item"
        yield path, _finding(origin, path, what, "leave it out")
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in inside:
        yield from _empty(origin, value, (*path, step))


def rules(scenario: Scenario, origin: Origin) -> Found:
    """Find rules that cannot be meant together, or with the rest of the file."""
    on = _enabled(scenario)
    for chain in _cycles(on):
        if len(chain) > 1:
            names = ", ".join(f"'{rule.name}' ({origin.where(path)})" for path, rule in chain)
            what = f"a cycle: each of these needs another one before it: {names}"
            yield chain[0][0], _finding(origin, chain[0][0], what, "turn one of them round")
    for path, rule in on:
        yield from _no_distance(path, rule, origin)
        yield from _below_range(path, rule, scenario, origin)


def doubts(scenario: Scenario, origin: Origin) -> Iterator[Finding]:
    """Find what is legal, and yet probably not meant."""
    on = _enabled(scenario)
    for (_, first), *others in _groups(on, without=_OWN):
        for path, rule in others:
            what = f"the rules '{first.name}' and '{rule.name}' say the same"
            yield _finding(origin, path, what, "delete one of them")
    for alike in _groups(on, without=_OWN | _LIMITS):
        yield from _crossed([(path, rule) for path, rule in alike if _is_hard(rule)], origin)
    for chain in _cycles(on):
        if len(chain) == 1:
            what = f"'{chain[0][1].name}' needs what it lets in: only history can come first"
            yield _finding(origin, chain[0][0], what, "another condition is meant")
    # Clocks on earth are less than a day from UTC.
    if scenario.as_of is not None and scenario.as_of.date() - dt.timedelta(days=1) > scenario.horizon.last:
        what = f"'as_of' lies after the horizon's last day ({scenario.horizon.last}): every slot is past"
        yield _finding(origin, ("as_of",), what, "move 'as_of' or 'horizon.start'")
    if "max_reject_share" in scenario.data.model_fields_set and scenario.data.on_invalid == "fail":
        what = "'max_reject_share' means nothing without 'on_invalid: reject'"
        yield _finding(origin, ("data", "max_reject_share"), what, "add 'on_invalid: reject'")


def _enabled(scenario: Scenario) -> list[_Placed]:
    placed = [((section, n), rule) for section in sections for n, rule in enumerate(getattr(scenario, section))]
    return [(path, rule) for path, rule in placed if rule.enabled]


def _groups(placed: list[_Placed], *, without: set[str]) -> list[list[_Placed]]:
    """Return the rules that say the same but for some keys, together."""
    groups: dict[object, list[_Placed]] = {}
    for path, rule in placed:
        fields = [(key, getattr(rule, key)) for key in type(rule).model_fields if key not in without]
        said = [(key, _sense(value) if isinstance(value, Expression) else value) for key, value in fields]
        groups.setdefault((type(rule), tuple(said)), []).append((path, rule))
    return list(groups.values())


def _crossed(alike: list[_Placed], origin: Origin) -> Iterator[Finding]:
    """Find a minimum of one rule above the maximum of another one that counts the same."""
    least = [(limit, path, rule) for path, rule in alike if (limit := _limit(rule, "at_least"))]
    most = [(limit, path, rule) for path, rule in alike if (limit := _limit(rule, "at_most"))]
    if not least or not most:
        return
    (low, low_key), low_path, below = max(least, key=lambda one: one[0][0])
    (high, high_key), high_path, above = min(most, key=lambda one: one[0][0])
    if low > high and below is not above:
        there = origin.where((*high_path, high_key))
        what = f"the minimum {low} is above the maximum {high} of '{above.name}' ({there})"
        yield _finding(origin, (*low_path, low_key), what, "one of the two is meant for something else")


def _cycles(on: list[_Placed]) -> Iterator[list[_Placed]]:
    """Yield the rules of each cycle such as ``only A after B`` with ``only B after A``."""
    needs: dict[str, list[tuple[str, _Placed]]] = {}
    for path, rule in on:
        only, after = getattr(rule, "only", None), getattr(rule, "after", None)
        if isinstance(only, Expression) and isinstance(after, Expression):
            needs.setdefault(_sense(only), []).append((_sense(after), (path, rule)))
    told: set[Path] = set()
    for start in needs:
        chain = _way_back(start, needs)
        if chain and told.isdisjoint(path for path, _ in chain):
            told |= {path for path, _ in chain}
            yield chain


def _way_back(start: str, needs: dict[str, list[tuple[str, _Placed]]]) -> list[_Placed]:
    """Return the rules that lead from a condition back to itself; none if none do."""
    reached: dict[str, list[_Placed]] = {start: []}
    pending = [start]
    while pending:
        here = pending.pop()
        for following, placed in needs.get(here, ()):
            chain = [*reached[here], placed]
            if following == start:
                return chain
            if following not in reached:
                reached[following] = chain
                pending.append(following)
    return []


def _no_distance(path: Path, rule: Rule, origin: Origin) -> Found:
    """Find a spacing that is no length of time."""
    spacing = getattr(rule, "spacing", None)
    if isinstance(spacing, Window) and (spacing.calendar or spacing.ever):
        place = (*path, "spacing")
        what = f"spacing: '{spacing}' is no distance between two contacts"
        yield place, _finding(origin, place, what, "write days, weeks or hours", key=False)


def _below_range(path: Path, rule: Rule, scenario: Scenario, origin: Origin) -> Found:
    """Find a hard cap below zero on a column that is never below zero, such as a budget of −5."""
    amount = getattr(getattr(rule, "total", None), "expression", None)
    most = _limit(rule, "at_most")
    if most is None or not isinstance(amount, Expression) or not _is_hard(rule):
        return
    column = amount.columns[0].name if len(amount.columns) == 1 else ""
    low = scenario.data.expected(column).low
    if _sense(amount) == str(column) and low is not None and most[0] < 0 <= low:
        place = (*path, most[1])
        what = f"the maximum {most[0]} is negative, and '{column}' never is"
        fix = f"leave out the minus, or set data.expect.{column} to any"
        yield place, _finding(origin, place, what, fix, key=False)


def _is_hard(rule: Rule) -> bool:
    soft = getattr(rule, "penalty", None) is not None or getattr(rule, "report_only", False)
    return not soft and getattr(rule, "if_short", None) in (None, "required")


def _limit(rule: Rule, key: str) -> tuple[Decimal, str] | None:
    """Return a numeric limit, and the key that says it."""
    for candidate in (key, "exactly"):
        value = getattr(rule, candidate, None)
        if isinstance(value, Decimal | int):
            return Decimal(value), candidate
    return None


def _sense(expression: Expression) -> str:
    """Return what is the same for conditions that differ in blanks and brackets alone."""
    return expression.sql(str)


def _finding(origin: Origin, path: Path, what: str, fix: str, *, key: bool = True, rule: str | None = None) -> Finding:
    return Finding("scenario", origin.where(path, key=key), what, fix, rule=rule or origin.rule_at(path))
