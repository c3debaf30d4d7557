"""Whose days: one time zone for all, or each customer's own.

A customer whose zone is unknown must be safe in every zone that occurs: there are as many *choices* as such zones, and
what depends on local days is asked under each of them.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass

from optimizer.compile.sight import quoted
from optimizer.data.layout import literal
from optimizer.data.tables import Tables
from optimizer.errors import ScenarioError
from optimizer.language.expressions import ColumnName
from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Zones:
    """How a customer's time zone is told.

    Parameters
    ----------
    default : str
        IANA name: of all customers, or of times without an offset and of constraints where a zone is unknown.
    choices : tuple of str
        Zones to try for customers whose own is unknown; one (whichever) when there are none.
    column : ColumnName, optional
        The customers column that holds the names.
    empty : str, optional
        The zone that an empty column stands for; None when it is unknown.
    valid : tuple of str
        Names that occur in the column and are zones.
    """

    default: str
    choices: tuple[str, ...]
    column: ColumnName | None = None
    empty: str | None = None
    valid: tuple[str, ...] = ()

    @classmethod
    def of(cls, scenario: Scenario, tables: Tables) -> Zones:
        """Look at the scenario, and at the zones that occur.

        Raises
        ------
        ScenarioError
            The column is none of the customers table.
        """
        named = scenario.horizon.timezone
        if isinstance(named, str):
            return cls(named, (named,))
        column = ColumnName("customers", named.column)
        if named.column not in tables.columns.get("customers", {}):
            raise ScenarioError(
                f"the customers table has no column '{named.column}'",
                where=scenario.where("horizon.timezone"),
                fix="add it, or name one time zone",
            )
        found = tables.con.execute(f"SELECT DISTINCT CAST({quoted(column)} AS VARCHAR) FROM customers").fetchall()
        names = [name for (name,) in found if name is not None]
        valid = tuple(sorted(name for name in names if name in zoneinfo.available_timezones()))
        empty = named.default if "default" in named.model_fields_set else None
        unknown = len(valid) < len(names) or (empty is None and len(names) < len(found))
        choices = valid if unknown and valid else (named.default,)
        return cls(named.default, choices, column, empty, valid)

    @property
    def tables(self) -> frozenset[str]:
        """Tables that the zone is told by."""
        return frozenset() if self.column is None else frozenset({"customers"})

    def known(self) -> str:
        """Return SQL of the customer's zone, NULL where it is unknown."""
        if self.column is None:
            return literal(self.default)
        name = f"CAST({quoted(self.column)} AS VARCHAR)"
        listed = ", ".join(literal(z) for z in self.valid) or "NULL"
        empty = "NULL" if self.empty is None else literal(self.empty)
        return f"CASE WHEN {name} IS NULL THEN {empty} WHEN {name} IN ({listed}) THEN {name} END"

    def other(self, choice: int | None) -> str:
        """Return the zone, as SQL, that unknown ones have under a choice; None: the default."""
        return literal(self.default if choice is None else self.choices[choice])

    def sql(self, choice: int | None) -> str:
        """Return SQL of the customer's zone under a choice for the unknown ones; None: the default is theirs."""
        if self.column is None:
            return literal(self.default)
        return f"coalesce({self.known()}, {self.other(choice)})"
