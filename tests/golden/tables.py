"""Lines 21 to 26: duplicates, negative contributions, missing values, NULL and keys."""

import pandas as pd

from tests.golden.cases import Best, Breaks, Case, Dropped, RefusedInput

ONE_A_WEEK = "contact_policies: [{name: cap, at_most: 1, within: 7 days}]"

CASES = [
    Case(
        21,
        "identical duplicate rows are one candidate",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-23,5\nc1,B,2026-11-23,2"},
        (Best("7", ("c1 A 2026-11-23", "c1 B 2026-11-23")),),
    ),
    Case(
        21,
        "conflicting duplicate rows are refused",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-23,6"},
        (RefusedInput(),),
    ),
    Case(
        22,
        "a negative contribution is not chosen for nothing, and not forbidden",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,-2"},
        (Best("5", ("c1 A 2026-11-23",)), Breaks(("c1 B 2026-11-23",), ())),
    ),
    Case(
        22,
        "a negative contribution is chosen where another rule gains by it",
        """
        contact_policies: [{name: pre, only: "offer = 'B'", after: "offer = 'A'", within: 7 days}]
        constraints:
          - {name: floor, total: contacts, where: "offer = 'C'", at_least: 1}
          - {name: equal, total: contacts, where: "offer = 'D'", exactly: 1}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,-2
            c1,B,2026-11-24,3
            c1,C,2026-11-23,-1
            c1,D,2026-11-23,-4
            c1,D,2026-11-24,-5
            """
        },
        (Best("-4", ("c1 A 2026-11-23", "c1 B 2026-11-24", "c1 C 2026-11-23", "c1 D 2026-11-23")),),
    ),
    Case(
        23,
        "a missing value in the objective is refused, never zero",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,"},
        (RefusedInput(),),
    ),
    Case(
        23,
        "an infinite amount in a constraint is refused",
        "constraints: [{name: budget, total: price, at_most: 10}]",
        {"candidates": "customer,offer,slot,value,price\nc1,A,2026-11-23,5,1\nc1,B,2026-11-23,2,inf"},
        (RefusedInput(),),
    ),
    Case(
        23,
        "a missing value is rejected where the file says so",
        "data: {on_invalid: reject, max_reject_share: 0.5}",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,"},
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        23,
        "more rejected rows than the file allows are refused",
        "data: {on_invalid: reject, max_reject_share: 0.4}",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,"},
        (RefusedInput(),),
    ),
    Case(
        23,
        "a report-only rule's missing value changes nothing",
        """
        data: {on_invalid: reject, max_reject_share: 0.5}
        constraints: [{name: watch, total: price, at_most: 0, report_only: true}]
        """,
        {"candidates": "customer,offer,slot,value,price\nc1,A,2026-11-23,5,\nc1,B,2026-11-23,2,1"},
        (Best("7"),),
    ),
    Case(
        23,
        "a propensity above one is refused by default",
        "objective: {maximize: propensity * value}",
        {"candidates": "customer,offer,slot,value,propensity\nc1,A,2026-11-23,5,87.3"},
        (RefusedInput(),),
    ),
    Case(
        24,
        "a condition that is NULL is not true: keep drops and drop keeps",
        """
        eligibility:
          - {name: opted-in, keep: opt_in}
          - {name: blocked, drop: blocked}
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,1\nc2,A,2026-11-23,1\nc3,A,2026-11-23,1",
            "customers": "customer,opt_in,blocked\nc1,true,\nc2,,false\nc3,true,true",
        },
        (Dropped({"c2 A 2026-11-23": "opted-in", "c3 A 2026-11-23": "blocked"}),),
    ),
    Case(
        24,
        "where leaves out what is NULL, also under NOT",
        """
        contact_policies:
          - {name: gold, at_most: 0, where: "segment = 'gold'"}
          - {name: not-gold, at_most: 1, where: "NOT segment = 'gold'"}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,5
            c2,A,2026-11-24,4
            c3,A,2026-11-23,5
            c3,A,2026-11-24,4
            """,
            "customers": "customer,segment\nc1,gold\nc2,basic\nc3,",
        },
        (Best("14", ("c2 A 2026-11-23", "c3 A 2026-11-23", "c3 A 2026-11-24")),),
    ),
    Case(
        24,
        "a NULL value of for_each is a group of its own",
        "constraints: [{name: each, total: contacts, for_each: branch, at_most: 1}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,4
            c3,A,2026-11-23,3
            c4,A,2026-11-23,2
            """,
            "customers": "customer,branch\nc1,b1\nc2,b1\nc3,\nc4,",
        },
        (Best("8", ("c1 A 2026-11-23", "c3 A 2026-11-23")),),
    ),
    Case(
        24,
        "a NULL condition is an error where the file says so",
        """
        data: {on_null: fail}
        eligibility: [{name: opted-in, keep: opt_in}]
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,1\nc2,A,2026-11-23,1",
            "customers": "customer,opt_in\nc1,true\nc2,",
        },
        (RefusedInput(),),
    ),
    Case(
        25,
        "007 is not 7",
        ONE_A_WEEK,
        {
            "candidates": "customer,offer,slot,value\n007,A,2026-11-23,5\n7,A,2026-11-23,4",
            "history": "customer,offer,at\n007,A,2026-11-22",
        },
        (Best("4", ("7 A 2026-11-23",)),),
    ),
    Case(
        25,
        "typed tables whose keys have different types are refused",
        ONE_A_WEEK,
        {
            "candidates": pd.DataFrame({"customer": [7], "offer": ["A"], "slot": ["2026-11-23"], "value": [5.0]}),
            "history": pd.DataFrame({"customer": ["7"], "offer": ["A"], "at": ["2026-11-22"]}),
        },
        (RefusedInput(),),
    ),
    Case(
        25,
        "case, accents and blanks of ids are kept",
        "contact_policies: [{name: cap, at_most: 1}]",
        {
            "candidates": pd.DataFrame(
                {
                    "customer": ["c1", "C1", " c1", "café", "cafe"],
                    "offer": ["A"] * 5,
                    "slot": ["2026-11-23"] * 5,
                    "value": [1.0, 2.0, 3.0, 4.0, 5.0],
                }
            )
        },
        (Best("15"),),
    ),
    Case(
        25,
        "slots compare as instants in every table",
        "pins: {forbid: never.csv}",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T09:00:00+00:00,5
            c1,A,2026-11-23T10:00:00+00:00,4
            """,
            "never.csv": "customer,offer,slot\nc1,A,2026-11-23T10:00:00+01:00",
        },
        (Best("4", ("c1 A 2026-11-23T10:00:00+00:00",)),),
    ),
    Case(
        26,
        "a candidate's customer that is not among the customers is refused",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5", "customers": "customer,segment\nc2,gold"},
        (RefusedInput(),),
    ),
    Case(
        26,
        "a candidate's offer that is not among the offers is refused",
        "",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5", "offers": "offer,family\nB,loan"},
        (RefusedInput(),),
    ),
    Case(
        26,
        "history of customers without candidates counts in constraints",
        "constraints: [{name: week, total: contacts, within: 7 days, at_most: 2}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,4\nc3,A,2026-11-29,3",
            "history": "customer,offer,at\nc9,A,2026-11-20",
        },
        # 23 to 29 November holds two of the three; 20 to 26 only one beside history.
        (
            Best("8", ("c1 A 2026-11-23", "c3 A 2026-11-29")),
            Breaks(("c1 A 2026-11-23", "c2 A 2026-11-23"), ("week",)),
        ),
    ),
]
