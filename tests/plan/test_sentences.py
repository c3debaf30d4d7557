"""What every run says at its end is true of it."""

import pandas as pd
import pytest

from optimizer.plan.sentences import closing

NO_POLICIES = pd.DataFrame({"name": [], "value_lost": []})
UNKNOWN = (
    "Which limit is dearest is not known: the search was stopped before any had a price.",
    "What one more unit of a limit brings is not known: the search was stopped before any had a price.",
)


def said(limit: str | None, *prices: float | None) -> tuple[str, ...]:
    """Return what is said of the limits."""
    rows = [{"name": "stock", "group": "{}", "sense": "<=", "limit": 10.0, "price": price} for price in prices]
    constraints = pd.DataFrame(rows, columns=["name", "group", "sense", "limit", "price"])
    summary = {
        "contacts": 3,
        "objective": 5.0,
        "bound": 6.0,
        "gap": 0.2,
        "termination": "feasible",
        "limit": limit,
        "firm": None,
    }
    return closing(summary, constraints, NO_POLICIES, "maximize")[1:]


@pytest.mark.parametrize("limit", ["time", "interrupted"])
def test_a_search_that_was_stopped_before_limits_had_prices_does_not_call_them_loose(limit: str) -> None:
    assert said(limit, 0.0, 0.0) == UNKNOWN


@pytest.mark.parametrize("limit", [None, "gap", "exhausted"])
def test_limits_without_a_price_are_loose_where_the_search_came_to_its_end(limit: str | None) -> None:
    assert said(limit, 0.0)[1] == "No limit is tight."
    assert said("time")[1] == "No limit is tight."  # there is none


def test_prices_are_told_whatever_stopped_the_search() -> None:
    assert said("time", 0.0, 2.0) == said(None, 0.0, 2.0)
    assert said("time", 0.0, 2.0)[1] == "One more unit of the tightest limit, stock, brings about 2.00."
    assert "the engine gave no prices" in said("time", 0.0, None)[0]
