"""A request compiled and solved as a run would: every rule of the language, in a fraction of a second.

The request's candidates stand in place of the run's; customers, history and consents are read for its customers alone.
What was recorded for them are candidates that must be chosen. Prices are the run's, so that each unit's optimum at
these prices is the decision.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.analysis.explain.answer import Charge
from optimizer.analysis.explain.run import Run
from optimizer.analysis.priced import without
from optimizer.compile.build import Compiled, compile_and_read
from optimizer.compile.kinds import times_of
from optimizer.compile.read import Read
from optimizer.data import open_tables
from optimizer.data.few import Few
from optimizer.data.layout import KEYS
from optimizer.decide.decision import Decision, Told
from optimizer.decide.recorded import Contact
from optimizer.decide.stored import StoredPrices
from optimizer.errors import UnsupportedError
from optimizer.plan.audit.books import canonical
from optimizer.problem.price_bound import UnitOptimum, best_sets
from optimizer.problem.primitives import BoolArray, IntArray, Rows, Shortfall
from optimizer.problem.problem import Problem
from optimizer.problem.refusals import refusals
from optimizer.problem.usage import entries

Used = Mapping[int, int]
"""What was recorded uses of each line of the stored prices, in its quanta."""


@dataclass(frozen=True, eq=False)
class Request:
    """What is asked of one moment.

    Attributes
    ----------
    candidates : pyarrow.Table
        In the run's types, of one customer or of many.
    recorded : pyarrow.Table
        Contacts that were recorded for them, or for those they share policies with.
    history : frame, optional
        Contacts beyond the run's history.
    now : datetime
    used : dict
        Of every line, what all that was recorded uses.
    """

    candidates: pa.Table
    recorded: pa.Table
    history: Any
    now: dt.datetime
    used: Used


class Anew:
    """A request, compiled and solved.

    Parameters
    ----------
    run : Run
    stored : StoredPrices
    request : Request
    """

    def __init__(self, run: Run, stored: StoredPrices, request: Request) -> None:
        sent = set(_keys(request.recorded))
        self._fresh = [row for row, key in enumerate(_keys(request.candidates)) if key not in sent]
        self._place = {row: at for at, row in enumerate(self._fresh, request.recorded.num_rows)}
        ids = request.candidates["customer"].unique().cast(pa.string()).to_pylist()
        request = replace(request, candidates=request.candidates.take(pa.array(self._fresh, pa.int64())))
        self.run, self.stored, self.request = run, stored, request
        self.compiled, self.read = _compile(run, request, ids)
        self.row_of = _rows_of(self.compiled, self.read, request)
        problem = self._in_run_quanta(self.compiled.problem)
        eligible = np.flatnonzero(self.read.refused == 0)
        self.position_of = {int(self.row_of[at]): p for p, at in enumerate(eligible.tolist())}
        self.row = self.row_of[eligible]
        known = request.recorded.num_rows
        required = [] if problem.required is None else problem.required.tolist()
        self.planned = sorted({p for p, row in enumerate(self.row.tolist()) if row < known} | set(required))
        self.problem = replace(problem, required=np.array(self.planned, np.int64) if self.planned else None)
        self._lines = {block.name: stored.rows_of(block) for block in self.problem.rows}
        self.late = self._late()
        self.full = self._full()
        self.positions, self.infeasible = self._solve()

    # Solving --------------------------------------------------------------------------------------------------

    def _in_run_quanta(self, problem: Problem) -> Problem:
        """Return the problem with its values and penalties in the quanta that the prices speak of."""
        gain = self.compiled.contribution if self.compiled.maximises else -self.compiled.contribution
        places = self.stored.value_decimals - problem.value_decimals
        ten = 10**places if places >= 0 else 1 / 10**-places
        floors = tuple(f if f.penalty is None else replace(f, penalty=f.penalty * _exact(ten)) for f in problem.floors)
        decimals = self.stored.value_decimals
        return replace(problem, value=self.stored.quanta(gain), value_decimals=decimals, floors=floors)

    def _late(self) -> BoolArray:
        """Whether each position's slot is over by now, under any zone that an unknown one may be."""
        known, tables, now = self.compiled.kinds, self.compiled.tables, self.request.now
        over = np.zeros(known.count, bool)
        for choice in range(len(known.zones.choices)):
            sent, _, today = times_of(tables, known.zones, choice, now)
            over |= np.where(np.isnan(sent.instant), sent.day < today, sent.instant < now.timestamp() * 1e6)
        self._over = over
        out: BoolArray = over[self.problem.kind]
        out[self.planned] = False
        return out

    def _full(self) -> dict[int, tuple[str, ...]]:
        """Return the positions that what was recorded leaves no room for, or whose cells the run's plan left unused."""
        found: dict[int, set[str]] = {}
        everyone = np.arange(self.problem.candidates)
        for block in self.problem.blocks:
            lines = self.lines_of(block)
            for who, row, amount in entries(self.problem, block, everyone):
                for j, r, a in zip(who.tolist(), row.tolist(), amount.tolist(), strict=True):
                    number = lines[r]
                    if number < 0 or a <= 0 or j in self.planned:
                        continue
                    line, used = self.stored.lines[number], self.request.used.get(number, 0)
                    after = used * 10 ** max(0, block.decimals - line.decimals) + a * 10 ** max(
                        0, line.decimals - block.decimals
                    )
                    limit = None if line.upper is None else line.upper * 10 ** max(0, block.decimals - line.decimals)
                    spent = used and line.hard and line.sort == "row" and limit is not None and after > limit
                    if spent or line.closed:
                        found.setdefault(j, set()).add(line.rule)
        return {j: tuple(sorted(names)) for j, names in found.items()}

    def lines_of(self, block: Any) -> list[int]:
        """Return the number of the line of each row or cell of a block, −1 where the run had none."""
        if isinstance(block, Rows):
            return self._lines[block.name]
        part = "lot" if block.lot is not None else "number"
        known = self.stored.by_row()
        return [known.get((block.rule, part, canonical(json.loads(label))), -1) for label in block.labels]

    def _solve(self) -> tuple[IntArray, frozenset[int]]:
        """Return the chosen positions that were not planned before, and the units without any legal set."""
        barred = np.flatnonzero(self.late)
        barred = np.union1d(barred, np.array(list(self.full), np.int64))
        rest = without(self.problem, barred)
        back = np.setdiff1d(np.arange(self.problem.candidates), barred)
        prices = self.stored.numerators(rest)
        found = best_sets(rest, prices, self.stored.shift)
        chosen: list[int] = []
        clashing = set()
        for unit, best in enumerate(found):
            if not best.feasible:
                clashing.add(unit)
            else:
                chosen += _certain(best, rest, unit)
        mine = np.sort(back[np.array(chosen, np.int64)]) if chosen else np.zeros(0, np.int64)
        return mine, frozenset(clashing)

    def clashes_for(self, rows: Sequence[int]) -> bool:
        """Whether the unit of some of these rows has no legal set."""
        at = [self.position_of[self._place[row]] for row in rows if self._place.get(row) in self.position_of]
        return bool(self.infeasible & set((np.searchsorted(self.problem.unit_start, at, "right") - 1).tolist()))

    # Telling --------------------------------------------------------------------------------------------------

    @cached_property
    def chosen(self) -> list[int]:
        """The chosen rows of the request's candidates, ascending."""
        known = self.request.recorded.num_rows
        rows = self.row[self.positions]
        return sorted(self._fresh[row] for row in (rows[rows >= known] - known).tolist())

    @cached_property
    def contribution(self) -> float:
        """What the chosen rows bring, in the objective's units."""
        return sum(self.told(row).contribution or 0.0 for row in self.chosen)

    @cached_property
    def margin(self) -> float:
        """What the chosen rows bring after prices."""
        return sum(self.told(row).margin or 0.0 for row in self.chosen)

    def uses(self, row: int) -> dict[int, int]:
        """Return what a candidate uses of each line, in the line's quanta, rounded up."""
        return dict(self._uses.get(self.position_of[self._place[row]], {}))

    @cached_property
    def _uses(self) -> dict[int, dict[int, int]]:
        """What each position uses of each line, in the line's quanta."""
        found: dict[int, dict[int, int]] = {}
        for block in self.problem.rows:
            lines = self.lines_of(block)
            for who, row, amount in entries(self.problem, block, np.arange(self.problem.candidates)):
                for j, r, a in zip(who.tolist(), row.tolist(), amount.tolist(), strict=True):
                    if lines[r] >= 0 and a:
                        finer = self.stored.lines[lines[r]].decimals - block.decimals
                        mine = found.setdefault(j, {})
                        amounts = a * 10**finer if finer >= 0 else -(-a // 10**-finer)
                        mine[lines[r]] = mine.get(lines[r], 0) + amounts
        return found

    @cached_property
    def _policies(self) -> dict[str, BoolArray]:
        return dict(refusals(self.problem, self.positions))

    @cached_property
    def _reasons(self) -> dict[int, tuple[str, ...]]:
        """What refuses each row before anything is decided."""
        names, late = self.read.reasons, 1 << self.read.reasons.index("past")
        bits = np.where(self.read.refused != 0, self.read.refused | late * self._over[self.read.kind], 0)
        return {
            int(self.row_of[at]): tuple(r for i, r in enumerate(names) if int(bits[at]) >> i & 1)
            for at in np.flatnonzero(bits).tolist()
        }

    def told(self, row: int) -> Told:
        """Return what became of a candidate of the request."""
        if row not in self._place:
            return Told("recorded")
        row = self._place[row]
        if row in self._reasons:
            return Told("ineligible", self._reasons[row])
        if row not in self.position_of:  # an identical row was counted
            return Told("ineligible", ("duplicate",))
        j = self.position_of[row]
        charges = self._charges(j)
        contribution = float(self.compiled.contribution[j])
        gain = contribution if self.compiled.maximises else -contribution
        margin = gain - sum(charge.paid for charge in charges)
        facts: dict[str, Any] = {"contribution": contribution, "margin": margin, "charges": charges}
        if self.late[j]:
            return Told("ineligible", ("past",))
        if j in self.full:
            return Told("used up", self.full[j], **facts)
        if j in set(self.positions.tolist()):
            return Told(None, **facts)
        unit = int(np.searchsorted(self.problem.unit_start, j, "right")) - 1
        if unit in self.infeasible:
            names = {f.rule for f in self.problem.floors if f.reaction is Shortfall.REQUIRED}
            return Told("refused", tuple(sorted(names)), **facts)
        names = {name for name, mask in self._policies.items() if mask[j]}
        if names:
            return Told("refused", tuple(sorted(names)), **facts)
        return Told("priced out" if gain > 0 and charges else "worth nothing", **facts)

    def _charges(self, j: int) -> tuple[Charge, ...]:
        sign = 1.0 if self.compiled.maximises else -1.0
        found = []
        for number, amount in self._uses.get(j, {}).items():
            line = self.stored.lines[number]
            uses = amount * 10.0**-line.decimals
            if line.price:
                found.append(Charge(line.rule, line.group, line.price, uses, sign * line.price * uses))
        return tuple(sorted(found, key=lambda charge: -charge.paid))


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of an answer, numbered anew."""

    whole: Anew
    rows: list[int]

    @cached_property
    def chosen(self) -> list[int]:
        """The chosen ones."""
        chosen = set(self.whole.chosen)
        return [row for row, j in enumerate(self.rows) if j in chosen]

    def told(self, row: int) -> Told:
        """Return what became of one."""
        return self.whole.told(self.rows[row])

    def uses(self, row: int) -> Mapping[int, int]:
        """Return what one uses of each line."""
        return self.whole.uses(self.rows[row])


@dataclass(frozen=True, eq=False)
class ManyAnew:
    """A request of many customers, compiled and solved.

    Parameters
    ----------
    found : Anew
    table : pyarrow.Table
        The candidates.
    version : callable
        Returns the version of one customer.
    """

    found: Anew
    table: pa.Table
    version: Callable[[Any], int]

    @cached_property
    def _rows(self) -> dict[Any, list[int]]:
        rows: dict[Any, list[int]] = {}
        for row, customer in enumerate(self.table["customer"].to_pylist()):
            rows.setdefault(customer, []).append(row)
        return rows

    @cached_property
    def chosen(self) -> BoolArray:
        """The chosen rows, as a mask."""
        mask = np.zeros(self.table.num_rows, bool)
        mask[self.found.chosen] = True
        return mask

    @property
    def customers(self) -> list[Any]:
        """Each customer, once."""
        return list(self._rows)

    @cached_property
    def margins(self) -> np.ndarray:
        """What each customer's contacts bring after prices."""
        chosen = set(self.found.chosen)
        return np.array(
            [sum(self.found.told(row).margin or 0.0 for row in rows if row in chosen) for rows in self._rows.values()],
            np.float64,
        )

    @property
    def contribution(self) -> float:
        """What all contacts bring."""
        return self.found.contribution

    def contacts(self) -> list[Contact]:
        """Return each contact with what it uses."""
        picked = self.table.take(pa.array(self.found.chosen, pa.int64())).to_pylist()
        return [(r["customer"], r, self.found.uses(row)) for r, row in zip(picked, self.found.chosen, strict=True)]

    def decision(self, customer: Any, now: dt.datetime, run_id: str) -> Decision | None:
        """Return one customer's decision."""
        if customer not in self._rows:
            return None
        part = Part(self.found, self._rows[customer])
        rows = self.table.take(pa.array(part.rows)).to_pylist()
        told = [part.told(row) for row in part.chosen]
        return Decision(
            customer=customer,
            contacts=[rows[row] for row in part.chosen],
            contribution=sum(one.contribution or 0.0 for one in told),
            margin=sum(one.margin or 0.0 for one in told),
            now=now,
            run_id=run_id,
            infeasible=self.found.clashes_for(part.rows),
            version=self.version(customer),
            _rows=rows,
            _answer=part,
        )


def _keys(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the keys of rows, as far as they have them."""
    columns = [table[name].to_pylist() for name in KEYS if name in table.column_names]
    return list(zip(*columns, strict=True))


def _exact(number: Any) -> Any:
    from fractions import Fraction

    return Fraction(number)


def _certain(best: UnitOptimum, problem: Problem, unit: int) -> Sequence[int]:
    """Return a unit's best set, which must be known to be the best."""
    if not best.complete:
        size = int(problem.unit_start[unit + 1] - problem.unit_start[unit])
        raise UnsupportedError(
            f"a unit of {size} candidates is too wide to be decided one by one under its policies",
            where="decide",
            fix="hand over its best candidates alone",
        )
    return best.chosen


def _compile(run: Run, request: Request, ids: list[str]) -> tuple[Compiled, Read]:
    """Compile the rows of a request of some customers, those that were recorded first, under the run's scenario."""
    scenario = run.scenario
    zone = scenario.horizon.timezone
    shared = {getattr(rule, "per", "customer").rsplit(".", 1)[-1] for rule in scenario.rules()} - {"customer"}
    frames = {name: frame for name, frame in run.frames.items() if name != "candidates"}
    history = request.history
    if history is not None and "history" not in frames and "history" not in scenario.data.sources():
        frames["history"], history = history, None
    few = Few(
        tuple(ids),
        shared=tuple(sorted(shared)),
        zone=None if isinstance(zone, str) else zone.column,
        history=history,
    )
    changes: dict[str, Any] = {"data.max_reject_share": 1}
    if scenario.data.history_max_age is not None:
        changes["data.history_max_age"] = None
    frames["candidates"] = pa.concat_tables([request.recorded, request.candidates])
    scenario = scenario.replace(changes)
    return compile_and_read(scenario, open_tables(scenario, frames, few=few))


def _rows_of(compiled: Compiled, read: Read, request: Request) -> IntArray:
    """Return the row, of the recorded and the request's candidates, that each candidate as read comes from."""
    con = compiled.tables.con
    texts = ", ".join(f'CAST("{k}" AS VARCHAR)' for k in KEYS)
    mine = con.execute(f"SELECT {texts} FROM candidates").fetchall()
    members = {key[0] for key in mine}
    ids = pa.chunked_array([*request.recorded["customer"].chunks, *request.candidates["customer"].chunks])
    stays = [row for row, who in enumerate(ids.cast(pa.string()).to_pylist()) if who in members]
    first: dict[tuple[Any, ...], int] = {}
    for row, key in zip(stays, mine, strict=True):
        first.setdefault(key, row)
    who = [c for (c,) in con.execute('SELECT CAST(customer AS VARCHAR) FROM "@customers" ORDER BY ordinal').fetchall()]
    what = con.execute(f'SELECT {texts.split(", ", 1)[1]} FROM "@kinds" ORDER BY kind').fetchall()
    pairs = zip(read.customer.tolist(), read.kind.tolist(), strict=True)
    return np.array([first[who[c], *what[k]] for c, k in pairs], np.int64)
