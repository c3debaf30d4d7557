"""From a scenario and its tables to a :class:`~optimizer.problem.problem.Problem`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.compile.amounts import Amounts
from optimizer.compile.bills import largest_bill
from optimizer.compile.binding import binding
from optimizer.compile.customers import number_customers
from optimizer.compile.doubts import doubts_of
from optimizer.compile.kinds import Kinds, number_kinds
from optimizer.compile.pins import pinned, refuse_ineligible
from optimizer.compile.practice import ranks
from optimizer.compile.quanta import NARROW_FROM, absolute_sum, places, values_in_quanta
from optimizer.compile.read import Read, read_candidates
from optimizer.compile.sight import Level, bind, level, split
from optimizer.compile.wide import across_units
from optimizer.compile.world import CompileWorld
from optimizer.compile.zones import Zones
from optimizer.data.tables import Tables
from optimizer.errors import Finding
from optimizer.language.expressions import ColumnName, Expression
from optimizer.problem.primitives import (
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    IntArray,
    Prerequisite,
    Primitive,
    Rows,
    Switch,
)
from optimizer.problem.problem import Problem
from optimizer.rules.base import Rule
from optimizer.scenario import Scenario

Priced = Floor | Rows


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many candidates one reason refuses: alone, and after the reasons before it."""

    reason: str
    alone: int
    in_order: int


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A problem, and the way back from its positions to the rows that were read.

    Parameters
    ----------
    scenario, tables : Scenario, Tables
    problem : Problem
    evaluated : (candidates,) float array, optional
        See :attr:`contribution`; None where candidates are too many to keep it beside their values.
    magnitude : float
        Sum of the absolute contributions.
    candidates : int
        Candidates read, identical duplicates counted once.
    customers : int
        Different customers among them.
    funnel : tuple of FunnelStep
    kinds : Kinds
        What is known of each kind.
    exact_value : bool
        Whether no contribution was rounded to whole quanta.
    findings : tuple of Finding
        Warnings.
    turned_away : (reasons, kinds) int array
        Candidates of each kind that each reason of the funnel refuses, alone.
    world : CompileWorld, optional
        What rules asked while they compiled; kept where some of them shall be compiled again.
    """

    scenario: Scenario
    tables: Tables
    problem: Problem
    evaluated: npt.NDArray[np.float64] | None
    magnitude: float
    candidates: int
    customers: int
    funnel: tuple[FunnelStep, ...]
    kinds: Kinds
    exact_value: bool
    findings: tuple[Finding, ...] = ()
    turned_away: IntArray | None = None
    world: CompileWorld | None = None

    @property
    def maximises(self) -> bool:
        """Whether the scenario maximises."""
        return self.scenario.objective.maximize is not None

    @property
    def contribution(self) -> npt.NDArray[np.float64]:
        """Objective contribution of each candidate as evaluated, in the sign the scenario wrote. Shape (candidates,).

        Of few candidates only: it is asked of the rows again where there are many.
        """
        assert self.evaluated is not None
        return self.evaluated

    @property
    def ranks(self) -> dict[str, IntArray]:
        """Orders that greedy baselines may follow: the rank of each candidate, lower goes first."""
        return ranks(self.tables, self.kinds, self.problem)

    @property
    def rounding(self) -> int:
        """Value quanta that rounding may hide: half of one a contact, and one for penalties in parts of quanta."""
        priced: tuple[Priced, ...] = (*self.problem.floors, *self.problem.rows)
        parts = any(block.penalty is not None and block.penalty.denominator > 1 for block in priced)
        return (0 if self.exact_value else -(-self.problem.most_contacts // 2)) + parts

    def value(self, quanta: float) -> Decimal:
        """Return value quanta of the (maximised) problem in the objective's units and sign."""
        natural = Decimal(quanta).scaleb(-self.problem.value_decimals)
        return natural if self.maximises else -natural


def compile_scenario(scenario: Scenario, tables: Tables, *, keep_world: bool = False) -> Compiled:
    """Compile what the rules say about what the tables hold; see :func:`compile_and_read`."""
    return compile_and_read(scenario, tables, keep_world=keep_world)[0]


