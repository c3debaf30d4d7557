"""Line 20: households and other groups that share a policy."""

from tests.golden.cases import Best, Breaks, Case

HOMES = "customer,household\nc1,h1\nc2,h1\nc3,h1\nc4,\nc5,"

CASES = [
    Case(
        20,
        "a household's cap is the sum over its members, with the history of all of them",
        "contact_policies: [{name: home, at_most: 2, within: 7 days, per: household}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,4
            c2,A,2026-11-24,3
            """,
            "customers": HOMES,
            # c3 has no candidate tonight, and counts.
            "history": "customer,offer,at\nc3,B,2026-11-22",
        },
        (Best("5", ("c1 A 2026-11-23",)), Breaks(("c1 A 2026-11-23", "c2 A 2026-11-23"), ("home",))),
    ),
    Case(
        20,
        "customers without a household are alone",
        "contact_policies: [{name: home, at_most: 1, per: household}]",
        {
            "candidates": """
            customer,offer,slot,value
            c4,A,2026-11-23,5
            c4,A,2026-11-24,4
            c5,A,2026-11-23,3
            """,
            "customers": HOMES,
        },
        (Best("8", ("c4 A 2026-11-23", "c5 A 2026-11-23")),),
    ),
    Case(
        20,
        "pair rules can be shared",
        """
        contact_policies:
          - {name: pair, never: "offer = 'A'", with: "offer = 'B'", within: 2 days, per: household}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,B,2026-11-24,4
            c2,B,2026-11-25,3
            c4,A,2026-11-23,2
            c5,B,2026-11-23,2
            """,
            "customers": HOMES,
        },
        (
            Best("12", ("c1 A 2026-11-23", "c2 B 2026-11-25", "c4 A 2026-11-23", "c5 B 2026-11-23")),
            Breaks(("c1 A 2026-11-23", "c2 B 2026-11-24"), ("pair",)),
        ),
    ),
    Case(
        20,
        "spacing can be shared, with the history of members who have no candidate",
        "contact_policies: [{name: rest, spacing: 2 days, per: household}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-24,4\nc2,A,2026-11-25,3",
            "customers": HOMES,
            "history": "customer,offer,at\nc3,B,2026-11-22",
        },
        (Best("4", ("c2 A 2026-11-24",)),),
    ),
    Case(
        20,
        "a prerequisite can be served by another member",
        """
        contact_policies:
          - {name: call, only: "offer = 'call'", after: "offer = 'letter'", within: 7 days, per: household}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,letter,2026-11-23,-1
            c2,call,2026-11-24,5
            c4,letter,2026-11-23,-1
            c5,call,2026-11-24,5
            """,
            "customers": HOMES,
        },
        (Best("4", ("c1 letter 2026-11-23", "c2 call 2026-11-24")),),
    ),
    Case(
        20,
        "households and branches tie customers together, each rule with its own groups",
        """
        contact_policies:
          - {name: home, at_most: 1, per: household}
          - {name: branch, at_most: 1, per: branch}
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,3\nc2,A,2026-11-23,5\nc3,A,2026-11-23,3",
            "customers": "customer,household,branch\nc1,h1,b1\nc2,h1,b2\nc3,h2,b2",
        },
        # c2 excludes both others: 5 against 3 + 3.
        (Best("6", ("c1 A 2026-11-23", "c3 A 2026-11-23")),),
    ),
    Case(
        20,
        "best effort is within the unit, which may be a household",
        """
        contact_policies:
          - {name: effort, at_least: 1, if_short: best_effort}
          - {name: home, at_most: 1, per: household}
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-3\nc2,A,2026-11-23,-2\nc4,A,2026-11-23,-1",
            "customers": HOMES,
        },
        (
            Best("-3", ("c2 A 2026-11-23", "c4 A 2026-11-23")),
            Breaks(("c1 A 2026-11-23", "c4 A 2026-11-23"), ()),
            Breaks(("c4 A 2026-11-23",), ("effort",)),
        ),
    ),
]
