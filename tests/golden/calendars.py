"""Lines 4 and 5: no window, ever, and calendar periods."""

from tests.golden.cases import Best, Case

CASES = [
    Case(
        4,
        "without a window history is ignored",
        "contact_policies: [{name: cap, at_most: 1}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-29,3",
            "history": "customer,offer,at\nc1,B,2026-11-22\nc1,B,2026-11-23",
        },
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        4,
        "fourteen days on a horizon of fourteen days look back",
        """
        horizon: {start: 2026-11-23, days: 14}
        contact_policies: [{name: cap, at_most: 1, within: 14 days}]
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-12-03,5\nc1,A,2026-12-04,3",
            "history": "customer,offer,at\nc1,B,2026-11-20",
        },
        (Best("3", ("c1 A 2026-12-04",)),),
    ),
    Case(
        4,
        "ever is all history, past and committed",
        "contact_policies: [{name: once, at_most: 1, within: ever, for_each: offer}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,B,2026-11-23,4
            c1,C,2026-11-23,3
            c1,C,2026-11-29,2
            """,
            "history": "customer,offer,at\nc1,A,2001-01-01\nc1,B,2027-12-31",
        },
        (Best("3", ("c1 C 2026-11-23",)),),
    ),
    Case(
        4,
        "count_history false keeps the window and forgets history",
        """
        horizon: {start: 2026-11-23, days: 8}
        contact_policies: [{name: cap, at_most: 1, within: 7 days, count_history: false}]
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,3\nc1,A,2026-11-30,4",
            "history": "customer,offer,at\nc1,B,2026-11-22",
        },
        (Best("9", ("c1 A 2026-11-23", "c1 A 2026-11-30")),),
    ),
    Case(
        5,
        "31 July and 1 August are two calendar months",
        """
        as_of: 2026-07-29T00:00:00+00:00
        horizon: {start: 2026-07-30, days: 4}
        contact_policies: [{name: cap, at_most: 1, within: calendar month}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-07-30,2\nc1,A,2026-07-31,5\nc1,A,2026-08-01,4"},
        (Best("9", ("c1 A 2026-07-31", "c1 A 2026-08-01")),),
    ),
    Case(
        5,
        "31 July and 1 August are in one window of 31 days",
        """
        as_of: 2026-07-29T00:00:00+00:00
        horizon: {start: 2026-07-30, days: 4}
        contact_policies: [{name: cap, at_most: 1, within: 31 days}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-07-31,5\nc1,A,2026-08-01,4"},
        (Best("5", ("c1 A 2026-07-31",)),),
    ),
    Case(
        5,
        "a calendar month counts its history from the first day",
        """
        horizon: {start: 2026-11-23, days: 9}
        contact_policies: [{name: cap, at_most: 1, within: calendar month}]
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-30,5
            c1,A,2026-12-01,3
            c2,A,2026-11-30,5
            """,
            "history": "customer,offer,at\nc1,B,2026-11-01\nc2,B,2026-10-31",
        },
        (Best("8", ("c1 A 2026-12-01", "c2 A 2026-11-30")),),
    ),
    Case(
        5,
        "a calendar week begins on Monday",
        """
        as_of: 2026-11-20T00:00:00+00:00
        horizon: {start: 2026-11-22, days: 3}
        contact_policies: [{name: cap, at_most: 1, within: calendar week}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-22,5\nc1,A,2026-11-23,3\nc1,A,2026-11-24,4"},
        (Best("9", ("c1 A 2026-11-22", "c1 A 2026-11-24")),),
    ),
]
