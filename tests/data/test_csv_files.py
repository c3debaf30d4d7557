"""CSV: read whole and as text; a column has the type that all of its values have."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from optimizer.data import Tables
from optimizer.data.limit_tables import read_limits
from optimizer.data.small import read_small
from optimizer.errors import DataError
from tests.data.kit import opened, rows, write


def table(folder: Path, text: str | bytes) -> Tables:
    """Open candidates with an objective that needs no column."""
    write(folder, candidates=text)
    return opened(folder, objective="1")


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfcustomer,offer\n1,\xc3\xa9\n2,b\n",
        b"customer,offer\r\n1,\xc3\xa9\r\n2,b\r\n",
        b"customer,offer\r1,\xc3\xa9\r2,b\r",
        "customer,offer\n1,é\n2,b\n".encode("utf-16"),
        "customer;offer\n1;é\n2;b".encode(),
        "customer\toffer\n1\té\n2\tb".encode(),
        "customer,offer\n\n1,é\n\n2,b\n\n".encode(),
        '"customer","offer"\n"1","é"\n"2","b"\n'.encode(),
    ],
    ids=["mark", "crlf", "cr", "utf-16", "semicolon", "tab", "blank lines", "quotes"],
)
def test_encodings_line_ends_and_delimiters_read_the_same(raw: bytes, tmp_path: Path) -> None:
    assert rows(table(tmp_path, raw), "candidates", "customer, offer") == [("1", "é"), ("2", "b")]


def test_quoted_newlines_delimiters_and_quotes_are_values(tmp_path: Path) -> None:
    found = rows(table(tmp_path, 'customer,offer\n1,"a,\nb"\n2,"say ""hi"""\n'), "candidates", "offer")
    assert found == [("a,\nb",), ('say "hi"',)]


def test_hash_signs_and_words_like_null_are_values(tmp_path: Path) -> None:
    found = rows(table(tmp_path, "customer,offer\n#1,NULL\n2,NA\n"), "candidates", "customer, offer")
    assert found == [("#1", "NULL"), ("2", "NA")]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", ""], "BIGINT"),
        (["1", "2.5"], "DOUBLE"),
        (["1e3", "2"], "DOUBLE"),
        (["01234", "99999"], "VARCHAR"),
        (["0.5", "00.5"], "VARCHAR"),
        (["12345678901234567890", "1"], "VARCHAR"),
        (["true", "FALSE"], "BOOLEAN"),
        (["2026-11-23", "2026-11-24"], "DATE"),
        (["2026-11-23 09:00:00", "2026-11-24T10:00"], "TIMESTAMP"),
        (["2026-11-23", "soon"], "VARCHAR"),
        (["1", "x"], "VARCHAR"),
        (["", ""], '"NULL"'),
    ],
)
def test_a_column_has_the_type_that_all_its_values_have(values: list[str], kind: str, tmp_path: Path) -> None:
    lines = "".join(f"C{i},card,{value}\n" for i, value in enumerate(values))
    assert table(tmp_path, f"customer,offer,extra\n{lines}").columns["candidates"]["extra"] == kind


def test_the_last_row_counts_as_much_as_the_first(tmp_path: Path) -> None:
    lines = "".join(f"C{i},card,{i}\n" for i in range(30_000))
    found = table(tmp_path, f"customer,offer,extra\n{lines}C,card,x\n")
    assert found.columns["candidates"]["extra"] == "VARCHAR"


def test_a_column_without_values_is_no_text(tmp_path: Path) -> None:
    write(tmp_path, candidates="customer,offer,value\nC1,a,1\n", offers="offer,limit,family\na,,\n")
    tables = opened(
        tmp_path,
        objective="value",
        rules="eligibility: [{name: k, keep: \"family = 'x' OR offers.limit * 2 > 1 OR TRUE\"}]\n",
    )
    assert tables.findings == ()


def test_values_in_the_names_of_folders_are_columns(tmp_path: Path) -> None:
    """As Hive, and ``deliver --hive``, lay files out; texts, like everything in CSV."""
    for channel, day, text in (("email", "2026-11-23", "C1,card\nC2,card\n"), ("a%2Fb", "2026-11-24", "C1,loan\n")):
        folder = tmp_path / "sent" / f"channel={channel}" / f"slot={day}"
        folder.mkdir(parents=True)
        (folder / "part-0.csv").write_text(f"customer,offer\n{text}")
    tables = opened(tmp_path, objective="1", candidates="sent")
    assert rows(tables, "candidates", "customer, offer, channel, slot") == [
        ("C1", "card", "email", "2026-11-23"),
        ("C1", "loan", "a/b", "2026-11-24"),
        ("C2", "card", "email", "2026-11-23"),
    ]
    assert tables.places("candidates", "offer = 'loan'") == ["sent/channel=a%2Fb/slot=2026-11-24/part-0.csv · row 1"]


def test_a_column_in_the_file_and_in_its_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sent" / "channel=email"
    folder.mkdir(parents=True)
    (folder / "part-0.csv").write_text("customer,offer,channel\nC1,card,sms\n")
    with pytest.raises(DataError, match=r"'channel' is a column of the file, and in the name of its folder too"):
        opened(tmp_path, objective="1", candidates="sent")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_small_tables_are_read_as_the_large_ones_are(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "limits.csv"
    path.write_bytes("offer;most\r\n007;1.10\r\n'é';2\r\n;3\r\n".encode(encoding))
    assert read_limits(path, ("offer",), "most") == {("007",): Decimal("1.10"), ("'é'",): 2, (None,): 3}
    assert read_small(path)["offer"].to_pylist() == ["007", "'é'", None]