def compile_and_read(scenario: Scenario, tables: Tables, *, keep_world: bool = False) -> tuple[Compiled, Read]:
    """Compile what the rules say about what the tables hold, and return the candidates as read too.

    Parameters
    ----------
    scenario : Scenario
    tables : Tables
    keep_world : bool
        Keep what :func:`~optimizer.compile.again.with_limits` needs: some bytes per candidate.

    Raises
    ------
    UnsupportedError
        A best effort is shared by more customers than can be decided together.
    DataError, ScenarioError
        Something in the tables or rules turns out wrong only now.
    """
    seed = scenario.solve.seed
    rules = [rule for rule in scenario.rules() if not getattr(rule, "report_only", False)]
    zones = Zones.of(scenario, tables)
    customers = number_customers(tables, seed, *_shared(rules, tables))
    kinds = number_kinds(
        tables,
        seed,
        labels=_labels(rules, tables),
        conditions=_conditions(rules, tables),
        zones=zones,
        now=scenario.now,
    )
    read = read_candidates(scenario, tables, kinds, customers, rules, _amounts(rules, tables))
    eligible = read.only(read.refused == 0)
    amounts = Amounts(tables, kinds.count, eligible.kind, eligible.amounts)
    world = CompileWorld(scenario, tables, kinds, read, amounts, customers.unit_of_each)
    primitives = across_units((primitive for rule in rules for primitive in compile_rule(rule, world)), world)
    # So fine that penalties are whole quanta as well: what is proven of whole numbers is then proven of the plan.
    finest = max((places(p.penalty) for p in primitives if isinstance(p, Priced) and p.penalty is not None), default=0)
    sign = 1 if scenario.objective.maximize is not None else -1
    bill = sum(
        largest_bill(p, eligible.kind, kinds.count, world.groups(p.partition), amounts.measures)
        for p in primitives
        if isinstance(p, Priced)
    )
    value, decimals, exact = values_in_quanta(eligible.contribution, sign=sign, finest=finest, bill=bill)
    primitives = [in_quanta(primitive, decimals) for primitive in primitives]

    # Only customers with something to decide are part of the problem; the others' groups stay, without candidates.
    problem = Problem(
        customer_start=eligible.start,
        unit_customer=customers.unit,
        kind=eligible.kind,
        value=value,
        value_decimals=decimals,
        kinds=kinds.count,
        most_contacts=most_contacts(np.diff(eligible.start), primitives),
        measures=tuple(amounts.measures),
        partitions=tuple(world.partitions),
        **by_kind(primitives),
        required=_required(scenario, tables, kinds, read),
    )
    compiled = Compiled(
        scenario=scenario,
        tables=tables,
        problem=problem,
        evaluated=eligible.contribution if len(value) < NARROW_FROM else None,
        magnitude=absolute_sum(eligible.contribution),
        candidates=len(read.kind),
        customers=len(customers),
        funnel=_funnel(read),
        kinds=kinds,
        exact_value=exact,
        findings=doubts_of(scenario, tables, read, rules, primitives, _funnel(read)),
        turned_away=_turned_away(read, kinds.count),
        world=world if keep_world else None,
    )
    return compiled, read


def _shared(rules: Iterable[Rule], tables: Tables) -> tuple[list[ColumnName], list[ColumnName]]:
    """Return the columns that policies are shared by, each once: those of rules that need one unit, then the others."""
    named = [(per, rule) for rule in rules if (per := getattr(rule, "per", "customer")) != "customer"]
    must = dict.fromkeys(per for per, rule in named if rule.binds_together)
    may = dict.fromkeys(per for per, _ in named if per not in must)
    return [tables.catalog.column(name) for name in must], [tables.catalog.column(name) for name in may]


