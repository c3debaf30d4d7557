"""Scores, values, costs."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_inputs.kit import HEADER, ROWS, Bad, row

FILLED = "fill it in the scoring job"


def parquet(**columns: list[object] | pa.Array) -> object:
    """Return a function that writes columns beside good ones as Parquet."""
    good = {
        "customer": ["C1", "C2", "C3"],
        "offer": ["card", "loan", "card"],
        "channel": ["email", "sms", "email"],
        "slot": ["2026-11-23", "2026-11-24", "2026-11-23"],
        "propensity": [0.5, 0.25, 0.125],
        "value": [10.0, 20.0, 30.0],
        "cost": [1.0, 0.5, 1.0],
    }

    def write(path: Path) -> None:
        pq.write_table(pa.table({**good, **columns}), path)

    return write


PARQUET = (("candidates.csv", "candidates.parquet"),)
CASES = [
    Bad(
        "a score that is NaN",
        3,
        ("is no finite number: must be between 0 and 1",),
        where="candidates.csv · row 2 · propensity = NaN",
        maybe="fill it in the scoring job, or set data.on_invalid",
        files={"candidates.csv": row(2, propensity="NaN")},
    ),
    Bad(
        "a score that is NaN, in Parquet",
        3,
        ("is no finite number: must be between 0 and 1",),
        where="candidates.parquet · row 2 · propensity = NaN",
        maybe="fill it in the scoring job, or set data.on_invalid",
        change=PARQUET,
        files={"candidates.parquet": parquet(propensity=[0.5, float("nan"), 0.1])},
    ),
    Bad(
        "a score that is missing",
        3,
        ("is missing: must be between 0 and 1",),
        where="candidates.csv · row 2 · propensity = NULL",
        maybe="fill it in the scoring job, or set data.on_invalid",
        files={"candidates.csv": row(2, propensity="")},
    ),
    Bad(
        "a score that is infinite",
        3,
        ("is no finite number",),
        where="candidates.csv · row 3 · value = inf",
        maybe="fill it in the scoring job, or set data.on_invalid",
        files={"candidates.csv": row(3, value="inf")},
    ),
    Bad(
        "a score that is minus infinity",
        3,
        ("is no finite number",),
        where="candidates.csv · row 3 · value = -inf",
        maybe="fill it in the scoring job, or set data.on_invalid",
        files={"candidates.csv": row(3, value="-inf")},
    ),
    Bad(
        "a propensity below 0",
        3,
        ("must be between 0 and 1",),
        where="candidates.csv · row 1 · propensity = -0.1",
        maybe="it is a mistake of the source; if not, allow it wi",
        files={"candidates.csv": row(1, propensity="-0.1")},
    ),
    Bad(
        "a propensity in per cent",
        3,
        ("must be between 0 and 1",),
        where="candidates.csv · row 1 · propensity = 87.3",
        maybe="it looks like per cent: divide by 100; or allow it",
        files={"candidates.csv": row(1, propensity="87.3")},
    ),
    Bad(
        "a negative cost",
        3,
        ("must not be negative",),
        where="candidates.csv · row 2 · cost = -2",
        maybe="it is a mistake of the source; if not, allow it wi",
        files={"candidates.csv": row(2, cost="-2")},
    ),
    Bad(
        "1e300",
        3,
        ("is too large: beyond 1e+15 sums are not exact",),
        where="candidates.csv · row 2 · value = 1e+300",
        maybe="look for a placeholder or a wrong unit",
        files={"candidates.csv": row(2, value="1e300")},
    ),
    Bad(
        "1e-12 beside 1e9",
        0,
        ("1e-12 stands beside 1e+09: the small numbers vanish in exact sums",),
        where="candidates.csv · value",
        maybe="look for placeholders and mixed units",
        files={"candidates.csv": HEADER + ROWS.replace("0.5,10,", "0.5,1e-12,").replace("0.25,20", "0.25,1e9")},
    ),
    Bad(
        "all scores equal",
        0,
        ("all 20 candidates have the same score: propensity = 0.5, value = 10, cost = 1",),
        where="candidates.csv",
        maybe="the scoring job wrote its default",
        files={"candidates.csv": HEADER + "".join(f"C{i},card,email,2026-11-23,0.5,10,1\n" for i in range(20))},
    ),
    Bad(
        "text in a number column",
        3,
        ("text in a number column",),
        where="candidates.csv · row 3 · value = 'n/a'",
        maybe="empty the field, or repair the job that writes it",
        files={"candidates.csv": row(3, value="n/a")},
    ),
    Bad(
        "a decimal comma",
        3,
        ("text in a number column",),
        where="candidates.csv · row 1 · propensity = '0,5'",
        maybe="write decimals with a point",
        files={"candidates.csv": row(1, propensity='"0,5"')},
    ),
    Bad(
        "an objective that divides by zero",
        3,
        ("the amount is no finite number: a missing value, or a division by zero",),
        where="candidates.csv · row 2 · value / cost = NULL",
        maybe="guard it with CASE or coalesce, or set data.on_inv",
        change=(("propensity * value - cost", "value / cost"),),
        files={"candidates.csv": row(2, cost="0")},
    ),
    Bad(
        "an objective that overflows",
        3,
        ("is too large: beyond 1e+15 sums are not exact",),
        where="candidates.csv · row 2 · value * value * value = 1e+36",
        maybe="look for a placeholder or a wrong unit",
        change=(("propensity * value - cost", "value * value * value"),),
        files={"candidates.csv": row(2, value="1e12")},
    ),
    Bad(
        "an expected range that is not kept",
        3,
        ("must not be above 15 (also row 3)",),
        where="candidates.csv · row 2 · value = 20",
        maybe="it is a mistake of the source; if not, allow it wi",
        count=2,
        data="expect: {value: ..15}",
    ),
    Bad(
        "more rows rejected than allowed",
        3,
        ("1 of 3 rows are invalid (33.3 %), more than data.max_reject_",),
        where="candidates.csv",
        maybe="repair the scoring job, or allow more with data.max_reject_share",
        data="on_invalid: reject",
        files={"candidates.csv": row(2, value="")},
    ),
    Bad(
        "a missing number of an offer",
        3,
        ("is missing",),
        where="offers.csv · row 2 · fee = NULL",
        maybe="fill it in the scoring job, or set data.on_invalid",
        data="offers: offers.csv",
        change=(("propensity * value - cost", "value - fee"),),
        files={"offers.csv": "offer,fee\ncard,1\nloan,\n"},
    ),
    Bad(
        "a missing number of a rule",
        3,
        ("is missing",),
        where="candidates.csv · row 2 · weight = NULL",
        maybe="fill it in the scoring job, or set data.on_invalid",
        rules="- {name: w, total: weight, at_most: 9}",
        files={"candidates.csv": "customer,offer,value,propensity,cost,weight\nC1,card,1,0,0,2\nC2,card,1,0,0,\n"},
    ),
    Bad(
        "a column of dates in the objective",
        2,
        ("an amount is a number, and 'start' is text",),
        at="maximize",
        maybe="another column is meant, or the column has the wrong type in the data",
        change=(("propensity * value - cost", "start"),),
        data="slots: slots.csv",
        files={"slots.csv": "slot,start\n2026-11-23,2026-11-23\n2026-11-24,2026-11-24\n"},
    ),
    Bad(
        "a truth value as an amount",
        2,
        ("an amount is a number, and 'opt_in' is true or false",),
        at="maximize",
        maybe="another column is meant, or the column has the wrong type in the data",
        change=(("propensity * value - cost", "opt_in"),),
        files={"candidates.csv": "customer,offer,opt_in,cost\nC1,card,true,1\nC2,card,false,1\n"},
    ),
]
