"""What history holds counts under its key, however history writes the key."""

from __future__ import annotations

import pandas as pd
import pytest

import optimizer as opt
from tests.week import week

SENT = pd.to_datetime(["2026-11-21 10:00"], utc=True)


def chosen(key: str, tonight: list, sent: list, *, distinct: bool = False) -> int:
    """Solve with two candidates of one key, of which history holds one: two are allowed in a week."""
    rule = {"name": "cap", "at_most": 1 if distinct else 2, "within": "7 days", "count_history": True}
    rule |= {"total": f"distinct {key}"} if distinct else {"for_each": key}
    frame = pd.DataFrame({"customer": ["a"] * 2, "offer": ["o", "p"], "value": [1.0, 2.0], key: tonight})
    if key != "slot":
        frame["slot"] = "2026-11-23"
    history = pd.DataFrame({"customer": ["a"], "offer": ["o"], "channel": [""], "at": SENT, key: sent})
    plan = opt.solve(opt.Scenario.from_dict(week("keys", contact_policies=[rule])), candidates=frame, history=history)
    assert plan.audit.ok
    return len(plan.contacts)


SPELLED = [
    ("branch", [7, 7], [7.0]),
    ("branch", [7.0, 7.0], [7]),
    ("vip", [True, True], [True]),
    ("slot", list(pd.to_datetime(["2026-11-23 09:00"] * 2, utc=True)), ["2026-11-23T09:00Z"]),
    ("slot", ["2026-11-23T09:00:00Z"] * 2, list(pd.to_datetime(["2026-11-23 09:00"], utc=True))),
]


@pytest.mark.parametrize(("key", "tonight", "sent"), SPELLED)
def test_one_value_in_two_spellings_is_one(key: str, tonight: list, sent: list) -> None:
    assert chosen(key, tonight, sent) == 1


@pytest.mark.parametrize(("key", "tonight", "sent"), SPELLED)
def test_different_values_are_counted_once(key: str, tonight: list, sent: list) -> None:
    assert chosen(key, tonight, sent, distinct=True) == 2


def test_other_values_are_others() -> None:
    assert chosen("branch", [7, 7], [7.5]) == 2
    assert chosen("branch", [7, 7], [7.5], distinct=True) == 0
