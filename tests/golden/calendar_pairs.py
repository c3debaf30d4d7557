"""Lines 15 to 17: pairs of contacts in calendar windows are near when they share the calendar day, week or month."""

from tests.golden.cases import Best, Breaks, Case

TEN_DAYS = "horizon: {start: 2026-11-23, days: 10}  # Monday to Wednesday"

CASES = [
    Case(
        15,
        "never with in a calendar week reaches from Monday to Sunday, not from Sunday to Monday",
        f"""{TEN_DAYS}
contact_policies: [{{name: pair, never: "offer = 'A'", with: "offer = 'B'", within: calendar week}}]""",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,B,2026-11-29,4
            c2,A,2026-11-29,5
            c2,B,2026-11-30,4
            """
        },
        (Best("14"), Breaks(("c1 A 2026-11-23", "c1 B 2026-11-29"), ("pair",))),
    ),
    Case(
        16,
        "never after in a calendar month ends with the month, history included",
        f"""{TEN_DAYS}
contact_policies: [{{name: order, never: "offer = 'A'", after: "offer = 'B'", within: calendar month}}]""",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-30,5
            c1,A,2026-12-01,4
            c2,A,2026-11-30,3
            c2,B,2026-11-30,1
            """,
            "history": "customer,offer,at\nc1,B,2026-11-01\nc2,B,2026-10-31",
        },
        # c2's B is of October; its A and B of one date are simultaneous.
        (
            Best("8", ("c1 A 2026-12-01", "c2 A 2026-11-30", "c2 B 2026-11-30")),
            Breaks(("c1 A 2026-11-30",), ("order",)),
        ),
    ),
    Case(
        17,
        "only after in a calendar week needs the other earlier in the same week",
        f"""{TEN_DAYS}
contact_policies: [{{name: call, only: "offer = 'A'", after: "offer = 'B'", within: calendar week}}]""",
        {
            "candidates": """
            customer,offer,slot,value
            c1,B,2026-11-29,-1
            c1,A,2026-11-30,9
            c2,B,2026-11-23,-1
            c2,A,2026-11-29,5
            c3,A,2026-11-23,9
            """,
            "history": "customer,offer,at\nc3,B,2026-11-22",
        },
        (
            Best("4", ("c2 B 2026-11-23", "c2 A 2026-11-29")),
            Breaks(("c1 B 2026-11-29", "c1 A 2026-11-30"), ("call",)),
            Breaks(("c3 A 2026-11-23",), ("call",)),
        ),
    ),
    Case(
        17,
        "only with in a calendar day needs another contact of that day, whatever its slot",
        "contact_policies: [{name: beside, only: \"offer = 'A'\", with: \"offer = 'B'\", within: calendar day}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T09:00,5
            c1,B,2026-11-23T21:00,-1
            c2,A,2026-11-23T21:00,5
            c2,B,2026-11-24T00:00,-1
            """
        },
        (
            Best("4", ("c1 A 2026-11-23T09:00", "c1 B 2026-11-23T21:00")),
            Breaks(("c2 A 2026-11-23T21:00", "c2 B 2026-11-24T00:00"), ("beside",)),
        ),
    ),
]
