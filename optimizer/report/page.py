"""The page: blocks and charts poured into the template."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from optimizer.report import blocks, charts, numbers, spread, trust
from optimizer.report.scores import scores
from optimizer.report.since import since

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

RULES_LISTED = 200
CHARTED = 6
"""Grouped constraints that are drawn; the table lists all of them."""


def render(plan: Plan) -> str:
    """Write a plan as one HTML page that needs nothing else: no network, no other file, and no script to be read.

    Parameters
    ----------
    plan : Plan
        A plan with its audit.

    Returns
    -------
    str
        The page. The same plan gives the same bytes.
    """
    lines = blocks.constraint_lines(plan)
    rules, capacities = blocks.rules(plan, lines), blocks.capacities(plan, lines)
    schedule = spread.schedule(plan)
    frequencies = spread.frequencies(plan)
    caps = spread.caps(plan, frequencies)
    return pour(
        "report.html.j2",
        answer=blocks.answer(plan),
        bars=charts.bars(blocks.comparison(plan)),
        best=blocks.best_practice(plan),
        spending=blocks.spending(plan, rules),
        rules=rules[:RULES_LISTED],
        rules_hidden=max(0, len(rules) - RULES_LISTED),
        capacities=[
            rule | {"grid": charts.capacity_grid(rule["lines"]), "chart": charts.capacity_columns(rule["lines"])}
            for rule in capacities[:CHARTED]
        ],
        capacities_hidden=max(0, len(capacities) - CHARTED),
        schedule=schedule and charts.counts_grid(schedule),
        groups=[{"by": group["by"], "grid": charts.counts_grid(group)} for group in spread.groups(plan)],
        frequencies=frequencies,
        frequency_chart=charts.frequency_columns(frequencies, caps),
        caps=caps,
        policies=blocks.policies(plan),
        funnel=blocks.funnel(plan),
        audit=trust.audit(plan),
        provenance=trust.provenance(plan),
        inputs=trust.inputs(plan),
        scores=scores(plan),
        since=since(plan),
    )


def pour(template: str, **parts: Any) -> str:
    """Fill a template that extends ``page.html.j2``: one file, offline, under a strict content security policy.

    Only the page's own style and script may act, known by their hashes; everything that is poured in is escaped.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    **parts
        Blocks, charts: plain data.
    """
    style, script = (_asset(name) for name in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    page = environment().get_template(template)
    return page.render(parts | {"style": Markup(style), "script": Markup(script), "policy": policy})


def _asset(name: str) -> str:
    return (files("optimizer.report") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


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
    shown = (
        numbers.about,
        numbers.amount,
        numbers.brief,
        numbers.whole,
        numbers.percent,
        numbers.signed_amount,
        numbers.signed_percent,
    )
    for filter_ in shown:
        environment.filters[filter_.__name__] = filter_
    return environment
