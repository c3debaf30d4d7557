"""Lines 37 to 46 but for 43 and 45: prices, repeats, diagnoses and firm days, which speak of runs rather than of rules.

A promise is held by running the product; each has mutants, under which it must not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optimizer
from optimizer.analysis import searched
from optimizer.compile import build, customers, kinds
from optimizer.errors import InfeasibleError
from optimizer.ledger import contacts
from optimizer.plan import accounts, assemble, folder
from optimizer.plan.plan import Plan
from optimizer.problem import price_bound
from optimizer.problem.primitives import Rows
from optimizer.scenario import Scenario
from optimizer.solve import build as build_problem
from tests.golden.cases import Case
from tests.ledger import kit as ledger

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """The product with one thing wrong."""

    name: str
    apply: Callable[[Patch], None]


@dataclass(frozen=True)
class Promise:
    """What a line of the semantics promises, and what would break it.

    Parameters
    ----------
    line : int
    holds : callable
        Raises AssertionError unless the promise is kept; writes into the folder that it is given.
    mutants : tuple of Mutant
    """

    line: int
    holds: Callable[[Path], None]
    mutants: tuple[Mutant, ...]

    @property
    def name(self) -> str:
        return self.holds.__name__.replace("_", " ")


PROMISES: list[Promise] = []


def promise(line: int, **mutants: Callable[[Patch], None]) -> Callable[[Callable[[Path], None]], None]:
    """Register a promise of a line with its mutants, by their names."""

    def register(holds: Callable[[Path], None]) -> None:
        named = tuple(Mutant(name.replace("_", " "), apply) for name, apply in mutants.items())
        PROMISES.append(Promise(line, holds, named))

    return register


def instead(module: Any, name: str, wrong: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(module, name, wrong)


# Scenarios


def offers(*values: object, columns: str = "value") -> str:
    """Return one candidate for each customer c01, c02, …, with the given columns."""
    rows = [f"c{n:02},A,2026-11-23,{value}" for n, value in enumerate(values, 1)]
    return "\n".join([f"customer,offer,slot,{columns}", *rows])


def written(where: Path, rules: str, candidates: str, **tables: str) -> Scenario:
    where.mkdir(parents=True, exist_ok=True)
    return Scenario.load(Case(0, "", rules, {"candidates": candidates, **tables}, ()).write(where))


def solved(where: Path, rules: str, candidates: str, engine: str = "exact", **settings: Any) -> Plan:
    return optimizer.solve(written(where, rules, candidates), engine=engine, gap=0.0, **settings)


def worth(where: Path, rules: str, candidates: str) -> float:
    return solved(where, rules, candidates).objective


# 37. Prices

CAP = "constraints: [{{name: cap, total: contacts, at_most: {limit}}}]"
FLOOR = "constraints: [{{name: floor, total: contacts, at_least: {limit}}}]"
BUDGET = "constraints: [{{name: budget, total: cost, at_most: {limit}}}]"
CHEAPEST = "objective: {{minimize: cost}}\nconstraints: [{{name: floor, total: contacts, at_least: {limit}}}]"
SOFT = "constraints: [{{name: floor, total: contacts, at_least: {limit}, penalty: 2.5}}]"


def _without_quanta(compiled: Any, block: Any) -> float:
    return 10.0**-compiled.problem.value_decimals


def _turned_around(patch: Patch) -> None:
    real = accounts.price_unit
    patch.setattr(accounts, "price_unit", lambda compiled, block: -real(compiled, block))


@promise(
    37,
    turned_around=_turned_around,
    per_quantum=instead(accounts, "price_unit", _without_quanta),
)
def a_price_is_what_the_objective_changes_by_when_the_limit_rises_by_one(where: Path) -> None:
    sold = "3,0.5"
    for rules, candidates, limit, price in (
        (CAP, offers(9, 4, 4, 4, 1), 2, 4),
        (FLOOR, offers(3, -1, -1, -1), 2, -1),
        (BUDGET, offers(sold, sold, sold, sold, sold, columns="value,cost"), 1, 6),
        (CHEAPEST, offers(1, 2, 2, 2, columns="cost"), 2, 2),
        (SOFT, offers(3), 4, -2.5),
    ):
        plan = solved(where / f"{price}", rules.format(limit=limit), candidates)
        assert plan.constraints["price"].tolist() == pytest.approx([price])
        for step in (-1, 1):
            other = worth(where / f"{price}{step}", rules.format(limit=limit + step), candidates)
            if price != 4 or step > 0:  # of nine and four, one less takes away a four, two less the nine
                assert other - plan.objective == pytest.approx(price * step), (rules, step)


@promise(37, of_the_whole_limit=instead(accounts, "POINT", 1.0))
def the_price_of_a_share_is_told_by_the_point_too(where: Path) -> None:
    letters = ["5,mail"] * 12
    rules = "constraints: [{name: letters, share: \"channel = 'mail'\", at_most: 0.5}]"
    plan = solved(where, rules, offers(*letters, *["1,email"] * 4, columns="value,channel"))
    # Four letters beside four e-mails. A letter more than half the contacts allows two: itself and its like.
    assert plan.objective == 24
    (row,) = plan.constraints.to_dict("records")
    assert row["price"] == pytest.approx(10)
    # With x letters of x + 4 contacts, worth 5x + 4 and x = 4s / (1 - s): 80 for s from 0 to 1 at one half.
    assert row["price_per_point"] == pytest.approx(0.8)


# 38. Less rules, never less value

TIGHT = """
contact_policies:
  - {name: one-a-week, at_most: 1, within: 7 days}
