"""What a sweep goes through: ``PATH=A:B:N`` or ``PATH=v1,v2``, read as values of the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from optimizer.errors import Finding, UsageError, cut
from optimizer.scenario.changes import read_settings

MOST_POINTS = 1_000
"""Points of one sweep: more than anybody looks at."""


def read_variations(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Read the paths of a sweep and the values that each goes through.

    ``A:B:N`` is N values from A to B at equal distances, rounded to the decimals in which A and B are written, each
    once. Anything else is a list of values as the file would write them.

    Raises
    ------
    UsageError
        Everything that is not of one of these forms.
    """
    found: dict[str, list[Any]] = {}
    findings = []
    for text in texts:
        path, equals, written = (part.strip() for part in text.partition("="))
        where = f"--vary {cut(text)}"
        if not (path and equals and written):
            findings.append(Finding("usage", where, "is not PATH=VALUES", "constraints.budget.at_most=80000:120000:9"))
        elif path in found:
            findings.append(Finding("usage", where, "the same path twice", "list all its values in one"))
        else:
            try:
                found[path] = _values(path, written)
            except ValueError as error:
                findings.append(Finding("usage", where, str(error), "FROM:TO:POINTS, such as 80000:120000:9"))
    if findings:
        raise UsageError(findings)
    return found


def _values(path: str, written: str) -> list[Any]:
    parts = written.split(":")
    numbers = [_number(part) for part in parts]
    if len(parts) == 3 and None not in numbers:
        return _range(*(number for number in numbers if number is not None))
    return [read_settings([f"{path}={part}"])[path] for part in written.split(",")]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _range(first: Decimal, last: Decimal, count: Decimal) -> list[Any]:
    if count != count.to_integral_value() or not 2 <= count <= MOST_POINTS:
        raise ValueError(f"the number of points must be whole, from 2 to {MOST_POINTS:,}")
    finest = Decimal(1).scaleb(min(0, *(int(end.as_tuple().exponent) for end in (first, last))))
    steps = int(count) - 1
    values = [(first + (last - first) * i / steps).quantize(finest) for i in range(steps + 1)]
    return list(dict.fromkeys(int(value) if value == value.to_integral_value() else value for value in values))
