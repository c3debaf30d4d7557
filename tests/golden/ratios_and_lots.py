"""Lines 29, 30, 34 and 35: ratios, shares, distinct values, lots and interruptions."""

from tests.golden.cases import Best, Breaks, Case, Infeasible, RefusedInput

ROI = "constraints: [{{name: roi, ratio: value, to: cost, at_least: {r}{more}}}]"
MAIL_SHARE = "constraints: [{{name: mail-share, share: \"channel = 'mail'\", at_most: {share}{more}}}]"
SIX_EMAILS_THREE_LETTERS = """
    customer,offer,channel,slot,value
    c1,A,mail,2026-11-23,3
    c2,A,mail,2026-11-23,2
    c3,A,mail,2026-11-23,1
    c1,A,email,2026-11-23,1
    c2,A,email,2026-11-23,1
    c3,A,email,2026-11-23,1
    c4,A,email,2026-11-23,1
    c5,A,email,2026-11-23,1
    c6,A,email,2026-11-23,1
"""
TWO_ENVELOPES = 'contact_policies: [{name: envelopes, at_most: 1, within: 7 days, total: "distinct channel, slot"}]'

CASES = [
    Case(
        29,
        "a ratio holds for the sums, not for each contact",
        ROI.format(r=2, more=""),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,1\nc2,A,2026-11-23,3,2\nc3,A,2026-11-23,2,3"},
        # 8 of 3 is enough; 10 of 6 is not.
        (Best("8", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks(("c2 A 2026-11-23",), ("roi",))),
    ),
    Case(
        29,
        "the ratio is the decimal as written, and the sums are exact",
        ROI.format(r="0.3", more=""),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,0.1,1\nc2,A,2026-11-23,0.2,0"},
        # 0.1 + 0.2 is 0.3 of 1.
        (Best("0.3"), Breaks(("c1 A 2026-11-23",), ("roi",))),
    ),
    Case(
        29,
        "the empty plan satisfies a ratio",
        ROI.format(r=2, more=""),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,3"},
        (Best("0", ()),),
    ),
    Case(
        29,
        "min_contacts is a floor beside the ratio",
        ROI.format(r=2, more=", min_contacts: 2"),
        {
            "candidates": """
            customer,offer,slot,value,cost
            c1,A,2026-11-23,5,1
            c2,A,2026-11-23,-1,1
            c3,A,2026-11-23,-2,0
            """
        },
        # 5 - 1 of 2 is two to one; 5 - 2 of 1 is three to one, and worth less.
        (Best("4", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks((), ("roi",))),
    ),
    Case(
        29,
        "min_contacts can make a ratio infeasible",
        ROI.format(r=2, more=", min_contacts: 1"),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,3"},
        (Infeasible(),),
    ),
    Case(
        29,
        "where limits both sums",
        "constraints: [{name: roi, ratio: value, to: cost, at_least: 2, where: \"offer = 'A'\"}]",
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,1,1\nc1,B,2026-11-23,9,1\nc2,B,2026-11-23,1,9"},
        (Best("10", ("c1 B 2026-11-23", "c2 B 2026-11-23")),),
    ),
    Case(
        29,
        "the lower sum must not be negative",
        "constraints: [{name: ratio, ratio: points, to: amount, at_least: 1}]",
        {
            "candidates": "customer,offer,slot,value,points,amount\nc1,A,2026-11-23,5,9,-2\nc2,A,2026-11-23,-1,3,2",
        },
        # c1 alone has 9 ≥ 1 · -2, but a negative sum below.
        (Best("4", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks(("c1 A 2026-11-23",), ("ratio",))),
    ),
    Case(
        29,
        "the penalty is per unit of the sum above less ratio times the sum below",
        ROI.format(r=2, more=", penalty: 0.5"),
        {"candidates": "customer,offer,slot,value,cost\nc1,A,2026-11-23,5,3\nc2,A,2026-11-23,1,3"},
        # c1: 5 - 6 misses 1, and costs 0.5. c2 would add 1 and miss 5 more.
        (Best("4.5", ("c1 A 2026-11-23",)),),
    ),
    Case(
        30,
        "three of ten are a share of 0.3",
        MAIL_SHARE.format(share=0.3, more=""),
        {"candidates": SIX_EMAILS_THREE_LETTERS + "    c7,A,email,2026-11-23,1\n"},
        (Best("13"),),
    ),
    Case(
        30,
        "three of nine are more than a share of 0.3",
        MAIL_SHARE.format(share=0.3, more=""),
        {"candidates": SIX_EMAILS_THREE_LETTERS},
        # Two of eight are enough, and the two best letters are worth 5.
        (Best("11"),),
    ),
    Case(
        30,
        "a share is of the contacts that meet `of`",
        "constraints: [{name: loans-by-mail, share: \"channel = 'mail'\", of: \"offer = 'loan'\", at_most: 0.5}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,loan,mail,2026-11-23,5
            c2,loan,mail,2026-11-23,4
            c3,loan,email,2026-11-23,-1
            c4,card,mail,2026-11-23,3
            c5,card,email,2026-11-23,2
            """
        },
        # One loan by e-mail, at a loss, lets one loan by mail through: 5 - 1, and the cards 5.
        (
            Best(
                "9",
                (
                    "c1 loan mail 2026-11-23",
                    "c3 loan email 2026-11-23",
                    "c4 card mail 2026-11-23",
                    "c5 card email 2026-11-23",
                ),
            ),
        ),
    ),
    Case(
        30,
        "a share can be a minimum",
        "constraints: [{name: mail-share, share: \"channel = 'mail'\", at_least: 0.5}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,mail,2026-11-23,-1
            c2,A,email,2026-11-23,5
            c3,A,email,2026-11-23,4
            """
        },
        (Best("4", ("c1 A mail 2026-11-23", "c2 A email 2026-11-23")), Breaks((), ())),
    ),
    Case(
        30,
        "a soft share is paid per contact",
        MAIL_SHARE.format(share=0.5, more=", penalty: 2"),
        {"candidates": "customer,offer,channel,slot,value\nc1,A,mail,2026-11-23,5\nc2,A,mail,2026-11-23,0.5"},
        # One letter of one contact is half a contact too many: 5 - 1. The second earns 0.5 and costs another 1.
        (Best("4", ("c1 A mail 2026-11-23",)),),
    ),
    Case(
        34,
        "at most so many different offers are used",
        "constraints: [{name: creatives, distinct: offer, at_most: 1}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c1,B,2026-11-23,4
            c2,B,2026-11-23,3
            c2,C,2026-11-23,6
            """
        },
        (Best("7", ("c1 B 2026-11-23", "c2 B 2026-11-23")),),
    ),
    Case(
        34,
        "no offer at all where none is allowed",
        "constraints: [{name: creatives, distinct: offer, at_most: 0}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5"},
        (Best("0", ()),),
    ),
    Case(
        34,
        "a lot is none or enough",
        "constraints: [{name: lots, total: contacts, for_each: offer, lot: 2}]",
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23,5
            c2,A,2026-11-23,-1
            c1,B,2026-11-23,3
            c2,B,2026-11-23,-4
            c1,C,2026-11-23,9
            """
        },
        (Best("4", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks(("c1 C 2026-11-23",), ("lots",))),
    ),
    Case(
        34,
        "a lot can be an amount",
        "constraints: [{name: lots, total: units, for_each: offer, lot: 1.5}]",
        {
            "candidates": """
            customer,offer,slot,value,units
            c1,A,2026-11-23,5,0.7
            c2,A,2026-11-23,4,0.8
            c1,B,2026-11-23,9,1.4
            """
        },
        (Best("9", ("c1 A 2026-11-23", "c2 A 2026-11-23")),),
    ),
    Case(
        34,
        "a lot of nothing is a lot not begun",
        "constraints: [{name: lots, total: units, for_each: offer, lot: 1.5}]",
        {"candidates": "customer,offer,slot,value,units\nc1,A,2026-11-23,5,0\nc2,A,2026-11-23,4,1.4"},
        (Best("5", ("c1 A 2026-11-23",)), Breaks(("c2 A 2026-11-23",), ("lots",))),
    ),
    Case(
        34,
        "lots by segment and offer are of contacts and customers together",
        "constraints: [{name: lots, total: units, for_each: [segment, offer], lot: 2}]",
        {
            "candidates": """
            customer,offer,slot,value,units
            c1,A,2026-11-23,5,1.25
            c2,A,2026-11-23,4,0.75
            c3,A,2026-11-23,9,1.75
            """,
            "customers": "customer,segment\nc1,gold\nc2,gold\nc3,basic",
        },
        (Best("9", ("c1 A 2026-11-23", "c2 A 2026-11-23")), Breaks(("c3 A 2026-11-23",), ("lots",))),
    ),
    Case(
        34,
        "lots of an amount that may be negative are refused",
        "constraints: [{name: lots, total: units, for_each: offer, lot: 1.5}]",
        {"candidates": "customer,offer,slot,value,units\nc1,A,2026-11-23,5,-1"},
        (RefusedInput(),),
    ),
    Case(
        34,
        "a lot has no window",
        "constraints: [{name: lots, total: contacts, for_each: offer, lot: 2, within: calendar week}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5"},
        (RefusedInput(),),
    ),
    Case(
        34,
        "a lot of one and a half contacts is refused",
        "constraints: [{name: lots, total: contacts, for_each: offer, lot: 1.5}]",
        {"candidates": "customer,offer,slot,value\nc1,A,2026-11-23,5"},
        (RefusedInput(),),
    ),
    Case(
        35,
        "three offers in one e-mail are one interruption",
        TWO_ENVELOPES,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,1
            c1,B,email,2026-11-23,1
            c1,C,email,2026-11-23,1
            c1,A,sms,2026-11-23,2
            c1,A,email,2026-11-24,2
            """
        },
        (
            Best("3", ("c1 A email 2026-11-23", "c1 B email 2026-11-23", "c1 C email 2026-11-23")),
            Breaks(("c1 A email 2026-11-23", "c1 A sms 2026-11-23"), ("envelopes",)),
            Breaks(("c1 A email 2026-11-23", "c1 A email 2026-11-24"), ("envelopes",)),
        ),
    ),
    Case(
        35,
        "an e-mail that is committed already costs nothing more",
        TWO_ENVELOPES,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,1
            c1,B,email,2026-11-23,1
            c1,A,email,2026-11-24,5
            c2,A,email,2026-11-23,1
            c2,A,email,2026-11-24,5
            """,
            "history": "customer,offer,channel,at\nc1,Z,email,2026-11-23",
        },
        (Best("7", ("c1 A email 2026-11-23", "c1 B email 2026-11-23", "c2 A email 2026-11-24")),),
    ),
    Case(
        35,
        "two offers of one e-mail in history are one interruption",
        'contact_policies: [{name: envelopes, at_most: 2, within: 7 days, total: "distinct channel, slot"}]',
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,5
            c1,A,email,2026-11-24,4
            """,
            "history": "customer,offer,channel,at\nc1,Y,email,2026-11-22\nc1,Z,email,2026-11-22",
        },
        (Best("5", ("c1 A email 2026-11-23",)),),
    ),
    Case(
        35,
        # Reading: history names no slot; it was in the slot that starts when it was sent.
        "a named slot and a history row at its start are one interruption",
        TWO_ENVELOPES,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,mon-am,1
            c1,A,email,mon-pm,5
            """,
            "slots": "slot,start\nmon-am,2026-11-23T09:00\nmon-pm,2026-11-23T15:00",
            "history": "customer,offer,channel,at\nc1,Z,email,2026-11-23T09:00",
        },
        (Best("1", ("c1 A email mon-am",)),),
    ),
]
