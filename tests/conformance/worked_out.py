"""The golden cases, and a few more that tell good compilers from bad ones."""

from __future__ import annotations

from tests.golden.cases import Best, Case
from tests.golden.catalogue import CASES

UNEVEN = Case(
    31,
    "a minimum holds for the cells that there are",
    """constraints: [{name: floor, total: contacts, for_each: [offer, segment], at_least: 1}]""",
    {
        "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,B,2026-11-23,-4
            """,
        "customers": """
            customer,segment
            c1,gold
            c2,basic
            """,
    },
    (Best("1"),),
)

ONE_START = Case(
    35,
    "two named slots that begin together are two",
    """contact_policies: [{name: envelopes, at_most: 1, total: "distinct slot"}]""",
    {
        "candidates": """
            customer,offer,slot,value
            c1,A,front-page,5
            c1,B,back-page,4
            """,
        "slots": """
            slot,start
            front-page,2026-11-23T09:00
            back-page,2026-11-23T09:00
            """,
    },
    (Best("5"),),
)

WORKED_OUT = [UNEVEN, ONE_START, *CASES]
