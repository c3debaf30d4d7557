"""One pass over the candidates: who, which kind, worth what, and refused for which reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.compile.customers import hold_out
from optimizer.compile.filters import SLOT_TIMES, CandidateSight
from optimizer.compile.kinds import Kinds
from optimizer.compile.pins import pinned
from optimizer.compile.sight import joins, quoted
from optimizer.data.tables import Tables
from optimizer.errors import DataError
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.rules.base import Rule
from optimizer.rules.eligibility import EligibilityRule
from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """All candidates, in the order of customer and kind; identical duplicates once.

    Parameters
    ----------
    customer, kind : (rows,) int arrays
    contribution : (rows,) float array
    amounts : mapping of qualified expression to (rows,) float array
    refused : (rows,) int array
        Bit i is set when reason i refuses the candidate.
    reasons : tuple of str
    duplicates : int
        Identical rows that were collapsed.
    held : (rows,) bool array
        Candidates of held-out customers.
    """

    customer: IntArray
    kind: IntArray
    contribution: npt.NDArray[np.float64]
    amounts: Mapping[Expression, npt.NDArray[np.float64]]
    refused: IntArray
    reasons: tuple[str, ...]
    duplicates: int
    held: BoolArray


def read_candidates(
    scenario: Scenario,
    tables: Tables,
    kinds: Kinds,
    rules: Sequence[Rule],
    amounts: Sequence[Expression],
) -> Read:
    """Read what the problem needs of every candidate.

    Raises
    ------
    DataError
        Conflicting duplicates, or contributions that are no finite numbers.
    """
    objective = tables.catalog.bind(scenario.objective.expression)
    filters = [rule for rule in rules if isinstance(rule, EligibilityRule)]
    conditions = {e: tables.catalog.bind(e) for rule in filters for e in rule.needs().conditions}
    expressions = [objective, *amounts, *conditions.values(), *kinds.tested]
    used = frozenset(c.table or "" for e in expressions for c in e.columns) | kinds.tables
    zones = kinds.zones
    sights = [CandidateSight(tables, zones.sql(i), zones.default, conditions) for i in range(len(zones.choices))]
    reasons = ["invalid", "outside horizon", "past", *(rule.name for rule in filters)]
    tests = [
        tables.invalid or "false",
        *(" OR ".join(dict.fromkeys(rule.refusal(s) for s in sights)) for rule in filters),
    ]
    bits = [0, *range(3, 3 + len(filters))]
    refused = " + ".join(f"CASE WHEN {test} THEN {1 << bit} ELSE 0 END" for test, bit in zip(tests, bits, strict=True))
    numbers = ", ".join(f"CAST({e.sql(quoted)} AS DOUBLE) AS n{i}" for i, e in enumerate([objective, *amounts]))
    table = tables.con.execute(
        f"SELECT CAST(c.ordinal AS INTEGER) AS customer, CAST(k.kind AS INTEGER) AS kind, {numbers}, "
        f"CAST({refused} AS BIGINT) AS refused "
        f'FROM candidates JOIN "@customers" c ON c.customer = candidates.customer{joins(used)}{SLOT_TIMES} '
        f'JOIN "@kinds" k ON {kinds.match()}'
    ).fetchnumpy()
    customer, kind = np.asarray(table["customer"]), np.asarray(table["kind"])
    order = _order(customer, kind, kinds.count)
    customer, kind = customer[order], kind[order]
    key = kinds.slot_key[kind]
    again = np.zeros(len(kind), bool)
    again[1:] = (customer[1:] == customer[:-1]) & (key[1:] == key[:-1])
    if again.any():
        tables.duplicates()
        order, customer, kind = order[~again], customer[~again], kind[~again]
    bits_of = np.asarray(table["refused"], np.int64)[order] | _by_time(scenario, kinds)[kind]
    held = np.zeros(len(kind), bool)
    if scenario.holdout is not None:
        by = tables.catalog.column(scenario.holdout.by)
        held = hold_out(tables, scenario.holdout.share, by, scenario.holdout.salt)[customer]
        bits_of |= held.astype(np.int64) << len(reasons)
        reasons.append("holdout")
    if scenario.pins is not None and scenario.pins.forbid is not None:
        forbidden = pinned(scenario, tables, kinds, scenario.pins.forbid, customer, kind)
        bits_of[forbidden] |= 1 << len(reasons)
        reasons.append("forbidden")
    columns = [_numbers(table[f"n{i}"])[order] for i in range(1 + len(amounts))]
    _finite(columns[0][bits_of == 0], objective)
    return Read(
        customer,
        kind,
        columns[0],
        dict(zip(amounts, columns[1:], strict=True)),
        bits_of,
        tuple(reasons),
        int(again.sum()),
        held,
    )


def _order(customer: IntArray, kind: IntArray, kinds: int) -> IntArray:
    """Return the order by customer, then kind; free when the rows come that way already."""
    key = customer.astype(np.int64) * max(kinds, 1) + kind
    if len(key) < 2 or bool(np.all(key[1:] >= key[:-1])):
        return np.arange(len(key))
    return np.argsort(key, kind="stable")


def _numbers(column: Any) -> npt.NDArray[np.float64]:
    return np.ma.filled(np.ma.asarray(column, np.float64), np.nan)


def _finite(numbers: npt.NDArray[np.float64], objective: Expression) -> None:
    wrong = int(np.count_nonzero(~np.isfinite(numbers)))
    if wrong:
        raise DataError(
            f"the objective '{objective.text}' is no finite number for {wrong:,} candidates",
            where="candidates",
            fix="fill the missing values, or set data.on_invalid: reject",
        )


def _by_time(scenario: Scenario, kinds: Kinds) -> IntArray:
    """Return the refusals that a slot's time alone decides: outside the horizon (bit 1), past (bit 2)."""
    first = scenario.horizon.start.toordinal()
    now = scenario.now.timestamp() * 1e6
    outside = np.zeros(kinds.count, bool)
    past = np.zeros(kinds.count, bool)
    for sent, today in zip(kinds.sending, kinds.today, strict=True):
        outside |= (sent.day < first) | (sent.day >= first + scenario.horizon.days)
        past |= np.where(np.isnan(sent.instant), sent.day < today, sent.instant < now)
    return 2 * outside.astype(np.int64) + 4 * past.astype(np.int64)
