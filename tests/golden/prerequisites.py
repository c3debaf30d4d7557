"""Lines 17 to 19: contacts that need another, responses, spacing."""

from tests.golden.cases import Best, Case, RefusedInput

OFFERS = "offer,family\nloan,loan\nloan2,loan\ncard,card\nboth,both"
AFTER_REFUSAL = """
contact_policies:
  - {name: refused, never: "family = 'loan'", after: "response = 'refused' AND family = 'loan'", within: 10 days}
"""
TWO_DAYS_OF_REST = "contact_policies: [{name: rest, spacing: 2 days}]"

CASES = [
    Case(
        17,
        "only after needs the other at most the window before",
        """
        contact_policies:
          - {name: call, only: "offer = 'callback'", after: "offer = 'brochure'", within: 14 days}
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,callback,2026-11-23,5\nc2,callback,2026-11-23,5",
            "history": "customer,offer,at\nc1,brochure,2026-11-09\nc2,brochure,2026-11-08",
        },
        (Best("5", ("c1 callback 2026-11-23",)),),
    ),
    Case(
        17,
        "only after is strictly after, and may be planned",
        """
        contact_policies:
          - {name: call, only: "offer = 'callback'", after: "offer = 'brochure'", within: 14 days}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,brochure,2026-11-24,-1
            c1,callback,2026-11-24,9
            c1,callback,2026-11-25,5
            c2,brochure,2026-11-24,-1
            c2,callback,2026-11-23,9
            """
        },
        (Best("4", ("c1 brochure 2026-11-24", "c1 callback 2026-11-25")),),
    ),
    Case(
        17,
        "chains work",
        """
        contact_policies:
          - {name: b-after-a, only: "offer = 'B'", after: "offer = 'A'", within: 2 days}
          - {name: c-after-b, only: "offer = 'C'", after: "offer = 'B'", within: 2 days}
        """,
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,-1
            c1,B,2026-11-25,-1
            c1,C,2026-11-26,5
            c1,C,2026-11-28,9
            """
        },
        # Saturday is three days after Wednesday.
        (Best("3", ("c1 A 2026-11-23", "c1 B 2026-11-25", "c1 C 2026-11-26")),),
    ),
    Case(
        17,
        "only with is the same slot where no window is given, and history may serve",
        "contact_policies: [{name: side, only: \"offer = 'insert'\", with: \"offer = 'statement'\"}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,insert,2026-11-23,5
            c1,statement,2026-11-23,-1
            c2,insert,2026-11-23,5
            c2,statement,2026-11-24,-1
            c3,insert,2026-11-23,5
            c3,insert,2026-11-24,4
            """,
            "history": "customer,offer,at\nc3,statement,2026-11-23",
        },
        (Best("9", ("c1 insert 2026-11-23", "c1 statement 2026-11-23", "c3 insert 2026-11-23")),),
    ),
    Case(
        17,
        "only with a window is less than it, in either order",
        "contact_policies: [{name: side, only: \"offer = 'A'\", with: \"offer = 'B'\", within: 2 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,B,2026-11-24,-1
            c2,A,2026-11-23,5
            c2,B,2026-11-25,-1
            """,
        },
        (Best("4", ("c1 A 2026-11-23", "c1 B 2026-11-24")),),
    ),
    Case(
        17,
        "only with asks for another contact, not for itself",
        "contact_policies: [{name: side, only: \"offer = 'A'\", with: \"offer = 'A'\", within: 2 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,5
            c2,A,2026-11-24,-1
            """,
        },
        (Best("4", ("c2 A 2026-11-23", "c2 A 2026-11-24")),),
    ),
    Case(
        17,
        # Reading: as line 4 says, without a window the horizon's planned contacts alone can serve.
        "only after without a window is served by the plan, not by history",
        "contact_policies: [{name: call, only: \"offer = 'call'\", after: \"offer = 'letter'\"}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,call,2026-11-24,5
            c2,letter,2026-11-23,-1
            c2,call,2026-11-29,5
            """,
            "history": "customer,offer,at\nc1,letter,2026-11-22",
        },
        (Best("4", ("c2 letter 2026-11-23", "c2 call 2026-11-29")),),
    ),
    Case(
        17,
        "only after ever is served by the oldest history",
        "contact_policies: [{name: call, only: \"offer = 'call'\", after: \"offer = 'letter'\", within: ever}]",
        {
            "candidates": "customer,offer,slot,value\nc1,call,2026-11-24,5\nc2,call,2026-11-24,5",
            "history": "customer,offer,at\nc1,letter,2001-01-01\nc2,letter,2026-11-24",
        },
        (Best("5", ("c1 call 2026-11-24",)),),
    ),
    Case(
        18,
        "a refusal counts from the response, else from the sending",
        AFTER_REFUSAL,
        {
            "candidates": "customer,offer,slot,value\nc1,loan,2026-11-23,5\nc2,loan,2026-11-23,5\nc3,loan,2026-11-23,5",
            "offers": OFFERS,
            "history": """
            customer,offer,at,response,response_at
            c1,loan,2026-11-01,refused,2026-11-20
            c2,loan,2026-11-01,refused,
            c3,loan,2026-11-20,accepted,2026-11-21
            """,
        },
        (Best("10", ("c2 loan 2026-11-23", "c3 loan 2026-11-23")),),
    ),
    Case(
        18,
        "a planned contact has no response",
        AFTER_REFUSAL,
        {
            "candidates": "customer,offer,slot,value\nc1,loan,2026-11-23,5\nc1,loan2,2026-11-24,4",
            "offers": OFFERS,
            "history": "customer,offer,at,response\nc9,loan,2026-11-01,refused",
        },
        (Best("9"),),
    ),
    Case(
        19,
        "spacing counts history, and forgets it when told to",
        TWO_DAYS_OF_REST,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,4\nc1,B,2026-11-26,3",
            "history": "customer,offer,at\nc1,B,2026-11-22",
        },
        (Best("7", ("c1 A 2026-11-24", "c1 B 2026-11-26")),),
    ),
    Case(
        19,
        "spacing without history looks at the plan alone",
        "contact_policies: [{name: rest, spacing: 2 days, count_history: false}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,A,2026-11-24,4\nc1,B,2026-11-25,3",
            "history": "customer,offer,at\nc1,B,2026-11-22",
        },
        (Best("8", ("c1 A 2026-11-23", "c1 B 2026-11-25")),),
    ),
    Case(
        19,
        "two contacts in one slot are not a day apart",
        "contact_policies: [{name: rest, spacing: 1 day}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,4\nc1,B,2026-11-24,3"},
        (Best("8", ("c1 A 2026-11-23", "c1 B 2026-11-24")),),
    ),
    Case(
        19,
        "never A with A is spacing on A",
        "contact_policies: [{name: rest, never: \"offer = 'A'\", with: \"offer = 'A'\", within: 2 days}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,A,2026-11-24,4
            c1,A,2026-11-25,3
            c1,B,2026-11-24,1
            """
        },
        (Best("9", ("c1 A 2026-11-23", "c1 A 2026-11-25", "c1 B 2026-11-24")),),
    ),
    Case(
        19,
        "spacing of hours needs timestamps",
        "contact_policies: [{name: rest, spacing: 36 hours}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-24,4"},
        (RefusedInput(),),
    ),
]
