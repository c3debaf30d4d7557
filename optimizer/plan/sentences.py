"""The sentences that every run ends with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


EARLY = "time", "interrupted"
"""Limits that may stop a search before the constraints have prices."""


def closing(
    summary: Mapping[str, Any], constraints: pd.DataFrame, policies: pd.DataFrame, sense: str
) -> tuple[str, ...]:
    """Say the value and its proof, what the dearest limits and the dearest policy cost, and what is firm."""
    why = _why_no_prices(constraints, early=summary["limit"] in EARLY)
    limits = (
        (_dearest(constraints, sense), _tightest(constraints, sense))
        if why is None
        else (
            f"Which limit is dearest is not known: {why}.",
            f"What one more unit of a limit brings is not known: {why}.",
        )
    )
    return _proof(summary, sense), *limits, *_policy(policies, sense), *_firm(summary)


def _policy(policies: pd.DataFrame, sense: str) -> tuple[str, ...]:
    if policies.empty or policies["value_lost"].isna().any() or policies["value_lost"].max() <= 0:
        return ()
    row = policies.iloc[int(policies["value_lost"].argmax())]
    verb = "bring" if sense == "maximize" else "save"
    return (
        f"The dearest contact policy is {row['name']}: without it, customers would {verb} up to about "
        f"{row['value_lost']:,.2f} more at today's prices.",
    )


def _firm(summary: Mapping[str, Any]) -> tuple[str, ...]:
    if summary["firm"] is None:
        return ()
    firm, until = summary["firm"]["contacts"], summary["firm"]["until"]
    return (f"Firm up to {until}: {firm:,} of {summary['contacts']:,} contacts; the others will be planned again.",)


def _proof(summary: Mapping[str, Any], sense: str) -> str:
    said = f"{summary['contacts']:,} contacts bring {summary['objective']:,.2f}"
    if sense == "minimize":
        said = f"{summary['contacts']:,} contacts cost {summary['objective']:,.2f}"
    if summary["bound"] is None:
        return f"{said}; how far that is from the best possible is not proven."
    if summary["termination"] == "optimal":
        return f"{said}, and no plan that keeps the rules does better: that is proven."
    more = abs(summary["bound"] - summary["objective"])
    word = "more" if sense == "maximize" else "less"
    return f"{said}; no plan that keeps the rules has {more:,.2f} {word} (proven gap {100 * summary['gap']:.4f} %)."


def _why_no_prices(constraints: pd.DataFrame, *, early: bool) -> str | None:
    """Say why the prices tell nothing, None if they do."""
    if constraints["price"].isna().any():
        return "the engine gave no prices"
    if early and not constraints.empty and not constraints["price"].any():
        return "the search was stopped before any had a price"
    return None


def _dearest(constraints: pd.DataFrame, sense: str) -> str:
    weight = (constraints["price"] * constraints["limit"] / 100).abs().groupby(constraints["name"]).sum()
    if weight.empty or weight.max() == 0:
        return "No constraint has a price: one more unit of any of them would bring nothing."
    name = weight.idxmax()
    verb = "bring" if sense == "maximize" else "save"
    return f"The dearest limit is {name}: one per cent more room would {verb} about {weight.max():,.2f}."


def _tightest(constraints: pd.DataFrame, sense: str) -> str:
    price = constraints["price"].abs()
    if price.empty or price.max() == 0:
        return "No limit is tight."
    row = constraints.iloc[int(price.argmax())]
    group = json.loads(row["group"])
    where = f" ({', '.join(f'{k} {v}' for k, v in group.items())})" if group else ""
    verb = "brings" if sense == "maximize" else "saves"
    unit = "One unit less" if row["sense"] == ">=" else "One more unit"
    return f"{unit} of the tightest limit, {row['name']}{where}, {verb} about {price.max():,.2f}."
