"""Very many customers at once: encoded once, decided by the kernel on all cores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from optimizer.compile.sight import Level, level_of_column
from optimizer.data.layout import quote
from optimizer.decide.decision import Decision
from optimizer.decide.quick import NO_BYTES, NO_INTS, NO_LONGS, Day, One, whole
from optimizer.decide.recorded import Contact, Recorded
from optimizer.decide.tables import FastTables
from optimizer.engines.decomposition.decide_kernel import Asked
from optimizer.errors import DataError
from optimizer.language.expressions import ColumnName
from optimizer.problem.pairs import ranges
from optimizer.problem.primitives import IntArray
from optimizer.rules.keep import Keep

HELD_BIT = 62


@dataclass(frozen=True, eq=False)
class Encoded:
    """Candidates of many customers as arrays: what :meth:`Decider.decide_many` takes at its fastest.

    Made by :meth:`Decider.encode`, or by hand from arrays that a service keeps. Candidates are in the order of
    customers.

    Parameters
    ----------
    customers : Arrow array or sequence
        Id of each customer, none twice.
    start : (customers + 1,) int array
        Candidates ``start[c] … start[c+1]`` are customer ``c``'s.
    kind : (candidates,) int array
        Which offer, channel and slot: a row number of :attr:`Decider.kinds`.
    gain : (candidates,) float array
        The objective of each candidate; its negative where the scenario minimises.
    barred : (candidates,) int array, optional
        Not 0 where eligibility refuses a candidate; bit ``i`` is the scenario's ``i``-th eligibility rule by name.
    amounts : tuple of (candidates,) float arrays, optional
        What the limits sum that differs by candidate, in the order of :attr:`Decider.amounts`.
    row : (candidates,) int array, optional
        Which row of the frame each candidate was.
    """

    customers: Any
    start: IntArray
    kind: IntArray
    gain: npt.NDArray[np.float64]
    barred: IntArray | None = None
    amounts: tuple[npt.NDArray[np.float64], ...] = ()
    row: IntArray | None = None

    def __len__(self) -> int:
        return len(self.start) - 1


@dataclass(frozen=True, eq=False)
class ManyQuick:
    """Many customers, decided by the kernel.

    Parameters
    ----------
    day : Day
    encoded : Encoded
    asked : Asked
    mark, worth : arrays
        As :meth:`Day.run` returns them.
    now : int
        Microseconds since 1970.
    table : pyarrow.Table, optional
        The candidates; None where arrays were handed over.
    sent : mapping of id to kinds
        What was recorded before.
    """

    day: Day
    encoded: Encoded
    asked: Asked
    mark: npt.NDArray[np.uint8]
    worth: IntArray
    now: int
    table: pa.Table | None
    sent: Mapping[Any, tuple[int, ...]]

    @cached_property
    def chosen(self) -> npt.NDArray[np.bool_]:
        """The chosen rows, as a mask."""
        if self.encoded.row is None:
            return self.mark > 0
        mask = np.zeros(len(self.mark), bool)
        mask[self.encoded.row[self.mark > 0]] = True
        return mask

    @cached_property
    def customers(self) -> list[Any]:
        """Each customer, once."""
        ids = self.encoded.customers
        return ids.to_pylist() if hasattr(ids, "to_pylist") else list(ids)

    @cached_property
    def margins(self) -> npt.NDArray[np.float64]:
        """What each customer's contacts bring after prices."""
        stored = self.day.tables.stored
        margins: npt.NDArray[np.float64] = self.worth / 2.0**stored.shift * 10.0**-stored.value_decimals
        return margins

    @cached_property
    def contribution(self) -> float:
        """What all contacts bring."""
        gain = float(self.encoded.gain[self.mark > 0].sum())
        return gain if self.day.tables.stored.maximises else -gain

    def contacts(self) -> list[Contact]:
        """Return each contact with what it uses."""
        tables = self.day.tables
        where = np.flatnonzero(self.mark)
        owner = (np.searchsorted(self.asked.start, where, "right") - 1).tolist()
        cls = self.asked.cls[owner].tolist() if len(self.asked.cls) else [0] * len(owner)
        kinds = self.asked.kind[where].tolist()
        if self.table is not None:
            at = where if self.encoded.row is None else self.encoded.row[where]
            rows = self.table.take(pa.array(at)).to_pylist()
        else:
            by_kind = {kind: key for key, kind in tables.kind_of.items()}
            rows = [dict(zip(tables.keys, by_kind[kind], strict=True)) for kind in kinds]
        found: list[Contact] = []
        for j, c, k, row, o in zip(where.tolist(), cls, kinds, rows, owner, strict=True):
            uses: dict[int, int] = {}
            for line, weight, amount in tables.uses_of(c, k):
                decimals = tables.stored.lines[line].decimals
                quanta = 1 if amount < 0 else whole(self.encoded.amounts[amount][j], decimals)
                uses[line] = uses.get(line, 0) + weight * quanta
            found.append((self.customers[o], row, uses))
        return found

    def decision(self, customer: Any, now: dt.datetime, run_id: str) -> Decision | None:
        """Return one customer's decision: found again, as alone."""
        assert self.table is not None
        ids = self.table["customer"]
        mine = self.table.filter(pc.equal(ids, pa.scalar(customer, ids.type))).to_pylist()
        if not mine:
            return None
        sent = self.sent.get(customer, ())
        one = One(self.day, customer, mine, self.now, sent)
        return one.decision(mine, [mine[row] for row in one.chosen], now, run_id, len(sent))


