"""Scores that are not on one scale: per cent beside shares, or two models that were never made comparable."""

from __future__ import annotations

import statistics

from optimizer.analysis.scores import QUANTA
from optimizer.data.layout import CANDIDATES, NUMBERS, family, quote
from optimizer.data.tables import Tables
from optimizer.errors import Finding
from optimizer.scenario import Scenario

OTHER_SCALE = 10.0
"""How many times the usual offer's mean is suspicious."""
LEAST_OFFERS = 3


def other_scales(scenario: Scenario, tables: Tables) -> list[Finding]:
    """Find offers whose mean score is ten times the usual offer's, or a tenth of it."""
    name = scenario.scores.promised
    if family(tables.columns[CANDIDATES].get(name, "")) not in NUMBERS:
        return []
    amount = f"CAST({quote(name)} AS DOUBLE)"
    found = tables.con.execute(
        f"SELECT CAST(offer AS VARCHAR), CAST(sum(CAST(round({amount} * {QUANTA}) AS HUGEINT)) AS DOUBLE) / count(*) "
        f"FROM candidates WHERE CASE WHEN isfinite({amount}) THEN abs({amount}) < 1e9 ELSE false END "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    means = {offer: mean / QUANTA for offer, mean in found}
    usual = statistics.median_low(means.values()) if len(means) >= LEAST_OFFERS else 0.0
    findings = []
    for offer, mean in means.items():
        if mean <= 0 or usual <= 0:
            continue
        times = mean / usual
        if times >= OTHER_SCALE or times <= 1 / OTHER_SCALE:
            said = f"{times:,.0f} times" if times > 1 else f"a {1 / times:,.0f}th of"
            what = f"the offer '{offer}' has a mean of {mean:.3g}, {said} the usual offer's {usual:.3g}"
            fix = "it is on another scale (per cent?) or of another model: make the scores comparable"
            findings.append(Finding("data", f"candidates · {name}", what, fix))
    return findings
