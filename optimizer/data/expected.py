"""Ranges that number columns must lie in, written in the scenario or usual for their name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.data.catalog import Catalog
from optimizer.data.layout import VISIBLE
from optimizer.errors import Finding
from optimizer.language.expressions import ColumnName
from optimizer.language.ranges import Range

if TYPE_CHECKING:
    from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Expected:
    """Ranges that columns must lie in.

    Parameters
    ----------
    ranges : mapping of ColumnName to Range
    written : frozenset of ColumnName
        Those that ``data.expect`` names; the others are usual for their name, and only warn where nothing looks.
    """

    ranges: Mapping[ColumnName, Range]
    written: frozenset[ColumnName]


def expected_ranges(scenario: Scenario, catalog: Catalog) -> tuple[Expected, list[Finding]]:
    """Return the range that each column must lie in, and findings for names under ``expect`` that nothing has."""
    ranges: dict[ColumnName, Range] = {}
    written: set[ColumnName] = set()
    findings: list[Finding] = []
    for table in VISIBLE:
        for name in catalog.columns.get(table, {}):
            column, expected = ColumnName(table, name), scenario.data.expected(name)
            if str(expected) != "any":
                ranges[column] = expected
            if name in scenario.data.expect:
                written.add(column)
    known = {column.name for column in written}
    for name, expected in scenario.data.expect.items():
        if name in known:
            continue
        try:
            column = catalog.column(name)
        except ValueError as error:
            what, _, fix = str(error).partition("\nMaybe ")
            findings.append(Finding("scenario", scenario.where(f"data.expect.{name}"), what, fix))
        else:
            ranges[column] = expected
            written.add(column)
    return Expected(ranges, frozenset(written)), findings
