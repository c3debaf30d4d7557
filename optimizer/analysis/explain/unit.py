"""One decision unit, read and compiled alone: everything that its candidates can be asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.analysis.explain.run import Run
from optimizer.compile.build import Compiled, compile_and_read
from optimizer.data import open_tables
from optimizer.data.few import Few
from optimizer.data.layout import KEYS
from optimizer.data.tables import Tables
from optimizer.plan.audit.books import canonical
from optimizer.plan.places import BLOCK
from optimizer.problem.primitives import IntArray, Rows, Switch
from optimizer.problem.problem import Problem
from optimizer.problem.usage import entries

Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """What one candidate uses of one row: a line of the run's rows, and how much, in whole quanta."""

    line: dict[str, Any]
    amount: int
    decimals: int
    hard: bool


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One decision unit.

    Attributes
    ----------
    run : Run
    compiled : Compiled
        Of this unit alone: its rows across units know nothing of the others, the run's lines do.
    keys : list of tuple
        Of all candidates as read, eligible or not, as text: customer, offer, channel, slot.
    contact : list of int
        Their numbers in relation ``"@unit"``.
    reasons : list of tuple of str
        What refuses each of them before any plan is made.
    position : list of int
        Their positions in the problem, −1 for the ineligible.
    chosen : int array
        Positions of the plan's contacts.
    pinned : frozenset of int
        Positions that pins keep.
    """

    run: Run
    compiled: Compiled
    keys: list[Key]
    contact: list[int]
    reasons: list[tuple[str, ...]]
    position: list[int]
    chosen: IntArray
    pinned: frozenset[int]

    @property
    def problem(self) -> Problem:
        """The unit's problem."""
        return self.compiled.problem

    @property
    def tables(self) -> Tables:
        """The unit's tables."""
        return self.compiled.tables

    def uses(self) -> list[list[Use]]:
        """Return, by position, what each candidate uses of the rows across units."""
        found: list[list[Use]] = [[] for _ in range(self.problem.candidates)]
        everyone = np.arange(self.problem.candidates)
        for block in self.problem.blocks:
            groups = [canonical(json.loads(label)) for label in block.labels]
            part, decimals, hard = _part(block)
            for who, row, amount in entries(self.problem, block, everyone):
                for j, r, a in zip(who.tolist(), row.tolist(), amount.tolist(), strict=True):
                    line = self.run.rows.get((block.rule, part, groups[r]))
                    if line is not None and a:
                        found[j].append(Use(line, a, decimals, hard))
        return found


def _part(block: Rows | Switch) -> tuple[str, int, bool]:
    if isinstance(block, Rows):
        return block.part, block.decimals, block.penalty is None
    return "lot" if block.lot is not None else "number", block.decimals, True


def read_unit(run: Run, customer: str) -> Unit:
    """Read and compile the unit of a customer.

    Raises
    ------
    NobodyError
        The customer has no candidates.
    DataError
        The run's inputs are no longer what it read.
    """
    run.refuse_changed()
    zone = run.scenario.horizon.timezone
    shared = {getattr(rule, "per", "customer").rsplit(".", 1)[-1] for rule in run.scenario.rules()} - {"customer"}
    few = Few(
        (customer,),
        shared=tuple(sorted(shared)),
        zone=None if isinstance(zone, str) else zone.column,
        blocks=run.places(customer),
        block=BLOCK,
    )
    # What speaks of all rows together is not to be asked of a few.
    data = run.scenario.data
    changes: dict[str, Any] = {"data.max_reject_share": 1} if data.on_invalid == "reject" else {}
    if data.history_max_age is not None:
        changes["data.history_max_age"] = None
    scenario = run.scenario.replace(changes) if changes else run.scenario
    tables = open_tables(scenario, run.frames, few=few)
    compiled, read = compile_and_read(scenario, tables)
    con = tables.con
    con.execute(
        'CREATE OR REPLACE TEMP TABLE "@unit" AS SELECT row_number() OVER (ORDER BY customer, slot, channel, offer) '
        'AS "@contact", * FROM (SELECT DISTINCT * FROM candidates)'
    )
    texts = ", ".join(f'CAST(x."{k}" AS VARCHAR)' for k in KEYS)
    same = " AND ".join(f'k."{k}" IS NOT DISTINCT FROM x."{k}"' for k in KEYS if k != "customer")
    known = {
        (row[0], row[1]): (row[2], row[3:])
        for row in con.execute(
            f'SELECT DISTINCT c.ordinal, k.slot_key, x."@contact", {texts} FROM "@unit" x '
            f'JOIN "@customers" c ON c.customer = x.customer JOIN "@kinds" k ON {same}'
        ).fetchall()
    }
    slot_key = [key for (key,) in con.execute('SELECT slot_key FROM "@kinds" ORDER BY kind').fetchall()]
    mine = [known[int(c), slot_key[int(k)]] for c, k in zip(read.customer, read.kind, strict=True)]
    keys = [key for _, key in mine]
    position = np.where(read.refused == 0, np.cumsum(read.refused == 0) - 1, -1).tolist()
    reasons = [tuple(r for i, r in enumerate(read.reasons) if int(bits) >> i & 1) for bits in read.refused]
    real = [i for i, name in enumerate(KEYS) if name in tables.original["candidates"]]
    planned = run.contacts_of(sorted({str(key[0]) for key in keys}))
    chosen = [p for key, p in zip(keys, position, strict=True) if p >= 0 and tuple(key[i] for i in real) in planned]
    required = compiled.problem.required
    return Unit(
        run=run,
        compiled=compiled,
        keys=keys,
        contact=[contact for contact, _ in mine],
        reasons=reasons,
        position=position,
        chosen=np.array(sorted(chosen), np.int64),
        pinned=frozenset(() if required is None else required.tolist()),
    )
