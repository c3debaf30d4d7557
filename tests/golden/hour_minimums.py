"""Lines 6, 10 and 28: minimums, and constraints, in windows of hours."""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

ONE_DAY = "horizon: {start: 2026-11-23, days: 1}"
TWO_DAYS = "horizon: {start: 2026-11-23, days: 2}"
NOON = "customer,offer,slot,value\nc1,A,2026-11-23T12:00,-1\nc1,A,2026-11-23T18:00,-2"

CASES = [
    Case(
        10,
        "a minimum within twelve hours holds for every twelve hours of the horizon",
        f"{ONE_DAY}\ncontact_policies: [{{name: floor, at_least: 1, within: 12 hours}}]",
        {"candidates": f"{NOON}\nc1,B,2026-11-23T11:00,-4\nc1,B,2026-11-23T11:59:59.999999,-3"},
        # Noon is not in the first twelve hours, and the microsecond before it is not in the last.
        (
            Best("-4", ("c1 B 2026-11-23T11:59:59.999999", "c1 A 2026-11-23T12:00")),
            Breaks(("c1 A 2026-11-23T12:00",), ("floor",)),
            Breaks(("c1 B 2026-11-23T11:59:59.999999", "c1 A 2026-11-23T18:00"), ()),
            Breaks(("c1 B 2026-11-23T11:00", "c1 A 2026-11-23T18:00"), ()),
        ),
    ),
    Case(
        10,
        "windows of hours that begin in history are demanded of the horizon's contacts",
        f"{ONE_DAY}\ncontact_policies: [{{name: floor, at_least: 1, within: 24 hours}}]",
        {"candidates": NOON, "history": "customer,offer,at\nc9,B,2026-11-22T00:00\nc1,B,2026-11-22T17:59"},
        # From 17:59 until before noon the next day are less than 24 hours; until before 18:00 they are 24.
        (
            Best("-1", ("c1 A 2026-11-23T12:00",)),
            Breaks(("c1 A 2026-11-23T18:00",), ("floor",)),
        ),
    ),
    Case(
        10,
        "history inside a window of hours helps to satisfy a minimum, committed contacts too",
        f"{ONE_DAY}\ncontact_policies: [{{name: floor, exactly: 1, within: 12 hours}}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23T01:00,-1\nc1,A,2026-11-23T08:00,-2",
            "history": "customer,offer,at\nc1,B,2026-11-23T13:00",
        },
        # At eight the window from eight to twenty would hold two.
        (Best("-1", ("c1 A 2026-11-23T01:00",)), Breaks(("c1 A 2026-11-23T08:00",), ("floor",))),
    ),
    Case(
        14,
        "all or nothing within hours: none in a window, or enough",
        f"{TWO_DAYS}\ncontact_policies: [{{name: pair, at_least: 2, within: 24 hours, if_short: all_or_nothing}}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T12:00,5
            c1,B,2026-11-23T12:00,-1
            c1,C,2026-11-24T11:00,4
            """
        },
        # Just after noon begins a window that holds C alone.
        (
            Best("4", ("c1 A 2026-11-23T12:00", "c1 B 2026-11-23T12:00")),
            Breaks(("c1 A 2026-11-23T12:00", "c1 B 2026-11-23T12:00", "c1 C 2026-11-24T11:00"), ("pair",)),
            Breaks(("c1 A 2026-11-23T12:00", "c1 C 2026-11-24T11:00"), ("pair",)),
        ),
    ),
    Case(
        6,
        "the day on which the clocks go back has 25 hours to serve",
        """
        as_of: 2026-10-20T00:00:00+00:00
        horizon: {start: 2026-10-25, days: 1, timezone: Europe/Lisbon}
        contact_policies: [{name: floor, at_least: 1, within: 24 hours}]
        """,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-10-25T00:30,-2\nc1,A,2026-10-25T12:00,-3"},
        # Its last 24 hours begin at the first one o'clock.
        (Best("-3", ("c1 A 2026-10-25T12:00",)), Breaks(("c1 A 2026-10-25T00:30",), ("floor",))),
    ),
    Case(
        28,
        "a capacity within hours is half-open and counts what history sent",
        "constraints: [{name: calls, total: contacts, at_most: 2, within: 3 hours}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T09:00,5
            c2,A,2026-11-23T10:00,4
            c3,A,2026-11-23T11:00,3
            c4,A,2026-11-23T12:00,2
            """,
            "history": "customer,offer,at\nc9,B,2026-11-23T07:01\nc9,B,2026-11-23T06:00",
        },
        # A minute past seven, nine and ten are within three hours; six is three hours before nine.
        (
            Best("10", ("c1 A 2026-11-23T09:00", "c3 A 2026-11-23T11:00", "c4 A 2026-11-23T12:00")),
            Breaks(("c1 A 2026-11-23T09:00", "c2 A 2026-11-23T10:00"), ("calls",)),
        ),
    ),
    Case(
        28,
        "a constraint's minimum within hours is demanded in the days of the default zone",
        f"""{ONE_DAY}
constraints: [{{name: stream, total: units, at_least: 1.5, within: 12 hours, for_each: offer}}]""",
        {
            "candidates": """
            customer,offer,slot,value,units
            c1,A,2026-11-23T06:00,-1,1.5
            c2,A,2026-11-23T17:59:59,-1,1.5
            c3,A,2026-11-23T18:00:01,-0.5,2
            """
        },
        (
            Best("-2", ("c1 A 2026-11-23T06:00", "c2 A 2026-11-23T17:59:59")),
            Breaks(("c1 A 2026-11-23T06:00", "c3 A 2026-11-23T18:00:01"), ("stream",)),
        ),
    ),
    Case(
        28,
        "a minimum within hours that no slot can serve is infeasible",
        f"{ONE_DAY}\nconstraints: [{{name: stream, total: contacts, at_least: 1, within: 6 hours}}]",
        {"candidates": NOON},
        (Infeasible(),),
    ),
    Case(
        28,
        "what is missing or too much is not added up over windows of hours",
        "constraints: [{name: calls, total: contacts, at_most: 2, within: 3 hours, penalty: 1}]",
        {"candidates": NOON},
        (RefusedInput(),),
    ),
    Case(
        14,
        "a best effort in windows of hours is refused",
        "contact_policies: [{name: floor, at_least: 2, within: 3 hours, if_short: best_effort}]",
        {"candidates": NOON},
        (RefusedInput(),),
    ),
]
