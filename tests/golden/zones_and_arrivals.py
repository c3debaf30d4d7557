"""Lines 7, 8, 9 and 11: zones, lead days, and slots that are over or not yet."""

from tests.golden.cases import Best, Breaks, Case, Dropped

A_DAY = "contact_policies: [{name: cap, at_most: 1, within: 1 day}]"
TOKYO = "as_of: 2026-11-22T12:00:00+00:00\nhorizon: {start: 2026-11-23, days: 7, timezone: Asia/Tokyo}"
OWN_ZONES = "horizon: {start: 2026-11-23, days: 7, timezone: {column: tz, default: UTC}}"

CASES = [
    Case(
        7,
        "a date-only slot and a date-only history row are the same date in every zone",
        f"{OWN_ZONES}\n{A_DAY}",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-24,4
            c2,A,2026-11-23,5
            c2,A,2026-11-24,4
            """,
            "customers": "customer,tz\nc1,Pacific/Auckland\nc2,Pacific/Honolulu",
            "history": "customer,offer,at\nc1,B,2026-11-23\nc2,B,2026-11-23",
        },
        (Best("8", ("c1 A 2026-11-24", "c2 A 2026-11-24")),),
    ),
    Case(
        7,
        "naive timestamps are in the horizon's zone, aware ones are converted",
        TOKYO,
        {
            # Half past midnight in Tokyo is 15:30 UTC the day before.
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T00:30,1
            c1,B,2026-11-22T15:30:00+00:00,1
            c1,C,2026-11-22T14:30:00+00:00,1
            c1,D,2026-11-29T23:30,1
            c1,E,2026-11-29T15:30:00+00:00,1
            """
        },
        (
            Dropped(
                {
                    "c1 C 2026-11-22T14:30:00+00:00": "outside horizon",
                    "c1 E 2026-11-29T15:30:00+00:00": "outside horizon",
                }
            ),
        ),
    ),
    Case(
        7,
        "an aware timestamp is a local day of the customer",
        f"{OWN_ZONES}\n{A_DAY}",
        {
            # 20:00 and 08:00 UTC: Tuesday 05:00 and 17:00 in Tokyo.
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T20:00:00+00:00,5
            c1,A,2026-11-24T08:00:00+00:00,4
            c2,A,2026-11-23T20:00:00+00:00,5
            c2,A,2026-11-24T08:00:00+00:00,4
            """,
            "customers": "customer,tz\nc1,Asia/Tokyo\nc2,UTC",
        },
        (Best("14"), Breaks(("c1 A 2026-11-23T20:00:00+00:00", "c1 A 2026-11-24T08:00:00+00:00"), ("cap",))),
    ),
    Case(
        8,
        "a policy counts the day of arrival",
        A_DAY,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23,5
            c1,A,email,2026-11-23,4
            c1,A,email,2026-11-25,3
            """,
            "channels": "channel,lead_days\nmail,2\nemail,0",
        },
        # The letter of Monday arrives on Wednesday.
        (
            Best("9", ("c1 A mail 2026-11-23", "c1 A email 2026-11-23")),
            Breaks(("c1 A mail 2026-11-23", "c1 A email 2026-11-25"), ("cap",)),
        ),
    ),
    Case(
        8,
        "lead days of offer and channel add up",
        A_DAY,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23,5
            c1,B,email,2026-11-25,3
            c1,B,email,2026-11-26,2
            """,
            "channels": "channel,lead_days\nmail,2\nemail,0",
            "offers": "offer,lead_days\nA,1\nB,0",
        },
        (Best("8", ("c1 A mail 2026-11-23", "c1 B email 2026-11-25")),),
    ),
    Case(
        8,
        "history counts when it arrived, else when it was sent, with no lead days added",
        A_DAY,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,5
            c2,A,email,2026-11-23,5
            """,
            "channels": "channel,lead_days\nmail,1\nemail,0",
            "history": """
            customer,offer,channel,at,arrived_at
            c1,B,mail,2026-11-20,2026-11-23
            c2,B,mail,2026-11-22,
            """,
        },
        (Best("5", ("c2 A email 2026-11-23",)),),
    ),
    Case(
        8,
        "a constraint counts the day of sending",
        "constraints: [{name: a-day, total: contacts, within: 1 day, at_most: 1}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23,5
            c2,A,email,2026-11-23,4
            c3,A,email,2026-11-25,3
            """,
            "channels": "channel,lead_days\nmail,2\nemail,0",
        },
        (Best("8", ("c1 A mail 2026-11-23", "c3 A email 2026-11-25")),),
    ),
    Case(
        8,
        "consent is needed for the sending, not the arrival",
        "eligibility: [{name: consent, consent: {purpose: marketing}}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23,5
            c1,A,mail,2026-11-26,5
            """,
            "channels": "channel,lead_days\nmail,2",
            "consents": "customer,channel,purpose,until\nc1,mail,marketing,2026-11-24",
        },
        (Dropped({"c1 A mail 2026-11-26": "consent"}),),
    ),
    Case(
        8,
        "a slot with a time of day arrives at that time, lead days later",
        "contact_policies: [{name: cap, at_most: 1, within: 24 hours}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23T09:00,5
            c1,A,email,2026-11-23T10:00,4
            c1,A,email,2026-11-25T08:00,3
            c1,A,email,2026-11-26T09:00,2
            """,
            "channels": "channel,lead_days\nmail,2\nemail,0",
        },
        # The letter arrives on Wednesday at 09:00.
        (
            Best("11", ("c1 A mail 2026-11-23T09:00", "c1 A email 2026-11-23T10:00", "c1 A email 2026-11-26T09:00")),
            Breaks(("c1 A mail 2026-11-23T09:00", "c1 A email 2026-11-25T08:00"), ("cap",)),
        ),
    ),
    Case(
        9,
        "a customer of unknown zone must be safe in every zone of the column",
        f"horizon: {{start: 2026-11-23, days: 7, timezone: {{column: tz, default: UTC}}}}\n{A_DAY}",
        {
            # Monday 10:00 and 20:00 are one day in UTC, two in Tokyo; 20:00 and Tuesday 08:00 the other way round.
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T10:00:00+00:00,3
            c1,A,2026-11-23T20:00:00+00:00,5
            c1,A,2026-11-24T08:00:00+00:00,3
            c2,A,2026-11-23T20:00:00+00:00,5
            c2,A,2026-11-24T08:00:00+00:00,3
            c3,A,2026-11-23T10:00:00+00:00,3
            c3,A,2026-11-23T20:00:00+00:00,5
            """,
            "customers": "customer,tz\nc1,Mars/Olympus\nc2,UTC\nc3,Asia/Tokyo",
        },
        # c1: 10:00 and Tuesday 08:00 are two days in both zones: 6. c2 and c3 take both of theirs: 8 each.
        (
            Best("22"),
            Breaks(("c1 A 2026-11-23T20:00:00+00:00", "c1 A 2026-11-24T08:00:00+00:00"), ("cap",)),
            Breaks(("c1 A 2026-11-23T10:00:00+00:00", "c1 A 2026-11-23T20:00:00+00:00"), ("cap",)),
        ),
    ),
    Case(
        9,
        "each zone has its own calendar week",
        """
        horizon: {start: 2026-11-23, days: 8, timezone: {column: tz, default: UTC}}
        contact_policies: [{name: cap, at_most: 1, within: calendar week}]
        """,
        {
            # Sunday 20:00 UTC is Sunday in New York and the next Monday in Tokyo; 10:00 is Sunday in both.
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T10:00:00+00:00,1
            c1,A,2026-11-29T10:00:00+00:00,4
            c1,A,2026-11-29T20:00:00+00:00,5
            c2,A,2026-11-29T10:00:00+00:00,4
            c2,A,2026-11-29T20:00:00+00:00,5
            c3,A,2026-11-29T10:00:00+00:00,4
            c3,A,2026-11-29T20:00:00+00:00,5
            """,
            "customers": "customer,tz\nc1,Mars/Olympus\nc2,America/New_York\nc3,Asia/Tokyo",
        },
        # c1 and c2 take one, c3 both.
        (
            Best("19"),
            Breaks(("c1 A 2026-11-29T10:00:00+00:00", "c1 A 2026-11-29T20:00:00+00:00"), ("cap",)),
            Breaks(("c3 A 2026-11-29T10:00:00+00:00", "c3 A 2026-11-29T20:00:00+00:00"), ()),
        ),
    ),
    Case(
        9,
        # Reading: a written default is the zone of a NULL; an unknown zone is a name that is none.
        "a missing zone is the default where one is written",
        f"{OWN_ZONES}\n{A_DAY}",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T20:00:00+00:00,5
            c1,A,2026-11-24T08:00:00+00:00,3
            """,
            "customers": "customer,tz\nc1,\nc2,Asia/Tokyo",
        },
        (Best("8"),),
    ),
    Case(
        11,
        "slots outside the horizon and before as_of are dropped, today's date is not",
        "as_of: 2026-11-24T09:00:00+00:00",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,1
            c1,A,2026-11-24,1
            c1,A,2026-11-24T08:59,1
            c1,A,2026-11-24T09:00,1
            c1,A,2026-11-29,1
            c1,A,2026-11-30,1
            """
        },
        (
            Dropped(
                {
                    "c1 A 2026-11-23": "past",
                    "c1 A 2026-11-24T08:59": "past",
                    "c1 A 2026-11-30": "outside horizon",
                }
            ),
        ),
    ),
    Case(
        11,
        "a date is over when the customer's own day is",
        "as_of: 2026-11-24T01:00:00+00:00\n" + OWN_ZONES,
        {
            # At 01:00 UTC on Tuesday it is still Monday in New York.
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,1\nc2,A,2026-11-23,1",
            "customers": "customer,tz\nc1,America/New_York\nc2,UTC",
        },
        (Dropped({"c2 A 2026-11-23": "past"}),),
    ),
]
