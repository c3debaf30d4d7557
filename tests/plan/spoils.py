"""One scenario with every kind of rule, each about its own customers, and for each rule a plan that breaks it alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.golden.cases import Case, Key

DAYS = tuple(f"2026-11-{day}" for day in range(23, 30))
HELD_OUT = "held1"


@dataclass(frozen=True)
class Spoil:
    """A rule, a plan of its customers that keeps it, and a plan that breaks it and nothing else.

    Contacts are written ``customer offer channel day``, the day of November 2026.

    Parameters
    ----------
    name : str
        The claim's short name; different for each.
    rule : str
        YAML of the rule, named after what breaks; empty for what is no rule (pins, holdout).
    legal, spoiled : str
    breaks : str
        Name that the audit gives.
    """

    name: str
    section: str
    rule: str
    legal: str
    spoiled: str
    breaks: str


def policy(name: str, rule: str, legal: str, spoiled: str) -> Spoil:
    return Spoil(name, "contact_policies", f"{{name: {name}, {rule}}}", legal, spoiled, name)


def constraint(name: str, rule: str, legal: str, spoiled: str) -> Spoil:
    return Spoil(name, "constraints", f"{{name: {name}, {rule}}}", legal, spoiled, name)


def eligibility(name: str, rule: str, legal: str, spoiled: str) -> Spoil:
    return Spoil(name, "eligibility", f"{{name: {name}, {rule}}}", legal, spoiled, name)


def other(name: str, legal: str, spoiled: str, breaks: str) -> Spoil:
    return Spoil(name, "", "", legal, spoiled, breaks)


SPOILS = (
    policy("cap", "at_most: 1, where: \"customer = 'cap'\"", "cap A email 23", "cap A email 23, cap B email 29"),
    policy(
        "window",
        "at_most: 1, within: 3 days, where: \"customer = 'window'\"",
        "window A email 23, window A email 26",
        "window A email 23, window A email 25",
    ),
    policy(
        "history",
        "at_most: 1, within: 3 days, where: \"customer = 'history'\"",
        "history A email 25",
        "history A email 24",
    ),
    policy(
        "committed",
        "at_most: 1, within: 3 days, where: \"customer = 'committed'\"",
        "committed A email 28",
        "committed A email 29",
    ),
    policy(
        "month",
        "at_most: 1, within: calendar month, where: \"customer = 'month'\"",
        "month A email 23",
        "month A email 23, month B sms 24",
    ),
    policy(
        "once",
        "at_most: 1, for_each: offer, where: \"customer = 'once'\"",
        "once A email 23, once B email 23",
        "once A email 23, once A sms 29",
    ),
    policy(
        "home",
        "at_most: 1, per: household, where: \"household = 'h-home'\"",
        "home1 A email 23",
        "home1 A email 23, home2 A email 27",
    ),
    policy(
        "own",
        "at_most: {column: own_cap}, where: \"customer = 'own'\"",
        "own A email 23, own B email 23",
        "own A email 23, own B email 23, own C email 23",
    ),
    policy(
        "envelopes",
        'at_most: 1, total: "distinct channel, slot", where: "customer = \'envelopes\'"',
        "envelopes A email 23, envelopes B email 23",
        "envelopes A email 23, envelopes B sms 23",
    ),
    policy(
        "ceiling",
        "at_most: 2.30, total: cost, where: \"customer = 'ceiling'\"",
        "ceiling A email 23, ceiling B email 23",
        "ceiling A email 23, ceiling B email 23, ceiling C email 23",
    ),
    policy(
        "minimum",
        "at_least: 1, where: \"customer = 'minimum'\"",
        "minimum A email 23",
        "",
    ),
    policy(
        "all-or-none",
        "at_least: 2, if_short: all_or_nothing, where: \"customer = 'allornone'\"",
        "",
        "allornone A email 23",
    ),
    policy("exact", "exactly: 1, where: \"customer = 'exact'\"", "exact A sms 23", "exact A sms 23, exact B sms 24"),
    policy(
        "rest",
        "spacing: 2 days, where: \"customer = 'rest'\"",
        "rest A email 23, rest B email 25",
        "rest A email 23, rest B email 24",
    ),
    policy(
        "apart",
        "never: \"customer = 'apart' AND offer = 'A'\", with: \"customer = 'apart' AND offer = 'B'\", within: 2 days",
        "apart A email 23, apart B email 25",
        "apart B email 23, apart A email 24",
    ),
    policy(
        "after-no",
        "never: \"customer = 'afterno' AND family = 'loan'\", after: \"response = 'refused' AND family = 'loan'\", "
        "within: 4 days",
        "afterno C email 23, afterno A email 25",
        "afterno B email 24",
    ),
    policy(
        "chain",
        "only: \"customer = 'chain' AND offer = 'B'\", after: \"offer = 'A'\", within: 2 days",
        "chain A email 23, chain B email 25",
        "chain A email 23, chain B email 26",
    ),
    policy(
        "beside",
        "only: \"customer = 'beside' AND offer = 'B'\", with: \"offer = 'A'\"",
        "beside A email 23, beside B sms 23",
        "beside A email 24, beside B sms 23",
    ),
    constraint(
        "budget",
        "total: cost, at_most: 2.30, where: \"segment = 'budget'\"",
        "budget1 A email 23, budget2 B email 23",
        "budget1 A email 23, budget2 B email 23, budget2 C email 23",
    ),
    constraint(
        "capacity",
        "total: contacts, at_most: 1, for_each: [channel, slot], where: \"segment = 'capacity'\"",
        "capacity1 A email 23, capacity2 A email 24, capacity2 A sms 23",
        "capacity1 A email 23, capacity2 B email 23",
    ),
    constraint(
        "cells",
        "total: contacts, for_each: offer, at_most: {table: limits.csv, column: most, default: 0}, "
        "where: \"segment = 'cells'\"",
        "cells1 A email 23, cells1 A email 24",
        "cells1 A email 23, cells1 B email 24",
    ),
    constraint(
        "quota",
        "total: contacts, at_least: 2, where: \"segment = 'quota'\"",
        "quota1 A email 23, quota2 A email 23",
        "quota1 A email 23",
    ),
    constraint(
        "exactly",
        "total: contacts, exactly: 2, where: \"segment = 'exactly'\"",
        "exactly1 A email 23, exactly2 A email 23",
        "exactly1 A email 23, exactly1 B email 23, exactly2 A email 23",
    ),
    constraint(
        "week",
        "total: contacts, within: 2 days, at_most: 1, where: \"segment = 'week'\"",
        "week1 A email 24, week2 A email 26",
        "week1 A email 23",
    ),
    constraint(
        "ratio",
        "ratio: value, to: cost, at_least: 3, where: \"segment = 'ratio'\"",
        "ratio1 A email 23, ratio1 B email 23",
        "ratio1 C email 23",
    ),
    constraint(
        "floor-beside",
        "ratio: value, to: cost, at_least: 0.1, min_contacts: 2, where: \"segment = 'floor'\"",
        "floor1 A email 23, floor2 A email 23",
        "floor1 A email 23",
    ),
    constraint(
        "share",
        "share: \"channel = 'sms'\", of: \"segment = 'share'\", at_most: 0.5",
        "share1 A email 23, share1 A sms 23",
        "share1 A email 23, share1 A sms 23, share1 B sms 23",
    ),
    constraint(
        "creatives",
        "distinct: offer, at_most: 1, where: \"segment = 'creatives'\"",
        "creatives1 A email 23, creatives1 A sms 24",
        "creatives1 A email 23, creatives2 B sms 24",
    ),
    constraint(
        "lots",
        "total: contacts, for_each: offer, lot: 2, where: \"segment = 'lots'\"",
        "lots1 A email 23, lots1 A sms 24",
        "lots1 A email 23, lots1 A sms 24, lots2 B sms 24",
    ),
    eligibility(
        "refused", "drop: \"customer = 'refused' AND offer = 'A'\"", "refused B email 23", "refused A email 23"
    ),
    eligibility("kept", "keep: \"customer <> 'kept' OR offer = 'A'\"", "kept A email 23", "kept B email 23"),
    eligibility(
        "consent",
        "consent: {purpose: marketing}, where: \"customer = 'consent'\"",
        "consent A email 24",
        "consent A email 25",
    ),
    other("held-out", "", f"{HELD_OUT} A email 23", "holdout"),
    other("pinned-and-missing", "pinned A email 23", "", "pins"),
    other("forbidden", "forbidden A email 23", "forbidden B email 23", "pins"),
    other("late", "times A email 29", "times A email 30", "outside horizon"),
    other("early", "times A email 23", "times A email 22", "past"),
    other("unknown", "times A email 23", "times A letter 23", "not-a-candidate"),
    other("nobody", "times A email 23", "nobody A email 23", "not-a-candidate"),
)


def contacts(text: str) -> list[Key]:
    """Return the keys of contacts as they are written above."""
    words = [one.split() for one in text.split(",") if one.strip()]
    return [(customer, offer, channel, f"2026-11-{day}") for customer, offer, channel, day in words]


def legal_plan() -> list[Key]:
    """Return a plan that keeps every rule."""
    return sorted({key for spoil in SPOILS for key in contacts(spoil.legal)})


def spoiled_plan(spoil: Spoil) -> list[Key]:
    """Return the legal plan with the customers of one rule spoiled."""
    spoiled = contacts(spoil.spoiled)
    touched = {key[0] for key in [*contacts(spoil.legal), *spoiled]}
    return sorted([*(key for key in legal_plan() if key[0] not in touched), *spoiled])


def write(folder: Path) -> Path:
    """Write the scenario and its tables; return the scenario's path."""
    names = sorted({key[0] for s in SPOILS for text in (s.legal, s.spoiled) for key in contacts(text)} - {"nobody"})
    cost = {"A": "1.10", "B": "1.20", "C": "0.01"}
    value = {"A": "5", "B": "4", "C": "0.02"}
    rows = [
        f"{customer},{offer},{channel},{day},{value[offer]},{cost[offer]}"
        for customer, offer, channel, day in product(
            names, "ABC", ("email", "sms"), (*DAYS, "2026-11-22", "2026-11-30")
        )
    ]
    stem = {name: name.rstrip("12") for name in names}
    people = [f"{n},{stem[n]},h-{stem[n]},2,{'held' if n == HELD_OUT else 'open'}" for n in names]
    sections = {
        section: [s.rule for s in SPOILS if s.section == section]
        for section in ("eligibility", "contact_policies", "constraints")
    }
    rules = "".join(f"{s}:\n" + "".join(f"  - {rule}\n" for rule in listed) for s, listed in sections.items())
    scenario = (
        f"{rules}holdout: {{share: 0.5, by: wave, salt: b}}\n"
        "pins: {keep: booked.csv, forbid: never.csv}\n"
        "as_of: 2026-11-23T00:00:00+00:00\n"
        "horizon: {start: 2026-11-22, days: 8}\n"
    )
    tables = {
        "candidates": "customer,offer,channel,slot,value,cost\n" + "\n".join(rows),
        "customers": "customer,segment,household,own_cap,wave\n" + "\n".join(people),
        "offers": "offer,family\nA,loan\nB,loan\nC,card",
        "history": (
            "customer,offer,channel,at,response,cost\n"
            "history,A,email,2026-11-22,,1\n"
            "committed,A,email,2026-12-01,,1\n"
            "afterno,A,email,2026-11-21,refused,1\n"
            "week1,A,email,2026-11-22,,1\n"
        ),
        "consents": "customer,channel,purpose,until\nconsent,email,marketing,2026-11-24",
        "limits.csv": "offer,most\nA,2",
        "booked.csv": "customer,offer,channel,slot\npinned,A,email,2026-11-23",
        "never.csv": "customer,offer,channel,slot\nforbidden,B,email,2026-11-23",
    }
    return Case(0, "every rule once", scenario, tables, ()).write(folder)