def encode(tables: FastTables, candidates: pa.Table) -> Encoded:
    """Turn candidates, in the run's types, into arrays.

    Raises
    ------
    KeyError
        Some candidate is of no kind, or of no customer, that the tables know; or a value needs a closer look.
    """
    count = candidates.num_rows
    con = tables.template.tables.con
    with tables.lock:
        con.register("@requested", candidates.append_column("@row", pa.array(np.arange(count, dtype=np.int64))))
        found = con.sql(tables.question).to_arrow_table()
        con.unregister("@requested")
    order = found["@row"].to_numpy()
    kind, place = (found[name].to_numpy() for name in ("@kind", "@place"))
    if found["@odd"].null_count or pc.any(found["@odd"]).as_py() or (len(kind) and kind.min() < 0):
        raise KeyError("candidates")
    if tables.people.listed and len(place) and place.min() < 0:
        raise KeyError("customer")
    ids = candidates["customer"]
    if np.any(order[1:] < order[:-1]):
        back = np.argsort(order, kind="stable")
        found, order = found.take(pa.array(back)), order[back]
    customers, start, sort = _grouped(ids)
    columns = {name: found[name].to_numpy() for name in found.column_names}
    if sort is not None:
        columns = {name: column[sort] for name, column in columns.items()}
    amounts = tuple(columns[name] for name in columns if name.startswith("@amount"))
    barred = columns["@barred"]
    if len(barred) and tables.people.held.any():
        held = tables.people.held[np.maximum(columns["@place"], 0)] & (columns["@place"] >= 0)
        barred = barred | held.astype(np.int64) << HELD_BIT
    return Encoded(
        customers, start, columns["@kind"].astype(np.int32), columns["@gain"],
        barred if barred.any() else None, amounts, columns["@row"],
    )  # fmt: skip


