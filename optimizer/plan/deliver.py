"""Hand-over lists: a plan's contacts, a file per channel and slot, that open well in a spreadsheet and are safe there.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (or a tab or line end before them) as a formula.
Text that begins so is written with an apostrophe in front, unless the files are for machines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from optimizer.data.files import digest
from optimizer.errors import Finding, UsageError, nearest
from optimizer.failpoints import reach
from optimizer.plan.firm import firm_part
from optimizer.plan.folder import check_target, staged
from optimizer.plan.plan import Plan
from optimizer.plan.sample import refuse_sample

INDEX = "deliveries.json"
"""Lists the files; tells a folder of ours."""
RISKY = r"^[=+\-@\t\r\n]"
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
"""Bytes by which spreadsheets know UTF-8."""
NULL = "__HIVE_DEFAULT_PARTITION__"
"""What such folders call a missing value."""
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Delivery:
    """One hand-over list.

    Parameters
    ----------
    file : str
    values : dict of column to str
        What all its contacts have in common.
    contacts, customers : int
    guarded : int
        Cells that were written with an apostrophe in front.
    bytes : int
    sha256 : str
    """

    file: str
    values: dict[str, str]
    contacts: int
    customers: int
    guarded: int
    bytes: int
    sha256: str


def deliver(
    plan: Plan,
    folder: str | Path,
    *,
    by: Sequence[str] = ("channel", "slot"),
    form: Literal["csv", "parquet"] = "csv",
    hive: bool = False,
    mark: bool = True,
    guard: bool = True,
    outlook: bool = False,
) -> tuple[Delivery, ...]:
    """Write the contacts of a plan as hand-over lists; the folder appears whole or not at all.

    Parameters
    ----------
    plan : Plan
    folder : path
        A new or empty folder, or one of an earlier delivery, which is replaced.
    by : sequence of str
        Columns of the contacts: one file for each combination of their values.
    form : {"csv", "parquet"}
    hive : bool
        A folder ``COLUMN=VALUE`` for each column of ``by``, as Hive, Spark and DuckDB have them; the files do not
        repeat those columns. Parquet alone.
    mark : bool
        Begin CSV files with the byte order mark by which spreadsheets know UTF-8.
    guard : bool
        Keep text in CSV files from being run as a formula.
    outlook : bool
        Write contacts of days that are not firm too, where the horizon rolls.

    Returns
    -------
    tuple of Delivery
        As listed in ``deliveries.json``.

    Raises
    ------
    UsageError
        An unknown column, or a folder that holds something else.
    MachineError
        The disk failed; what stood there before stands.
    """
    refuse_sample(plan.summary, "delivered")
    folder, table = Path(folder), plan.table if outlook else firm_part(plan)
    _refuse_unknown(by, table.column_names)
    if hive and (form != "parquet" or "customer" in by):
        fix = "leave customer out of --by" if form == "parquet" else "add --format parquet"
        raise UsageError("--hive writes Parquet, by columns that many contacts share", where="deliver", fix=fix)
    check_target(folder, INDEX, "delivery")
    made: list[Delivery] = []
    with staged(folder) as staging:
        for values, rows in _parts(table, by):
            if hive:
                folders = (f"{quote(name, safe='')}={quote(value, safe='') or NULL}" for name, value in values.items())
                path = staging.joinpath(*folders, "contacts.parquet")
                path.parent.mkdir(parents=True, exist_ok=True)
            else:
                path = staging / f"{_name(values, {one.file for one in made}, form)}.{form}"
            reach(f"write {path.name}")
            guarded = _write(rows.drop_columns(list(values)) if hive else rows, path, mark=mark, guard=guard)
            customers = pc.count_distinct(rows["customer"], mode="all").as_py()
            name, size = str(path.relative_to(staging)), path.stat().st_size
            made.append(Delivery(name, values, rows.num_rows, customers, guarded, size, digest(path)))
        listed = {"run_id": plan.summary["run_id"], "contacts": table.num_rows, "files": [asdict(one) for one in made]}
        reach(f"write {INDEX}")
        (staging / INDEX).write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return tuple(made)


def _refuse_unknown(by: Sequence[str], known: Sequence[str]) -> None:
    findings = []
    for name in by:
        if name not in known:
            near = nearest(name, known)
            fix = f"you meant '{near}'" if near else f"one of {', '.join(known)}"
            findings.append(Finding("usage", f"--by {name}", "the contacts have no such column", fix))
    if findings:
        raise UsageError(findings)


def _parts(table: pa.Table, by: Sequence[str]) -> list[tuple[dict[str, str], pa.Table]]:
    """Cut the contacts by the values of some columns, in the order of the values; rows keep their order."""
    if not by or not table.num_rows:
        return [({}, table)]
    texts = [pc.fill_null(pc.cast(table[name], pa.string()), "") for name in by]
    found = []
    groups = pa.table(texts, names=list(by)).group_by(list(by)).aggregate([])
    for row in sorted(groups.to_pylist(), key=lambda row: tuple(row.values())):
        inside = pc.equal(texts[0], row[by[0]])
        for name, text in zip(by[1:], texts[1:], strict=True):
            inside = pc.and_(inside, pc.equal(text, row[name]))
        found.append((row, table.filter(inside)))
    return found


def _name(values: dict[str, str], taken: set[str], form: str) -> str:
    """Return a file name that every system can hold; where that loses something, a hash keeps names apart."""
    plain = "_".join(values.values()) or "contacts"
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:LONGEST_NAME]
    if safe != plain or f"{safe}.{form}" in taken:
        return f"{safe or 'list'}-{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:8]}"
    return safe


def _write(table: pa.Table, path: Path, *, mark: bool, guard: bool) -> int:
    """Write one file and return how many cells were guarded."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, path, compression="zstd")
        return 0
    import pyarrow.csv as csv

    shown, guarded = _guarded(table) if guard else (table, 0)
    with path.open("wb") as file:
        file.write(MARK if mark else b"")
        csv.write_csv(shown, file, csv.WriteOptions(quoting_style="needed"))
    return guarded


def _guarded(table: pa.Table) -> tuple[pa.Table, int]:
    """Put an apostrophe before text that a spreadsheet would run; numbers and dates are none."""
    columns, count = [], 0
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            risky = pc.fill_null(pc.match_substring_regex(column, RISKY), False)
            count += pc.sum(risky).as_py() or 0
            prefix = pa.scalar("'", column.type)
            nothing = pa.scalar("", column.type)
            column = pc.if_else(risky, pc.binary_join_element_wise(prefix, column, nothing), column)
        columns.append(column)
    names = [f"'{name}" if re.match(RISKY, name) else name for name in table.column_names]
    return pa.table(columns, names=names), count