def _required(scenario: Scenario, tables: Tables, kinds: Kinds, read: Read) -> IntArray | None:
    """Return the positions, among the eligible, of the candidates that pins keep."""
    if scenario.pins is None or scenario.pins.keep is None:
        return None
    kept = pinned(scenario, tables, kinds, scenario.pins.keep, read.customer, read.kind)
    refuse_ineligible(scenario.pins.keep, read.refused[kept], read.reasons)
    return np.searchsorted(np.flatnonzero(read.refused == 0), kept)


def compile_rule(rule: Rule, world: CompileWorld) -> Iterator[Primitive]:
    """Yield a rule's primitives; a policy's, once for each zone that an unknown one may be."""
    yield from rule.compile(world)
    if rule.section == "contact_policies":
        for choice in range(1, len(world.kinds_known.zones.choices)):
            yield from rule.compile(world.under(choice))


def in_quanta(primitive: Primitive, decimals: int) -> Primitive:
    """Return a primitive with its penalty, if it has one, in value quanta instead of objective units."""
    if not isinstance(primitive, Priced) or primitive.penalty is None:
        return primitive
    return replace(primitive, penalty=primitive.penalty * Fraction(10) ** decimals)


def by_kind(primitives: Sequence[Primitive]) -> dict[str, Any]:
    """Return the problem's fields that hold primitives: each kind's, in their order; counters that can bind alone."""
    kinds = {
        "distincts": DistinctCounter,
        "conflicts": Conflict,
        "prerequisites": Prerequisite,
        "floors": Floor,
        "rows": Rows,
        "switches": Switch,
    }
    found = {field: tuple(p for p in primitives if isinstance(p, kind)) for field, kind in kinds.items()}
    return found | {"counters": binding(p for p in primitives if isinstance(p, Counter))}


def _labels(rules: Iterable[Rule], tables: Tables) -> list[ColumnName]:
    return [tables.catalog.column(name) for rule in rules for name in rule.needs().labels]


def _conditions(rules: Iterable[Rule], tables: Tables) -> list[Expression]:
    """Return every condition that kinds must tell apart (eligibility only drops rows: it needs none)."""
    found: list[Expression] = []
    for rule in rules:
        if rule.section == "eligibility":
            continue
        needs = rule.needs()
        found += [bind(tables.catalog, e) for e in needs.conditions]
        found += [rest for e in needs.splits if (rest := split(e, tables.catalog).rest) is not None]
    return list(dict.fromkeys(found))


def _amounts(rules: Iterable[Rule], tables: Tables) -> list[Expression]:
    """Return the amounts that only candidates can tell."""
    bound = [tables.catalog.bind(e) for rule in rules for e in rule.needs().amounts]
    return [e for e in dict.fromkeys(bound) if level(e) is not Level.KIND]


def _funnel(read: Read) -> tuple[FunnelStep, ...]:
    refused = read.refused[read.refused != 0]
    patterns, count = np.unique(refused, return_counts=True)
    first = patterns & -patterns
    return tuple(
        FunnelStep(reason, int(count[patterns >> i & 1 == 1].sum()), int(count[first == 1 << i].sum()))
        for i, reason in enumerate(read.reasons)
    )


def _turned_away(read: Read, kinds: int) -> IntArray:
    refused = read.refused != 0
    bits, kind = read.refused[refused], read.kind[refused]
    counts = [np.bincount(kind[bits >> i & 1 == 1], minlength=kinds) for i in range(len(read.reasons))]
    return np.array(counts, np.int64).reshape(len(read.reasons), kinds)


def most_contacts(per_customer: IntArray, primitives: list[Primitive]) -> int:
    """Bound the size of any plan by the caps that reach every contact of a customer."""
    best = int(per_customer.sum())
    for counter in (p for p in primitives if isinstance(p, Counter)):
        if counter.partition != 0 or counter.measure is not None or counter.group_limit is not None:
            continue
        reached = np.bincount(counter.uses.instance[counter.uses.weight >= 1], minlength=counter.uses.instances)
        for instance in np.flatnonzero(reached == counter.uses.kinds):
            best = min(best, int(np.minimum(per_customer, counter.limit[instance]).sum()))
    return best
