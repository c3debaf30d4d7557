"""Policy tests: small cases that say what a contact policy must refuse, and what it must let through.

A candidate is *refused* by the rules that it breaks, or breaks further, when it is added to the case's plan. Everything
is judged by the audit, which shares nothing with the compiler and knows no engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.analysis.policy_cases import Case, Expectation, Match, cases_beside, read_cases
from optimizer.analysis.policy_tables import Known, frames_of, known_of
from optimizer.data import open_tables
from optimizer.data.tables import Tables
from optimizer.errors import Finding, OptimizerError, ScenarioError
from optimizer.plan.audit import audit_contacts
from optimizer.problem.primitives import IntArray
from optimizer.scenario import Scenario

KEYS = ("customer", "offer", "channel", "slot")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one expectation.

    Parameters
    ----------
    case : str
    where : str
        File and line of the case.
    expected : str
        In words.
    found : str
        What the rules say, in words.
    ok : bool
    """

    case: str
    where: str
    expected: str
    found: str
    ok: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"case": self.case, "where": self.where, "expected": self.expected, "found": self.found, "ok": self.ok}


def run_policy_tests(scenario: Scenario, cases: str | Path | None = None) -> tuple[Outcome, ...]:
    """Run the policy tests of a scenario.

    Parameters
    ----------
    scenario : Scenario
    cases : path, optional
        Without it, ``scenario.tests.yaml`` beside ``scenario.yaml``.

    Returns
    -------
    tuple of Outcome
        One for each expectation, in the file's order.

    Raises
    ------
    UsageError
        There is no such file.
    ScenarioError, DataError
        What is wrong with the file, or with the tables of a case.
    """
    path = Path(cases) if cases is not None else cases_beside(Path(scenario.file))
    read = read_cases(path, scenario)
    known = known_of(scenario)
    return tuple(
        outcome
        for case, where in zip(read.cases, read.places, strict=True)
        for outcome in _run(case, where, scenario, known)
    )


def _run(case: Case, where: str, scenario: Scenario, known: Known) -> list[Outcome]:
    alone = _alone(case, scenario)
    frames = frames_of(case, alone, known)
    try:
        court = _Court(alone, open_tables(alone, frames), frames["candidates"])
        return [_judged(court, case, where, expectation) for expectation in case.expect]
    except OptimizerError as error:
        findings = [Finding(f.stage, f"{where} · {f.where}", f.what, f.fix, f.count, f.rule) for f in error.findings]
        raise type(error)(findings) from None


def _alone(case: Case, scenario: Scenario) -> Scenario:
    """Return the scenario without what speaks of tonight's customers, at the case's time."""
    before = dt.datetime.combine(scenario.horizon.start, dt.time(), dt.UTC) - dt.timedelta(days=1)
    now = case.as_of or scenario.as_of or before
    changes = {"as_of": now, "holdout": None, "pins": None, "stability": None, "data.history_max_age": None}
    return scenario.replace(changes)


class _Court:
    """Judges sets of a case's candidates."""

    def __init__(self, scenario: Scenario, tables: Tables, candidates: pa.Table) -> None:
        self.scenario, self.tables, self.candidates = scenario, tables, candidates
        self.minimums = {rule.name for rule in scenario.rules() if _asks(rule)}

    def find(self, match: Match, *, one: bool) -> IntArray:
        """Return the rows that a match names.

        Raises
        ------
        ScenarioError
            None is named, or several where one is meant.
        """
        fits = np.ones(self.candidates.num_rows, bool)
        for column, text in match.items():
            if column not in self.candidates.column_names:
                known = ", ".join(self.candidates.column_names)
                raise ScenarioError(f"candidates have no column '{column}'", where="expect", fix=f"one of: {known}")
            cells = self.candidates[column].to_pylist()
            fits &= np.array([_same(cell, text) for cell in cells], bool)
        rows = np.flatnonzero(fits)
        if not len(rows) or (one and len(rows) > 1):
            what = f"{_words(match)} names {len(rows)} candidates"
            raise ScenarioError(what, where="expect", fix="name it by more columns, or add it to the candidates")
        return rows

    def broken(self, rows: IntArray) -> dict[str, Decimal]:
        """Return by how much a set of candidates breaks each rule, in all."""
        keys = [key for key in KEYS if key in self.candidates.column_names]
        report = audit_contacts(self.scenario, self.tables, self.candidates.select(keys).take(pa.array(rows)))
        found: dict[str, Decimal] = {}
        for line in report.lines:
            if line.broken:
                found[line.rule] = found.get(line.rule, Decimal(0)) + line.excess
        return found


def _judged(court: _Court, case: Case, where: str, expectation: Expectation) -> Outcome:
    held = np.unique(np.concatenate([np.zeros(0, np.int64), *(court.find(m, one=False) for m in case.plan)]))
    if expectation.plan is not None:
        rows = [court.find(match, one=False) for match in expectation.plan]
        together = court.broken(np.unique(np.concatenate([held, *rows])).astype(np.int64))
        named = set(expectation.breaks or ())
        broken = [rule for rule in together if rule in named or rule not in court.minimums]
        expected = f"the plan breaks {_listed(sorted(named))}"
        return Outcome(case.name, where, expected, f"it breaks {_listed(broken)}", set(broken) == named)
    match = expectation.refused or expectation.allowed
    assert match is not None
    before = court.broken(held)
    after = court.broken(np.union1d(held, court.find(match, one=True)))
    refusing = [rule for rule, excess in after.items() if excess > before.get(rule, Decimal(0))]
    found = f"refused by {_listed(refusing)}" if refusing else "allowed"
    if expectation.allowed is not None:
        return Outcome(case.name, where, f"{_words(match)} is allowed", found, not refusing)
    wanted = set(expectation.by)
    by = f" by {_listed(expectation.by)}" if wanted else ""
    return Outcome(
        case.name, where, f"{_words(match)} is refused{by}", found, bool(refusing) and wanted <= set(refusing)
    )


def _asks(rule: Any) -> bool:
    """Say whether a rule asks for contacts: tiny plans break such rules, and that is told only where it is named."""
    return any(getattr(rule, key, None) is not None for key in ("at_least", "exactly", "min_contacts"))


def _same(cell: object, text: str) -> bool:
    if isinstance(cell, dt.datetime):
        return cell.isoformat()[: len(text.replace(" ", "T"))] == text.replace(" ", "T")
    return (str(cell).lower() if isinstance(cell, bool) else str(cell)) == text


def _words(match: Match) -> str:
    return " ".join(match.values())


def _listed(rules: Sequence[str]) -> str:
    return " and ".join(rules) if rules else "no rule"
