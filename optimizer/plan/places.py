"""Where each customer's candidates lie in their files: an index that a run leaves, where one is worth its writing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from optimizer.data.layout import CANDIDATES, literal
from optimizer.scenario.sections import Database

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

NAME = "places.parquet"
BLOCK = 122_880
"""Rows of a block: what a Parquet row group usually holds, so that whole groups are left unread."""
WORTH = 1_000_000
"""Candidates from which an index is written; fewer are found faster than the index is read."""
SCATTERED = 4
"""Blocks per customer beyond which reading all of them is as quick."""


def write_places(plan: Plan, folder: Path) -> None:
    """Write, for each customer, the file and block that have candidates of theirs, in the order of customers.

    Nothing is written where candidates are few, are no Parquet files with columns of our names, or lie in the order of
    customers already (the statistics of their row groups then say the same), or where most customers are all over the
    files.
    """
    source = plan.scenario.data.sources().get(CANDIDATES)
    if isinstance(source, Database) or source is None or source.columns:
        return
    files = [str(one["path"]) for one in plan.inputs if one["table"] == CANDIDATES]
    if not files or any(Path(f).suffix.lower() not in (".parquet", ".pq") for f in files):
        return
    con = duckdb.connect()
    listed = "[" + ", ".join(literal(f) for f in files) + "]"
    if not _worth_it(con, listed):
        return
    which = " ".join(f"WHEN {literal(f)} THEN {number}" for number, f in enumerate(files))
    con.execute(
        f"COPY (SELECT DISTINCT customer, CAST(CASE filename {which} END AS USMALLINT) AS file, "
        f"CAST(file_row_number // {BLOCK} AS UINTEGER) AS block "
        f"FROM read_parquet({listed}, filename = true, file_row_number = true, hive_partitioning = false, "
        f"binary_as_string = true) ORDER BY ALL) "
        f"TO {literal(str(folder / NAME))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _worth_it(con: duckdb.DuckDBPyConnection, listed: str) -> bool:
    """Look at the statistics, and at one block in the middle."""
    groups = (
        "SELECT file_name, row_group_num_rows AS size, stats_min_value AS low, stats_max_value AS high, "
        "lag(stats_max_value) OVER (ORDER BY file_name, row_group_id) AS before "
        f"FROM parquet_metadata({listed}) WHERE path_in_schema = 'customer'"
    )
    ((rows, unsorted),) = con.execute(
        f"SELECT sum(size), count_if(before > low OR low IS NULL) FROM ({groups})"
    ).fetchall()
    if not rows or rows < WORTH or not unsorted:
        return False
    here = f"FROM read_parquet({listed}, file_row_number = true, hive_partitioning = false)"
    ((seen, customers),) = con.execute(
        f"SELECT count(*), count(DISTINCT customer) {here} WHERE file_row_number < {BLOCK}"
    ).fetchall()
    ((distinct,),) = con.execute(f"SELECT approx_count_distinct(customer) {here}").fetchall()
    return bool(customers * rows / seen <= SCATTERED * distinct)


def read_places(folder: Path, customers: Sequence[str]) -> list[tuple[int, int]] | None:
    """Return the (file, block) that hold candidates of some customers, None where the run left no index.

    Parameters
    ----------
    customers : sequence of str
        Ids as text.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    con = duckdb.connect()
    source = literal(str(path))
    ((_, kind, *_),) = con.execute(f"DESCRIBE SELECT customer FROM {source}").fetchall()
    listed = ", ".join(f"TRY_CAST({literal(c)} AS {kind})" for c in customers)
    found = con.execute(f"SELECT DISTINCT file, block FROM {source} WHERE customer IN ({listed}) ORDER BY ALL")
    return [(int(file), int(block)) for file, block in found.fetchall()]
