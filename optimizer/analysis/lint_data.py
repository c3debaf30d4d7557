"""Rules that tonight's tables make pointless or impossible: no contact to count, a limit out of all reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from optimizer.compile.build import Compiled
from optimizer.compile.sight import joins, quoted, tables_of
from optimizer.data.layout import HISTORY
from optimizer.errors import Finding
from optimizer.language.durations import Window
from optimizer.language.expressions import Expression
from optimizer.problem.pairs import floor_pairs, floor_use, may_be_negative, pairs_of
from optimizer.problem.primitives import UNLIMITED, DistinctCounter, Floor, IntArray, Primitive, Rows, Shortfall, Switch
from optimizer.problem.problem import Problem
from optimizer.rules.base import Rule


def lint_data(compiled: Compiled) -> tuple[Finding, ...]:
    """Return what is doubtful about the rules beside their tables, in the file's order."""
    if compiled.candidates and not compiled.problem.candidates:
        return ()  # said already: no candidate is left
    told = {finding.rule for finding in compiled.findings}
    found: dict[str | None, Finding] = {}
    for finding in (
        *_short_history(compiled),
        *_ratios(compiled),
        *_pointless(compiled),
        *_limits(compiled),
        *_floors(compiled),
    ):
        if finding.rule not in told:
            found.setdefault(finding.rule, finding)  # what has nothing to count cannot bind either
    order = [rule.name for rule in compiled.scenario.rules()]
    return tuple(sorted(found.values(), key=lambda finding: order.index(finding.rule or "")))


def _pointless(compiled: Compiled) -> Iterator[Finding]:
    """Find eligibility rules that refuse nobody or everybody, and rules that no eligible candidate is under."""
    scenario, problem = compiled.scenario, compiled.problem
    rules = {rule.name: rule for rule in scenario.rules()}
    for step in compiled.funnel:
        if step.reason in rules and compiled.candidates:
            if step.alone == 0:
                yield _finding(compiled, rules[step.reason], "refuses no candidate tonight", "check its condition")
            elif step.alone == compiled.candidates:
                yield _finding(compiled, rules[step.reason], "refuses every candidate", "check its condition")
    reached: dict[str, bool] = {}
    for block in _primitives(problem):
        kinds = np.flatnonzero(np.diff(block.uses.start))
        if len(kinds):
            there = bool(np.isin(problem.kind, kinds).any())
            reached[block.rule] = reached.get(block.rule, False) or there
    for name, there in reached.items():
        if not there:
            yield _finding(compiled, rules[name], "matches candidates, but no eligible one", "check the eligibility")


def _short_history(compiled: Compiled) -> Iterator[Finding]:
    """Find windows of which the history does not cover half: a few days without any contact prove nothing."""
    scenario, tables = compiled.scenario, compiled.tables
    if HISTORY not in tables.original or scenario.data.history_since is not None:
        return
    query = 'SELECT least(min("@date"), CAST(min("@instant") AS DATE)) FROM history'
    ((first,),) = tables.con.execute(query).fetchall()
    for rule in scenario.rules():
        window = getattr(rule, "within", None)
        if not isinstance(window, Window) or window.days is None or not getattr(rule, "count_history", True):
            continue
        since = scenario.horizon.start - dt.timedelta(days=window.days - 1)
        if first is not None and first - since > (scenario.horizon.start - since) / 2:
            what = f"looks back to {since}, and the history begins on {first}: what was sent before counts as nothing"
            yield _finding(compiled, rule, what, f"export more of it, or say that it is whole: history_since: {since}")


def _ratios(compiled: Compiled) -> Iterator[Finding]:
    """Find ratios whose denominator is never above zero."""
    for rule in compiled.scenario.rules():
        below = getattr(rule, "to", None)
        if isinstance(below, Expression):
            bound = compiled.tables.catalog.bind(below)
            query = f"SELECT max({bound.sql(quoted)}) FROM candidates{joins(tables_of(bound))}"
            ((most,),) = compiled.tables.con.execute(query).fetchall()
            if most is not None and most <= 0:
                what = f"divides by '{below.text}', which is {'0' if most == 0 else 'negative'} for every candidate"
                yield _finding(compiled, rule, what, "another column is meant")


