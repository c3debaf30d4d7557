"""Lines 15 and 16: two contacts that exclude each other."""

from tests.golden.cases import Best, Breaks, Case

OFFERS = "offer,family\nloan,loan\nloan2,loan\ncard,card\nboth,both"
LOAN_NOT_CARD = """
contact_policies: [{name: pair, never: "family = 'loan'", with: "family = 'card'", within: 3 days}]
"""
A_NOT_AFTER_B = """
contact_policies: [{name: order, never: "offer = 'A'", after: "offer = 'B'", within: 3 days}]
"""

CASES = [
    Case(
        15,
        "never with holds in either order, and ends at the distance itself",
        LOAN_NOT_CARD,
        {
            "candidates": """
            customer,offer,slot,value
            c1,loan,2026-11-23,5
            c1,card,2026-11-25,4
            c1,card,2026-11-26,3
            c2,card,2026-11-23,5
            c2,loan,2026-11-25,4
            c2,loan,2026-11-26,3
            """,
            "offers": OFFERS,
        },
        # Monday and Thursday are three days apart: 8 each.
        (
            Best("16"),
            Breaks(("c1 loan 2026-11-23", "c1 card 2026-11-25"), ("pair",)),
            Breaks(("c2 card 2026-11-23", "c2 loan 2026-11-25"), ("pair",)),
            Breaks(("c1 loan 2026-11-23", "c2 card 2026-11-23"), ()),
        ),
    ),
    Case(
        15,
        "never with includes history, past and committed",
        LOAN_NOT_CARD,
        {
            "candidates": """
            customer,offer,slot,value
            c1,loan,2026-11-23,5
            c1,loan,2026-11-24,3
            c2,loan,2026-11-26,5
            c2,loan,2026-11-23,3
            """,
            "offers": OFFERS,
            "history": "customer,offer,at\nc1,card,2026-11-21\nc2,card,2026-11-28",
        },
        (Best("6", ("c1 loan 2026-11-24", "c2 loan 2026-11-23")),),
    ),
    Case(
        15,
        "never with includes the same slot",
        LOAN_NOT_CARD,
        {
            "candidates": "customer,offer,slot,value\nc1,loan,2026-11-23,5\nc1,card,2026-11-23,4",
            "offers": OFFERS,
        },
        (Best("5", ("c1 loan 2026-11-23",)),),
    ),
    Case(
        15,
        "a contact in both A and B conflicts with others, not with itself",
        """
        contact_policies:
          - {name: pair, never: "family IN ('loan', 'both')", with: "family IN ('card', 'both')", within: 3 days}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,both,2026-11-23,5
            c1,both,2026-11-24,4
            c1,loan,2026-11-27,1
            c1,loan2,2026-11-27,1
            """,
            "offers": OFFERS,
        },
        (
            Best("7", ("c1 both 2026-11-23", "c1 loan 2026-11-27", "c1 loan2 2026-11-27")),
            Breaks(("c1 both 2026-11-23", "c1 both 2026-11-24"), ("pair",)),
        ),
    ),
    Case(
        15,
        "never with has the whole horizon without a window, and no history",
        "contact_policies: [{name: pair, never: \"family = 'loan'\", with: \"family = 'card'\"}]",
        {
            "candidates": "customer,offer,slot,value\nc1,loan,2026-11-23,5\nc1,card,2026-11-29,4",
            "offers": OFFERS,
            "history": "customer,offer,at\nc1,card,2026-11-22",
        },
        (Best("5", ("c1 loan 2026-11-23",)),),
    ),
    Case(
        16,
        "never after forbids one order only",
        A_NOT_AFTER_B,
        {
            "candidates": """
            customer,offer,slot,value
            c1,B,2026-11-23,5
            c1,A,2026-11-24,4
            c2,A,2026-11-23,5
            c2,B,2026-11-24,4
            c3,B,2026-11-23,5
            c3,A,2026-11-26,4
            """
        },
        # c3: three days later is far enough.
        (Best("23"), Breaks(("c1 B 2026-11-23", "c1 A 2026-11-24"), ("order",))),
    ),
    Case(
        16,
        "two date-only contacts of one date are simultaneous, history included",
        A_NOT_AFTER_B,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,4\nc2,A,2026-11-23,3",
            "history": "customer,offer,at\nc2,B,2026-11-23",
        },
        (Best("12"),),
    ),
    Case(
        16,
        "on one day the instant decides",
        A_NOT_AFTER_B,
        {
            "candidates": """
            customer,offer,slot,value
            c1,B,2026-11-23T09:00,5
            c1,A,2026-11-23T10:00,4
            c2,A,2026-11-23T09:00,5
            c2,B,2026-11-23T10:00,4
            c3,A,2026-11-23T09:00,5
            c3,B,2026-11-23T09:00,4
            """
        },
        (Best("23"), Breaks(("c1 B 2026-11-23T09:00", "c1 A 2026-11-23T10:00"), ("order",))),
    ),
    Case(
        16,
        "a committed contact plays both roles",
        A_NOT_AFTER_B,
        {
            "candidates": """
            customer,offer,slot,value
            c1,B,2026-11-25,5
            c1,B,2026-11-26,1
            c1,B,2026-11-27,1
            c2,A,2026-11-25,1
            c2,A,2026-11-27,5
            """,
            "history": "customer,offer,at\nc1,A,2026-11-26\nc2,B,2026-11-26",
        },
        # c1: a B the day before the committed A would put A after it. c2: no A the day after the committed B.
        (Best("3", ("c1 B 2026-11-26", "c1 B 2026-11-27", "c2 A 2026-11-25")),),
    ),
]
