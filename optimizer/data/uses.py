"""What the scenario looks at: every expression and column of the objective and of each rule, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from optimizer.language.expressions import Expression
from optimizer.language.limits import ColumnLimit
from optimizer.rules.total_of import TotalOf

if TYPE_CHECKING:
    from optimizer.rules.base import Rule
    from optimizer.scenario import Scenario

_SEES_HISTORY = ("after", "with")


class Sort(StrEnum):
    """What an expression must be."""

    AMOUNT = "amount"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Use:
    """One expression of the scenario.

    Parameters
    ----------
    path : str
        Its place in the file: ``constraints.budget.total``.
    expression : Expression
    sort : Sort
    rule : str or None
        Name of the rule; None for the objective and the scores.
    changes_plan : bool
        False for a rule that only reports.
    sees_history : bool
        Whether it may name columns that only history has.
    of_history : bool
        Whether it is said of history rows alone.
    """

    path: str
    expression: Expression
    sort: Sort
    rule: str | None = None
    changes_plan: bool = True
    sees_history: bool = False
    of_history: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """One column that the scenario names outside an expression.

    ``limits`` says that it holds limits, and so must be a number of the customers table.
    """

    path: str
    column: str
    rule: str
    limits: bool = False


def uses(scenario: Scenario) -> Iterator[Use | Label]:
    """Yield everything that the objective, the scores and the enabled rules look at."""
    for sense in ("maximize", "minimize"):
        expression = getattr(scenario.objective, sense)
        if expression is not None:
            yield Use(f"objective.{sense}", expression, Sort.AMOUNT)
    if scenario.scores.came_true is not None:
        expression = scenario.scores.came_true
        yield Use("scores.came_true", expression, Sort.CONDITION, changes_plan=False, of_history=True)
    for rule in scenario.rules():
        yield from _of_rule(rule)


def _of_rule(rule: Rule) -> Iterator[Use | Label]:
    needs = rule.needs()
    changes = not getattr(rule, "report_only", False)
    for name, field in type(rule).model_fields.items():
        key = field.alias or name
        path = f"{rule.section}.{rule.name}.{key}"
        value: Any = getattr(rule, name)
        if isinstance(value, Expression):
            sort = Sort.AMOUNT if value in needs.amounts else Sort.CONDITION
            yield Use(path, value, sort, rule.name, changes, key in _SEES_HISTORY)
        elif isinstance(value, TotalOf):
            if value.expression is not None:
                yield Use(path, value.expression, Sort.AMOUNT, rule.name, changes)
            yield from (Label(path, column, rule.name) for column in value.distinct)
        elif isinstance(value, ColumnLimit):
            yield Label(path, value.column, rule.name, limits=True)
        elif isinstance(value, tuple) and set(value) <= set(needs.labels):
            yield from (Label(path, column, rule.name) for column in value)
        elif key == "per" and value != "customer":
            yield Label(path, value, rule.name)
