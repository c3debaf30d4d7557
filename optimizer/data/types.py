"""Types of expressions, and whose mistake a wrong one is: the file's, or the data's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from optimizer.data.catalog import Catalog
from optimizer.data.faults import reading
from optimizer.data.findings import Findings
from optimizer.data.layout import HISTORY, VISIBLE, family, quote, spoken
from optimizer.data.names import BoundUse, TypeCheck
from optimizer.data.rows import Rows
from optimizer.errors import Finding, cut
from optimizer.language.expressions import ColumnName

if TYPE_CHECKING:
    from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Typed:
    """Expressions, sorted by what trying them showed.

    Parameters
    ----------
    sound : list of BoundUse
        Their types fit.
    spoiled : list of BoundUse
        They would fit, if the data had no text in a number column.
    mistakes : list of Finding
        The file's mistakes, with their places.
    """

    sound: list[BoundUse]
    spoiled: list[BoundUse]
    mistakes: list[Finding]


def try_types(
    con: duckdb.DuckDBPyConnection,
    found: Findings,
    catalog: Catalog,
    rows: Rows,
    scenario: Scenario,
    known: list[BoundUse],
) -> Typed:
    """Try every expression without reading a row; ``found`` takes the data's mistakes."""
    tables = (*VISIBLE, HISTORY)
    check = TypeCheck(con, {name: columns for name, columns in catalog.columns.items() if name in tables})
    typed = Typed([], [], [])
    told: set[ColumnName] = set()
    for bound in known:
        complaint = check.complaint(bound)
        if complaint is None:
            typed.sound.append(bound)
            continue
        nested = [c for c in bound.expression.columns if _is_nested(catalog.type_of(c))]
        for column in nested:
            if column not in told:
                what = f"holds {spoken(catalog.type_of(column))}, which no expression can take"
                found.error(f"{rows.bound[column.table or ''].label} · {column.name}", what, "write one value a row")
        if nested:
            told.update(nested)
            typed.spoiled.append(bound)
            continue
        texts = [c for c in bound.expression.columns if family(catalog.type_of(c)) == "text"]
        spoiled = [c for c in texts if c in told or _tell_spoiled(con, found, rows, c)]
        told.update(spoiled)
        if spoiled:
            typed.spoiled.append(bound)
        else:
            where = scenario.where(bound.use.path)
            typed.mistakes.append(Finding("scenario", where, complaint, _hint(complaint), rule=bound.use.rule))
    return typed


def _is_nested(duckdb_type: str) -> bool:
    return duckdb_type.endswith("]") or duckdb_type.startswith(("STRUCT", "MAP", "UNION", "BLOB"))


def _hint(complaint: str) -> str:
    if "compares" in complaint:
        return "text needs quotes, and numbers none; dates are written '2026-11-23'"
    return "another column is meant, or the column has the wrong type in the data"


def _tell_spoiled(con: duckdb.DuckDBPyConnection, found: Findings, rows: Rows, column: ColumnName) -> bool:
    """Report a text column that holds numbers; False if it holds none."""
    table, name = column.table or "", quote(column.name)
    number = f"(try_cast({name} AS DOUBLE) IS NOT NULL OR regexp_full_match({name}, '-?[0-9.]*[0-9],[0-9]+'))"
    with reading(rows.bound[table].label):
        ((some, odd),) = con.execute(
            f"SELECT count_if({number}), count_if({name} IS NOT NULL AND try_cast({name} AS DOUBLE) IS NULL) "
            f"FROM {quote(table)}"
        ).fetchall()
    if not some:
        return False
    if not odd:
        found.error(
            f"{rows.bound[table].label} · {column.name}", "numbers are stored as text", "write the column as numbers"
        )
        return True
    first, *_ = rows.wrong(table, f"{name} IS NOT NULL AND try_cast({name} AS DOUBLE) IS NULL", (name,))
    comma = "," in first.values[0]
    found.error(
        f"{first.place} · {column.name} = '{cut(first.values[0])}'",
        "text in a number column",
        "write decimals with a point" if comma else "empty the field, or repair the job that writes it",
        count=odd,
    )
    return True
