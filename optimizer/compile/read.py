"""One pass over the candidates: who, which kind, worth what, and refused for which reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from optimizer.compile.amounts import refuse_wild
from optimizer.compile.customers import Customers, hold_out
from optimizer.compile.filters import SLOT_TIMES, CandidateSight
from optimizer.compile.kinds import Kinds
from optimizer.compile.pins import pinned, positions
from optimizer.compile.quanta import NARROW_FROM
from optimizer.compile.shelf import BATCH, Shelf
from optimizer.compile.sight import joins, quoted
from optimizer.data.faults import reading
from optimizer.data.planned import ALREADY, PLANNED
from optimizer.data.tables import Tables
from optimizer.errors import MachineError, ScenarioError
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import BoolArray, IntArray
from optimizer.rules.base import Rule
from optimizer.rules.eligibility import EligibilityRule
from optimizer.scenario import Scenario

BY_TIME = ("outside horizon", "past")
"""Reasons that a slot's time alone decides; after ``invalid``, before the rules."""
MOST_REASONS = 63
"""Reasons have a bit each, of one whole number."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """All candidates, in the order of customer and kind; identical duplicates once.

    Parameters
    ----------
    start : (customers + 1,) int array
        Candidates ``start[c] … start[c+1]`` are customer ``c``'s.
    kind : (rows,) int array
    contribution : (rows,) float array
    amounts : mapping of qualified expression to (rows,) float array
    refused : (rows,) int array
        Bit i is set when reason i refuses the candidate.
    reasons : tuple of str
    duplicates : int
        Identical rows that were collapsed.
    held : (customers,) bool array
        Held-out customers.
    """

    start: IntArray
    kind: IntArray
    contribution: npt.NDArray[np.float64]
    amounts: Mapping[Expression, npt.NDArray[np.float64]]
    refused: IntArray
    reasons: tuple[str, ...]
    duplicates: int
    held: BoolArray

    @property
    def customer(self) -> IntArray:
        """Customer of each row. Shape (rows,)."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))

    def only(self, kept: BoolArray) -> Read:
        """Return the rows where a mask is True; the same arrays if that is everywhere."""
        if kept.all():
            return self
        # No customer is without rows, so that each has a sum of its own.
        start = np.append(0, np.cumsum(np.add.reduceat(kept, self.start[:-1], dtype=np.int64)))
        amounts = {expression: numbers[kept] for expression, numbers in self.amounts.items()}
        return replace(
            self,
            start=start,
            kind=self.kind[kept],
            contribution=self.contribution[kept],
            amounts=amounts,
            refused=self.refused[kept],
        )


