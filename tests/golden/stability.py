"""Stability (numbered 45, after the lines of the semantics): how close to an earlier plan.

What counts are contacts of the earlier plan that are candidates now and may be used. A new contact is no change.
"""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

TWO_EACH = """customer,offer,slot,value,open
c1,A,2026-11-23,5,true
c1,B,2026-11-23,3,true
c2,A,2026-11-23,5,true
c2,B,2026-11-23,4,false
"""
OLD = "customer,offer,slot\nc1,B,2026-11-23\nc2,B,2026-11-23\nc9,B,2026-11-23\nc1,B,2026-11-01\n"
ONE_EACH = "contact_policies: [{name: one, at_most: 1}]\n"
TABLES = {"candidates": TWO_EACH, "old.csv": OLD}

CASES = [
    Case(
        45,
        "a share of what was planned before stays, rounded up",
        ONE_EACH + "stability: {previous: old.csv, keep: 0.4}",
        TABLES,
        (Best("9", ("c1 A 2026-11-23", "c2 B 2026-11-23")), Breaks(("c1 A 2026-11-23",), ("stability",))),
    ),
    Case(
        45,
        "what is no candidate any more, or was planned for a slot that is gone, is no change",
        ONE_EACH + "stability: {previous: old.csv, keep: 1}",
        TABLES,
        (Best("7", ("c1 B 2026-11-23", "c2 B 2026-11-23")), Breaks(("c1 B 2026-11-23",), ("stability",))),
    ),
    Case(
        45,
        "what may not be used any more is no change",
        ONE_EACH + "eligibility: [{name: open, keep: open}]\nstability: {previous: old.csv, keep: 1}",
        TABLES,
        (Best("8", ("c1 B 2026-11-23", "c2 A 2026-11-23")),),
    ),
    Case(
        45,
        "leaving a contact out costs, a new one does not",
        ONE_EACH + "stability: {previous: old.csv, cost: 1.5}",
        TABLES,
        # Keeping c1's B loses 2, more than the 1.5 that leaving it out costs; keeping c2's loses 1.
        (Best("7.5", ("c1 A 2026-11-23", "c2 B 2026-11-23")), Breaks(())),
    ),
    Case(
        45,
        "a share that other rules leave no room for is infeasible",
        ONE_EACH
        + "stability: {previous: old.csv, keep: 1}\n"
        + "constraints: [{name: few-b, total: contacts, where: \"offer = 'B'\", at_most: 1}]",
        TABLES,
        (Infeasible(),),
    ),
    Case(
        45,
        "of an earlier plan of which nothing is left, nothing is asked",
        ONE_EACH + "stability: {previous: old.csv, keep: 1}",
        {"candidates": TWO_EACH, "old.csv": "customer,offer,slot\nc9,B,2026-11-23\n"},
        (Best("10"), Breaks(())),
    ),
    Case(
        45,
        "switched off it changes nothing",
        ONE_EACH + "stability: {previous: old.csv, keep: 1, enabled: false}",
        TABLES,
        (Best("10"), Breaks(())),
    ),
    Case(
        45,
        "an earlier run that is not there is an error of the data",
        "stability: {previous: nowhere, keep: 1}",
        {"candidates": TWO_EACH},
        (RefusedInput(),),
    ),
]
