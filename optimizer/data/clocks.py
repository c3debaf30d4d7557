"""Warnings about times that are easily misread: naive beside aware, and hours that clocks skip or repeat."""

from __future__ import annotations

import duckdb

from optimizer.data.findings import Findings
from optimizer.data.times import UTC, Moment, odd_clock

_STEP = "INTERVAL 15 MINUTE"
"""Clocks change at whole quarters of an hour, by whole quarters."""


def warn_about_clocks(
    con: duckdb.DuckDBPyConnection,
    found: Findings,
    where: str,
    source: str,
    told: Moment,
    zone: str,
    *,
    many: bool = False,
) -> None:
    """Warn about the naive times of one column.

    Parameters
    ----------
    found : Findings
        Takes the warnings.
    where : str
        The column, for messages.
    source : str
        SQL that can stand after FROM.
    told : Moment
        How the column tells time.
    zone : str
    many : bool
        Whether customers have time zones of their own, which such times might be thought to be in.
    """
    naive, aware = con.execute(
        f"SELECT count({told.naive}), count_if({told.instant} IS NOT NULL AND {told.naive} IS NULL) FROM {source}"
    ).fetchall()[0]
    if naive and aware:
        found.warn(
            where,
            f"{naive:,} of {naive + aware:,} times have no offset from UTC; they are read as {zone}",
            "write the offset with every time",
            count=int(naive),
        )
    if naive and many:
        found.warn(
            where,
            f"times without an offset are read as {zone}, the default, and not in each customer's time zone",
            "write the offset with every time, or name another default",
            count=int(naive),
        )
    if not naive or zone == UTC:
        return
    odd, first = con.execute(
        f"SELECT coalesce(sum(n), 0), min(bucket) FROM (SELECT time_bucket({_STEP}, {told.naive}) AS bucket, "
        f"count(*) AS n FROM {source} GROUP BY bucket) WHERE bucket IS NOT NULL AND {odd_clock('bucket', zone)}"
    ).fetchall()[0]
    if odd:
        found.warn(
            where,
            f"the clocks in {zone} skip or repeat the hour of {first:%Y-%m-%d %H:%M}; a repeated time is read as the "
            "later of the two, a skipped one as that much later",
            "write the offset with every time",
            count=int(odd),
        )