constraints:
  - {name: budget, total: cost, at_most: 3}
  - {name: least, total: contacts, at_least: 1}
"""
TWO_DAYS = """
    customer,offer,slot,value,cost
    c1,A,2026-11-23,3,1
    c1,A,2026-11-24,2,1
    c2,A,2026-11-23,4,2
    c2,A,2026-11-25,1,1
    c3,A,2026-11-23,2,1
"""


def _wider_is_tighter(patch: Patch) -> None:
    real = build.compile_rule

    def compiled(rule: Any, world: Any) -> Iterator[Any]:
        for one in real(rule, world):
            yield replace(one, upper=np.where(one.upper == 4, 2, one.upper)) if isinstance(one, Rows) else one

    patch.setattr(build, "compile_rule", compiled)


@promise(38, wider_is_tighter=_wider_is_tighter)
def relaxing_or_removing_a_rule_never_lowers_the_optimum(where: Path) -> None:
    plain = worth(where / "plain", TIGHT, TWO_DAYS)
    changes = (
        ("at_most: 1, within", "at_most: 2, within"),
        ("at_most: 3", "at_most: 4"),
        ("at_least: 1", "at_least: 0"),
        ("one-a-week,", "one-a-week, enabled: false,"),
        ("budget,", "budget, enabled: false,"),
        ("least,", "least, enabled: false,"),
    )
    found = [worth(where / f"{n}", TIGHT.replace(*change), TWO_DAYS) for n, change in enumerate(changes)]
    assert min(found) >= plain
    assert max(found) > plain


def _no_effort(patch: Patch) -> None:
    real = build.compile_rule
    patch.setattr(build, "compile_rule", lambda rule, world: iter(()) if rule.name == "hear-us" else real(rule, world))


@promise(38, no_effort=_no_effort)
def but_where_a_best_effort_is_asked_a_customer_who_can_do_more_must(where: Path) -> None:
    rules = """
    contact_policies:
      - {name: hear-us, at_least: 1, if_short: best_effort}
      - {name: nobody, at_most: 0}
    """
    assert worth(where / "with", rules, offers(-1)) == 0
    assert worth(where / "without", rules.replace("nobody,", "nobody, enabled: false,"), offers(-1)) == -1


# 39. Order, names, and twice as much

TIES = offers(*["2,1"] * 20, *["1,1"] * 20, columns="value,cost")
TWO_RULES = """
constraints:
  - {name: budget, total: cost, at_most: 15}
  - {name: volume, total: contacts, at_least: 3}