def question(tables: FastTables) -> str:
    """Return SQL that turns candidates ``"@requested"`` into kinds, places, gains, bars and amounts."""
    catalog = tables.template.tables.catalog
    scenario = tables.template.compiled.scenario
    con = tables.template.tables.con
    columns: dict[ColumnName, str] = {}

    def name(column: ColumnName) -> str:
        if level_of_column(column) is Level.CUSTOMER:
            return f"p.{quote(column.name)}"
        if column.table == "candidates" and column.name not in tables.keys:
            return f"a.{quote(column.name)}"
        return f"k.{quote(columns.setdefault(column, f'@column{len(columns)}'))}"

    gain = catalog.bind(scenario.objective.expression).sql(name)
    sign = "" if tables.stored.maximises else "-"
    listed = [f'{sign}CAST({gain} AS DOUBLE) AS "@gain"']
    bits = ["CAST(0 AS BIGINT)"]
    for i, rule in enumerate(rule for rule in tables.rules if rule.section == "eligibility"):
        condition = catalog.bind(rule.needs().conditions[0]).sql(name)
        test = f"({condition}) IS NOT TRUE" if isinstance(rule, Keep) else f"({condition}) IS TRUE"
        bits.append(f"CASE WHEN {test} THEN {1 << i} ELSE 0 END")
    listed.append(f'CAST({" + ".join(bits)} AS BIGINT) AS "@barred"')
    listed += [f'CAST({e.sql(name)} AS DOUBLE) AS "@amount{i}"' for i, e in enumerate(tables.charges.amounts)]
    odd = ["k.kind IS NULL"]
    for measure, allowed in tables.ranges.items():
        low = "" if allowed.low is None else f"a.{quote(measure)} < {allowed.low}"
        high = "" if allowed.high is None else f"a.{quote(measure)} > {allowed.high}"
        odd.append(f"coalesce({' OR '.join(filter(None, (low, high)))}, true)")
    kinds: dict[str, Any] = {"kind": np.arange(tables.kinds, dtype=np.int32)}
    by_key = {kind: key for key, kind in tables.kind_of.items()}
    example = tables.template.tables.columns["candidates"]
    for i, key in enumerate(tables.keys):
        kinds[key] = pa.array([by_key[kind][i] for kind in range(tables.kinds)])
    for column, alias in columns.items():
        kinds[alias] = pa.array(tables.column(column))
    con.register("@k", pa.table(kinds))
    keyed = ", ".join(f"CAST({quote(k)} AS {example[k]}) AS {quote(k)}" for k in tables.keys)
    con.execute(f'CREATE OR REPLACE TEMP TABLE "@kind" AS SELECT * REPLACE ({keyed}) FROM "@k"')
    con.unregister("@k")
    same = " AND ".join(f"k.{quote(k)} IS NOT DISTINCT FROM a.{quote(k)}" for k in tables.keys)
    return (
        f'SELECT a."@row", CAST(coalesce(k.kind, -1) AS INTEGER) AS "@kind", '
        f'CAST(coalesce(p.place, -1) AS INTEGER) AS "@place", {", ".join(listed)}, '
        f'{" OR ".join(odd)} AS "@odd" FROM "@requested" a LEFT JOIN "@kind" k ON {same} '
        f'LEFT JOIN "@listed" p ON p.customer = a.customer'
    )


def _grouped(ids: pa.ChunkedArray) -> tuple[pa.Array, IntArray, IntArray | None]:
    """Return each customer once, where their rows begin, and the order that puts rows of a customer together."""
    ids = ids.combine_chunks()
    if isinstance(ids, pa.ChunkedArray):
        ids = pa.concat_arrays(ids.chunks) if ids.num_chunks else pa.array([], ids.type)
    count = len(ids)
    changes = np.zeros(0, np.int64)
    if count:
        differs = pc.not_equal(ids.slice(1), ids.slice(0, count - 1)).to_numpy(zero_copy_only=False)
        changes = np.append(0, np.flatnonzero(differs) + 1)
    heads = ids.take(pa.array(changes))
    if len(heads.unique()) == len(heads):
        return heads, np.append(changes, count).astype(np.int64), None
    codes = ids.dictionary_encode()
    code = codes.indices.to_numpy()
    sort = np.argsort(code, kind="stable")
    start = np.searchsorted(code[sort], np.arange(len(codes.dictionary) + 1)).astype(np.int64)
    return codes.dictionary, start, sort


