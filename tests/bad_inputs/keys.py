"""Keys, customers, and time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_inputs.kit import HEADER, ROWS, Bad, row
from tests.bad_inputs.scores import PARQUET, parquet

HISTORY = "customer,offer,channel,at\n"
BIG = 2**53 + 1


def customers(kind: object, values: list[object]):
    def write(path: Path) -> None:
        pq.write_table(pa.table({"customer": pa.array(values, kind), "segment": ["a"] * len(values)}), path)

    return write


CASES = [
    Bad(
        "a customer id that is missing",
        3,
        ("a key is missing",),
        where="candidates.csv · row 2 · customer = NULL",
        maybe="the job that writes the table lost it; drop such rows there",
        files={"candidates.csv": row(2, customer="")},
    ),
    Bad(
        "a customer id that is empty text",
        3,
        ("a key is missing",),
        where="candidates.csv · row 2 · customer = NULL",
        maybe="the job that writes the table lost it; drop such rows there",
        files={"candidates.csv": row(2, customer='""')},
    ),
    Bad(
        "007 against 7",
        3,
        ("'007' is no such value: customer is whole numbers in candidates.parquet, for example 7",),
        where="customers.csv · row 1 · customer",
        maybe="write customer as text in candidates.parquet, or a",
        count=3,
        data="customers: customers.csv",
        change=PARQUET,
        files={
            "candidates.parquet": parquet(customer=[7, 8, 9]),
            "customers.csv": "customer,segment\n007,a\n008,a\n009,a\n",
        },
    ),
    Bad(
        "ids as text against numbers",
        3,
        ("customer is text here, for example '7', but whole numbers in",),
        where="customers.parquet · customer",
        maybe="write it in one type in both; nothing is converted, for '007' is not 7",
        data="customers: customers.parquet",
        change=PARQUET,
        files={
            "candidates.parquet": parquet(customer=[7, 8, 9]),
            "customers.parquet": customers(pa.string(), ["7", "8", "9"]),
        },
    ),
    Bad(
        "ids as floats beyond 2^53",
        3,
        ("customer is floating-point numbers, which beyond 2^53 lose their last digits",),
        where="candidates.parquet · row 3 · customer",
        maybe="write ids as whole numbers or as text",
        change=PARQUET,
        files={"candidates.parquet": parquet(customer=pa.array([1.0, 2.0, 9007199254740994.0]))},
    ),
    Bad(
        "history that matches nobody",
        3,
        ("0 of 2 history keys match a customer",),
        where="history.csv · customer",
        maybe="the history writes customers differently, or is of other customers",
        data="history: history.csv",
        files={"history.csv": HISTORY + "X1,card,email,2026-11-01\nX2,card,email,2026-11-01\n"},
    ),
    Bad(
        "history of which less than half matches",
        0,
        ("1 of 3 history keys match a customer",),
        where="history.csv · customer",
        maybe="the history writes customers differently, or is of other customers",
        data="history: history.csv",
        files={
            "history.csv": HISTORY + "X1,card,email,2026-11-01\nX2,card,email,2026-11-01\nC1,card,email,2026-11-01\n"
        },
    ),
    Bad(
        "a duplicate candidate with other values",
        3,
        ("has the same customer, offer, channel and slot as candidates",),
        where="candidates.csv · row 1",
        maybe="one of the two is out of date: keep one row per candidate",
        files={"candidates.csv": HEADER + ROWS + "C1,card,email,2026-11-23,0.9,10,1\n"},
    ),
    Bad(
        "an identical duplicate",
        0,
        ("identical rows were counted once",),
        where="candidates.csv",
        maybe="drop duplicates",
        files={"candidates.csv": HEADER + ROWS + ROWS[: ROWS.index("\n") + 1]},
    ),
    Bad(
        "a customer missing from its table",
        3,
        ("2 customers of the candidates are not in customers.csv (rows 2, 3)",),
        where="candidates.csv · row 2 · customer",
        maybe="export customers again, or drop these candidates",
        count=2,
        data="customers: customers.csv",
        files={"customers.csv": "customer,segment\nC1,gold\n"},
    ),
    Bad(
        "a customer in two households",
        3,
        ("the same customer stands in rows 1, 3; customers has one row per customer",),
        where="customers.csv · row 1 · customer",
        maybe="remove the row that is out of date",
        data="customers: customers.csv",
        files={"customers.csv": "customer,household\nC1,H1\nC2,H2\nC1,H3\nC3,H1\n"},
    ),
    Bad(
        "an offer missing from its table",
        3,
        ("'loan': 1 offer of the candidates is not in offers.csv (row 2)",),
        where="candidates.csv · row 2 · offer",
        maybe="export offers again, or drop these candidates",
        data="offers: offers.csv",
        files={"offers.csv": "offer,family\ncard,a\n"},
    ),
    Bad(
        "a channel missing from its table",
        3,
        ("'sms': 1 channel of the candidates is not in channels.csv (row 2)",),
        where="candidates.csv · row 2 · channel",
        maybe="export channels again, or drop these candidates",
        data="channels: channels.csv",
        files={"channels.csv": "channel,price\nemail,1\n"},
    ),
    Bad(
        "a slot missing from its table",
        3,
        ("'2026-11-24': 1 slot of the candidates is not in slots.csv (row 2)",),
        where="candidates.csv · row 2 · slot",
        maybe="export slots again, or drop these candidates",
        data="slots: slots.csv",
        files={"slots.csv": "slot,start\n2026-11-23,2026-11-23T09:00\n"},
    ),
    Bad(
        "a slot that is no time",
        3,
        ("'Monday' is neither a date nor a timestamp",),
        where="candidates.csv · row 3 · slot",
        maybe="write it like 2026-11-23 or 2026-11-23T09:00, or a",
        files={"candidates.csv": row(3, slot="Monday")},
    ),
    Bad(
        "every slot outside the horizon",
        0,
        ("no candidate is left, and the plan is empty: 'outside horizon' refuses 3",),
        where="candidates.csv",
        maybe="check as_of and horizon, the eligibility rules, an",
        change=(("start: 2026-11-23", "start: 2027-11-23"),),
    ),
    Bad(
        "naive timestamps beside aware ones",
        0,
        ("1 of 2 times have no offset from UTC; they are read as UTC",),
        where="candidates.csv · slot",
        maybe="write the offset with every time",
        files={"candidates.csv": row(1, slot="2026-11-23T09:00").replace("2026-11-24", "2026-11-24T09:00:00+01:00")},
    ),
    Bad(
        "a slot in the hour that the clocks skip",
        0,
        ("the clocks in Europe/Lisbon skip or repeat the hour of 2027-",),
        where="candidates.csv · slot",
        maybe="write the offset with every time",
        change=(("start: 2026-11-23, days: 7", "start: 2027-03-27, days: 3, timezone: Europe/Lisbon"),),
        files={
            "candidates.csv": row(1, slot="2027-03-28T01:30")
            .replace("2026-11-23", "2027-03-27")
            .replace("2026-11-24", "2027-03-27")
        },
    ),
    Bad(
        "a slot in the hour that the clocks repeat",
        0,
        ("the clocks in Europe/Lisbon skip or repeat the hour of 2027-",),
        where="candidates.csv · slot",
        maybe="write the offset with every time",
        change=(("start: 2026-11-23, days: 7", "start: 2027-10-30, days: 3, timezone: Europe/Lisbon"),),
        files={
            "candidates.csv": row(1, slot="2027-10-31T01:30")
            .replace("2026-11-23", "2027-10-30")
            .replace("2026-11-24", "2027-10-30")
        },
    ),
    Bad(
        "history older than allowed",
        3,
        ("the history is too old: its newest row is of 2026-11-10 23:5",),
        where="history.csv · at",
        maybe="run the job that exports it, or allow more",
        data="history: history.csv\nhistory_max_age: 2 days",
        files={
            "history.csv": HISTORY + "C1,card,email,2026-11-10\nC2,card,email,2026-11-01\nC3,card,email,2026-11-01\n"
        },
    ),
    Bad(
        "history without a time",
        3,
        ("is missing",),
        where="history.csv · row 2 · at",
        maybe="write it like 2026-11-23 or 2026-11-23T09:00",
        data="history: history.csv",
        files={"history.csv": HISTORY + "C1,card,email,2026-11-10\nC2,card,email,\n"},
    ),
    Bad(
        "history whose time is unreadable",
        3,
        ("is neither a date nor a timestamp",),
        where="history.csv · row 1 · at",
        maybe="write it like 2026-11-23 or 2026-11-23T09:00",
        data="history: history.csv",
        files={"history.csv": HISTORY + "C1,card,email,10/11/2026\n"},
    ),
    Bad(
        "history without channels",
        3,
        ("the candidates have a column 'channel', the history has none",),
        where="history.csv",
        maybe="add it: a policy cannot tell the channel of these contacts",
        data="history: history.csv",
        files={"history.csv": "customer,offer,at\nC1,card,2026-11-10\n"},
    ),
    Bad(
        "lead days in words",
        3,
        ("is text, and days are whole numbers",),
        where="offers.csv · lead_days",
        maybe="write numbers",
        data="offers: offers.csv",
        files={"offers.csv": "offer,lead_days\ncard,two\nloan,three\n"},
    ),
    Bad(
        "lead days that are negative",
        3,
        ("must not be negative: no contact arrives before it is sent",),
        where="offers.csv · row 1 · lead_days = -2",
        maybe="leave out the minus",
        data="offers: offers.csv",
        files={"offers.csv": "offer,lead_days\ncard,-2\nloan,1\n"},
    ),
    Bad(
        "an unknown time zone of the file",
        2,
        ("timezone: unknown time zone 'Europe/Lisbn'",),
        at="Europe",
        maybe="Europe/Lisbon",
        change=(("days: 7}", "days: 7, timezone: Europe/Lisbn}"),),
    ),
    Bad(
        "an unknown time zone of a customer",
        0,
        ("is no time zone: the rules hold for such a customer in every zone that occurs",),
        where="customers.csv · row 2 · tz = 'Mars/Olympus'",
        maybe="an IANA name such as Europe/Lisbon",
        data="customers: customers.csv",
        change=(("days: 7}", "days: 7, timezone: {column: tz}}"),),
        files={"customers.csv": "customer,tz\nC1,UTC\nC2,Mars/Olympus\nC3,UTC\n"},
    ),
    Bad(
        "a slot that ends before it starts",
        3,
        ("the slot ends before it starts",),
        where="slots.csv · row 1 · end",
        maybe="the two are swapped",
        data="slots: slots.csv",
        files={
            "slots.csv": "slot,start,end\n2026-11-23,2026-11-23T12:00,2026-11-23T09:00\n2026-11-24,2026-11-24T12:00,\n"
        },
    ),
    Bad(
        "as_of without an offset",
        2,
        ("as_of: '2026-11-22T18:00:00' has no offset from UTC",),
        at="2026",
        maybe="write it as 2026-11-22T18:00:00+00:00",
        change=(("18:00:00+00:00", "18:00:00"),),
    ),
    Bad(
        "a horizon that is over",
        0,
        ("'as_of' lies after the horizon's last day (2026-11-29): every slot is past",),
        at="as_of",
        maybe="move 'as_of' or 'horizon.start'",
        change=(("as_of: 2026-11-22", "as_of: 2026-12-22"),),
    ),
    Bad(
        "a consent that ends before it begins",
        0,
        ("the consent ends before it begins, and so covers nothing",),
        where="consents.csv · row 1 · until",
        maybe="the two are swapped",
        data="consents: consents.csv",
        more="eligibility:\n  - {name: c, consent: {}}\n",
        files={"consents.csv": "customer,channel,from,until\nC1,email,2026-11-20,2026-11-01\nC2,sms,2026-01-01,\n"},
    ),
    Bad(
        "a key that is missing in a key table",
        3,
        ("a key is missing",),
        where="offers.csv · row 2 · offer",
        maybe="drop the row, or fill it",
        data="offers: offers.csv",
        files={"offers.csv": "offer,family\ncard,a\n,b\nloan,c\n"},
    ),
    Bad(
        "a slots table without times",
        3,
        ("'mon' is neither a date nor a timestamp",),
        where="slots.csv · row 1 · slot",
        maybe="write it like 2026-11-23 or 2026-11-23T09:00, or add a column 'start'",
        data="slots: slots.csv",
        files={
            "candidates.csv": (HEADER + ROWS).replace("2026-11-23", "mon").replace("2026-11-24", "mon"),
            "slots.csv": "slot,name\nmon,Monday\n",
        },
    ),
    Bad(
        "a slots table beside candidates without slots",
        3,
        ("there is a slots table, but the candidates have no column 'slot'",),
        where="candidates.csv",
        maybe="add the column, or leave out data.slots",
        data="slots: slots.csv",
        files={
            "candidates.csv": "customer,offer,channel,propensity,value,cost\nC1,card,email,0.5,1,1\n",
            "slots.csv": "slot,start\nmon,2026-11-23\n",
        },
    ),
    Bad(
        "an own cap that is missing",
        3,
        ("is no number (rule 'own')",),
        where="customers.csv · row 2 · cap = NULL",
        maybe="fill it",
        policies="- {name: own, at_most: {column: cap}, within: 7 days}",
        data="customers: customers.csv",
        files={"customers.csv": "customer,cap\nC1,1\nC2,\nC3,1\n"},
    ),
    Bad(
        "an own cap of half a contact",
        3,
        ("limits a whole number (rule 'own')",),
        where="customers.csv · row 2 · cap = 1.5",
        maybe="round it",
        policies="- {name: own, at_most: {column: cap}, within: 7 days}",
        data="customers: customers.csv",
        files={"customers.csv": "customer,cap\nC1,1\nC2,1.5\nC3,1\n"},
    ),
]
