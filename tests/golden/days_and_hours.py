"""Line 6: days are local dates, hours are instants."""

from tests.golden.cases import Best, Breaks, Case, RefusedInput

LISBON_25_HOURS = "as_of: 2026-10-20T00:00:00+00:00\nhorizon: {start: 2026-10-24, days: 3, timezone: Europe/Lisbon}"
LISBON_23_HOURS = "as_of: 2027-03-20T00:00:00+00:00\nhorizon: {start: 2027-03-27, days: 3, timezone: Europe/Lisbon}"

# On 25 October 2026 Lisbon's clocks go back: 00:10 to 23:50 are 24 hours and 40 minutes.
LONG_DAY = {"candidates": "customer,offer,slot,value\nc1,A,2026-10-25T00:10,5\nc1,A,2026-10-25T23:50,4"}
# On 28 March 2027 they go forward: Sunday 00:10 to Monday 00:00 are 22 hours and 50 minutes.
SHORT_DAY = {"candidates": "customer,offer,slot,value\nc1,A,2027-03-28T00:10,5\nc1,A,2027-03-29T00:00,4"}

CASES = [
    Case(
        6,
        "days without slots count as days",
        "contact_policies: [{name: cap, at_most: 1, within: 3 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-25,4\nc1,A,2026-11-27,3"},
        (Best("8", ("c1 A 2026-11-23", "c1 A 2026-11-27")),),
    ),
    Case(
        6,
        "two days apart is a difference of dates, though it be 26 hours",
        "contact_policies: [{name: rest, spacing: 2 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23T23:00,5\nc1,A,2026-11-25T01:00,4"},
        (Best("9"),),
    ),
    Case(
        6,
        "one day apart is a difference of dates, though it be 47 hours",
        "contact_policies: [{name: rest, spacing: 2 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23T00:00,5\nc1,A,2026-11-24T23:00,4"},
        (Best("5", ("c1 A 2026-11-23T00:00",)),),
    ),
    Case(
        6,
        "contacts exactly 24 hours apart share no window of 24 hours",
        "contact_policies: [{name: cap, at_most: 1, within: 24 hours}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T09:00,5
            c1,A,2026-11-24T08:59,4
            c1,A,2026-11-24T09:00,3
            """
        },
        (
            Best("8", ("c1 A 2026-11-23T09:00", "c1 A 2026-11-24T09:00")),
            Breaks(("c1 A 2026-11-23T09:00", "c1 A 2026-11-24T08:59"), ("cap",)),
        ),
    ),
    Case(
        6,
        "an hour window reaches back to history's instant and no further",
        "contact_policies: [{name: cap, at_most: 1, within: 24 hours}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23T07:00,5\nc1,A,2026-11-23T08:00,3",
            "history": "customer,offer,at\nc1,B,2026-11-22T08:00",
        },
        (Best("3", ("c1 A 2026-11-23T08:00",)),),
    ),
    Case(
        6,
        "spacing of hours is by instants",
        "contact_policies: [{name: rest, spacing: 36 hours}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T09:00,5
            c1,A,2026-11-24T20:59,4
            c1,A,2026-11-24T21:00,3
            """
        },
        (Best("8", ("c1 A 2026-11-23T09:00", "c1 A 2026-11-24T21:00")),),
    ),
    Case(
        6,
        "hour windows need timestamps in slots",
        "contact_policies: [{name: cap, at_most: 1, within: 24 hours}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,4"},
        (RefusedInput(),),
    ),
    Case(
        6,
        "hour windows need timestamps in history",
        "contact_policies: [{name: cap, at_most: 1, within: 24 hours}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23T09:00,5",
            "history": "customer,offer,at\nc1,B,2026-11-22",
        },
        (RefusedInput(),),
    ),
    Case(
        6,
        "a local day of 25 hours is one day",
        f"{LISBON_25_HOURS}\ncontact_policies: [{{name: cap, at_most: 1, within: 1 day}}]",
        LONG_DAY,
        (Best("5", ("c1 A 2026-10-25T00:10",)),),
    ),
    Case(
        6,
        "within a local day of 25 hours two contacts can be 24 hours apart",
        f"{LISBON_25_HOURS}\ncontact_policies: [{{name: cap, at_most: 1, within: 24 hours}}]",
        LONG_DAY,
        (Best("9"),),
    ),
    Case(
        6,
        "after a local day of 23 hours the next day is a day later",
        f"{LISBON_23_HOURS}\ncontact_policies: [{{name: rest, spacing: 1 day}}]",
        SHORT_DAY,
        (Best("9"),),
    ),
    Case(
        6,
        "after a local day of 23 hours the next day may be less than 23 hours away",
        f"{LISBON_23_HOURS}\ncontact_policies: [{{name: rest, spacing: 23 hours}}]",
        SHORT_DAY,
        (Best("5", ("c1 A 2027-03-28T00:10",)),),
    ),
    Case(
        6,
        "weeks are seven days each",
        """
        horizon: {start: 2026-11-23, days: 15}
        contact_policies: [{name: rest, spacing: 2 weeks}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-12-06,4\nc1,A,2026-12-07,3"},
        (Best("8", ("c1 A 2026-11-23", "c1 A 2026-12-07")),),
    ),
]