"""
STABLE = ("contacts.parquet", "constraints.csv", "policies.csv", "prices.json", "audit.json", "report.html")


def backwards(candidates: str) -> str:
    head, *rows = candidates.splitlines()
    return "\n".join([head, *reversed(rows)])


def _in_the_files_order(patch: Patch) -> None:
    real = assemble.rows_of

    def unsorted(compiled: Any, contacts: str) -> Any:
        found = real(compiled, contacts)
        place = {c: n for n, (c,) in enumerate(compiled.tables.con.sql("SELECT customer FROM candidates").fetchall())}
        return found.take(np.argsort([place[c] for c in found["customer"].to_pylist()]))

    patch.setattr(assemble, "rows_of", unsorted)


@promise(39, contacts_in_the_files_order=_in_the_files_order)
def the_order_of_rows_and_rules_changes_no_byte(where: Path) -> None:
    first = solved(where / "a", TWO_RULES, TIES).save(where / "first")
    head, *rules = TWO_RULES.strip().splitlines()
    turned = "\n".join([head, *reversed(rules)])
    other = solved(where / "b", turned, backwards(TIES)).save(where / "other")
    assert [name for name in STABLE if (first / name).read_bytes() != (other / name).read_bytes()] == []


def _limit_off_by_one(patch: Patch) -> None:
    real = price_bound._limit_cost
    patch.setattr(price_bound, "_limit_cost", lambda rows, price, shift: real(rows, price, shift) + sum(price))


@promise(39, limit_off_by_one=_limit_off_by_one)
def twice_the_customers_and_limits_bring_twice_the_price_bound_and_no_less_than_twice_the_optimum(where: Path) -> None:
    once = offers("5,2", "4,3", "3,1", columns="value,cost")
    twice = "\n".join([once, *(row.replace("c0", "d0") for row in once.splitlines()[1:])])
    rules = "constraints: [{{name: budget, total: cost, at_most: {limit}}}]"
    problems = [
        build_problem(written(where / f"{n}", rules.format(limit=limit), table)).problem
        for n, (limit, table) in enumerate(((4, once), (8, twice)))
    ]
    for price in (0, 1, 2, 5):
        single, double = (price_bound.price_bound(p, {"budget": [price]}, 0).bound for p in problems)
        assert double == 2 * single, price
    optima = [worth(where / f"{limit}", rules.format(limit=limit), table) for limit, table in ((4, once), (8, twice))]
    assert optima == [8, 17]  # once: 5 and 3 of 3; twice: 5, 5, 4 and 3 of 8


def _named_c_come_first(patch: Patch) -> None:
    real = build.compile_rule
    patch.setattr(
        build,
        "compile_rule",
        lambda rule, world: (
            real(rule, world)
            if world.tables.con.sql("SELECT bool_and(customer LIKE 'c%') FROM candidates").fetchall() == [(True,)]
            else (replace(p, upper=p.upper - 1) if isinstance(p, Rows) else p for p in real(rule, world))
        ),
    )


@promise(39, limits_that_know_a_name=_named_c_come_first)
def other_names_leave_the_optimum(where: Path) -> None:
    others = "\n".join(f"é {row}" if n else row for n, row in enumerate(TIES.splitlines()))
    assert worth(where / "other", TWO_RULES, others) == worth(where / "plain", TWO_RULES, TIES)


# 41. Ties

TEN = "constraints: [{name: ten, total: contacts, at_most: 10}]"


def by_hash(seed: int) -> set[str]:
    """Return the ten customers of forty whose keys' seeded hashes come first."""
    named = [f"c{n:02}" for n in range(1, 41)]
    return set(sorted(named, key=lambda c: hashlib.sha256(f"{seed}\x1f{c}".encode()).hexdigest())[:10])


