"""What became of each contact: every contact is told once, those that agree in most are paired first."""

from __future__ import annotations

import pyarrow as pa

from optimizer.analysis.moves import KINDS, moves


def plan(*rows: tuple[str, str, str, str, float]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[], [], [], [], []]
    names = ["customer", "offer", "channel", "slot", "contribution"]
    types = [pa.string()] * 4 + [pa.float64()]
    arrays = [pa.array(list(c), kind) for c, kind in zip(columns, types, strict=True)]
    return pa.table(dict(zip(names, arrays, strict=True)))


BEFORE = plan(
    ("kept", "A", "mail", "mon", 1.0),
    ("later", "A", "mail", "mon", 2.0),
    ("switched", "A", "mail", "mon", 3.0),
    ("other", "A", "mail", "mon", 4.0),
    ("gone", "A", "mail", "mon", 5.0),
    ("less", "A", "mail", "mon", 6.0),
    ("less", "B", "mail", "tue", 7.0),
)
AFTER = plan(
    ("kept", "A", "mail", "mon", 1.0),
    ("later", "A", "mail", "wed", 2.5),
    ("switched", "A", "call", "mon", 3.5),
    ("other", "C", "mail", "mon", 4.5),
    ("less", "B", "call", "tue", 7.5),
    ("new", "A", "call", "mon", 9.0),
)


def test_each_contact_is_told_once_by_what_it_keeps() -> None:
    totals = {
        row["kind"]: (row["contacts"], row["value_before"], row["value_after"]) for row in moves(BEFORE, AFTER).totals()
    }
    assert totals == {
        "kept": (1, 1.0, 1.0),
        "other slot": (1, 2.0, 2.5),
        "other channel": (2, 10.0, 11.0),
        "other offer": (1, 4.0, 4.5),
        "dropped": (2, 11.0, 0.0),
        "added": (1, 0.0, 9.0),
    }


def test_the_sides_add_up_to_the_plans() -> None:
    frame = moves(BEFORE, AFTER).frame
    assert frame["value_before"].sum() == 28.0
    assert frame["value_after"].sum() == 28.0
    assert (frame["offer_before"].count(), frame["offer_after"].count()) == (7, 6)


def test_customers_are_counted_by_what_they_hear() -> None:
    assert moves(BEFORE, AFTER).customers() == {
        "the same": 1,
        "something else": 4,
        "newly reached": 1,
        "no longer reached": 1,
    }


def test_the_matrix_counts_what_contacts_were_and_are() -> None:
    cells = {(row["before"], row["after"]): row["contacts"] for row in moves(BEFORE, AFTER).matrix("channel")}
    assert cells == {("mail", "mail"): 3, ("mail", "call"): 2, ("mail", None): 2, (None, "call"): 1}


def test_several_contacts_of_one_offer_are_paired_one_to_one() -> None:
    three = plan(*(("c", "A", "mail", slot, 1.0) for slot in ("mon", "tue", "wed")))
    two = plan(*(("c", "A", "mail", slot, 1.0) for slot in ("wed", "thu")))
    counts = {row["kind"]: row["contacts"] for row in moves(three, two).totals()}
    assert counts == dict.fromkeys(KINDS, 0) | {"kept": 1, "other slot": 1, "dropped": 1}


def test_an_empty_plan_drops_everything() -> None:
    counts = {row["kind"]: row["contacts"] for row in moves(BEFORE, plan()).totals()}
    assert counts == dict.fromkeys(KINDS, 0) | {"dropped": 7}
