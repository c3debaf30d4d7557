"""What the data stage must say of every bad input that it owns: place, words, exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import DataError, OptimizerError
from tests.data.kit import CANDIDATES, opened, write

HEADER = "customer,offer,channel,slot,propensity,value,cost\n"
GOOD = "C1,card,email,2026-11-23,0.5,10,1\n"


@dataclass(frozen=True)
class Bad:
    """One bad input: the tables, and what the error says and where."""

    name: str
    says: tuple[str, ...]
    candidates: str | bytes = CANDIDATES
    tables: dict[str, str | bytes] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def third(row: str) -> str:
    """Return candidates whose third row is ``row``."""
    return HEADER + GOOD + GOOD.replace("C1", "C2") + row + "\n"


SCORES = [
    Bad(
        "NaN", ("candidates.csv · row 3 · propensity = NaN", "between 0 and 1"), third("C3,card,sms,2026-11-23,NaN,1,1")
    ),
    Bad("null", ("row 3 · propensity = NULL", "is missing"), third("C3,card,sms,2026-11-23,,1,1")),
    Bad("infinity", ("row 3 · value = inf", "no finite number"), third("C3,card,sms,2026-11-23,0.5,inf,1")),
    Bad("minus infinity", ("row 3 · value = -inf", "no finite number"), third("C3,card,sms,2026-11-23,0.5,-inf,1")),
    Bad("below 0", ("row 3 · propensity = -0.1", "between 0 and 1"), third("C3,card,sms,2026-11-23,-0.1,1,1")),
    Bad("per cent", ("row 3 · propensity = 87.3", "looks like per cent"), third("C3,card,sms,2026-11-23,87.3,1,1")),
    Bad("negative cost", ("row 3 · cost = -2", "must not be negative"), third("C3,card,sms,2026-11-23,0.5,1,-2")),
    Bad("1e300", ("row 3 · value = 1e+300", "too large"), third("C3,card,sms,2026-11-23,0.5,1e300,1")),
    Bad("text", ("row 3 · value = 'n/a'", "text in a number column"), third("C3,card,sms,2026-11-23,0.5,n/a,1")),
    Bad("decimal comma", ("text in a number column", "point"), third('C3,card,sms,2026-11-23,"0,5",1,1')),
    Bad(
        "division by zero",
        ("row 2 · value / bonus = NULL", "division by zero"),
        "customer,offer,value,bonus\nC1,card,1,2\nC2,card,1,0\n",
        options={"objective": "value / bonus"},
    ),
    Bad(
        "expected range",
        ("row 2 · value = 20", "must not be above 15"),
        options={"expect": "{value: ..15}"},
    ),
    Bad(
        "missing number of an offer",
        ("offers.csv · row 2 · fee = NULL", "is missing"),
        tables={"offers": "offer,fee\ncard,1\nloan,\n"},
        options={"objective": "value - fee"},
    ),
    Bad(
        "number of a rule",
        ("row 3 · weight = NULL", "is missing"),
        "customer,offer,value,weight\nC1,card,1,2\nC2,card,1,0\nC3,card,1,\n",
        options={"objective": "value", "rules": "constraints: [{name: w, total: weight, at_most: 9}]\n"},
    ),
]

KEYS = [
    Bad("null customer", ("row 3 · customer = NULL", "a key is missing"), third(",card,sms,2026-11-23,0.5,1,1")),
    Bad("empty offer", ("row 3 · offer = NULL", "a key is missing"), third('C3,"",sms,2026-11-23,0.5,1,1')),
    Bad(
        "customer missing from its table",
        ("candidates.csv · row 3 · customer", "1 customer of the candidates not in customers.csv"),
        tables={"customers": "customer,segment\nC1,gold\n"},
    ),
    Bad(
        "offer missing from its table",
        ("candidates.csv · row 2 · offer", "'loan'", "not in offers.csv"),
        tables={"offers": "offer,family\ncard,a\n"},
    ),
    Bad(
        "slot missing from its table",
        ("candidates.csv · row 2 · slot", "'2026-11-24'", "not in slots.csv"),
        tables={"slots": "slot,start\n2026-11-23,2026-11-23T09:00\n"},
    ),
    Bad(
        "customer in two households",
        ("customers.csv · row 1 · customer", "rows 1, 3", "one row per customer"),
        tables={"customers": "customer,household\nC1,H1\nC2,H2\nC1,H3\n"},
    ),
    Bad(
        "lead days in words",
        ("offers.csv · lead_days", "is VARCHAR"),
        tables={"offers": "offer,lead_days\ncard,two\nloan,three\n"},
    ),
    Bad(
        "null key in a key table",
        ("offers.csv · row 2 · offer", "a key is missing"),
        tables={"offers": "offer,family\ncard,a\n,b\nloan,c\n"},
    ),
    Bad(
        "history that matches nobody",
        ("history.csv · customer", "0 of 2 history keys match"),
        tables={"history": "customer,offer,channel,at\nX1,card,email,2026-11-01\nX2,card,email,2026-11-01\n"},
    ),
    Bad(
        "history without a time",
        ("history.csv · row 2 · at", "is missing"),
        tables={"history": "customer,offer,channel,at\nC1,card,email,2026-11-01\nC1,card,email,\n"},
    ),
    Bad(
        "history time unreadable",
        ("history.csv · row 1 · at", "neither a date nor a timestamp"),
        tables={"history": "customer,offer,channel,at\nC1,card,email,01/11/2026\n"},
    ),
    Bad(
        "history without channel",
        ("history.csv", "the candidates have a column 'channel'"),
        tables={"history": "customer,offer,at\nC1,card,2026-11-01\n"},
    ),
    Bad(
        "history too old",
        ("history.csv · at", "too old", "2026-11-10"),
        tables={"history": "customer,offer,channel,at\nC1,card,email,2026-11-10\n"},
        options={"history_max_age": "2 days"},
    ),
    Bad("slot unreadable", ("row 3 · slot", "'Monday'", "slots table"), third("C3,card,sms,Monday,0.5,1,1")),
    Bad(
        "slots table without start",
        ("slots.csv · row 1 · slot", "'mon'", "start"),
        third("C3,card,sms,mon,0.5,1,1").replace("2026-11-23", "mon"),
        tables={"slots": "slot,name\nmon,Monday\n"},
    ),
    Bad(
        "slots table, but no slots",
        ("candidates.csv", "no column 'slot'"),
        "customer,offer,value\nC1,card,1\n",
        tables={"slots": "slot,start\nmon,2026-11-23\n"},
        options={"objective": "value"},
    ),
]

FILES = [
    Bad("empty file", ("candidates.csv", "the file is empty"), ""),
    Bad("blank file", ("candidates.csv", "the file is empty"), "\n\n"),
    Bad("header only", ("candidates.csv", "a header, but no rows"), HEADER),
    Bad("missing column", ("there is no column 'customer'; found custmer, offer", "'custmer'"), "custmer,offer\n1,a\n"),
    Bad(
        "latin-1",
        ("candidates.csv, line 2", "not UTF-8", "Latin-1"),
        (HEADER + GOOD).replace("card", "café").encode("latin-1"),
    ),
    Bad("utf-16 without mark", ("candidates.csv", "without a byte order mark"), (HEADER + GOOD).encode("utf-16-le")),
    Bad("utf-16 big end first", ("candidates.csv", "big end"), b"\xfe\xff" + (HEADER + GOOD).encode("utf-16-be")),
    Bad("short row", ("candidates.csv, line 3", "has 3 values, the header 7"), HEADER + GOOD + "C2,card,sms\n"),
    Bad(
        "long row", ("candidates.csv, line 3", "has 8 values, the header 7"), HEADER + GOOD + GOOD.replace("\n", ",9\n")
    ),
    Bad("open quote", ("candidates.csv, line 3", "does not end"), HEADER + GOOD + '"C2,card\n'),
    Bad("mixed line ends", ("candidates.csv", "do not all end alike"), HEADER.replace("\n", "\r\n") + GOOD),
    Bad("column twice", ("candidates.csv, line 1", "same name: Offer"), "customer,offer,Offer\n1,a,b\n"),
    Bad("nameless column", ("candidates.csv, line 1", "no name for column 2"), "customer,,offer\n1,a,b\n"),
    Bad("no such file", ("candidats.csv", "no such file", "'candidates.csv'"), options={"candidates": "candidats.csv"}),
    Bad("nothing matches", ("cand-*.csv", "no file matches"), options={"candidates": "'cand-*.csv'"}),
    Bad("pickle", ("candidates.pkl", "neither Parquet nor CSV"), options={"candidates": "candidates.pkl"}),
    Bad("zip named csv", ("candidates.csv", "no text"), b"PK\x03\x04 not a table"),
]


@pytest.mark.parametrize("bad", SCORES + KEYS + FILES, ids=lambda bad: bad.name)
def test_a_bad_input_is_told_with_its_place_its_fault_and_a_fix(bad: Bad, tmp_path: Path) -> None:
    write(tmp_path, candidates=bad.candidates, **bad.tables)
    (tmp_path / "candidates.pkl").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(OptimizerError) as caught:
        opened(tmp_path, **bad.options)
    assert caught.value.exit_code == 3
    for part in bad.says:
        assert part in str(caught.value)


def test_all_faults_of_all_tables_come_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=third("C3,card,sms,2026-11-23,87.3,,-1"),
        customers="customer,segment\nC1,a\nC1,b\n",
        history="customer,offer,channel,at\nC1,card,email,\n",
    )
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    places = [finding.where for finding in caught.value.findings]
    for part in ("propensity = 87.3", "value = NULL", "cost = -1", "customers.csv · row 1", "history.csv · row 1"):
        assert any(part in place for place in places)


def test_missing_files_of_all_tables_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, candidates="a.parquet", offers="b.csv")
    assert [finding.where for finding in caught.value.findings] == ["a.parquet", "b.csv"]


def test_a_fault_counts_its_rows_and_lists_the_first_ones(tmp_path: Path) -> None:
    write(tmp_path, candidates=HEADER + (GOOD + GOOD.replace("0.5", "nan")) * 12)
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    (finding,) = caught.value.findings
    assert finding.count == 12
    assert finding.where.startswith("candidates.csv · row 2 ·")
    assert "rows 4, 6, 8, 10" in finding.what


def test_customer_ids_stay_out_of_messages(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES.replace("C1", "SECRET-7"),
        customers="customer,segment\nC2,a\nSECRET-8,a\nSECRET-8,a\n",
        history="customer,offer,channel,at\nSECRET-9,card,email,2026-11-01\nSECRET-6,card,email,\n",
    )
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert len(caught.value.findings) >= 3
    assert "SECRET" not in str(caught.value)


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    tables = opened(tmp_path)
    tables.refuse_changed()
    write(tmp_path, candidates=CANDIDATES + "C9,card,email,2026-11-23,0.5,10,1\n")
    with pytest.raises(DataError, match=r"candidates\.csv: the file changed"):
        tables.refuse_changed()
