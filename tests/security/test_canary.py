"""No customer's id and no secret gets out, but where contacts are handed over: a canary is searched for everywhere."""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb
import pytest

from tests.bad_inputs.kit import Bad
from tests.nights import Call

ID = "canary-customer-7f3a"
SECRET = "canary-secret-9b1d"
HEADER = "customer,offer,channel,slot,propensity,value,cost\n"
ROWS = (
    f"{ID},card,email,2026-11-23,0.5,10,1\n{ID},loan,sms,2026-11-24,0.25,20,0.5\nC2,card,email,2026-11-23,0.125,30,1\n"
)
GOOD = HEADER + ROWS
HANDED_OVER = {"contacts.parquet", "places.parquet", "rows.parquet", "marginal.parquet", "fates.parquet"}
"""Files of a run that are about single customers."""


def write(folder: Path, *, candidates: str = GOOD, **more: str) -> None:
    bad = Bad(
        "",
        0,
        (),
        data=more.get("data", ""),
        policies=more.get("policies", ""),
        change=(("engine: greedy", "engine: auto"),),
        more=more.get("more", ""),
        files={"candidates.csv": candidates, **{f"{n}.csv": t for n, t in more.items() if "," in t and "\n" in t}},
    )
    bad.write(folder)


def clean(text: str) -> bool:
    return ID not in text and SECRET not in text


BAD_NIGHTS = {
    "a score out of range": {"candidates": HEADER + ROWS.replace("0.5,10", "87,10")},
    "a missing score": {"candidates": HEADER + ROWS.replace("0.5,10", ",10")},
    "text for a number": {"candidates": HEADER + ROWS.replace("0.5,10", "x,10")},
    "a ragged row": {"candidates": GOOD + f"{ID},card\n"},
    "an open quote": {"candidates": GOOD + f'"{ID},card\n'},
    "a duplicate": {"candidates": GOOD + f"{ID},card,email,2026-11-23,0.9,10,1\n"},
    "a slot that is none": {"candidates": GOOD + f"{ID},card,email,Monday,0.9,10,1\n"},
    "an unknown customer": {"data": "customers: customers.csv", "customers": "customer,cap\nC2,1\n"},
    "a customer twice": {
        "data": "customers: customers.csv",
        "customers": f"customer,cap\nC2,1\n{ID},1\n{ID},2\n",
    },
    "a cap of half a contact": {
        "data": "customers: customers.csv",
        "customers": f"customer,cap\nC2,1\n{ID},1.5\n",
        "policies": "- {name: own, at_most: {column: cap}, within: 7 days}",
    },
    "a history of nobody": {
        "data": "history: history.csv",
        "history": f"customer,offer,channel,at\n{ID}x,card,email,2026-11-01\n{ID}y,card,email,2026-11-01\n",
    },
    "a history without times": {
        "data": "history: history.csv",
        "history": f"customer,offer,channel,at\n{ID},card,email,\n",
    },
    "a minimum out of reach": {"policies": "- {name: heard, at_least: 5}"},
    "a pin that is no candidate": {
        "more": "pins: {keep: booked.csv}\n",
        "booked": f"customer,offer,channel,slot\n{ID},card,email,2026-11-25\n",
    },
    "a pin that a rule forbids": {
        "more": "pins: {keep: booked.csv}\n",
        "policies": "- {name: none, at_most: 0}",
        "booked": f"customer,offer,channel,slot\n{ID},card,email,2026-11-23\n",
    },
}


@pytest.mark.parametrize("name", BAD_NIGHTS)
@pytest.mark.parametrize("options", [(), ("--json",), ("--production",)], ids=["words", "json", "production"])
def test_no_error_names_a_customer(name: str, options: tuple[str, ...], night: Path, contactopt: Call) -> None:
    write(night, **BAD_NIGHTS[name])
    allowed = ("--set", "data.history_max_age=90 days") if "--production" in options else ()
    shown = contactopt("run", "scenario.yaml", *options, *allowed)
    assert shown.code in (3, 4)
    assert clean(shown.out + shown.err)


def test_no_output_of_a_good_night_names_a_customer_or_a_secret(
    night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(night / f"{SECRET}.duckdb")) as con:
        con.execute(
            "CREATE TABLE scored (customer TEXT, offer TEXT, channel TEXT, slot TEXT, "
            "propensity DOUBLE, value DOUBLE, cost DOUBLE)"
        )
        for line in ROWS.splitlines():
            con.execute(f"INSERT INTO scored VALUES ({', '.join(repr(cell) for cell in line.split(','))})")
    monkeypatch.setenv("CRM", f"duckdb:{SECRET}.duckdb")
    monkeypatch.setenv("LEDGER", f"duckdb:ledger-{SECRET}.duckdb")
    write(night, candidates="", data="ledger: '${LEDGER}'")
    text = (night / "scenario.yaml").read_text().replace("candidates.csv", "{url: '${CRM}', table: scored}")
    (night / "scenario.yaml").write_text(text)
    asked = [
        ("validate", "scenario.yaml", "--data"),
        ("validate", "scenario.yaml", "--data", "--json"),
        ("run", "scenario.yaml", "--out", "plan"),
        ("run", "scenario.yaml", "--out", "plan", "--json"),
        ("run", "scenario.yaml", "--production", "--set", "data.history_max_age=90 days"),
        ("audit", "plan"),
        ("audit", "plan", "--json"),
        ("report", "plan"),
        ("compare", "plan", "runs/bad/latest", "--html", "compare.html"),
        ("sweep", "scenario.yaml", "--vary", "constraints.budget.at_most=1,2"),
        ("explain", "plan", "--offer", "card"),
        ("explain", "plan", "--rule", "budget"),
        ("deliver", "plan", "--out", "lists"),
        ("commit", "plan"),
        ("commit", "plan", "--json"),
    ]
    for arguments in asked:
        shown = contactopt(*arguments)
        assert shown.code in (0, 5), (arguments, shown.err)
        assert clean(shown.out + shown.err), arguments
    written = [path for path in night.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
    assert {"manifest.json", "summary.json", "log.jsonl", "report.html", "compare.html"} <= {
        path.name for path in written
    }
    for path in written:
        assert SECRET.encode() not in path.read_bytes(), path
        if path.name not in HANDED_OVER and "lists" not in path.parts:
            assert ID.encode() not in path.read_bytes(), path


def test_the_canary_is_there_to_be_found(night: Path, contactopt: Call) -> None:
    write(night)
    assert contactopt("run", "scenario.yaml", "--out", "plan").code == 0
    with contextlib.chdir(night):
        assert ID.encode() in (Path("plan") / "contacts.parquet").read_bytes()
