"""Handing over in a database: the rows of a night are whole, its next run replaces them, and rights and views stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import optimizer
from optimizer.errors import DataError, MachineError, UsageError
from optimizer.ledger import Place
from optimizer.ledger.sink import hand_over
from tests.ledger.kit import keys, week
from tests.postgres import SECRET, Server

ROOT = Path(__file__).parents[2]
FREE = "  - {name: free, at_most: 9}"


def rows(place: Place, query: str) -> list[tuple[object, ...]]:
    with place.transaction() as store:
        return sorted(store.rows(query), key=repr)


@pytest.fixture
def sink(ledger: str, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    if ledger.startswith("$"):
        server: Server = request.getfixturevalue("server")
        server.execute("DROP VIEW IF EXISTS tonight", "DROP TABLE IF EXISTS contacts")
        return Place(ledger, tmp_path)
    return Place("crm.duckdb", tmp_path)


def test_a_night_is_handed_over_whole_and_its_next_run_takes_its_place(tmp_path: Path, sink: Place) -> None:
    plan = optimizer.solve(week(tmp_path))
    done = hand_over(plan, sink, "contacts")
    assert (done.contacts, done.replaced, done.database) == (2, 0, sink.written)
    found = rows(sink, "SELECT customer, offer, CAST(slot AS TEXT), propensity, run_id, business_date FROM contacts")
    assert [tuple(map(str, row[:3])) for row in found] == keys(plan)
    assert {row[4:] for row in found} == {(plan.summary["run_id"], "2026-11-22")}
    again = optimizer.solve(week(tmp_path, rules=FREE))
    assert hand_over(again, sink, "contacts").replaced == 2
    assert len(rows(sink, "SELECT * FROM contacts")) == 4 - 1
    other = optimizer.solve(week(tmp_path, as_of="2026-11-23T18:00:00+00:00", start="2026-11-24"))
    assert hand_over(other, sink, "contacts").replaced == 0
    assert rows(sink, "SELECT DISTINCT business_date FROM contacts") == [("2026-11-22",), ("2026-11-23",)]


def test_a_table_that_lacks_a_column_is_refused_and_stays_as_it_was(tmp_path: Path, sink: Place) -> None:
    plan = optimizer.solve(week(tmp_path))
    with sink.transaction() as store:
        store.execute("CREATE TABLE contacts (scenario TEXT, business_date TEXT, run_id TEXT, customer TEXT)")
        store.execute("INSERT INTO contacts VALUES ('t', '2026-11-22', 'old', 'C9')")
    with pytest.raises(DataError, match="the table lacks offer, channel, slot"):
        hand_over(plan, sink, "contacts")
    assert rows(sink, "SELECT customer, run_id FROM contacts") == [("C9", "old")]
    with pytest.raises(UsageError, match="is no name of a table"):
        hand_over(plan, sink, "a.b.c")


def test_grants_and_views_stay_and_a_wrong_type_leaves_the_old_rows(
    tmp_path: Path, server: Server | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if server is None:
        pytest.skip("there is no PostgreSQL server to start")
    monkeypatch.setenv("CRM", server.url)
    sink, plan = Place("${CRM}", tmp_path), optimizer.solve(week(tmp_path))
    server.execute("DROP VIEW IF EXISTS tonight", "DROP TABLE IF EXISTS contacts")
    hand_over(plan, sink, "public.contacts")
    server.execute(
        "DROP ROLE IF EXISTS sender",
        "CREATE ROLE sender",
        "GRANT SELECT ON contacts TO sender",
        "CREATE VIEW tonight AS SELECT customer FROM contacts",
    )
    hand_over(plan, sink, "contacts")
    assert server.rows("SELECT count(*) FROM tonight") == [(2,)]
    assert server.rows("SELECT has_table_privilege('sender', 'contacts', 'SELECT')") == [(True,)]
    server.execute("DROP VIEW tonight", "ALTER TABLE contacts ALTER COLUMN propensity TYPE date USING NULL")
    with pytest.raises(MachineError) as refused:
        hand_over(plan, sink, "contacts")
    assert SECRET not in str(refused.value)
    assert server.rows("SELECT count(*) FROM contacts") == [(2,)]
    server.execute("DROP OWNED BY sender", "DROP ROLE sender")


def test_a_hand_over_killed_at_any_statement_leaves_the_old_rows_or_the_new(tmp_path: Path, sink: Place) -> None:
    plan = optimizer.solve(week(tmp_path))
    hand_over(plan, sink, "contacts")
    run = optimizer.solve(week(tmp_path, rules=FREE)).save(tmp_path / "run")
    script = (
        "import os, sys; from pathlib import Path; from optimizer.ledger import Place, sink, store\n"
        "from optimizer.plan.plan import Plan\n"
        "left = [int(sys.argv[4])]\n"
        "def counted(call):\n"
        "    def instead(*given):\n"
        "        left[0] -= 1\n"
        "        if not left[0]: os.kill(os.getpid(), 9)\n"
        "        return call(*given)\n"
        "    return instead\n"
        "for kind in (store.DuckDbStore, store.PostgresStore):\n"
        "    for name in ('execute', 'rows', 'stage'): setattr(kind, name, counted(getattr(kind, name)))\n"
        "sink.hand_over(Plan.load(sys.argv[1]), Place(sys.argv[2], Path(sys.argv[3])), 'contacts')\n"
    )
    for nth in (2, 5, 6, 99):
        given = [sys.executable, "-c", script, str(run), sink.written, str(tmp_path), str(nth)]
        code = subprocess.run(given, cwd=ROOT, check=False).returncode
        assert code == (0 if nth == 99 else -9)
        assert len(rows(sink, "SELECT * FROM contacts")) == (3 if code == 0 else 2), nth