def _primitives(problem: Problem) -> Iterator[Primitive]:
    yield from problem.counters
    yield from problem.distincts
    yield from problem.conflicts
    yield from problem.prerequisites
    yield from problem.floors
    yield from problem.rows
    yield from problem.switches


def _limits(compiled: Compiled) -> Iterator[Finding]:
    """Find caps that all eligible candidates together do not reach, and hard minimums that they do not reach."""
    problem = compiled.problem
    rules = {rule.name: rule for rule in compiled.scenario.rules()}
    slack: dict[str, bool] = {}
    for counter in problem.counters:
        pairs = pairs_of(problem, counter.uses, counter.partition, counter.measure)
        binds = pairs.sums(np.maximum(pairs.weight, 0)) > counter.limits(pairs.group, pairs.instance)
        slack[counter.rule] = slack.get(counter.rule, True) and not binds.any() and not may_be_negative(counter)
    for rows in problem.rows:
        least, most, lower, upper = _sums(problem, rows)
        over, under = (upper < UNLIMITED) & (most > upper), (lower > -UNLIMITED) & (least < lower)
        missed = (lower > -UNLIMITED) & (most < lower)
        if missed.any() and rows.penalty is None:
            worst = int(np.argmax(np.where(missed, lower - most, -1)))
            need, reach = (_amount(int(n[worst]), rows.decimals) for n in (lower, most))
            what = f"asks for {need:,f}, and all eligible candidates together come to {reach:,f}"
            yield _finding(compiled, rules[rows.rule], what, "lower it, or give it a penalty", int(missed.sum()))
        slack[rows.rule] = slack.get(rows.rule, True) and not over.any() and not under.any()
    others = {one.rule for one in _primitives(problem) if isinstance(one, DistinctCounter | Floor | Switch)}
    for name, never in slack.items():
        if never and name not in others:
            what = "can never bind tonight: all eligible candidates together keep it"
            yield _finding(compiled, rules[name], what, "check its number and its unit")


def _floors(compiled: Compiled) -> Iterator[Finding]:
    """Find required minimums of customers who have not enough eligible candidates."""
    rules = {rule.name: rule for rule in compiled.scenario.rules()}
    for floor in compiled.problem.floors:
        if floor.reaction is Shortfall.REQUIRED:
            pairs, need = floor_pairs(compiled.problem, floor)
            most = (
                pairs.sums(np.maximum(pairs.weight, 0))
                if floor.key is None
                else floor_use(compiled.problem, floor, pairs)
            )
            short = most < need
            if short.any():
                who = len(np.unique(pairs.group[short]))
                what = f"asks for more than {who:,} customers (or groups) have eligible candidates for"
                yield _finding(compiled, rules[floor.rule], what, "set if_short: best_effort, or a penalty")


def _sums(problem: Problem, rows: Rows) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return the least and the greatest sum, and the limits, of each row."""
    pairs = pairs_of(problem, rows.uses, rows.partition, rows.measure, every=True)
    place = pairs.instance * problem.groups(rows.partition) + pairs.group
    low, high = pairs.sums(np.minimum(pairs.weight, 0)), pairs.sums(np.maximum(pairs.weight, 0))
    return low, high, np.asarray(rows.lower, np.int64)[place], np.asarray(rows.upper, np.int64)[place]


def _amount(quanta: int, decimals: int) -> Decimal:
    return Decimal(quanta).scaleb(-decimals)


def _finding(compiled: Compiled, rule: Rule, what: str, fix: str, count: int = 1) -> Finding:
    scenario = compiled.scenario
    more = f" ({count:,} groups like this)" if count > 1 else ""
    return Finding(
        "scenario", scenario.where(scenario.rule_path(rule)), f"'{rule.name}' {what}{more}", fix, rule=rule.name
    )
