"""What became of each contact between two plans: kept, moved, replaced, added, dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd

KEYS = ("customer", "offer", "channel", "slot")
STAGES = (
    ("kept", KEYS),
    ("other slot", ("customer", "offer", "channel")),
    ("other channel", ("customer", "offer")),
    ("other offer", ("customer",)),
)
"""Contacts are paired one to one, those that agree in most first; what is left is ``dropped`` or ``added``.

*Other channel*: the same offer by another channel, in whatever slot. *Other offer*: the same customer hears something
else."""
ORDER = ", ".join(KEYS)
KINDS = (*(kind for kind, _ in STAGES), "dropped", "added")


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """The contacts of two plans, paired.

    Parameters
    ----------
    pairs : pyarrow.Table
        ``kind, customer, offer_before, channel_before, slot_before, value_before`` and the same ``_after``, sorted;
        keys as text; NULL where a contact is new or gone.
    """

    pairs: pa.Table

    @property
    def frame(self) -> pd.DataFrame:
        """The pairs as a frame."""
        found: pd.DataFrame = self.pairs.to_pandas()
        return found

    def totals(self) -> list[dict[str, Any]]:
        """Return contacts and their value by kind, before and after; every kind, also where there are none."""
        rows = self._sql(
            "SELECT kind, count(*), coalesce(fsum(value_before ORDER BY value_before), 0), "
            "coalesce(fsum(value_after ORDER BY value_after), 0) FROM pairs GROUP BY kind"
        )
        found = {kind: rest for kind, *rest in rows}
        columns = ("contacts", "value_before", "value_after")
        return [{"kind": kind, **dict(zip(columns, found.get(kind, (0, 0.0, 0.0)), strict=True))} for kind in KINDS]

    def customers(self) -> dict[str, int]:
        """Return how many customers hear the same as before, something else, from now on, or no longer."""
        ((same, other, new, lost),) = self._sql(
            "SELECT count(*) FILTER (kept = before AND kept = after), "
            "count(*) FILTER (before > 0 AND after > 0 AND NOT (kept = before AND kept = after)), "
            "count(*) FILTER (before = 0), count(*) FILTER (after = 0) FROM (SELECT customer, "
            "count(*) FILTER (kind = 'kept') AS kept, count(offer_before) AS before, count(offer_after) AS after "
            "FROM pairs GROUP BY customer)"
        )
        return {"the same": same, "something else": other, "newly reached": new, "no longer reached": lost}

    def matrix(self, column: str) -> list[dict[str, Any]]:
        """Return the contacts by what they were and what they are, as ``before, after, contacts``.

        Parameters
        ----------
        column : {"offer", "channel", "slot"}
            None stands for: no contact.
        """
        rows = self._sql(
            f"SELECT {column}_before, {column}_after, count(*) FROM pairs GROUP BY ALL "
            "ORDER BY 1 NULLS LAST, 2 NULLS LAST"
        )
        return [dict(zip(("before", "after", "contacts"), row, strict=True)) for row in rows]

    def _sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect() as con:
            con.register("pairs", self.pairs)
            return con.sql(query).fetchall()


def moves(before: pa.Table, after: pa.Table) -> Moves:
    """Pair the contacts of two plans.

    Parameters
    ----------
    before, after : pyarrow.Table
        ``customer, offer [, channel] [, slot]`` and ``contribution``.
    """
    with duckdb.connect() as con:
        for name, table in (("before", before), ("after", after)):
            con.register("given", table)
            keys = ", ".join(_key(key, table) for key in KEYS)
            con.execute(
                f'CREATE TEMP TABLE "{name}" AS SELECT row_number() OVER (ORDER BY {ORDER}) AS id, * '
                f"FROM (SELECT {keys}, CAST(contribution AS DOUBLE) AS value FROM given)"
            )
            con.unregister("given")
        con.execute("CREATE TEMP TABLE paired (before BIGINT, after BIGINT, kind VARCHAR)")
        for kind, same in STAGES:
            con.execute(f"INSERT INTO paired {_stage(kind, same)}")
        con.execute(f"INSERT INTO paired SELECT id, NULL, 'dropped' FROM ({_rest('before', KEYS)})")
        con.execute(f"INSERT INTO paired SELECT NULL, id, 'added' FROM ({_rest('after', KEYS)})")
        sides = ", ".join(
            f"{letter}.{column} AS {column}_{name}"
            for letter, name in (("b", "before"), ("a", "after"))
            for column in (*KEYS[1:], "value")
        )
        pairs = con.sql(
            f"SELECT p.kind, coalesce(b.customer, a.customer) AS customer, {sides} FROM paired p "
            "LEFT JOIN before b ON b.id = p.before LEFT JOIN after a ON a.id = p.after "
            "ORDER BY customer, b.id NULLS LAST, a.id"
        ).to_arrow_table()
    return Moves(pairs)


def _key(name: str, table: pa.Table) -> str:
    return f"coalesce(CAST(\"{name}\" AS VARCHAR), '') AS {name}" if name in table.column_names else f"'' AS {name}"


def _stage(kind: str, same: tuple[str, ...]) -> str:
    """Return SQL that pairs what agrees in some keys; several such contacts are paired in order."""
    agree = " AND ".join(f"b.{key} = a.{key}" for key in (*same, "place"))
    rest_before, rest_after = (_rest(side, same) for side in ("before", "after"))
    return f"SELECT b.id, a.id, '{kind}' FROM ({rest_before}) b JOIN ({rest_after}) a ON {agree}"


def _rest(side: str, same: tuple[str, ...]) -> str:
    """Return SQL of the contacts that are not paired yet, numbered among those that agree in some keys."""
    listed = ", ".join(same)
    return (
        f"SELECT *, row_number() OVER (PARTITION BY {listed} ORDER BY id) AS place "
        f'FROM "{side}" r WHERE NOT EXISTS (SELECT 1 FROM paired p WHERE p."{side}" = r.id)'
    )
