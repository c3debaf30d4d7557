"""Files, encodings, formats, folders."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_inputs.hostile import crm
from tests.bad_inputs.kit import HEADER, ROWS, Bad
from tests.bad_inputs.scores import PARQUET, parquet

LINES = ROWS.splitlines(True)


def sheet(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("xl/workbook.xml", "<x/>")


def spoiled(where: slice, how: bytes):
    def write(path: Path) -> None:
        parquet(customer=[f"C{i}" for i in range(3)])(path)
        raw = bytearray(path.read_bytes())
        raw[where] = how
        path.write_bytes(bytes(raw))

    return write


def cut_off(path: Path) -> None:
    parquet()(path)
    path.write_bytes(path.read_bytes()[:-20])


def part(**columns):
    return parquet(**columns)


def no_rows(path: Path) -> None:
    parquet()(path)
    pq.write_table(pq.read_table(path).slice(0, 0), path)


def nested(path):
    parquet(value=[[1], [2], [3]])(path)


def twice(path):
    pq.write_table(
        pa.table(
            [["C1"], ["a"], ["b"], [1.0], [1.0], [1.0]],
            names=["customer", "offer", "Offer", "value", "propensity", "cost"],
        ),
        path,
    )


CASES = [
    Bad(
        "an empty file",
        3,
        ("the file is empty",),
        where="candidates.csv",
        maybe="the job that writes it failed: run it again",
        files={"candidates.csv": ""},
    ),
    Bad(
        "a file of blank lines",
        3,
        ("the file is empty",),
        where="candidates.csv",
        maybe="the job that writes it failed: run it again",
        files={"candidates.csv": "\n\n"},
    ),
    Bad(
        "a header alone",
        3,
        ("there are no candidates in it: a header, but no rows",),
        where="candidates.csv",
        maybe="run the job that writes it again",
        files={"candidates.csv": HEADER},
    ),
    Bad(
        "Parquet without rows",
        3,
        ("there are no candidates in it: a header, but no rows",),
        where="candidates.parquet",
        maybe="run the job that writes it again",
        change=PARQUET,
        files={"candidates.parquet": no_rows},
    ),
    Bad(
        "a missing column",
        3,
        ("there is no column 'customer'; found custmer, offer, propensity, value, cost",),
        where="candidates.csv",
        maybe="'custmer' is what is meant: rename it",
        files={"candidates.csv": "custmer,offer,propensity,value,cost\n1,a,0.5,1,1\n"},
    ),
    Bad(
        "Latin-1",
        3,
        ("is not UTF-8",),
        where="candidates.csv, line 2",
        maybe="it is Latin-1 or Windows-1252: save it as UTF-8",
        files={"candidates.csv": (HEADER + ROWS).replace("card", "café").encode("latin-1")},
    ),
    Bad(
        "UTF-16 without its mark",
        3,
        ("is UTF-16 without a byte order mark",),
        where="candidates.csv",
        maybe="save it as UTF-8",
        files={"candidates.csv": (HEADER + ROWS).encode("utf-16-le")},
    ),
    Bad(
        "UTF-16 with the big end first",
        3,
        ("is UTF-16 with the big end first",),
        where="candidates.csv",
        maybe="save it as UTF-8",
        files={"candidates.csv": b"\xfe\xff" + (HEADER + ROWS).encode("utf-16-be")},
    ),
    Bad(
        "a row that is too short",
        3,
        ("the row has 3 values, the header 7",),
        where="candidates.csv, line 3",
        maybe="the row was cut off",
        files={"candidates.csv": HEADER + LINES[0] + "C2,card,sms\n" + LINES[2]},
    ),
    Bad(
        "a NUL byte",
        3,
        ("has a NUL byte in it",),
        where="candidates.csv, line 3",
        maybe="write the file again",
        files={"candidates.csv": HEADER + LINES[0] + LINES[1].replace("C2", "C\0")},
    ),
    Bad(
        "a limits table with a row that is too short",
        3,
        ("the row has 1 values, the header 2",),
        where="limits.csv, line 2",
        maybe="the row was cut off",
        rules="- {name: each, total: contacts, for_each: offer, at_most: {table: limits.csv, column: most}}",
        files={"limits.csv": "offer,most\ncard\nloan,2\n"},
    ),
    Bad(
        "a row that is too long",
        3,
        ("the row has 8 values, the header 7",),
        where="candidates.csv, line 3",
        maybe="a value holds the delimiter and needs quotes",
        files={"candidates.csv": HEADER + LINES[0] + LINES[1].replace("\n", ",9\n")},
    ),
    Bad(
        "a quote that is not closed",
        3,
        ("a quoted value does not end where it should",),
        where="candidates.csv, line 3",
        maybe='write a quote inside quotes twice: ""',
        files={"candidates.csv": HEADER + LINES[0] + '"C2,card\n'},
    ),
    Bad(
        "mixed line ends",
        3,
        ("the lines do not all end alike, or a quote is out of place",),
        where="candidates.csv",
        maybe="save it again with one kind of line end",
        files={"candidates.csv": HEADER.replace("\n", "\r\n") + ROWS},
    ),
    Bad(
        "a column twice",
        3,
        ("two columns have the same name: Offer",),
        where="candidates.csv, line 1",
        maybe="give each column a name of its own; upper and lowe",
        files={"candidates.csv": "customer,offer,Offer,propensity,value,cost\n1,a,b,0,0,0\n"},
    ),
    Bad(
        "a column without a name",
        3,
        ("the header has no name for column 2",),
        where="candidates.csv, line 1",
        maybe="the file has no header, or a delimiter too many",
        files={"candidates.csv": "customer,,offer,propensity,value,cost\n1,a,b,0,0,0\n"},
    ),
    Bad(
        "a file that is not there",
        3,
        ("no such file",),
        where="candidats.csv",
        maybe="you meant 'candidates.csv'",
        change=(("candidates.csv", "candidats.csv"),),
    ),
    Bad(
        "a glob that matches nothing",
        3,
        ("no file matches",),
        where="cand-*.csv",
        maybe="look into",
        change=(("candidates.csv", "cand-*.csv"),),
    ),
    Bad(
        "an empty folder",
        3,
        ("the folder has no Parquet files",),
        where="parts",
        maybe="name the files, or a glob such as '*.csv'",
        change=(("candidates.csv", "parts"),),
        files={"parts/readme.md": "x"},
    ),
    Bad(
        "truncated Parquet",
        3,
        ("is a truncated Parquet file",),
        where="candidates.parquet",
        maybe="the job that writes it was cut off: run it again",
        change=PARQUET,
        files={"candidates.parquet": cut_off},
    ),
    Bad(
        "Parquet with a bad page",
        3,
        ("the Parquet file is damaged inside",),
        where="candidates.parquet",
        maybe="write it again",
        change=PARQUET,
        files={"candidates.parquet": spoiled(slice(8, 300), b"\xff" * 292)},
    ),
    Bad(
        "Parquet with a bad footer",
        3,
        ("the Parquet file is damaged",),
        where="candidates.parquet",
        maybe="write it again",
        change=PARQUET,
        files={"candidates.parquet": spoiled(slice(-60, -10), b"\xff" * 50)},
    ),
    Bad(
        "one bad file of many",
        3,
        ("is a truncated Parquet file",),
        where="parts/7.parquet",
        maybe="the job that writes it was cut off: run it again",
        change=(("candidates.csv", "parts/*.parquet"),),
        files={
            f"parts/{i}.parquet": cut_off if i == 7 else part(customer=[f"{i}-{j}" for j in range(3)])
            for i in range(12)
        },
    ),
    Bad(
        "one file of many with other columns",
        3,
        ("its columns are not those of parts/0.parquet: has margin BIGINT",),
        where="parts/7.parquet",
        maybe="write all files of a table with the same columns and types",
        change=(("candidates.csv", "parts/*.parquet"),),
        files={
            f"parts/{i}.parquet": part(
                customer=[f"{i}-{j}" for j in range(3)], **({"margin": [1, 2, 3]} if i == 7 else {})
            )
            for i in range(12)
        },
    ),
    Bad(
        "Parquet and CSV together",
        3,
        ("is partly Parquet and partly CSV",),
        where="candidates",
        maybe="keep to one format per table",
        change=(("candidates.csv", "[candidates.csv, candidates.parquet]"),),
        files={"candidates.parquet": parquet()},
    ),
    Bad(
        "a column twice, in Parquet",
        3,
        ("two columns have the same name: Offer",),
        where="candidates.parquet",
        maybe="give each column a name of its own; upper and lowe",
        change=PARQUET,
        files={"candidates.parquet": twice},
    ),
    Bad(
        "a list in a number column",
        3,
        ("holds bigint[], which no expression can take",),
        where="candidates.parquet · value",
        maybe="write one value a row",
        change=PARQUET,
        files={"candidates.parquet": nested},
    ),
    Bad(
        "CSV named Parquet",
        3,
        ("is not a Parquet file",),
        where="candidates.parquet",
        maybe="write it again; its first bytes are not Parquet's",
        change=PARQUET,
        files={"candidates.parquet": HEADER + ROWS},
    ),
    Bad(
        "Parquet named CSV",
        3,
        ("is named .csv but is no text",),
        where="candidates.csv",
        maybe="write it as CSV, or name it for what it is",
        files={"candidates.csv": parquet()},
    ),
    Bad(
        "a compressed file named CSV",
        3,
        ("is named .csv but is no text",),
        where="candidates.csv",
        maybe="write it as CSV, or name it for what it is",
        files={"candidates.csv": gzip.compress((HEADER + ROWS).encode(), mtime=0)},
    ),
    Bad(
        "a spreadsheet",
        3,
        ("'.xlsx' is neither Parquet nor CSV",),
        where="candidates.xlsx",
        maybe="write it as .parquet or .csv",
        change=(("candidates.csv", "candidates.xlsx"),),
        files={"candidates.xlsx": sheet},
    ),
    Bad(
        "an empty scenario file",
        2,
        ("the file is empty",),
        where="scenario.yaml",
        maybe="contactopt init writes one to start from",
        files={"scenario.yaml": ""},
    ),
    Bad(
        "a scenario file in UTF-16",
        2,
        ("the file is in UTF-16",),
        where="scenario.yaml",
        maybe="save it as UTF-8",
        files={"scenario.yaml": "version: 1".encode("utf-16")},
    ),
    Bad(
        "a scenario file that is no YAML",
        2,
        ("this is not YAML: mapping values are not allowed here",),
        where="scenario.yaml, line 2, column 8",
        maybe="put the text in quotes: it has a colon and a blank in it",
        files={"scenario.yaml": "version: 1\nname: a: b\n"},
    ),
    Bad(
        "an output folder that is a file",
        2,
        ("is a file, not a folder",),
        where="candidates.csv",
        maybe="name another folder with --out",
        options=("--out", "candidates.csv"),
    ),
    Bad(
        "an output folder that holds something else",
        2,
        ("is not empty and holds no run, so it is not replaced",),
        where="stuff",
        maybe="name another folder",
        options=("--out", "stuff"),
        files={"stuff/mine.txt": "x"},
    ),
    Bad(
        "an output folder that is the folder of the inputs",
        2,
        ("is not empty and holds no run, so it is not replaced",),
        where="parts",
        maybe="name another folder",
        options=("--out", "parts"),
        change=(("candidates.csv", "parts/*.parquet"),),
        files={"parts/a.parquet": parquet()},
    ),
    Bad(
        "an output folder that holds the scenario",
        2,
        ("is not empty and holds no run, so it is not replaced",),
        where=".",
        maybe="name another folder",
        options=("--out", "."),
    ),
    Bad(
        "an output path that runs through a file",
        2,
        ("leads through a file, candidates.csv",),
        where="candidates.csv/plan",
        maybe="name another folder with --out",
        options=("--out", "candidates.csv/plan"),
    ),
    Bad(
        "a database that is not set",
        7,
        ("not set in the environment: NOWHERE",),
        where="data.candidates.url",
        maybe="export NOWHERE before the run",
        change=(("candidates.csv", '{url: "${NOWHERE}", table: x}'),),
    ),
    Bad(
        "a database of no known kind",
        2,
        ("this kind of database is not known",),
        where="mysql://x",
        maybe="postgresql://user@host/name or duckdb:file.duckdb;",
        change=(("candidates.csv", "{url: 'mysql://x', table: x}"),),
    ),
    Bad(
        "a database file that is not there",
        7,
        ("the database cannot be opened",),
        where="duckdb:nowhere.duckdb",
        maybe="there is no such file: check the path, it is relative to the scenario",
        change=(("candidates.csv", "{url: 'duckdb:nowhere.duckdb', table: x}"),),
    ),
    Bad(
        "a database without its table",
        3,
        ("the database refuses the table: Table with name x does not exist",),
        where="candidates (duckdb:crm.duckdb)",
        maybe="try it in the database's own shell, as the same user",
        change=(("candidates.csv", "{url: 'duckdb:crm.duckdb', table: x}"),),
        files={"crm.duckdb": crm},
    ),
    Bad(
        "a database file that is none",
        7,
        ("the database cannot be opened",),
        where="duckdb:crm.duckdb",
        maybe="it is no DuckDB file, or of a newer DuckDB; or its",
        change=(("candidates.csv", "{url: 'duckdb:crm.duckdb', table: x}"),),
        files={"crm.duckdb": b"nonsense" * 1000},
    ),
    Bad(
        "names that the source does not have",
        3,
        ("there is no column 'CustomerId' to call 'customer'",),
        where="candidates.csv, line 1",
        maybe="'customer' is meant",
        change=(("candidates.csv", "{path: candidates.csv, columns: {customer: CustomerId}}"),),
    ),
    Bad(
        "a path of blanks",
        2,
        ("candidates: a source is a path, a glob, or {url, query}",),
        at="' '",
        maybe="candidates.parquet",
        change=(("candidates.csv", "' '"),),
    ),
    Bad(
        "a device as input",
        3,
        ("is no file: a device, a pipe or a socket",),
        where="/dev/zero",
        maybe="name a Parquet or CSV file",
        change=(("candidates.csv", "/dev/zero"),),
    ),
    Bad(
        "an earlier run that is an input and would be replaced",
        2,
        ("holds an input of this run, data.candidates",),
        where="plan",
        maybe="name another folder with --out",
        change=(("candidates.csv", "plan/contacts.parquet"),),
    ),
    Bad(
        "a ledger in the folder that would be replaced",
        2,
        ("holds an input of this run, data.ledger",),
        where="plan",
        maybe="name another folder with --out",
        data="ledger: plan/ledger.duckdb",
    ),
    Bad(
        "a password in the scenario",
        2,
        ("a password stands in the file",),
        at="{url",
        maybe="put the address into the environment and write '${NAME}'",
        change=(("candidates.csv", "{url: 'postgresql://me:hunter2@db/crm', table: x}"),),
    ),
    Bad(
        "a password in the ledger's address",
        2,
        ("ledger: a password stands in the file",),
        at="'postgresql",
        maybe="put the address into the environment and write '${NAME}'",
        data="ledger: 'postgresql://me:hunter2@db/crm'",
    ),
]