def read_candidates(
    scenario: Scenario,
    tables: Tables,
    kinds: Kinds,
    customers: Customers,
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
    reasons = ["invalid", *BY_TIME, *(rule.name for rule in filters)]
    # These come last.
    later = (scenario.data.ledger, scenario.holdout, scenario.pins and scenario.pins.forbid)
    bits = len(reasons) + sum(one is not None for one in later)
    if bits > MOST_REASONS:
        raise ScenarioError(
            f"there are {len(filters)} eligibility rules, {bits - MOST_REASONS} more than can be told apart",
            where="eligibility",
            fix="write some of them as one, with OR",
        )
    tests = {} if tables.invalid is None else {0: tables.invalid}
    for bit, rule in enumerate(filters, 1 + len(BY_TIME)):
        tests[bit] = " OR ".join(dict.fromkeys(rule.refusal(sight) for sight in sights))
    for_bits = np.min_scalar_type(2**bits - 1)
    _refuse_too_many(scenario, int(customers.start[-1]), 1 + len(amounts), for_bits.itemsize if tests else 0)
    shelf = Shelf(customers.start, kinds.count, [*[np.float64] * (1 + len(amounts)), *[for_bits] * bool(tests)])
    _fill(shelf, tables, kinds, used, [objective, *amounts], tests)
    numbers = shelf.columns[: 1 + len(amounts)]
    found = Read(
        start=shelf.start,
        kind=shelf.kind,
        contribution=numbers[0],
        amounts=dict(zip(amounts, numbers[1:], strict=True)),
        refused=shelf.columns[-1] if tests else np.broadcast_to(for_bits.type(0), len(shelf.kind)),
        reasons=tuple(reasons),
        duplicates=0,
        held=np.zeros(len(customers), bool),
    )
    found = _refused_by_time(scenario, kinds, _once(tables, kinds, found))
    if scenario.data.ledger is not None:
        keys = tables.con.sql(f"SELECT * FROM {PLANNED}").to_arrow_table()
        found = _refusing(found, ALREADY, _at(positions(tables, kinds, keys, found.customer, found.kind), found))
    if scenario.holdout is not None:
        by = tables.catalog.column(scenario.holdout.by)
        held = hold_out(tables, scenario.holdout.share, by, scenario.holdout.salt)
        found = _refusing(replace(found, held=held), "holdout", held[found.customer])
    if scenario.pins is not None and scenario.pins.forbid is not None:
        forbidden = pinned(scenario, tables, kinds, scenario.pins.forbid, found.customer, found.kind)
        found = _refusing(found, "forbidden", _at(forbidden, found))
    refuse_wild(tables, objective, found.contribution, found.refused)
    return found


def _refuse_too_many(scenario: Scenario, rows: int, numbers: int, refusals: int) -> None:
    """Raise, before it is used up, when the memory limit does not hold the arrays of so many candidates."""
    limit = scenario.solve.memory_limit
    # Its kind; each number as read and in quanta; which reasons refuse it.
    need = rows * ((6 if rows >= NARROW_FROM else 12) + 8 + 16 * (numbers - 1) + refusals)
    if limit is not None and need > limit:
        raise MachineError(
            f"{rows:,} candidates need {need / 1e9:.3g} GB before they are solved; the limit is {limit / 1e9:.3g} GB",
            where="solve.memory_limit",
            fix="allow twice that need, or leave out candidates that eligibility refuses anyway",
        )


def _fill(
    shelf: Shelf,
    tables: Tables,
    kinds: Kinds,
    used: frozenset[str],
    numbers: Sequence[Expression],
    tests: Mapping[int, str],
) -> None:
    """Stream the rows into their places."""
    columns = [f"CAST({e.sql(quoted)} AS DOUBLE) AS n{i}" for i, e in enumerate(numbers)]
    if tests:
        bits = " + ".join(f"CASE WHEN {test} THEN {1 << bit} ELSE 0 END" for bit, test in tests.items())
        columns.append(f"CAST({bits} AS BIGINT) AS refused")
    times = SLOT_TIMES if any("slot_times" in column for column in columns) else ""
    query = (
        f"SELECT CAST(c.ordinal AS INTEGER) AS customer, CAST(k.kind AS INTEGER) AS kind, {', '.join(columns)} "
        f'FROM candidates JOIN "@customers" c ON c.customer = candidates.customer{joins(used)}{times} '
        f'JOIN "@kinds" k ON {kinds.match()}'
    )
    with reading("candidates"):
        for batch in tables.con.sql(query).to_arrow_reader(BATCH):
            customer, kind, *rest = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
            shelf.put(customer, kind, rest)
        shelf.settle()


def _once(tables: Tables, kinds: Kinds, found: Read) -> Read:
    """Count identical rows once; where rows with one key differ in being valid, a valid one stays."""
    key = kinds.slot_key
    own_kind = len(np.unique(key)) == len(key)
    again = _repeats(found.kind if own_kind else key[found.kind], found.start)
    if not again.any():
        return found
    tables.duplicates()
    # Kinds of one key follow each other, so this changes nothing but the order within a key.
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    order = np.lexsort((found.refused != 0, first[of][found.kind], found.customer))
    kept: BoolArray = np.ones(len(order), bool)
    kept[order] = ~_repeats(key[found.kind[order]], found.start)
    return replace(found.only(kept), duplicates=int(np.count_nonzero(~kept)))


def _repeats(key: IntArray, start: IntArray) -> BoolArray:
    """Whether each row has the key of the row before it, of the same customer."""
    again: BoolArray = np.zeros(len(key), bool)
    np.equal(key[1:], key[:-1], out=again[1:])
    again[start[:-1]] = False
    return again


def _refused_by_time(scenario: Scenario, kinds: Kinds, found: Read) -> Read:
    """Add the refusals that a slot's time alone decides."""
    first = scenario.horizon.start.toordinal()
    now = scenario.now.timestamp() * 1e6
    outside = np.zeros(kinds.count, bool)
    past = np.zeros(kinds.count, bool)
    for sent, today in zip(kinds.sending, kinds.today, strict=True):
        outside |= (sent.day < first) | (sent.day >= first + scenario.horizon.days)
        past |= np.where(np.isnan(sent.instant), sent.day < today, sent.instant < now)
    bits = (outside.astype(np.int64) << 1 | past.astype(np.int64) << 2).astype(found.refused.dtype)
    return replace(found, refused=found.refused | bits[found.kind]) if np.any(bits) else found


def _at(positions: IntArray, found: Read) -> BoolArray:
    """Return a mask over the rows that is True at some positions."""
    mask: BoolArray = np.zeros(len(found.kind), bool)
    mask[positions] = True
    return mask


def _refusing(found: Read, reason: str, refused: BoolArray) -> Read:
    """Add a reason."""
    bits = found.refused | np.array([0, 1 << len(found.reasons)], found.refused.dtype)[refused.astype(np.int8)]
    return replace(found, refused=bits, reasons=(*found.reasons, reason))
