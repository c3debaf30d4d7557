"""Lines 14 and 35: minimums of different keys."""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

TWO_CHANNELS = 'contact_policies: [{{name: ways, at_least: 2, total: "distinct channel"{more}}}]'
ONE_DEAR = """
    customer,offer,channel,slot,value
    c1,A,email,2026-11-23,5
    c1,B,email,2026-11-24,4
    c1,A,sms,2026-11-23,-1
    c1,B,sms,2026-11-24,-2
    c2,A,email,2026-11-23,3
"""

CASES = [
    Case(
        35,
        "a minimum of two channels is not met by two contacts of one",
        TWO_CHANNELS.format(more=", where: \"customer = 'c1'\""),
        {"candidates": ONE_DEAR},
        (
            Best(
                "11", ("c1 A email 2026-11-23", "c1 B email 2026-11-24", "c1 A sms 2026-11-23", "c2 A email 2026-11-23")
            ),
            Breaks(("c1 A email 2026-11-23", "c1 B email 2026-11-24"), ("ways",)),
            Breaks(("c1 A email 2026-11-23", "c1 B sms 2026-11-24"), ()),
        ),
    ),
    Case(
        14,
        "a required minimum of different keys that one customer cannot meet is infeasible",
        TWO_CHANNELS.format(more=""),
        {"candidates": ONE_DEAR},
        (Infeasible(),),
    ),
    Case(
        14,
        "a best effort of different keys falls short only where it must",
        TWO_CHANNELS.format(more=", if_short: best_effort"),
        {"candidates": ONE_DEAR},
        (
            Best("11"),
            Breaks(("c1 A email 2026-11-23", "c2 A email 2026-11-23"), ("ways",)),
        ),
    ),
    Case(
        14,
        "all or nothing of different keys: none, or enough of them",
        TWO_CHANNELS.format(more=", if_short: all_or_nothing"),
        {"candidates": ONE_DEAR},
        (Best("8"), Breaks(("c2 A email 2026-11-23",), ("ways",)), Breaks((), ())),
    ),
    Case(
        14,
        "each missing key costs the penalty",
        TWO_CHANNELS.format(more=", penalty: 0.75"),
        {"candidates": ONE_DEAR},
        # The text at -1 saves 0.75 only; c2 lacks one in any case.
        (Best("10.5", ("c1 A email 2026-11-23", "c1 B email 2026-11-24", "c2 A email 2026-11-23")),),
    ),
    Case(
        35,
        "a key that history holds in the window serves a minimum, and again adds nothing",
        TWO_CHANNELS.format(more=", within: 7 days"),
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,-1
            c1,A,sms,2026-11-23,-0.5
            """,
            "history": "customer,offer,channel,at\nc1,B,sms,2026-11-23\nc1,C,sms,2026-11-24",
        },
        (Best("-1", ("c1 A email 2026-11-23",)), Breaks(("c1 A sms 2026-11-23",), ("ways",))),
    ),
    Case(
        35,
        "exactly two different offers",
        'contact_policies: [{name: two, exactly: 2, total: "distinct offer"}]',
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-24,4
            c1,B,2026-11-23,-3
            c1,C,2026-11-23,-1
            """
        },
        (Best("8", ("c1 A 2026-11-23", "c1 A 2026-11-24", "c1 C 2026-11-23")),),
    ),
    Case(
        35,
        "different keys have no minimum in hours",
        TWO_CHANNELS.format(more=", within: 24 hours"),
        {"candidates": ONE_DEAR},
        (RefusedInput(),),
    ),
]
