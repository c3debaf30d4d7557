"""Did the scores come true? What they promised of past contacts beside what was seen, and what that says of tonight.

Nobody was contacted by chance, so none of this says what a contact causes; it says whether promises were kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from optimizer.analysis.proportions import shrunk, wilson
from optimizer.analysis.score_error import THIS, expect
from optimizer.analysis.score_rows import JUDGED, came_true, judge_rows
from optimizer.compile.build import Compiled
from optimizer.data.layout import HISTORY
from optimizer.data.tables import Tables
from optimizer.errors import Finding
from optimizer.plan.assemble import chosen_rows
from optimizer.plan.plan import Plan
from optimizer.problem.solution import Solution
from optimizer.scenario import Scenario

QUANTA = 10**9
"""Promises are added as whole billionths, so that their order does not matter."""
PROMISED = f"CAST(sum(CAST(round(promised * {QUANTA}) AS HUGEINT)) AS DOUBLE)"
FEW = 5
"""With fewer responses promised, and seen, than this nothing is said."""
GROUPS_KEPT = 200
STRIKING = 1.25
"""How far from its promise a group must be, chance aside, to be warned of."""
Audit = dict[str, Any]


def audit_scores(scenario: Scenario, tables: Tables) -> tuple[Audit, list[Finding]]:
    """Judge the scores of past contacts.

    Returns
    -------
    audit : dict
        Plain JSON values. ``judged`` contacts, responses ``promised`` and ``came``; ``groups`` by offer, channel and
        tenth of the promise, each with its 95 % interval and verdict; ``factors`` of the offers (mean, deviation), by
        which tonight's promises may be read; ``why`` where nothing can be judged.
    findings : list of Finding
        Warnings.
    """
    came = came_true(scenario, tables)
    if came is None:
        return _nothing(scenario, tables)
    counts, findings = judge_rows(scenario, tables, came)
    groups = {by: _groups(tables, column) for by, column in (("offer", "offer"), ("channel", "channel"))}
    groups["tenth"] = _tenths(tables)
    whole = _groups(tables, "NULL")
    audit: Audit = {"why": None, **counts, "groups": {by: rows[:GROUPS_KEPT] for by, rows in groups.items()}}
    if not whole:
        why = "no past contact has both a promise and a response"
        return audit | {"why": why, "judged": 0, "promised": 0.0, "came": 0, "factors": {}}, findings
    offers = [row for row in groups["offer"] if row["promised"] > 0]
    overall, each = shrunk([row["promised"] for row in offers], [row["came"] for row in offers])
    for row, factor in zip(offers, each, strict=True):
        row["factor"] = factor.mean
    audit |= {
        "judged": whole[0]["contacts"],
        **{key: whole[0][key] for key in ("promised", "came", "low", "high", "verdict")},
        "factor": [overall.mean, math.hypot(overall.deviation, math.sqrt(overall.mean / whole[0]["promised"]))],
        "factors": {row["value"]: [factor.mean, factor.deviation] for row, factor in zip(offers, each, strict=True)},
    }
    return audit, [*findings, *_warnings(audit, scenario)]


def with_scores(plan: Plan, compiled: Compiled, practice: Mapping[str, Solution | None]) -> tuple[Plan, list[Finding]]:
    """Return the plan with what is known of its scores, and the warnings.

    Parameters
    ----------
    plan : Plan
    compiled : Compiled
        What it was made of.
    practice : mapping of name to Solution
        What people do today; the best of it is held against the plan.
    """
    scenario, tables = compiled.scenario, compiled.tables
    audit, findings = audit_scores(scenario, tables)
    if not audit["judged"]:
        return replace(plan, scores=audit), findings
    found = {name: solution for name, solution in practice.items() if solution is not None}
    rows = {THIS: plan.table}
    if found:
        best = max(found, key=lambda name: (found[name].objective, name))
        rows[best] = chosen_rows(compiled, found[best])
    return replace(plan, scores=audit | expect(scenario, tables, audit, rows)), findings


def _groups(tables: Tables, column: str) -> list[Audit]:
    """Return promised and seen responses by a column, the most promised first."""
    found = tables.con.execute(
        f"SELECT CAST({column} AS VARCHAR), count(*), {PROMISED}, count_if(came) FROM {JUDGED} "
        "GROUP BY 1 ORDER BY 3 DESC, 1"
    ).fetchall()
    return [_group(value, *rest) for value, *rest in found]


def _tenths(tables: Tables) -> list[Audit]:
    """Return the same by tenth of the contacts, the lowest promises first."""
    found = tables.con.execute(
        f"SELECT min(promised), max(promised), count(*), {PROMISED}, count_if(came) FROM "
        f"(SELECT *, ntile(10) OVER (ORDER BY rowid) AS tenth FROM {JUDGED}) GROUP BY tenth ORDER BY tenth"
    ).fetchall()
    return [_group(f"{low:.3g} to {high:.3g}", *rest) for low, high, *rest in found]


def _group(value: str | None, contacts: int, quanta: float, came: int) -> Audit:
    low, high = wilson(came, contacts)
    promised = quanta / QUANTA
    rate = promised / contacts
    verdict = "too high" if rate > high else "too low" if rate < low else "as promised"
    if verdict == "as promised" and promised < FEW and came < FEW:
        verdict = "too few to tell"
    return {
        "value": value,
        "contacts": contacts,
        "promised": promised,
        "came": came,
        "low": low * contacts,
        "high": high * contacts,
        "factor": None,
        "verdict": verdict,
    }


def _nothing(scenario: Scenario, tables: Tables) -> tuple[Audit, list[Finding]]:
    """Say why nothing is judged; a warning only where promises and responses stand side by side, unread."""
    original = tables.original.get(HISTORY, ())
    told = "response" in original
    why = "the history holds no responses" if not told else "which response was scored is not said"
    audit: Audit = {"why": why, "judged": 0, "promised": 0.0, "came": 0, "groups": {}, "factors": {}}
    if not told or (scenario.scores.promised not in original and scenario.scores.runs is None):
        return audit, []
    seen = tables.con.execute(
        "SELECT CAST(response AS VARCHAR) FROM history WHERE response IS NOT NULL "
        "GROUP BY 1 ORDER BY count(*), 1 LIMIT 1"
    ).fetchall()
    if not seen:
        return audit, []
    what = "holds promises and responses, and which response was promised is not said: the scores are not judged"
    fix = f"scores: {{came_true: \"response = '{seen[0][0]}'\"}}"
    return audit, [Finding("data", "history · response", what, fix)]


def _warnings(audit: Audit, scenario: Scenario) -> list[Finding]:
    where = f"history · {scenario.scores.promised}"
    findings = []
    if audit["verdict"] in ("too high", "too low") and not 1 / STRIKING < audit["factor"][0] < STRIKING:
        ratio = audit["promised"] / max(audit["came"], 1)
        what = f"promised {audit['promised']:,.1f} responses, and {audit['came']:,} came ({ratio:.2g} to 1)"
        findings.append(Finding("data", where, what, "calibrate the scores on these contacts; report.html lists them"))
    off = [
        row
        for row in audit["groups"]["offer"]
        if row["verdict"].startswith("too ")
        and row["factor"]
        and not 1 / STRIKING < row["factor"] / audit["factor"][0] < STRIKING
    ]
    if off:
        named = ", ".join(f"{row['value']} {row['factor'] / audit['factor'][0]:.2g}" for row in off[:FEW])
        what = f"is wrong for some offers more than for others, which misleads the choice: {named} times the usual"
        findings.append(Finding("data", where, what, "calibrate the scores by offer", count=len(off)))
    return findings
