"""Handing a plan's contacts over in a table of a database: staged, then swapped in, in one transaction.

The rows of a run are keyed by scenario and business date, as in the ledger: handing over again, or a night that was run
again, takes the place of what that night handed over before. The table itself, its grants and its views stay.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from optimizer.data.layout import literal, quote
from optimizer.errors import DataError, UsageError
from optimizer.ledger.store import STAGED, Place, Store
from optimizer.plan.firm import firm_part
from optimizer.plan.sample import refuse_sample

if TYPE_CHECKING:
    import pyarrow as pa

    from optimizer.plan.plan import Plan

NIGHT = ("scenario", "business_date", "run_id")
"""Columns that the table has beside those of the contacts: text, the date as 2026-11-22."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a hand-over did.

    Parameters
    ----------
    database : str
        Its address, as written.
    table : str
    run_id : str
    contacts : int
    replaced : int
        Rows of the same scenario and business date that are gone.
    """

    database: str
    table: str
    run_id: str
    contacts: int
    replaced: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def hand_over(plan: Plan, place: Place, table: str, *, outlook: bool = False) -> HandedOver:
    """Write the contacts of a plan into a table, in place of those of the same scenario and business date.

    Parameters
    ----------
    plan : Plan
    place : Place
        The database.
    table : str
        ``NAME`` or ``SCHEMA.NAME``. It is made if it is not there; one that is there may have more columns.
    outlook : bool
        Write contacts of days that are not firm too, where the horizon rolls.

    Raises
    ------
    UsageError
        That is no name of a table, or the plan is a sample's.
    DataError
        The table lacks columns that the contacts have.
    MachineError
        The database cannot be written, or refuses the rows: the table is as it was.
    """
    refuse_sample(plan.summary, "handed over")
    parts = table.split(".")
    if not all(parts) or len(parts) > 2:
        raise UsageError("is no name of a table", where=f"--table {table}", fix="contacts, or crm.contacts")
    name = ".".join(map(quote, parts))
    rows = _plain(plan.table if outlook else firm_part(plan))
    clash = [column for column in rows.column_names if column in NIGHT]
    if clash:
        raise DataError(
            f"the contacts have a column '{clash[0]}', which tells the run here", where=table, fix="rename it"
        )
    night = (plan.scenario.name, plan.scenario.today.isoformat(), str(plan.summary["run_id"]))
    mine = f"scenario = {literal(night[0])} AND business_date = {literal(night[1])}"
    listed = ", ".join(map(quote, rows.column_names))
    values = ", ".join(f"CAST({literal(text)} AS TEXT) AS {column}" for column, text in zip(NIGHT, night, strict=True))
    with place.transaction() as store:
        store.stage(rows)
        store.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT {values}, {listed} FROM {STAGED} WHERE false")
        _refuse_lacking(store, parts, [*NIGHT, *rows.column_names])
        ((replaced,),) = store.rows(f"SELECT count(*) FROM {name} WHERE {mine}")
        store.execute(f"DELETE FROM {name} WHERE {mine}")
        store.execute(f"INSERT INTO {name} ({', '.join(NIGHT)}, {listed}) SELECT {values}, {listed} FROM {STAGED}")
    return HandedOver(place.written, table, night[2], rows.num_rows, int(replaced))


def _plain(table: pa.Table) -> pa.Table:
    """Return the rows in types that every database has."""
    import pyarrow as pa

    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields)).combine_chunks()


def _refuse_lacking(store: Store, parts: list[str], wanted: list[str]) -> None:
    schema = literal(parts[0]) if len(parts) > 1 else "current_schema()"
    found = store.rows(
        "SELECT column_name FROM information_schema.columns "
        f"WHERE table_schema = {schema} AND table_name = {literal(parts[-1])}"
    )
    known = {str(column) for (column,) in found}
    lacking = [column for column in wanted if column not in known]
    if lacking:
        raise DataError(
            f"the table lacks {', '.join(lacking)}", where=".".join(parts), fix="add the columns, or name another table"
        )
