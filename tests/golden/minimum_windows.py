"""Line 10: the windows in which a minimum is demanded."""

from tests.golden.cases import Best, Breaks, Case, Infeasible

AT_LEAST_ONE_A_WEEK = "contact_policies: [{name: floor, at_least: 1, within: 7 days}]"

CASES = [
    Case(
        10,
        "without history a minimum's window of seven days is the horizon alone",
        AT_LEAST_ONE_A_WEEK,
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-2\nc1,A,2026-11-29,-1"},
        (Best("-1", ("c1 A 2026-11-29",)),),
    ),
    Case(
        10,
        "history that begins earlier makes earlier windows demanded",
        AT_LEAST_ONE_A_WEEK,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-2\nc1,A,2026-11-29,-1",
            "history": "customer,offer,at\nc9,B,2026-11-20",
        },
        # 20 to 26 November is now demanded: only Monday lies in it, and in all the later ones.
        (Best("-2", ("c1 A 2026-11-23",)), Breaks(("c1 A 2026-11-29",), ("floor",))),
    ),
    Case(
        10,
        "history_since says where history begins",
        f"data: {{history_since: 2026-11-23}}\n{AT_LEAST_ONE_A_WEEK}",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-2\nc1,A,2026-11-29,-1",
            "history": "customer,offer,at\nc9,B,2026-11-20",
        },
        (Best("-1", ("c1 A 2026-11-29",)),),
    ),
    Case(
        10,
        "windows that reach out of the horizon are not demanded",
        "contact_policies: [{name: floor, at_least: 1, within: 3 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-25,-1\nc1,A,2026-11-27,-2\nc1,A,2026-11-28,-3"},
        # Wednesday serves the windows from 23, 24 and 25; those from 26 and 27 need Friday or Saturday.
        (
            Best("-3", ("c1 A 2026-11-25", "c1 A 2026-11-27")),
            Breaks(("c1 A 2026-11-25", "c1 A 2026-11-28"), ()),
            Breaks(("c1 A 2026-11-25",), ("floor",)),
        ),
    ),
    Case(
        10,
        "a calendar month that began before history is not demanded",
        "contact_policies: [{name: floor, at_least: 1, within: calendar month}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-25,-1"},
        (Best("0", ()),),
    ),
    Case(
        10,
        "a constraint's minimum is demanded in whole windows too",
        "constraints: [{name: floor, total: contacts, within: 7 days, at_least: 1}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-27,-2\nc1,A,2026-11-29,-1",
            "history": "customer,offer,at\nc9,B,2026-11-20",
        },
        # 21 to 27 November holds Friday but no history; 20 to 26 holds history.
        (Best("-2", ("c1 A 2026-11-27",)),),
    ),
    Case(
        10,
        "a minimum that the eligible slots cannot serve in every demanded window is infeasible",
        "contact_policies: [{name: floor, at_least: 1, within: 3 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-25,9"},
        (Infeasible(),),
    ),
]
