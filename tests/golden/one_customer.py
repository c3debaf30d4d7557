"""Lines 12 to 14: rules together, minimums and what happens when they cannot be met."""

from tests.golden.cases import Best, Breaks, Case, Infeasible

CASES = [
    Case(
        12,
        "a specific cap does not override a general one",
        """
        contact_policies:
          - {name: general, at_most: 1, within: 7 days}
          - {name: specific, at_most: 3, within: 7 days, where: "channel = 'email'"}
        """,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,5
            c1,A,email,2026-11-24,4
            c1,A,sms,2026-11-25,3
            """
        },
        (Best("5", ("c1 A email 2026-11-23",)),),
    ),
    Case(
        12,
        "the order of rules means nothing",
        """
        contact_policies:
          - {name: specific, at_most: 3, within: 7 days, where: "channel = 'email'"}
          - {name: general, at_most: 1, within: 7 days}
        """,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,5
            c1,A,email,2026-11-24,4
            c1,A,sms,2026-11-25,3
            """
        },
        (Best("5", ("c1 A email 2026-11-23",)),),
    ),
    Case(
        13,
        "a minimum asks for a candidate that matches, before eligibility drops it",
        """
        eligibility: [{name: no-b, drop: "offer = 'B'"}]
        contact_policies: [{name: floor, at_least: 1, where: "offer = 'B'"}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,B,2026-11-23,5\nc2,A,2026-11-23,5"},
        (Infeasible(),),
    ),
    Case(
        13,
        "a customer without a matching candidate is not asked",
        "contact_policies: [{name: floor, at_least: 1, where: \"offer = 'B'\"}]",
        {"candidates": "customer,offer,slot,value\nc1,B,2026-11-23,-1\nc2,A,2026-11-23,-1"},
        (Best("-1", ("c1 B 2026-11-23",)),),
    ),
    Case(
        13,
        "held-out customers are exempt",
        """
        holdout: {share: 1, by: customer, salt: s}
        contact_policies: [{name: floor, at_least: 1}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5"},
        (Best("0", ()), Breaks((), ())),
    ),
    Case(
        13,
        "history inside the window helps",
        "contact_policies: [{name: floor, at_least: 2, within: calendar week}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,-1
            c1,A,2026-11-24,-2
            c2,A,2026-11-23,-1
            c2,A,2026-11-24,-2
            """,
            "history": "customer,offer,at\nc1,B,2026-11-25\nc2,B,2026-11-30",
        },
        (Best("-4", ("c1 A 2026-11-23", "c2 A 2026-11-23", "c2 A 2026-11-24")),),
    ),
    Case(
        13,
        "a household's minimum is met by one member",
        "contact_policies: [{name: floor, at_least: 1, per: household}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-3\nc2,A,2026-11-23,-1\nc3,A,2026-11-23,-2",
            "customers": "customer,household\nc1,h1\nc2,h1\nc3,h2",
        },
        (Best("-3", ("c2 A 2026-11-23", "c3 A 2026-11-23")),),
    ),
    Case(
        13,
        "with for_each a minimum holds for each value the customer has",
        "contact_policies: [{name: floor, at_least: 1, for_each: offer}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,-3
            c1,A,2026-11-24,-1
            c1,B,2026-11-23,-2
            c2,B,2026-11-23,-5
            """
        },
        (Best("-8", ("c1 A 2026-11-24", "c1 B 2026-11-23", "c2 B 2026-11-23")),),
    ),
    Case(
        14,
        "a required minimum that cannot be met is infeasible",
        """
        contact_policies:
          - {name: floor, at_least: 2}
          - {name: rest, spacing: 2 days}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-24,5
            c2,A,2026-11-23,5
            c2,A,2026-11-25,5
            """
        },
        (Infeasible(), Breaks(("c1 A 2026-11-23", "c2 A 2026-11-23", "c2 A 2026-11-25"), ("floor",))),
    ),
    Case(
        14,
        "all or nothing plans none, or reaches the need",
        "contact_policies: [{name: floor, at_least: 2, if_short: all_or_nothing}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,5
            c2,A,2026-11-24,-3
            c3,A,2026-11-23,5
            c3,A,2026-11-24,-6
            """
        },
        (
            Best("2", ("c2 A 2026-11-23", "c2 A 2026-11-24")),
            Breaks(("c1 A 2026-11-23",), ("floor",)),
        ),
    ),
    Case(
        14,
        "all or nothing counts history towards the need, not towards nothing",
        "contact_policies: [{name: floor, at_least: 2, within: calendar week, if_short: all_or_nothing}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,-1",
            "history": "customer,offer,at\nc1,B,2026-11-24\nc2,B,2026-11-24",
        },
        # c1: one and one are two. c2: none planned is legal, though one is committed.
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        14,
        "best effort comes as close as the customer's other rules allow",
        """
        contact_policies:
          - {name: floor, at_least: 2, if_short: best_effort}
          - {name: rest, spacing: 2 days}
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-2\nc1,A,2026-11-24,-1"},
        (Best("-1", ("c1 A 2026-11-24",)), Breaks((), ("floor",)), Breaks(("c1 A 2026-11-23",), ())),
    ),
    Case(
        14,
        "a budget too small for best effort is infeasible",
        """
        contact_policies: [{name: floor, at_least: 1, if_short: best_effort}]
        constraints: [{name: budget, total: cost, at_most: 4}]
        """,
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,5\nc2,A,2026-11-23,5,1"},
        (Infeasible(),),
    ),
    Case(
        14,
        "best effort weighs the shortfalls of all its minimums together",
        """
        contact_policies:
          - {name: one-a, at_least: 1, where: "offer = 'A'", if_short: best_effort}
          - {name: two-b, at_least: 2, where: "offer = 'B'", if_short: best_effort}
          - {name: cap, at_most: 2}
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,10\nc1,B,2026-11-24,1\nc1,B,2026-11-25,2"},
        # A and one B miss one; both B miss one; A alone misses two.
        (
            Best("12", ("c1 A 2026-11-23", "c1 B 2026-11-25")),
            Breaks(("c1 B 2026-11-24", "c1 B 2026-11-25"), ()),
            Breaks(("c1 A 2026-11-23",), ("two-b",)),
        ),
    ),
    Case(
        14,
        "best effort gives way to all or nothing",
        """
        contact_policies:
          - {name: effort, at_least: 1, where: "offer = 'A'", if_short: best_effort}
          - {name: pair, at_least: 2, if_short: all_or_nothing}
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,5\nc2,B,2026-11-23,-7"},
        # c1 cannot send one alone: its least shortfall is one. c2 can, and so must.
        (Best("-2", ("c2 A 2026-11-23", "c2 B 2026-11-23")),),
    ),
    Case(
        14,
        "a penalty is paid for each missing contact where that is better",
        "contact_policies: [{name: floor, at_least: 2, penalty: 1.5}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-24,-1
            c2,A,2026-11-23,5
            c2,A,2026-11-24,-2
            """
        },
        # c1: 5 - 1 beats 5 - 1.5. c2: 5 - 1.5 beats 5 - 2.
        (Best("7.5", ("c1 A 2026-11-23", "c1 A 2026-11-24", "c2 A 2026-11-23")),),
    ),
    Case(
        14,
        "a penalty makes nothing infeasible",
        """
        eligibility: [{name: none, keep: "value > 0"}]
        contact_policies: [{name: floor, at_least: 2, penalty: 1.5}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-5"},
        (Best("-3", ()),),
    ),
    Case(
        14,
        "when minimising a penalty is added",
        """
        objective: {minimize: price}
        contact_policies: [{name: floor, at_least: 2, penalty: 1.5}]
        """,
        {"candidates": "customer,offer,slot,price\nc1,A,2026-11-23,1\nc1,A,2026-11-24,2"},
        (Best("2.5", ("c1 A 2026-11-23",)),),
    ),
]
