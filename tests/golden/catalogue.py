"""All golden cases, and the lines of the semantics that have none yet, each with the reason."""

from tests.golden import (
    calendar_pairs,
    calendars,
    days_and_hours,
    different_keys,
    hour_minimums,
    minimum_windows,
    one_customer,
    pairs,
    pins_and_holdout,
    prerequisites,
    ratios_and_lots,
    sharing,
    stability,
    tables,
    whole_plan,
    windows,
    zones_and_arrivals,
)
from tests.golden.cases import Case
from tests.golden.operation import PROMISES

TOPICS = (
    windows,
    calendars,
    days_and_hours,
    zones_and_arrivals,
    minimum_windows,
    hour_minimums,
    one_customer,
    different_keys,
    pairs,
    calendar_pairs,
    sharing,
    tables,
    whole_plan,
    ratios_and_lots,
    pins_and_holdout,
    prerequisites,
    stability,
)

CASES: list[Case] = sorted((case for topic in TOPICS for case in topic.CASES), key=lambda case: case.line)

LINES = range(1, 47)
"""Of the semantics; 45 is how close to an earlier plan, 46 which days are firm."""

OPERATION = frozenset(promise.line for promise in PROMISES) | {43}
"""Lines about operation rather than rules: promises of :mod:`tests.golden.operation`, and of ``test_line_43``."""
