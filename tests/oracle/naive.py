"""A second brute force for the first cut's rules, written differently: backtracking, whole numbers, SQL conditions.

It shares nothing with the oracle but the meaning of the rules. Dates only, one zone, no lead days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd

Legal = Callable[[list[int]], bool]
"""Tells whether a plan (row numbers of candidates) obeys one policy."""

UNIT = 10_000
"""Amounts are whole ten-thousandths."""


def money(value: Any) -> int:
    whole = Decimal(str(value)) * UNIT
    assert whole == int(whole)
    return int(whole)


class Naive:
    """One scenario, read through DuckDB; the next one with the same connection takes its place."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, scenario: dict[str, Any], tables: dict[str, pd.DataFrame]
    ) -> None:
        self.db, self.scenario = db, scenario
        self.limits = {
            name: {row[:-1]: row[-1] for row in table.itertuples(index=False, name=None)}
            for name, table in tables.items()
            if name.endswith(".csv")
        }
        self.found: dict[tuple[str, str | None], set[int]] = {}
        first = scenario["horizon"]["start"].toordinal()
        self.first, self.last = first, first + scenario["horizon"]["days"] - 1
        joins = "LEFT JOIN offers USING (offer) LEFT JOIN customers USING (customer)"
        for name, table in tables.items():
            numbered = table.assign(nr=range(len(table))).astype(object)
            self.db.register(f"raw_{name}", numbered.where(numbered.notna(), None))
        for name in ("offers", "customers"):
            self.db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * EXCLUDE (nr) FROM raw_{name}")
        for name in ("candidates", *(["history"] if "history" in tables else [])):
            self.db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM raw_{name} {joins} ORDER BY nr")
        self.rows = self._rows("candidates")
        self.values = [money(row["value"]) for row in self.rows]
        self.costs = [money(row["cost"]) for row in self.rows]
        self.past = self._rows("history") if "history" in tables else []
        for row in self.rows:
            row["day"] = date.fromisoformat(row["slot"]).toordinal()
        for row in self.past:
            row["day"] = date.fromisoformat(row["at"]).toordinal()
        self.policies = [self._policy(rule) for rule in scenario["contact_policies"]]

    def _rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self.db.execute(f"SELECT * FROM {table} ORDER BY nr")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def where(self, table: str, condition: str | None) -> set[int]:
        """Return the numbers of the rows for which a condition is true."""
        if (table, condition) not in self.found:
            rows = self.db.execute(f"SELECT nr FROM {table} WHERE {condition or 'true'}").fetchall()
            self.found[table, condition] = {nr for (nr,) in rows}
        return self.found[table, condition]

    def best(self) -> int | None:
        """Return the best objective in ten-thousandths; None if no plan is legal."""
        best = None
        for plan in self._grow([], sorted(self.eligible())):
            if self.whole_plan_is_legal(plan):
                value = sum(self.values[n] for n in plan) - self.penalties(plan)
                best = value if best is None else max(best, value)
        return best

    def eligible(self) -> set[int]:
        left = set(range(len(self.rows)))
        for rule in self.scenario["eligibility"]:
            if "keep" in rule:
                left &= self.where("candidates", rule["keep"])
            else:
                left -= self.where("candidates", rule["drop"])
        return left

    def _grow(self, plan: list[int], rest: list[int]) -> Iterator[list[int]]:
        """Yield every plan that the customers' policies allow; none can be mended by adding a contact."""
        yield plan
        for position, candidate in enumerate(rest):
            longer = [*plan, candidate]
            if all(check(longer) for check in self.policies):
                yield from self._grow(longer, rest[position + 1 :])

    # -- one customer ------------------------------------------------------------------------------------------

    def _policy(self, rule: dict[str, Any]) -> Legal:
        if "at_most" in rule:
            return self._cap(rule)
        if "spacing" in rule:
            mine, past = self._both(rule.get("where"), history=rule.get("count_history", True))
            return self._apart(mine, past, mine, past, _days(rule["spacing"]))
        width = _days(rule["within"]) if "within" in rule else 10_000
        a, past_a = self._both(rule["never"], history="within" in rule)
        b, past_b = self._both(rule["with"], history="within" in rule)
        return self._apart(a, past_a, b, past_b, width)

    def _both(self, condition: str | None, *, history: bool) -> tuple[set[int], set[int]]:
        return self.where("candidates", condition), self.where("history", condition) if history and self.past else set()

    def _cap(self, rule: dict[str, Any]) -> Legal:
        width = _days(rule["within"]) if "within" in rule else None
        mine, past = self._both(rule.get("where"), history=width is not None and rule.get("count_history", True))
        group = rule.get("for_each")

        def days_of(rows: list[dict[str, Any]], chosen: set[int]) -> dict[Any, list[int]]:
            days = defaultdict(list)
            for n in chosen:
                days[rows[n]["customer"], rows[n][group] if group else None].append(rows[n]["day"])
            return days

        def legal(plan: list[int]) -> bool:
            used = days_of(self.past, past)
            for key, days in days_of(self.rows, mine & set(plan)).items():
                if width is None:
                    if len(days) > rule["at_most"]:
                        return False
                    continue
                for start in range(self.first - width + 1, self.last + 1):
                    inside = sum(start <= day < start + width for day in days)
                    before = sum(start <= day < start + width for day in used[key])
                    if inside and inside + before > rule["at_most"]:
                        return False
            return True

        return legal

    def _apart(self, a: set[int], past_a: set[int], b: set[int], past_b: set[int], width: int) -> Legal:
        def near(one: dict[str, Any], other: dict[str, Any]) -> bool:
            return bool(one["customer"] == other["customer"] and abs(one["day"] - other["day"]) < width)

        def legal(plan: list[int]) -> bool:
            first, second = [n for n in plan if n in a], [n for n in plan if n in b]
            return not (
                any(near(self.rows[i], self.rows[j]) for i in first for j in second if i != j)
                or any(near(self.rows[i], self.past[j]) for i in first for j in past_b)
                or any(near(self.past[i], self.rows[j]) for i in past_a for j in second)
            )

        return legal

    # -- the whole plan ----------------------------------------------------------------------------------------

    def whole_plan_is_legal(self, plan: list[int]) -> bool:
        return all(self._miss(rule, plan) == 0 for rule in self.scenario["constraints"] if "penalty" not in rule)

    def penalties(self, plan: list[int]) -> int:
        soft = [rule for rule in self.scenario["constraints"] if "penalty" in rule]
        paid = sum(Decimal(str(rule["penalty"])) * self._miss(rule, plan) for rule in soft)
        assert paid == int(paid)
        return int(paid)

    def _miss(self, rule: dict[str, Any], plan: list[int]) -> int:
        """Return by how much a plan breaks a constraint, in ten-thousandths."""
        mine = self.where("candidates", rule.get("where"))
        names = rule.get("for_each", [])
        names = [names] if isinstance(names, str) else names
        used: Counter[tuple[Any, ...]] = Counter({tuple(self.rows[n][k] for k in names): 0 for n in mine})
        if not names:
            used[()] = 0
        for n in mine & set(plan):
            used[tuple(self.rows[n][k] for k in names)] += UNIT if rule["total"] == "contacts" else self.costs[n]
        missed = 0
        for key, amount in used.items():
            for sense, sign in (("at_most", 1), ("at_least", -1), ("exactly", 1), ("exactly", -1)):
                if sense in rule:
                    missed += max(0, sign * (amount - money(self._limit(rule[sense], key))))
        return missed

    def _limit(self, spec: Any, key: tuple[Any, ...]) -> Any:
        if not isinstance(spec, dict):
            return spec
        return self.limits[spec["table"]].get(key, spec["default"])


def _days(text: str) -> int:
    number, unit = text.split()
    return int(number) * (7 if unit.startswith("week") else 1)
