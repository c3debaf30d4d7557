"""Lines 36 and 40, and the eligibility rules: pins, control groups, quiet hours and consent."""

from tests.golden.cases import Best, Breaks, Case, Dropped, Infeasible

EIGHT = "customer,offer,slot,value\n" + "".join(f"c{n},A,2026-11-23,1\n" for n in range(1, 9))
HOMES = "customer,household\n" + "".join(f"c{n},h{(n + 1) // 2}\n" for n in range(1, 9))
A_AND_B = "customer,offer,slot,value\nc1,A,2026-11-23,5\nc1,B,2026-11-23,-2"
KEEP_B = {"candidates": A_AND_B, "booked.csv": "customer,offer,slot\nc1,B,2026-11-23"}

CASES = [
    Case(
        36,
        "a kept candidate is in the plan, at a loss and in another's place",
        "pins: {keep: booked.csv}\ncontact_policies: [{name: cap, at_most: 1}]",
        KEEP_B,
        (Best("-2", ("c1 B 2026-11-23",)), Breaks(("c1 A 2026-11-23",), ("pins",))),
    ),
    Case(
        36,
        "a kept candidate that a rule forbids is infeasible",
        "pins: {keep: booked.csv}\ncontact_policies: [{name: cap, at_most: 0, where: \"offer = 'B'\"}]",
        KEEP_B,
        (Infeasible(),),
    ),
    Case(
        36,
        "a kept candidate that may not be used is infeasible",
        "pins: {keep: booked.csv}\neligibility: [{name: no-b, drop: \"offer = 'B'\"}]",
        KEEP_B,
        (Infeasible(),),
    ),
    Case(
        36,
        "a forbidden candidate is not in the plan",
        "pins: {forbid: never.csv}",
        {"candidates": A_AND_B, "never.csv": "customer,offer,slot\nc1,A,2026-11-23"},
        (Best("0", ()), Dropped({"c1 A 2026-11-23": "forbidden"})),
    ),
    Case(
        40,
        "the control group is a hash of salt and customer",
        "holdout: {share: 0.5, by: customer, salt: spring-2026}",
        {"candidates": EIGHT},
        # printf 'spring-2026\x1fc1' | sha256sum: b6…, c2 1e…, c3 b6…, c4 7d…, c5 e9…, c6 4a…, c7 a4…, c8 3f….
        (Dropped({f"c{n} A 2026-11-23": "holdout" for n in (2, 4, 6, 8)}), Best("4")),
    ),
    Case(
        40,
        "the control group can be whole households",
        "holdout: {share: 0.2, by: household, salt: spring-2026}",
        {"candidates": EIGHT, "customers": HOMES},
        # h1 58…, h2 18…, h3 c0…, h4 25…: a fifth is below 33….
        (Dropped({f"c{n} A 2026-11-23": "holdout" for n in (3, 4, 7, 8)}), Best("4")),
    ),
    Case(
        40,
        # Reading: a customer alone is a household alone, hashed by the customer's own id: c1 b6…, c2 1e….
        "a customer without a household is drawn by the customer's id",
        "holdout: {share: 0.2, by: household, salt: spring-2026}",
        {
            "candidates": "customer,offer,slot,value\nc1,A,2026-11-23,1\nc2,A,2026-11-23,1",
            "customers": "customer,household\nc1,\nc2,",
        },
        (Dropped({"c2 A 2026-11-23": "holdout"}),),
    ),
    Case(
        7,
        "quiet hours are local, cross midnight, and end when they end",
        """
        horizon: {start: 2026-11-23, days: 7, timezone: {column: tz, default: UTC}}
        eligibility: [{name: night, quiet: "21:00-09:00", where: "channel = 'sms'"}]
        """,
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,sms,2026-11-23T08:59:00+00:00,1
            c1,A,sms,2026-11-23T09:00:00+00:00,1
            c1,A,sms,2026-11-23T20:59:00+00:00,1
            c1,A,sms,2026-11-23T21:00:00+00:00,1
            c1,A,push,2026-11-23T23:00:00+00:00,1
            c2,A,sms,2026-11-23T12:00:00+00:00,1
            c2,A,sms,2026-11-24T00:30:00+00:00,1
            """,
            "customers": "customer,tz\nc1,UTC\nc2,Asia/Tokyo",
        },
        # Noon UTC is 21:00 in Tokyo; half past midnight is 09:30.
        (
            Dropped(
                {
                    "c1 A sms 2026-11-23T08:59:00+00:00": "night",
                    "c1 A sms 2026-11-23T21:00:00+00:00": "night",
                    "c2 A sms 2026-11-23T12:00:00+00:00": "night",
                }
            ),
            Best("4"),
        ),
    ),
    Case(
        7,
        "quiet hours within a day begin when they begin and end when they end",
        'eligibility: [{name: lunch, quiet: "12:00-14:00"}]',
        {
            "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-23T11:59,1
            c1,A,2026-11-23T12:00,1
            c1,A,2026-11-23T13:59,1
            c1,A,2026-11-23T14:00,1
            """
        },
        (Dropped({"c1 A 2026-11-23T12:00": "lunch", "c1 A 2026-11-23T13:59": "lunch"}), Best("2")),
    ),
    Case(
        8,
        "one consent row covers the slot's time, for its channel and purpose",
        "eligibility: [{name: consent, consent: {purpose: marketing}}]",
        {
            "candidates": """
            customer,offer,channel,slot,value
            c1,A,email,2026-11-23,1
            c1,A,email,2026-11-25,1
            c1,A,email,2026-11-27,1
            c1,A,sms,2026-11-25,1
            c2,A,email,2026-11-25,1
            c3,A,email,2026-11-25,1
            c4,A,email,2026-11-25,1
            """,
            "consents": """
            customer,channel,purpose,from,until
            c1,email,marketing,2026-11-25,2026-11-26
            c2,email,service,,
            c3,email,marketing,,
            """,
        },
        (
            Dropped(
                {
                    "c1 A email 2026-11-23": "consent",
                    "c1 A email 2026-11-27": "consent",
                    "c1 A sms 2026-11-25": "consent",
                    "c2 A email 2026-11-25": "consent",
                    "c4 A email 2026-11-25": "consent",
                }
            ),
            Best("2"),
        ),
    ),
]
