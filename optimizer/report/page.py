"""The page: blocks and charts poured into the template."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import jinja2

from optimizer.report import blocks, charts, numbers

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

CHARTED = 6
"""Grouped constraints that are drawn; the table lists all of them."""


def render(plan: Plan) -> str:
    """Write a plan as one HTML page that needs nothing else: no network, no script, no other file.

    Parameters
    ----------
    plan : Plan
        A plan with its audit.

    Returns
    -------
    str
        The page. The same plan gives the same bytes.
    """
    capacities = blocks.capacities(plan)
    schedule = blocks.schedule(plan)
    frequencies = blocks.frequencies(plan)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            answer=blocks.answer(plan),
            bars=charts.bars(blocks.comparison(plan)),
            rules=blocks.rules(plan),
            capacities=[
                rule | {"grid": charts.capacity_grid(rule["lines"]), "chart": charts.capacity_columns(rule["lines"])}
                for rule in capacities[:CHARTED]
            ],
            capacities_hidden=max(0, len(capacities) - CHARTED),
            schedule=schedule and charts.schedule_grid(schedule),
            frequencies=frequencies,
            frequency_chart=charts.frequency_columns(frequencies),
            policies=blocks.policies(plan),
            funnel=blocks.funnel(plan),
            audit=blocks.audit(plan),
            provenance=blocks.provenance(plan),
        )
    )


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return what all pages are drawn with: everything escaped, nothing undefined, numbers as people read them."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("optimizer.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (numbers.amount, numbers.whole, numbers.percent, numbers.signed_amount, numbers.signed_percent):
        environment.filters[filter_.__name__] = filter_
    return environment
