"""Lines 27, 28 and 31 to 33: totals over groups and windows, exact sums, rules that change nothing."""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

EACH_OFFER_ONCE = "constraints: [{name: each, total: contacts, for_each: offer, at_least: 1}]"
NO_B = "eligibility: [{name: no-b, drop: \"offer = 'B'\"}]"
A_AND_B = "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,4\nc1,B,2026-11-23,-1"
BUDGET = "constraints: [{{name: budget, total: {total}, at_most: {limit}}}]"

CASES = [
    Case(
        27,
        "a minimum on a group with nothing eligible is infeasible",
        f"{NO_B}\n{EACH_OFFER_ONCE}",
        {"candidates": A_AND_B},
        (Infeasible(), Breaks(("c1 A 2026-11-23",), ("each",))),
    ),
    Case(
        27,
        "a soft minimum on a group with nothing eligible is penalised",
        f"{NO_B}\nconstraints: [{{name: each, total: contacts, for_each: offer, at_least: 1, penalty: 2.5}}]",
        {"candidates": A_AND_B},
        (Best("6.5", ("c1 A 2026-11-23", "c2 A 2026-11-23")),),
    ),
    Case(
        27,
        # Reading: where a rule has a condition, its groups are those of the candidates that meet it.
        "groups are those of the candidates that the rule is about",
        "constraints: [{name: each, total: contacts, where: \"channel = 'mail'\", for_each: offer, at_least: 1}]",
        {"candidates": "customer,offer,channel,slot,value\nc1,A,mail,2026-11-23,-1\nc1,B,sms,2026-11-23,-1"},
        (Best("-1", ("c1 A mail 2026-11-23",)),),
    ),
    Case(
        27,
        "a group of the limits table alone has its minimum too",
        "constraints: [{name: each, total: contacts, for_each: offer, at_least: {table: need.csv, column: need}}]",
        {"candidates": A_AND_B, "need.csv": "offer,need\nA,1\nB,0\nC,1"},
        (Infeasible(),),
    ),
    Case(
        27,
        "a group of contact and customer columns that only the limits table names has its minimum too",
        """
        constraints:
          - {name: each, total: contacts, for_each: [offer, segment], at_least: {table: need.csv, column: need}}
        """,
        {
            "candidates": A_AND_B,
            "customers": "customer,segment\nc1,gold\nc2,basic",
            "need.csv": "offer,segment,need\nA,gold,1\nB,gold,0\nA,basic,1\nB,basic,0\nA,silver,1",
        },
        (Infeasible(),),
    ),
    Case(
        27,
        "what a group that only the limits table names lacks is paid for where the minimum is soft",
        """
        constraints:
          - name: each
            total: contacts
            for_each: [segment, offer]
            at_least: {table: need.csv, column: need, default: 0}
            penalty: 0.5
        """,
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,-1\nc2,B,2026-11-23,-0.25",
            "customers": "customer,segment\nc1,gold\nc2,basic",
            "need.csv": "segment,offer,need\ngold,B,2\nsilver,A,3\nbasic,B,1",
        },
        # B for gold and A for silver have nobody: 5 are missing, 2.5. B for basic costs 0.25, less than missing it.
        (Best("-2.75", ("c2 B 2026-11-23",)),),
    ),
    Case(
        27,
        "limits are joined on their keys, and the default serves the others",
        """
        constraints:
          - name: cells
            total: contacts
            for_each: [offer, channel]
            at_most: {table: limits.csv, column: most, default: 0}
        """,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,sms,2026-11-23,5
            c2,A,sms,2026-11-23,4
            c1,A,mail,2026-11-23,3
            c1,B,sms,2026-11-23,2
            """,
            "limits.csv": "offer,channel,most\nA,sms,1\nB,sms,7",
        },
        (Best("7", ("c1 A sms 2026-11-23", "c1 B sms 2026-11-23")),),
    ),
    Case(
        27,
        "a limit that is missing without a default is refused",
        "constraints: [{name: each, total: contacts, for_each: offer, at_most: {table: most.csv, column: most}}]",
        {"candidates": A_AND_B, "most.csv": "offer,most\nA,1"},
        (RefusedInput(),),
    ),
    Case(
        27,
        "each slot has its own capacity",
        "constraints: [{name: a-day, total: contacts, where: \"channel = 'email'\", for_each: slot, at_most: 1}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,5
            c2,A,email,2026-11-23,4
            c2,A,sms,2026-11-23,3
            c2,A,email,2026-11-24,2
            """
        },
        (Best("10", ("c1 A email 2026-11-23", "c2 A sms 2026-11-23", "c2 A email 2026-11-24")),),
    ),
    Case(
        28,
        "a windowed constraint has a row for each window and subtracts what history sent",
        "constraints: [{name: days, total: contacts, within: 3 days, at_most: 2}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,4
            c3,A,2026-11-24,3
            c4,A,2026-11-25,2
            """,
            "history": "customer,offer,at\nc1,A,2026-11-21\nc2,A,2026-11-20",
        },
        # 21 to 23: one left. 23 to 25: two.
        (Best("8", ("c1 A 2026-11-23", "c3 A 2026-11-24")),),
    ),
    Case(
        28,
        "a windowed constraint holds for each group, history included",
        "constraints: [{name: branch-week, total: contacts, for_each: branch, within: 7 days, at_most: 1}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-29,4\nc3,A,2026-11-23,3",
            "customers": "customer,branch\nc1,north\nc2,north\nc3,south\nc9,south",
            "history": "customer,offer,at\nc9,A,2026-11-22",
        },
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        28,
        "amounts of history come from history's own column",
        "constraints: [{name: budget, total: cost, within: 7 days, at_most: 1}]",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,4",
            "offers": "offer,cost\nA,0.4",
            "history": "customer,offer,at,cost\nc9,A,2026-11-22,0.6",
        },
        # Tonight an A costs 0.40; the one in history cost 0.60: one more fits, exactly.
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        28,
        "history without the amount is refused where a window asks for it",
        "constraints: [{name: budget, total: cost, within: 7 days, at_most: 1}]",
        {
            "candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,0.4",
            "history": "customer,offer,at\nc9,A,2026-11-22",
        },
        (RefusedInput(),),
    ),
    Case(
        28,
        "a ratio has no window",
        "constraints: [{name: roi, ratio: value, to: cost, at_least: 1, within: 7 days}]",
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,0.4"},
        (RefusedInput(),),
    ),
    Case(
        28,
        "a share has no window",
        "constraints: [{name: share, share: \"offer = 'A'\", at_most: 0.5, within: 7 days}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5"},
        (RefusedInput(),),
    ),
    Case(
        31,
        "a minimum of one over everybody is one",
        "constraints: [{name: floor, total: contacts, where: \"offer = 'B'\", at_least: 1}]",
        {"candidates": "customer,offer,slot,value\nc1,B,2026-11-23,-3\nc2,B,2026-11-23,-1\nc3,B,2026-11-23,-2"},
        (Best("-1", ("c2 B 2026-11-23",)),),
    ),
    Case(
        31,
        "exactly is exact from both sides",
        "constraints: [{name: two, total: contacts, exactly: 2, where: \"offer = 'A'\"}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,3\nc2,A,2026-11-23,2\nc3,A,2026-11-23,1"},
        (Best("5"), Breaks(("c1 A 2026-11-23",), ("two",)), Breaks(("c1 A 2026-11-23", "c2 A 2026-11-23"), ())),
    ),
    Case(
        31,
        "at_least and at_most stand together",
        "constraints: [{name: between, total: contacts, at_least: 1, at_most: 2}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,3\nc2,A,2026-11-23,2\nc3,A,2026-11-23,1"},
        (Best("5"), Breaks((), ("between",))),
    ),
    Case(
        31,
        "exactly one half is refused",
        "constraints: [{name: half, total: contacts, exactly: 1.5}]",
        {"candidates": A_AND_B},
        (RefusedInput(),),
    ),
    Case(
        31,
        "a soft exactly is paid on both sides",
        "constraints: [{name: two, total: contacts, exactly: 2, where: \"offer = 'A'\", penalty: 1.5}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,3
            c2,A,2026-11-23,2
            c3,A,2026-11-23,2
            c1,B,2026-11-23,1
            """
        },
        # A third A earns 2 for 1.5.
        (Best("6.5"), Breaks((), ())),
    ),
    Case(
        32,
        "one tenth and two tenths are three tenths",
        BUDGET.format(total="cost", limit="0.3"),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,0.1\nc2,A,2026-11-23,4,0.2"},
        (Best("9"),),
    ),
    Case(
        32,
        "one cent too many is too many",
        BUDGET.format(total="cost", limit="1000000.29"),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,1000000\nc2,A,2026-11-23,4,0.30"},
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        32,
        "a customer's ceiling is exact too",
        "contact_policies: [{name: ceiling, total: cost, at_most: 0.7}]",
        {
            "candidates": """
            customer,offer,slot,value,cost
            c1,A,2026-11-23,1,0.1
            c1,B,2026-11-23,1,0.2
            c1,C,2026-11-23,1,0.4
            c2,A,2026-11-23,1,0.1
            c2,B,2026-11-23,2,0.2
            c2,C,2026-11-23,1.5,0.41
            """
        },
        (
            Best(
                "6.5",
                ("c1 A 2026-11-23", "c1 B 2026-11-23", "c1 C 2026-11-23", "c2 B 2026-11-23", "c2 C 2026-11-23"),
            ),
        ),
    ),
    Case(
        32,
        "a computed amount's last bit does not matter",
        BUDGET.format(total="units * price", limit="0.3"),
        # Three times 0.1 is 0.30000000000000004 in doubles.
        {"candidates": "customer,offer,slot,value,units,price\nc1,A,2026-11-23,5,3,0.1"},
        (Best("5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        33,
        "report-only and disabled rules change nothing",
        """
        eligibility: [{name: off, drop: "true", enabled: false}]
        contact_policies: [{name: off-too, at_most: 0, enabled: false}]
        constraints:
          - {name: watch, total: contacts, at_most: 0, report_only: true}
          - {name: off-three, total: contacts, at_least: 99, enabled: false}
        """,
        {"candidates": A_AND_B},
        (Best("9", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks(("c1 B 2026-11-23",), ())),
    ),
    Case(
        33,
        "a report-only penalty is not paid",
        "constraints: [{name: watch, total: contacts, at_most: 0, penalty: 100, report_only: true}]",
        {"candidates": A_AND_B},
        (Best("9", ("c1 A 2026-11-23", "c2 A 2026-11-23")),),
    ),
    Case(
        33,
        "a soft limit is broken where that pays, once per unit",
        "constraints: [{name: soft, total: contacts, at_most: 1, penalty: 2.5}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5\nc2,A,2026-11-23,4\nc3,A,2026-11-23,2"},
        # The second contact earns 4 for 2.5; the third would earn 2.
        (Best("6.5", ("c1 A 2026-11-23", "c2 A 2026-11-23")),),
    ),
    Case(
        32,
        "what a soft limit of more decimals than the amounts costs is exact",
        "constraints: [{name: budget, total: cost, at_most: 1.75, penalty: 1.25}]",
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,1.5\nc2,A,2026-11-23,4,0.5"},
        # A quarter too much: 0.3125.
        (Best("8.6875"),),
    ),
]
