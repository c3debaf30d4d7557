"""What the scores' own error leaves of a plan's promises, and of the difference between two plans."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from optimizer.analysis.proportions import NORMAL_95
from optimizer.compile.sight import joins, quoted, tables_of
from optimizer.data.layout import KEYS, VISIBLE
from optimizer.data.tables import Tables
from optimizer.scenario import Scenario

Audit = Mapping[str, Any]
THIS = "this plan"
"""What the plan itself is called among the plans whose worth is told."""


def expect(scenario: Scenario, tables: Tables, audit: Audit, plans: Mapping[str, pa.Table]) -> dict[str, Any]:
    """Say what to expect of plans if scores come true as they have: responses, and whether values can be told apart.

    Parameters
    ----------
    plans : mapping of name to pyarrow.Table
        Chosen rows with ``contribution``; the first is the plan, the others are usual practice.

    Returns
    -------
    dict
        ``responses`` (promised, expected, low, high); ``worth`` of each plan: by offer the part of its value that
        hangs on responses, and ``fixed``, the rest; ``against`` each other plan the difference, what is expected of
        it, its 95 % range and whether the two are ``told_apart``. Empty where nothing was judged.
    """
    name = scenario.scores.promised
    if not audit["judged"] or not plans or name not in next(iter(plans.values())).column_names:
        return {}
    weighed = {plan: _worth(scenario, tables, rows) for plan, rows in plans.items()}
    (first, mine), *others = weighed.items()
    rows = plans[first]
    promises: dict[str, list[float]] = {}
    for offer, share in zip(rows["offer"].to_pylist(), rows[name].to_pylist(), strict=True):
        promises.setdefault(str(offer), []).append(float(share or 0))
    responses = {offer: math.fsum(promises[offer]) for offer in sorted(promises)}
    mean, deviation = _reading(audit, responses)
    spread = NORMAL_95 * math.sqrt(deviation**2 + mean)  # how many respond is chance as well
    return {
        "responses": {
            "promised": math.fsum(responses.values()),
            "expected": mean,
            "low": max(0.0, mean - spread),
            "high": mean + spread,
        },
        "worth": weighed,
        "against": {other: told_apart(audit, mine, worth) for other, worth in others if worth != mine},
    }


def told_apart(audit: Audit, mine: Mapping[str, Any], other: Mapping[str, Any]) -> Audit:
    """Say whether two plans' values differ by more than the scores' own error.

    Parameters
    ----------
    audit : dict
        Of :func:`audit_scores`: by how much each offer's scores may be wrong.
    mine, other : mapping
        Entries of ``worth`` of :func:`expect`.

    Notes
    -----
    Each offer's promises are multiplied by a factor known up to its deviation; the plans share the factors, so that
    what they have in common cancels. Within an offer the scores are taken to be wrong alike.
    """
    moved = {
        offer: mine["offers"].get(offer, 0.0) - other["offers"].get(offer, 0.0)
        for offer in sorted({*mine["offers"], *other["offers"]})
    }
    mean, deviation = _reading(audit, moved)
    fixed = mine["fixed"] - other["fixed"]
    low, high = (fixed + mean + sign * NORMAL_95 * deviation for sign in (-1, 1))
    return {
        "difference": math.fsum(moved.values()) + fixed,
        "expected": mean + fixed,
        "low": low,
        "high": high,
        "told_apart": not low <= 0 <= high,
    }


def score_error(mine: Audit, other: Audit) -> Audit | None:
    """Return :func:`told_apart` of two runs' ``scores.json``, by what the first knows.

    None where it knows nothing, or where the plans are worth the same, offer by offer.
    """
    if not mine.get("worth") or not other.get("worth") or mine["worth"][THIS] == other["worth"][THIS]:
        return None
    return told_apart(mine, mine["worth"][THIS], other["worth"][THIS])


def _reading(audit: Audit, amounts: Mapping[str, float]) -> tuple[float, float]:
    """Return mean and deviation of a sum by offer, each times its factor; offers never seen have the whole's."""
    factors = [(amount, *audit["factors"].get(offer, audit["factor"])) for offer, amount in amounts.items()]
    mean = math.fsum(amount * factor for amount, factor, _ in factors)
    return mean, math.sqrt(math.fsum((amount * error) ** 2 for amount, _, error in factors))


def _worth(scenario: Scenario, tables: Tables, rows: pa.Table) -> Audit:
    """Split a plan's value: by offer what hangs on responses, and what would be there without any."""
    objective = tables.catalog.bind(scenario.objective.expression, tables=VISIBLE)
    promised = tables.catalog.column(scenario.scores.promised)
    without = objective.sql(lambda column: "0" if column == promised else quoted(column))
    missing = [key for key in KEYS if key not in rows.column_names]
    renamed = rows.rename_columns(["@contribution" if n == "contribution" else n for n in rows.column_names])
    tables.con.register("@weighed", renamed)
    added = "".join(f", CAST(NULL AS VARCHAR) AS {key}" for key in missing)
    found = tables.con.execute(
        f'SELECT CAST(candidates.offer AS VARCHAR), "@contribution", CAST({without} AS DOUBLE) '
        f'FROM (SELECT *{added} FROM "@weighed") candidates{joins(tables_of(objective))}'
    ).fetchall()
    tables.con.unregister("@weighed")
    parts: dict[str, list[float]] = {}
    for offer, value, rest in found:
        parts.setdefault(offer, []).append(value - rest)
    return {
        "offers": {offer: math.fsum(parts[offer]) for offer in sorted(parts)},
        "fixed": math.fsum(rest for _, _, rest in found),
    }
