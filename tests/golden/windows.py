"""Lines 1 to 3: rolling windows and history. Monday is 23 November 2026."""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

ONE_IN_THREE = "contact_policies: [{name: cap, at_most: 1, within: 3 days}]"
ONE_IN_A_WEEK = "contact_policies: [{name: cap, at_most: 1, within: 7 days}]"

CASES = [
    Case(
        1,
        "one in three days sent on Monday allows Thursday",
        ONE_IN_THREE,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-25,4
            c1,A,2026-11-26,3
            """
        },
        (
            Best("8", ("c1 A 2026-11-23", "c1 A 2026-11-26")),
            Breaks(("c1 A 2026-11-23", "c1 A 2026-11-25"), ("cap",)),
        ),
    ),
    Case(
        1,
        "every window of three days holds, not every third day",
        "contact_policies: [{name: cap, at_most: 2, within: 3 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,3
            c1,A,2026-11-24,2
            c1,A,2026-11-25,3
            c1,A,2026-11-26,2
            """
        },
        # Three of Monday to Wednesday, or of Tuesday to Thursday, are one too many.
        (Best("8", ("c1 A 2026-11-23", "c1 A 2026-11-25", "c1 A 2026-11-26")),),
    ),
    Case(
        1,
        "a window of one day is the local day",
        "contact_policies: [{name: cap, at_most: 1, within: 1 day}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T00:00,3
            c1,A,2026-11-23T23:59,4
            c1,A,2026-11-24T00:00,1
            """
        },
        (Best("5", ("c1 A 2026-11-23T23:59", "c1 A 2026-11-24T00:00")),),
    ),
    Case(
        1,
        "a cap of zero allows nothing",
        "contact_policies: [{name: cap, at_most: 0, within: 7 days, where: \"channel = 'sms'\"}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,sms,2026-11-23,3
            c1,A,email,2026-11-23,2
            """
        },
        (Best("2", ("c1 A email 2026-11-23",)),),
    ),
    Case(
        1,
        "seven days from Monday end on Sunday",
        f"horizon: {{start: 2026-11-23, days: 8}}\n{ONE_IN_A_WEEK}",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-29,4
            c1,A,2026-11-30,3
            c2,A,2026-11-29,4
            """
        },
        (Best("12", ("c1 A 2026-11-23", "c1 A 2026-11-30", "c2 A 2026-11-29")),),
    ),
    Case(
        1,
        "a customer's own cap is a column of the customers",
        "contact_policies: [{name: own, at_most: {column: weekly_cap}, within: 7 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,4
            c2,A,2026-11-24,3
            c3,A,2026-11-23,2
            c3,A,2026-11-24,1
            """,
            "customers": "customer,weekly_cap\nc1,0\nc2,1\nc3,9",
        },
        (Best("7", ("c2 A 2026-11-23", "c3 A 2026-11-23", "c3 A 2026-11-24")),),
    ),
    Case(
        1,
        "for_each makes one rule of each value",
        "contact_policies: [{name: once, at_most: 1, within: 30 days, for_each: offer}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,B,2026-11-23,4
            c1,B,2026-11-24,3
            c1,C,2026-11-24,2
            """,
            "history": "customer,offer,at\nc1,A,2026-10-25\nc1,C,2026-10-24",
        },
        # 25 October to 23 November are thirty days, 24 October to 24 November more.
        (Best("6", ("c1 B 2026-11-23", "c1 C 2026-11-24")),),
    ),
    Case(
        2,
        "history two days before the horizon fills a window of three",
        ONE_IN_THREE,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,3",
            "history": "customer,offer,at\nc1,B,2026-11-21",
        },
        (Best("3", ("c1 A 2026-11-24",)),),
    ),
    Case(
        2,
        "history three days before the first contact is out of a window of three",
        ONE_IN_THREE,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,3",
            "history": "customer,offer,at\nc1,B,2026-11-20",
        },
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        2,
        "a committed contact after the horizon fills a window that reaches out of it",
        ONE_IN_THREE,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-28,3\nc1,A,2026-11-29,5",
            "history": "customer,offer,at\nc1,B,2026-12-01",
        },
        (Best("3", ("c1 A 2026-11-28",)),),
    ),
    Case(
        2,
        "a committed contact inside the horizon blocks both sides",
        "contact_policies: [{name: cap, at_most: 1, within: 2 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-24,5
            c1,A,2026-11-26,4
            c1,A,2026-11-27,1
            """,
            "history": "customer,offer,at\nc1,B,2026-11-25",
        },
        (Best("1", ("c1 A 2026-11-27",)),),
    ),
    Case(
        2,
        "an arrival after the horizon meets a committed contact there",
        ONE_IN_THREE,
        {
            # The letter of the 28th arrives a day before the committed contact, the e-mail three days before.
            "candidates": "customer,offer,channel,slot,value\nc1,A,mail,2026-11-28,5\nc1,A,email,2026-11-28,2",
            "channels": "channel,lead_days\nmail,2\nemail,0",
            "history": "customer,offer,channel,at\nc1,B,email,2026-12-01",
        },
        (Best("2", ("c1 A email 2026-11-28",)),),
    ),
    Case(
        2,
        # Reading: line 1 speaks of windows that contain a horizon day, line 2 of arrivals after the horizon. A cap
        # protects the customer wherever a planned contact arrives, also far behind the horizon.
        "two letters that both arrive long after the horizon share a window",
        ONE_IN_THREE,
        {
            "candidates": "customer,offer,channel,slot,value\nc1,A,mail,2026-11-28,5\nc1,A,mail,2026-11-29,3",
            "channels": "channel,lead_days\nmail,5",
        },
        (Best("5", ("c1 A mail 2026-11-28",)),),
    ),
    Case(
        3,
        "history above the cap leaves nothing, and is not infeasible",
        ONE_IN_A_WEEK,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-29,2",
            "history": "customer,offer,at\nc1,B,2026-11-20\nc1,B,2026-11-21\nc1,B,2026-11-22",
        },
        # Sunday's seven days are 23 to 29 November, or later ones: free of history.
        (Best("2", ("c1 A 2026-11-29",)), Breaks((), ())),
    ),
    Case(
        3,
        "exactly one, with two committed already, plans none",
        "contact_policies: [{name: one, exactly: 1, within: calendar week}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-25,5",
            "history": "customer,offer,at\nc1,B,2026-11-23\nc1,B,2026-11-24",
        },
        (Best("0", ()),),
    ),
    Case(
        3,
        "an overspent budget leaves what costs nothing",
        "constraints: [{name: budget, total: cost, within: 7 days, at_most: 10}]",
        {
            "candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,1\nc1,B,2026-11-23,3,0",
            "history": "customer,offer,at,cost\nc9,B,2026-11-22,12",
        },
        (Best("3", ("c1 B 2026-11-23",)),),
    ),
    Case(
        3,
        "where amounts may be negative an overspent budget must be earned back",
        "constraints: [{name: budget, total: amount, within: 7 days, at_most: 10}]",
        {
            "candidates": "customer,offer,slot,value,amount\nc1,A,2026-11-23,5,1\nc1,B,2026-11-23,1,-3",
            "history": "customer,offer,at,amount\nc9,B,2026-11-22,12",
        },
        # 10 - 12 = -2 = 1 - 3.
        (Best("6", ("c1 A 2026-11-23", "c1 B 2026-11-23")), Breaks((), ("budget",))),
    ),
    Case(
        3,
        "where amounts may be negative an overspent budget can be infeasible",
        "constraints: [{name: budget, total: amount, within: 7 days, at_most: 10}]",
        {
            "candidates": "customer,offer,slot,value,amount\nc1,A,2026-11-23,5,1\nc1,B,2026-11-23,1,-1",
            "history": "customer,offer,at,amount\nc9,B,2026-11-22,12",
        },
        (Infeasible(),),
    ),
    Case(
        3,
        "a windowed policy on amounts that may be negative is refused",
        "contact_policies: [{name: cap, total: amount, at_most: 5, within: 7 days}]",
        {
            "candidates": "customer,offer,slot,value,amount\nc1,A,2026-11-23,5,1\nc1,B,2026-11-23,1,-3",
            "history": "customer,offer,at,amount\nc1,B,2026-11-22,1",
        },
        (RefusedInput(),),
    ),
    Case(
        3,
        "a policy on the horizon alone may have negative amounts",
        "contact_policies: [{name: cap, total: amount, at_most: 5}]",
        {"candidates": "customer,offer,slot,value,amount\nc1,A,2026-11-23,10,8\nc1,B,2026-11-23,-1,-4"},
        (Best("9", ("c1 A 2026-11-23", "c1 B 2026-11-23")), Breaks(("c1 A 2026-11-23",), ("cap",))),
    ),
]
