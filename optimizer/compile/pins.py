"""Tables of keys among the candidates: pins, and the contacts of an earlier plan."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from optimizer.compile.kinds import Kinds
from optimizer.data.key_tables import read_keys
from optimizer.data.tables import Tables
from optimizer.errors import DataError, Finding, InfeasibleError
from optimizer.problem.primitives import IntArray
from optimizer.scenario import Scenario


def pinned(
    scenario: Scenario, tables: Tables, kinds: Kinds, source: object, customer: IntArray, kind: IntArray
) -> IntArray:
    """Return the positions of the candidates that a table of pins names.

    Parameters
    ----------
    source : str
        Path of the table, relative to the scenario.
    customer, kind : (rows,) int arrays
        Of the candidates, customers ascending.

    Raises
    ------
    DataError
        A key is no candidate.
    """
    keys = read_keys(tables, scenario.base / str(source), what=str(source), ordered=True)
    tables.con.register("@pins", keys)
    whole = " AND ".join(f'p."{k}" IS NOT DISTINCT FROM c."{k}"' for k in keys.column_names)
    ((missing, first),) = tables.con.execute(
        'SELECT count(*), min(row) FROM (SELECT *, row_number() OVER () AS row FROM "@pins") p '
        f"ANTI JOIN candidates c ON {whole}"
    ).fetchall()
    tables.con.unregister("@pins")
    if missing and tables.whole:
        what = "the key is no candidate tonight"
        raise DataError([Finding("data", f"{source} · row {first:,}", what, "take it out", int(missing))])
    return positions(tables, kinds, keys, customer, kind)


def positions(tables: Tables, kinds: Kinds, keys: pa.Table, customer: IntArray, kind: IntArray) -> IntArray:
    """Return the positions of the candidates that some keys name, ascending; keys of no candidate are passed over.

    Parameters
    ----------
    keys : pyarrow.Table
        From :func:`~optimizer.data.key_tables.read_keys`.
    customer, kind : (rows,) int arrays
        Of the candidates, customers ascending.
    """
    tables.con.register("@pins", keys)
    same = " AND ".join(f'p."{k}" IS NOT DISTINCT FROM k."{k}"' for k in keys.column_names if k != "customer")
    found = tables.con.execute(
        f'SELECT c.ordinal AS customer, k.slot_key AS key FROM "@pins" p '
        f'JOIN "@customers" c ON c.customer = p.customer JOIN (SELECT DISTINCT slot_key, offer, channel, slot '
        f'FROM "@kinds") k ON {same}'
    ).fetchnumpy()
    tables.con.unregister("@pins")
    width = int(kinds.slot_key.max(initial=0)) + 1
    wanted = np.unique(np.asarray(found["customer"], np.int64) * width + np.asarray(found["key"], np.int64))
    mine = customer.astype(np.int64) * width + kinds.slot_key[kind]
    return np.flatnonzero(np.isin(mine, wanted))


def refuse_ineligible(source: object, refused: IntArray, reasons: tuple[str, ...]) -> None:
    """Raise when kept candidates are refused before any plan is made.

    Parameters
    ----------
    refused : (kept,) int array
        Bits of the reasons that refuse each.
    """
    findings = [
        Finding(
            "solve", f"pins · {source}", f"keeps candidates that '{reason}' refuses", "take them out", count, reason
        )
        for i, reason in enumerate(reasons)
        if (count := int(((refused >> i) & 1).sum()))
    ]
    if findings:
        raise InfeasibleError(findings, diagnosis={"pins": [f.to_dict() for f in findings]})