def _seed_forgotten(patch: Patch) -> None:
    real = customers.hashed
    for module in (customers, kinds):
        patch.setattr(module, "hashed", lambda seed, *columns: real(0, *columns))


def _low_ids_first(patch: Patch) -> None:
    patch.setattr(customers, "hashed", lambda seed, *columns: f"CAST({columns[0]} AS VARCHAR)")


@promise(41, seed_forgotten=_seed_forgotten, low_ids_first=_low_ids_first)
def ties_go_by_the_seeded_hash_of_the_key_and_another_seed_chooses_others(where: Path) -> None:
    equal = offers(*[1] * 40)
    for seed in (0, 1, 2):
        for name, table in (("forwards", equal), ("backwards", backwards(equal))):
            plan = solved(where / f"{name}-{seed}", TEN, table, engine="greedy:value", seed=seed)
            assert set(plan.contacts["customer"]) == by_hash(seed)


# 42. A night again

ONCE = """
contact_policies:
  - {name: once, at_most: 1, within: 30 days}
constraints:
  - {name: most, total: contacts, at_most: MOST}
"""
PAST = "customer,offer,at\nc01,A,2026-11-10"


def _the_old_one_stands(patch: Patch) -> None:
    patch.setattr(folder, "swap_in", lambda staging, target: None if target.exists() else staging.rename(target))


@promise(42, the_old_one_stands=_the_old_one_stands)
def a_night_run_again_replaces_its_plan_and_does_not_count_it_as_history(where: Path) -> None:
    def night(name: str, most: int) -> Plan:
        wanted = written(where / name, ONCE.replace("MOST", str(most)), offers(1, 1, 1, 1), history=PAST)
        return optimizer.solve(wanted, engine="exact")

    run = night("first", 2).save(where / "run")
    assert len(Plan.load(run).contacts) == 2
    (run / "left-over.txt").write_text("of the first")
    again = night("again", 3).save(where / "run")
    assert again == run
    assert len(Plan.load(run).contacts) == 3
    assert not (run / "left-over.txt").exists()
    assert sorted(Plan.load(run).contacts["customer"]) == ["c02", "c03", "c04"]  # c01 heard of it by its history


# 44. What clashes

CLASHING = {
    "cap": "  - {name: cap, at_most: 1, within: 7 days}",
    "budget": "  - {name: budget, total: cost, at_most: 5}",
    "volume": "  - {name: volume, total: contacts, at_least: 4}",
    "loose": "  - {name: loose, total: contacts, at_most: 100}",
}


def clashing(names: set[str]) -> str:
    kept = [
        text if name in names else text.replace("name:", "enabled: false, name:") for name, text in CLASHING.items()
    ]
    return "\n".join(["contact_policies:", kept[0], "constraints:", *kept[1:]])


@promise(44, everything_is_named=instead(searched, "irreducible", lambda obey, members: (tuple(members), True)))
def every_rule_of_the_clashing_set_is_needed_for_the_clash(where: Path) -> None:
    people = offers(*["1,2"] * 4, columns="value,cost")
    with pytest.raises(InfeasibleError) as caught:
        solved(where / "all", clashing(set(CLASHING)), people)
    (clash,) = caught.value.diagnosis["clashes"]
    named = set(clash["rules"])
    assert named == {"budget", "volume"}
    with pytest.raises(InfeasibleError):
        solved(where / "named", clashing(named), people)
    for name in named:
        solved(where / name, clashing(named - {name}), people)


# 46. Firm days


def _everything_firm(patch: Patch) -> None:
    patch.setattr(contacts, "is_firm", lambda side: "true")


@promise(46, everything_firm=_everything_firm)
def only_what_is_sent_on_firm_days_is_committed(where: Path) -> None:
    scenario = ledger.week(where).replace({"horizon.days": 4, "horizon.commit": "1 day"})
    plan, _ = ledger.night(scenario)
    assert [slot for _, _, slot in ledger.keys(plan)] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert ledger.held(ledger.place(scenario), "slot") == [("2026-11-23",)]
