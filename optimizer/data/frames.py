"""Frames that a caller hands over: pandas, polars, Arrow, DuckDB relations; all become Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from optimizer.data.bound import FILE, ROW, Bound
from optimizer.data.faults import reading
from optimizer.data.layout import literal, quote
from optimizer.errors import DataError, UsageError, cut

if TYPE_CHECKING:
    import pyarrow as pa


def bind_frame(con: duckdb.DuckDBPyConnection, name: str, frame: object) -> Bound:
    """Bind a frame.

    Parameters
    ----------
    con : DuckDB connection
    name : str
        Name of the table.
    frame : object
        Anything with the Arrow C stream interface: pandas, polars, Arrow tables and readers, DuckDB relations.

    Raises
    ------
    UsageError
        It is no frame.
    DataError
        A column mixes types, or a name is there twice.
    """
    label = f"{name} (frame)"
    table = _to_arrow(name, label, frame)
    _refuse_repeated(label, list(table.column_names))
    registered = f"@frame_{name}"
    with reading(label):
        con.register(registered, table)
        described = con.execute(f"DESCRIBE SELECT * FROM {quote(registered)}").fetchall()
    columns = {str(column): str(kind) for column, kind, *_ in described}
    placed = f'(SELECT *, {literal(label)} AS "{FILE}", row_number() OVER () AS "{ROW}" FROM {quote(registered)})'
    bound = Bound(name, label, quote(registered), placed, columns, typed=True)
    for column, kind in columns.items():
        if kind.startswith("ENUM"):
            bound = bound.reading(column, f"CAST({quote(column)} AS VARCHAR)")
    return bound


def _to_arrow(name: str, label: str, frame: Any) -> pa.Table:
    import pyarrow as pa

    try:
        if type(frame).__module__.partition(".")[0] == "pandas":
            return pa.Table.from_pandas(frame, preserve_index=False)
        if hasattr(frame, "__arrow_c_stream__"):
            return pa.table(frame)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        column, row = _first_mixed(frame)
        where = f"{label} · row {row:,} · {column}" if column else label
        what = "text in a number column, or other mixed types" if column else cut(str(error), 200)
        raise DataError(what, where=where, fix="make the column all numbers, or all text") from error
    except duckdb.Error as error:
        raise DataError("the relation cannot be read", where=label, fix="run it, and hand over the result") from error
    except ValueError as error:
        raise DataError(cut(str(error), 200), where=label, fix="give each column a name of its own") from error
    raise UsageError(
        f"'{name}' is no frame but {type(frame).__name__}",
        where=label,
        fix="hand over a pandas, polars or Arrow table, or a DuckDB relation",
    )


def _first_mixed(frame: Any) -> tuple[str | None, int]:
    """Return the first column of a pandas frame that mixes types, and the first row of another type."""
    for column in getattr(frame, "columns", ()):
        kinds = [type(v) for v in frame[column] if v is not None and v == v]  # NaN is not itself
        if kinds and len(set(kinds)) > 1:
            odd = next(i for i, v in enumerate(frame[column]) if v is not None and v == v and type(v) is not kinds[0])
            return str(column), odd + 1
    return None, 0


def _refuse_repeated(label: str, names: list[str]) -> None:
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise DataError(
            f"two columns have the same name: {', '.join(twice)}",
            where=label,
            fix="give each column a name of its own; upper and lower case are the same name here",
        )
