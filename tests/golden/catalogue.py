"""All golden cases, and the lines of the semantics that have none yet, each with the reason."""

from tests.golden import (
    calendar_pairs,
    calendars,
    days_and_hours,
    hour_minimums,
    minimum_windows,
    one_customer,
    pairs,
    pins_and_holdout,
    prerequisites,
    ratios_and_lots,
    sharing,
    tables,
    whole_plan,
    windows,
    zones_and_arrivals,
)
from tests.golden.cases import Case

TOPICS = (
    windows,
    calendars,
    days_and_hours,
    zones_and_arrivals,
    minimum_windows,
    hour_minimums,
    one_customer,
    pairs,
    calendar_pairs,
    sharing,
    tables,
    whole_plan,
    ratios_and_lots,
    pins_and_holdout,
    prerequisites,
)

CASES: list[Case] = sorted((case for topic in TOPICS for case in topic.CASES), key=lambda case: case.line)

LINES = range(1, 45)

NOT_YET = {
    37: "prices are an engine's, not the rules'; tested where prices are made",
    38: "a comparison of two scenarios; tested as a property of random ones",
    39: "a comparison of two runs; tested as a property of random ones, byte for byte by the product's own tests",
    41: "which of several best plans is chosen is an engine's; the rules say only that they are equal",
    42: "needs run folders and a ledger",
    43: "refusals are an explanation of a plan; its golden cases are in test_line_43",
    44: "the clashing set is a diagnosis; needs the infeasibility analysis",
}
"""Lines about operation rather than rules."""
