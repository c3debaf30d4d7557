"""A few customers alone: every table cut down to them before anything else looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import reading
from optimizer.data.files import Files
from optimizer.data.frames import bind_frame
from optimizer.data.layout import CANDIDATES, HISTORY, KEYS_OF, LEDGER, literal, quote
from optimizer.data.parquet import options
from optimizer.errors import DataError, cut

CUSTOMERS = "customers"


class NobodyError(DataError):
    """A customer without candidates.

    Attributes
    ----------
    known : bool
        Whether the customers table has them.
    """

    known = False


def nobody(customer: str, known: bool, nearest: str | None) -> NobodyError:
    """Return the error of a customer without candidates, and the id that looks most like theirs."""
    what = f"customer {cut(customer)} has no candidates" if known else f"there is no customer {cut(customer)}"
    fix = f"you mean {nearest}" if nearest else "the scoring job proposed nothing for them"
    error = NobodyError(what, where=CANDIDATES, fix=fix)
    error.known = known
    return error


@dataclass(frozen=True, slots=True)
class Few:
    """Whom to read.

    Parameters
    ----------
    customers : tuple of str
        Ids as text.
    shared : tuple of str
        Columns of the customers table by whose values customers are decided together.
    zone : str, optional
        The customers column that holds time zones: one customer of each zone stays too, for an unknown zone stands
        for all that occur.
    blocks : sequence of (file, block), optional
        Where these customers' candidates lie, if that is known; for the customer alone.
    block : int
        Rows of a block.
    history : frame, optional
        Contacts of these customers beyond those that the history has.
    """

    customers: tuple[str, ...]
    shared: tuple[str, ...] = ()
    zone: str | None = None
    blocks: Sequence[tuple[int, int]] | None = None
    block: int = 1
    history: Any = None

    def cut(
        self, con: duckdb.DuckDBPyConnection, read: Mapping[str, Bound], files: Mapping[str, Files]
    ) -> dict[str, Bound]:
        """Return the tables with the rows of the customer, and of all who are decided together with them.

        Raises
        ------
        DataError
            Nobody has this id.
        """
        out = dict(read)
        members = self.members(con, read)
        for name, table in read.items():
            if "customer" not in KEYS_OF.get(name, ()) or "customer" not in table.columns:
                continue
            test = _among(con, table, members)
            source = table.source
            if name == CANDIDATES and self.blocks is not None and len(members) == 1 and name in files:
                source = _in_blocks(files[name], self.blocks, self.block)
            if name == CUSTOMERS and self.zone is not None and self.zone in table.columns:
                zone = quote(self.zone)
                test += f" OR customer IN (SELECT min(customer) FROM {source} GROUP BY {zone})"
            wanted = f"SELECT * FROM {source} WHERE {test}"
            if name in (HISTORY, LEDGER):  # the first day of all history says from when on it is complete
                wanted += (
                    f' UNION ALL (SELECT * FROM (SELECT * FROM {source} ORDER BY "at" LIMIT 1) WHERE NOT ({test}))'
                )
            if name == HISTORY and self.history is not None:
                more = bind_frame(con, "more", self.history)
                unknown = ", ".join(quote(c) for c in more.columns if c not in table.columns)
                everything = f"* EXCLUDE ({unknown})" if unknown else "*"
                wanted = f"({wanted}) UNION ALL BY NAME SELECT {everything} FROM {more.source}"
            kept = quote(f"@few_{name}")
            with reading(table.label):
                con.execute(
                    f'CREATE TEMP TABLE {kept} AS SELECT *, {literal(table.label)} AS "{FILE}", 0 AS "{ROW}" '
                    f"FROM ({wanted})"
                )
            out[name] = replace(table, source=kept, placed=kept)
        for customer in self.customers[:1]:
            if not _has(con, out[CANDIDATES], customer):
                known = CUSTOMERS in read and _has(con, read[CUSTOMERS], customer)
                raise nobody(customer, known, None if known else _nearest(con, read[CANDIDATES], customer))
        return out

    def members(self, con: duckdb.DuckDBPyConnection, read: Mapping[str, Bound]) -> list[str]:
        """Return the ids, as text, of all who are decided together with the customers."""
        members = sorted(self.customers)
        table = read.get(CUSTOMERS)
        columns = [c for c in self.shared if table is not None and c in table.columns]
        while columns and table is not None:
            mine = f"FROM {table.source} WHERE {_among(con, table, members)}"
            linked = " OR ".join(f"{quote(c)} IN (SELECT {quote(c)} {mine})" for c in columns)
            with reading(table.label):
                found = con.execute(
                    f"SELECT DISTINCT CAST(customer AS VARCHAR) AS id FROM {table.source} WHERE {linked} ORDER BY id"
                ).fetchall()
            more = [str(who) for (who,) in found]
            if set(more) <= set(members):
                break
            members = sorted({*members, *more})
        return members


def _has(con: duckdb.DuckDBPyConnection, table: Bound, customer: str) -> bool:
    found = con.execute(f"SELECT 1 FROM {table.source} WHERE {_among(con, table, [customer])} LIMIT 1")
    return bool(found.fetchall())


def _nearest(con: duckdb.DuckDBPyConnection, table: Bound, customer: str) -> str | None:
    """Return the id that looks most like another one."""
    who = "CAST(customer AS VARCHAR)"
    found = con.execute(
        f"SELECT {who} FROM (SELECT DISTINCT customer FROM {table.source}) "
        f"ORDER BY levenshtein({who}, {literal(customer)}), {who} LIMIT 1"
    ).fetchone()
    return None if found is None else str(found[0])


LISTED = 1_000
"""Ids that are written out, so that row groups without them are left unread; more are joined."""


def _among(con: duckdb.DuckDBPyConnection, table: Bound, ids: Sequence[str]) -> str:
    """Return SQL that is true for rows of some customers; ids are compared in the table's own type."""
    kind = table.columns["customer"]
    if len(ids) > LISTED:
        import pyarrow as pa

        con.register("@among", pa.table({"id": pa.array(ids, pa.string())}))
        con.execute('CREATE OR REPLACE TEMP TABLE "@members of few" AS SELECT id FROM "@among"')
        con.unregister("@among")
        return f'customer IN (SELECT TRY_CAST(id AS {kind}) FROM "@members of few")'
    listed = ", ".join(literal(i) if kind == "VARCHAR" else f"TRY_CAST({literal(i)} AS {kind})" for i in ids)
    return f"customer IN ({listed})"


def _in_blocks(files: Files, blocks: Sequence[tuple[int, int]], size: int) -> str:
    """Return the source of some blocks of Parquet files."""
    parts = []
    for number, file in enumerate(files.files):
        mine = [block for of, block in blocks if of == number]
        if mine:
            ranges = " OR ".join(f"file_row_number BETWEEN {b * size} AND {b * size + size - 1}" for b in mine)
            parts.append(
                f"SELECT * EXCLUDE (file_row_number) FROM read_parquet([{literal(str(file.path))}], "
                f"file_row_number = true, {options(files)}) WHERE {ranges}"
            )
    if not parts:  # nobody's
        parts = [f"SELECT * FROM read_parquet([{literal(str(files.files[0].path))}], {options(files)}) LIMIT 0"]
    return f"({' UNION ALL '.join(parts)})"
