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
        "a branch has its cap and its minimum over all its customers, with the history of each, window by window",
        """
        contact_policies:
          - {name: cap, at_most: 2, within: 3 days, per: branch, where: "offer = 'A'"}
          - {name: floor, at_least: 1, within: 7 days, per: branch, where: "offer = 'B'"}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,9
            c2,A,2026-11-23,8
            c3,A,2026-11-24,7
            c3,A,2026-11-25,4
            c4,A,2026-11-25,6
            c1,B,2026-11-29,-2
            c5,B,2026-11-29,-2
            """,
            # c6 and c7 have no candidate tonight; b2 gets its B anyway.
            "customers": "customer,branch\nc1,b1\nc2,b1\nc3,b1\nc4,b1\nc5,b2\nc6,b2\nc7,b1",
            "history": "customer,offer,at\nc7,A,2026-11-22\nc7,B,2026-11-22\nc6,B,2026-11-24",
        },
        # 22 to 24 November has room for one, 23 to 25 for two.
        (
            Best("13", ("c1 A 2026-11-23", "c4 A 2026-11-25", "c1 B 2026-11-29")),
            Breaks(("c1 A 2026-11-23", "c2 A 2026-11-23", "c1 B 2026-11-29"), ("cap",)),
            Breaks(("c1 A 2026-11-23", "c4 A 2026-11-25"), ("floor",)),
        ),
    ),
    Case(
        20,
        "what a branch lacks of its minimum costs its penalty, contact by contact",
        """
        contact_policies:
          - {name: soft, at_least: 3, penalty: 2, per: branch}
          - {name: few, at_most: 2, per: branch}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,-1
            c2,A,2026-11-23,-1.5
            c3,A,2026-11-23,-1
            c4,A,2026-11-24,-2.5
            """,
            "customers": "customer,branch\nc1,b1\nc2,b1\nc3,b1\nc4,b2",
        },
        # b1: 1 + 1 for two contacts, 2 for the one that is missing; b2 rather pays 6.
        (Best("-10", ("c1 A 2026-11-23", "c3 A 2026-11-23")),),
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
