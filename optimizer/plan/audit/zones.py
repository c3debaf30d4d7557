"""The audit's own view of time zones: a relation of each customer's zone, for each thing an unknown one may be."""

from __future__ import annotations

import zoneinfo

import pyarrow as pa

from optimizer.data.layout import literal, quote
from optimizer.data.tables import Tables
from optimizer.scenario import Scenario

RELATION = '"@zone_of"'


class Clockwork:
    """Time zones of customers, under one assumption about unknown ones at a time.

    Parameters
    ----------
    scenario : Scenario
    tables : Tables
    """

    def __init__(self, scenario: Scenario, tables: Tables) -> None:
        named = scenario.horizon.timezone
        self._tables = tables
        self.default = named if isinstance(named, str) else named.default
        self.assumptions: tuple[str, ...] = (self.default,)
        self.assumed = self.default
        self._zones: dict[str, str | None] | None = None
        if isinstance(named, str):
            return
        rows = tables.con.execute(f"SELECT customer, CAST({quote(named.column)} AS VARCHAR) FROM customers").fetchall()
        written = named.default if "default" in named.model_fields_set else None
        self._zones = {who: written if name is None else _zone(name) for who, name in rows}
        if None in self._zones.values():
            occurring = sorted({zone for _, name in rows if name is not None and (zone := _zone(name))})
            self.assumptions = tuple(occurring) or (self.default,)
        self.assume(self.default)

    def assume(self, zone: str) -> None:
        """Let unknown zones be this one."""
        self.assumed = zone
        if self._zones is None:
            return
        kind = self._tables.columns["customers"]["customer"]
        who = pa.table({"customer": list(self._zones), "zone": [z or zone for z in self._zones.values()]})
        self._tables.con.register("@zones", who)
        self._tables.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {RELATION} AS "
            f'SELECT CAST(customer AS {kind}) AS customer, zone FROM "@zones"'
        )
        self._tables.con.unregister("@zones")

    def join(self, base: str) -> str:
        """Return the JOIN that brings the zone beside a relation of contacts."""
        return "" if self._zones is None else f" LEFT JOIN {RELATION} z ON z.customer = {base}.customer"

    @property
    def sql(self) -> str:
        """SQL of the zone."""
        return literal(self.default) if self._zones is None else "z.zone"


def _zone(name: str) -> str | None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return name