def asked(day: Day, encoded: Encoded, recorded: Recorded) -> tuple[Asked, dict[Any, tuple[int, ...]]]:
    """Add to arrays what is known of their customers; return that, and the kinds that were recorded for them.

    Raises
    ------
    DataError
        The arrays do not fit together.
    Odd
        Something was recorded that the tables do not know.
    """
    tables, people = day.tables, day.tables.people
    customers = len(encoded)
    kind = np.ascontiguousarray(encoded.kind, np.int32)
    start = np.ascontiguousarray(encoded.start, np.int64)
    _fit(encoded, kind, start, tables.kinds)
    cls, event_start, event, place = NO_INTS, NO_LONGS, NO_INTS, None
    if len(people.cls):
        place = places(tables, encoded.customers)
        if people.listed and customers and place.min() < 0:
            raise DataError("a customer is not in the customers table", where="candidates", fix="export it again")
        known = place >= 0
        if len(tables.words.start) > 1:
            cls = np.where(known, people.cls[place], 0).astype(np.int32)
        if len(people.event):
            first = people.event_start[place]
            count = np.where(known, people.event_start[place + 1] - first, 0)
            event_start = np.append(0, np.cumsum(count)).astype(np.int64)
            event = people.event[ranges(first, count)]
    of_each = np.repeat(np.arange(customers), np.diff(start)) if tables.charges.amounts or day.used else None
    barred = NO_BYTES if encoded.barred is None else (np.asarray(encoded.barred) != 0).astype(np.uint8)
    paid = NO_LONGS
    if tables.charges.amounts:
        assert of_each is not None
        classes = cls[of_each] if len(cls) else np.zeros(len(kind), np.int32)
        paid = tables.paid(classes, kind, encoded.amounts)
        barred = _without_room(day, classes, kind, encoded.amounts, barred)
    sent_start, sent_kinds, sent = NO_LONGS, NO_INTS, dict[Any, tuple[int, ...]]()
    if recorded:
        ids = encoded.customers.to_pylist() if hasattr(encoded.customers, "to_pylist") else list(encoded.customers)
        mine = [recorded.kinds(customer) for customer in ids]
        sent = {customer: kinds for customer, kinds in zip(ids, mine, strict=True) if kinds}
        sent_start = np.append(0, np.cumsum([len(kinds) for kinds in mine])).astype(np.int64)
        sent_kinds = np.array([k for kinds in mine for k in kinds], np.int32)
    gain = np.ascontiguousarray(encoded.gain, np.float64)
    return Asked(start, kind, gain, paid, barred, cls, event_start, event, sent_start, sent_kinds), sent


def places(tables: FastTables, customers: Any) -> IntArray:
    """Return each customer's place among the listed, −1 for those that are not."""
    ids = customers if isinstance(customers, pa.Array | pa.ChunkedArray) else pa.array(customers)
    found = pc.index_in(ids, value_set=tables.people.ids.cast(ids.type))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def _fit(encoded: Encoded, kind: npt.NDArray[np.int32], start: IntArray, kinds: int) -> None:
    columns = [encoded.gain, *encoded.amounts, *(() if encoded.barred is None else (encoded.barred,))]
    lengths = {len(kind), *map(len, columns), int(start[-1])}
    if len(lengths) > 1 or len(start) - 1 != len(encoded.customers) or start[0] != 0 or np.any(np.diff(start) < 0):
        raise DataError(
            f"arrays of different lengths: {sorted(lengths)} candidates, {len(encoded.customers)} customers",
            where="candidates",
            fix="start has one number more than customers, and ends with the number of candidates",
        )
    if len(kind) and (kind.min() < 0 or kind.max() >= kinds):
        raise DataError(
            f"a kind is not among 0 … {kinds - 1}", where="candidates · kind", fix="kinds are row numbers of .kinds"
        )


def _without_room(
    day: Day, cls: npt.NDArray[np.int32], kind: npt.NDArray[np.int32], amounts: Any, barred: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Bar the candidates whose amounts are more than what is left of a limit."""
    from optimizer.compile.quanta import to_quanta

    tables = day.tables
    for term in tables.charges.terms if day.used else ():
        left = day.left(term.line)
        if left is None or term.amount < 0:
            continue
        weight = np.zeros((len(tables.words.start), tables.kinds), np.int64)
        weight[np.ix_(term.cls, term.kinds)] = term.weight
        line = tables.stored.lines[term.line]
        full = weight[cls, kind] * to_quanta(np.asarray(amounts[term.amount]), line.decimals) > left
        barred = (full | barred.astype(bool) if len(barred) else full).astype(np.uint8)
    return barred
