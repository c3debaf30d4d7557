"""Slots and history times: dates stay dates, moments become UTC instants."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from optimizer.errors import DataError
from tests.data.kit import CANDIDATES, opened, rows, write


def slots(folder: Path, *values: str, zone: str = "UTC", **tables: str) -> list[tuple[str, str | None, str | None]]:
    """Return ``slot_times`` of candidates in these slots, as text."""
    lines = "".join(f"C{i},card,{value},1\n" for i, value in enumerate(values))
    write(folder, candidates=f"customer,offer,slot,value\n{lines}", **tables)
    tables_ = opened(folder, objective="value", zone=zone)
    return rows(tables_, "slot_times", "CAST(slot AS VARCHAR), CAST(date AS VARCHAR), CAST(instant AS VARCHAR)")


def test_a_date_is_a_date_and_a_timestamp_an_instant(tmp_path: Path) -> None:
    assert slots(tmp_path, "2026-11-23", "2026-11-24T09:30", "2026-11-24 09:30:00.5") == [
        ("2026-11-23", "2026-11-23", None),
        ("2026-11-24 09:30:00.5", None, "2026-11-24 09:30:00.5"),
        ("2026-11-24T09:30", None, "2026-11-24 09:30:00"),
    ]


def test_naive_times_are_in_the_horizons_zone_and_aware_ones_are_converted(tmp_path: Path) -> None:
    found = slots(tmp_path, "2026-11-23T09:00", "2026-11-23T09:00+05:00", "2026-11-23T09:00Z", zone="Europe/Berlin")
    assert [instant for *_, instant in found] == ["2026-11-23 08:00:00", "2026-11-23 04:00:00", "2026-11-23 09:00:00"]


def test_naive_beside_aware_is_a_warning(tmp_path: Path) -> None:
    slots(tmp_path, "2026-11-23T09:00", "2026-11-23T09:00+05:00")
    warning = opened(tmp_path, objective="value").findings[0]
    assert "1 of 2 times have no offset from UTC; they are read as UTC" in warning.what


def test_naive_times_beside_time_zones_of_customers_are_a_warning(tmp_path: Path) -> None:
    tables = {"candidates": "customer,offer,slot,value\nC0,card,2026-11-23T09:00,1\nC0,card,2026-11-24,1\n"}
    write(tmp_path, **tables, customers="customer,tz\nC0,Europe/Athens\n")
    own = {"column": "tz", "default": "Europe/Berlin"}
    warning = opened(tmp_path, objective="value", zone=own).findings[0]
    assert warning.what.startswith("times without an offset are read as Europe/Berlin, the default")
    assert warning.count == 1
    found = opened(tmp_path, objective="value", zone="Europe/Berlin").findings
    assert not any("without an offset" in finding.what for finding in found)


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2026-10-25T02:30", "2026-10-25 01:30:00"),  # twice in Berlin: the second one, at +01:00
        ("2026-03-29T02:30", "2026-03-29 01:30:00"),  # skipped: 03:30 by the clock after the change
        ("2026-10-25T03:00", "2026-10-25 02:00:00"),
    ],
)
def test_a_repeated_hour_is_the_later_one_and_a_skipped_one_is_moved_on(
    local: str, instant: str, tmp_path: Path
) -> None:
    assert slots(tmp_path, local, zone="Europe/Berlin") == [(local, None, instant)]


@pytest.mark.parametrize(("local", "odd"), [("2026-10-25T02:30", 1), ("2026-03-29T02:30", 1), ("2026-10-25T03:00", 0)])
def test_an_hour_that_clocks_skip_or_repeat_is_a_warning(local: str, odd: int, tmp_path: Path) -> None:
    slots(tmp_path, local, zone="Europe/Berlin")
    found = opened(tmp_path, objective="value", zone="Europe/Berlin").findings
    assert sum("skip or repeat" in f.what for f in found) == odd


@pytest.mark.parametrize("text", ["23/11/2026", "20261123", "2026-02-30", "infinity", " 2026-11-23", "2026-11-23T25"])
def test_only_iso_text_is_a_time(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither a date nor a timestamp"):
        slots(tmp_path, text)


def test_two_spellings_of_one_time_are_one_slot(tmp_path: Path) -> None:
    slots(tmp_path, "2026-11-23T09:00", "2026-11-23 10:00:00+01:00", "2026-11-23T09:00:00")
    tables = opened(tmp_path, objective="value")
    assert rows(tables, "candidates", "DISTINCT slot") == [("2026-11-23 10:00:00+01:00",)]
    assert len(rows(tables, "slot_times")) == 1
    assert any("are the same time" in f.what and f.count == 2 for f in tables.findings)


def test_a_slots_table_says_when_a_slot_starts(tmp_path: Path) -> None:
    table = "slot,start,end\nmon,2026-11-23T09:00,2026-11-23T12:00\ntue,2026-11-24,\nunused,2026-11-25,\n"
    assert slots(tmp_path, "mon", "tue", slots=table) == [
        ("mon", None, "2026-11-23 09:00:00"),
        ("tue", "2026-11-24", None),
        ("unused", "2026-11-25", None),
    ]


def test_slots_compare_as_times_in_every_table(tmp_path: Path) -> None:
    table = "slot,capacity\n2026-11-23 09:00:00,5\n2026-11-24T10:00+01:00,6\n"
    slots(tmp_path, "2026-11-23T09:00", "2026-11-24T09:00", slots=table)
    tables = opened(tmp_path, objective="value")
    assert rows(tables, "candidates JOIN slots USING (slot)", "slot, capacity") == [
        ("2026-11-23T09:00", 5),
        ("2026-11-24T09:00", 6),
    ]


def test_date_slots_match_a_slots_table_of_text(tmp_path: Path) -> None:
    write(tmp_path, slots="slot,start\n2026-11-23,2026-11-23T09:00\n")
    frame = pd.DataFrame({"customer": ["a"], "offer": ["x"], "slot": [dt.date(2026, 11, 23)], "value": [1.0]})
    tables = opened(tmp_path, {"candidates": frame}, objective="value")
    assert rows(tables, "slot_times") == [(dt.date(2026, 11, 23), None, dt.datetime(2026, 11, 23, 9))]


def test_a_csv_slot_007_is_not_slot_7(tmp_path: Path) -> None:
    write(tmp_path, slots="slot,start\n007,2026-11-23\n")
    frame = pd.DataFrame({"customer": ["a"], "offer": ["x"], "slot": [7], "value": [1.0]})
    with pytest.raises(DataError, match=r"slots\.csv · row 1 · slot: '007' is no such value: slots are whole numbers"):
        opened(tmp_path, {"candidates": frame}, objective="value")


def test_typed_slots_of_other_sorts_are_refused(tmp_path: Path) -> None:
    frames = {
        "candidates": pd.DataFrame({"customer": ["a"], "offer": ["x"], "slot": [7], "value": [1.0]}),
        "slots": pd.DataFrame({"slot": ["7"], "start": ["2026-11-23"]}),
    }
    with pytest.raises(DataError, match=r"slots \(frame\) · slot: slot is text here, but whole numbers in candidates"):
        opened(tmp_path, frames, objective="value")


def test_history_has_a_date_or_an_instant_for_each_of_its_times(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES,
        history="""\
        customer,offer,channel,at,response,response_at,arrived_at
        C1,card,email,2026-11-01,,,2026-11-03
        C2,card,email,2026-11-01T10:00,refused,2026-11-02T11:00Z,
        """,
    )
    found = rows(
        opened(tmp_path, zone="Europe/Berlin"),
        "history",
        'customer, "@date", "@instant", "@arrived_date", "@arrived_instant", "@response_date", "@response_instant"',
    )
    assert found == [
        ("C1", dt.date(2026, 11, 1), None, dt.date(2026, 11, 3), None, None, None),
        ("C2", None, dt.datetime(2026, 11, 1, 9), None, None, None, dt.datetime(2026, 11, 2, 11)),
    ]


def test_history_types_of_frames_need_no_parsing(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    at = pd.to_datetime(["2026-11-01T10:00+02:00", "2026-11-02T10:00+02:00"])
    frame = pd.DataFrame({"customer": ["C1", "C2"], "offer": ["x", "y"], "channel": ["sms", "sms"], "at": at})
    assert rows(opened(tmp_path, {"history": frame}), "history", '"@date", "@instant"') == [
        (None, dt.datetime(2026, 11, 1, 8)),
        (None, dt.datetime(2026, 11, 2, 8)),
    ]


def test_history_rows_in_the_future_do_not_make_a_stale_history_fresh(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES,
        history="customer,offer,channel,at\nC1,card,email,2026-11-01\nC1,card,email,2026-12-01\n",
    )
    with pytest.raises(DataError, match="its newest row is of 2026-11-01"):
        opened(tmp_path, history_max_age="2 days")


def test_a_history_of_yesterday_is_young_enough(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES, history="customer,offer,channel,at\nC1,card,email,2026-11-21\n")
    assert opened(tmp_path, history_max_age="1 days").has("history")
