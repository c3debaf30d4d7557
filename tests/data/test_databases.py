"""Tables from databases: a real PostgreSQL and a DuckDB file, each read in one snapshot, and never its password."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import optimizer
from optimizer.data import databases, open_tables
from optimizer.errors import DataError, MachineError, OptimizerError, ScenarioError
from optimizer.scenario import Scenario
from tests import postgres
from tests.data.kit import CANDIDATES, HEAD, opened, rows, write
from tests.postgres import SECRET, Server

pytestmark = pytest.mark.skipif(not postgres.installed(), reason="there is no PostgreSQL server to start")

FILL = """
    CREATE TABLE {name} AS SELECT * FROM (VALUES
        ('C1', 'card', 'email', DATE '2026-11-23', 0.5::float8, 10::numeric(10,2), 1),
        ('C1', 'loan', 'sms', DATE '2026-11-24', 0.25, 20, 2),
        ('C2', 'card', 'email', DATE '2026-11-23', 0.125, 10, 1)
    ) AS t (customer, offer, channel, slot, propensity, value, cost)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.running() as started:
        started.execute(FILL.format(name="scored"), "CREATE SCHEMA crm", FILL.format(name="crm.scored"))
        yield started


@pytest.fixture
def crm(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("CRM", server.url)
    return server


def scenario(folder: Path, data: str, rules: str = "") -> Scenario:
    text = HEAD.format(data=data, objective="propensity * value - cost", zone="UTC") + rules
    return Scenario.parse(text, base=folder, file="t.yaml")


@pytest.mark.parametrize("what", ["table: scored", "table: crm.scored", "query: SELECT * FROM scored WHERE cost < 9"])
def test_a_table_or_query_of_postgresql_is_read_like_a_file(crm: Server, tmp_path: Path, what: str) -> None:
    write(tmp_path, candidates=CANDIDATES.replace("0.5\n", "2\n"))
    expected = rows(opened(tmp_path), "candidates", "customer, offer, propensity, value, CAST(cost AS DOUBLE)")
    found = open_tables(scenario(tmp_path, f"{{candidates: {{url: '${{CRM}}', {what}}}}}"))
    assert rows(found, "candidates", "customer, offer, propensity, value, CAST(cost AS DOUBLE)") == expected


def test_exact_numbers_of_postgresql_are_numbers(crm: Server, tmp_path: Path) -> None:
    tables = open_tables(scenario(tmp_path, "{candidates: {url: '${CRM}', table: scored}}"))
    assert tables.columns["candidates"]["value"] == "DOUBLE"


def test_all_tables_of_an_address_are_read_in_one_snapshot(
    crm: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.execute(
        "CREATE TABLE tonight AS SELECT * FROM scored",
        "CREATE TABLE sent (customer text, offer text, channel text, at date)",
    )
    load = databases._load

    def meanwhile(*given: object) -> object:
        found = load(*given)  # type: ignore[arg-type]
        other = threading.Thread(
            target=crm.execute,
            args=("INSERT INTO sent VALUES ('C1', 'card', 'email', '2026-11-20')", "DELETE FROM tonight"),
        )
        other.start()
        other.join()
        return found

    monkeypatch.setattr(databases, "_load", meanwhile)
    tables = open_tables(
        scenario(tmp_path, "{candidates: {url: '${CRM}', table: tonight}, history: {url: '${CRM}', table: sent}}")
    )
    assert len(rows(tables, "candidates")) == 3
    assert rows(tables, "history") == []


def test_a_database_is_never_written_to(crm: Server, tmp_path: Path) -> None:
    text = "{candidates: {url: '${CRM}', query: 'WITH gone AS (DELETE FROM scored RETURNING *) SELECT * FROM gone'}}"
    with pytest.raises(DataError, match="refuses the query: cannot execute SELECT in a read-only transaction"):
        open_tables(scenario(tmp_path, text))
    assert crm.rows("SELECT count(*) FROM scored") == [(3,)]


def test_the_whole_run_leaves_no_trace_of_the_password(crm: Server, tmp_path: Path) -> None:
    written = scenario(tmp_path, "{candidates: {url: '${CRM}', table: scored}}")
    plan = optimizer.solve(written)
    plan.save(tmp_path / "run")
    inputs = json.loads((tmp_path / "run" / "manifest.json").read_text())["inputs"]
    assert inputs[0]["path"] == "${CRM} · scored"
    for file in (tmp_path / "run").iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
    assert optimizer.audit(tmp_path / "run").ok


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://planner:{secret}x@127.0.0.1:{port}/postgres", "password authentication failed"),
        ("postgresql://planner:{secret}@127.0.0.1:1/postgres", "connection refused"),
        ("postgresql://planner:{secret}@127.0.0.1:{port}/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    crm: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    monkeypatch.setenv("CRM", address.format(secret=SECRET, port=crm.port))
    with pytest.raises(MachineError, match=says) as caught:
        open_tables(scenario(tmp_path, "{candidates: {url: '${CRM}', table: scored}}"))
    assert "${CRM}" in str(caught.value)
    assert SECRET not in str(caught.value) + repr(caught.value.__context__ and caught.value.__suppress_context__)
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ("{url: '${CRM}', table: score}", DataError, 'refuses the table: relation "score" does not exist'),
        ("{url: '${CRM}', query: 'SELECT 1 AS id'}", DataError, "there is no column 'customer'"),
        ("{url: '${CRN}', table: scored}", MachineError, "data.candidates.url: not set in the environment: CRN"),
        ("{url: 'mysql://x', table: scored}", ScenarioError, "this kind of database is not known"),
        ("{url: 'duckdb:nowhere.duckdb', table: x}", MachineError, "cannot be opened"),
    ],
)
def test_what_a_database_refuses_is_told(
    crm: Server, tmp_path: Path, data: str, error: type[OptimizerError], says: str
) -> None:
    with pytest.raises(error, match=says):
        open_tables(scenario(tmp_path, f"{{candidates: {data}}}"))


def test_a_database_that_goes_away_in_mid_read_gives_no_half_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.running() as server:
        rows_of = "SELECT i::text AS customer, repeat('o', 1000) AS offer FROM generate_series(1, 300000) i"
        server.execute(f"CREATE TABLE many AS {rows_of}")
        monkeypatch.setenv("CRM", server.url)
        plain = databases._plain
        seen = 0

        def until_it_dies(batch: object) -> object:
            nonlocal seen
            seen += 1
            if seen == 3:
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
                server.kill()
            return plain(batch)  # type: ignore[arg-type]

        monkeypatch.setattr(databases, "_plain", until_it_dies)
        with pytest.raises(MachineError, match="went away while it was read"):
            open_tables(scenario(tmp_path, "{candidates: {url: '${CRM}', table: many}}"))
    assert seen >= 3


def test_a_duckdb_file_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as database:
        database.execute(f"CREATE TABLE scored AS FROM read_csv('{tmp_path / 'candidates.csv'}')")
    before = (tmp_path / "crm.duckdb").read_bytes()
    found = open_tables(scenario(tmp_path, "{candidates: {url: 'duckdb:crm.duckdb', table: scored}}"))
    assert rows(found, "candidates", "customer, offer, propensity, value, cost") == rows(
        opened(tmp_path), "candidates", "customer, offer, propensity, value, cost"
    )
    assert (tmp_path / "crm.duckdb").read_bytes() == before


@pytest.mark.parametrize("kind", ["csv", "parquet", "postgres"])
def test_columns_may_be_called_otherwise_in_the_source(crm: Server, tmp_path: Path, kind: str) -> None:
    write(tmp_path, candidates=CANDIDATES.replace("0.5\n", "2\n"))
    expected = rows(opened(tmp_path), "candidates", "customer, offer, CAST(cost AS DOUBLE), value")
    theirs = 'SELECT customer AS "CustomerID", offer, channel, slot, propensity, value, cost AS price FROM'
    if kind == "csv":
        text = (tmp_path / "candidates.csv").read_text()
        source = "path: other.csv"
        (tmp_path / "other.csv").write_text(text.replace("customer", "CustomerID").replace("cost", "price"))
    elif kind == "parquet":
        source = "path: other.parquet"
        duckdb.sql(f"COPY ({theirs} '{tmp_path / 'candidates.csv'}') TO '{tmp_path / 'other.parquet'}'")
    else:
        source = f"url: '${{CRM}}', query: '{theirs} scored'"
    named = "columns: {customer: CustomerID, cost: price}"
    found = open_tables(scenario(tmp_path, f"{{candidates: {{{source}, {named}}}}}"))
    assert rows(found, "candidates", "customer, offer, CAST(cost AS DOUBLE), value") == expected


def test_names_that_do_not_fit_the_source_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, other=CANDIDATES.replace("customer", "CustomerID"))
    named = "columns: {customer: CustomerId, value: cost}"
    with pytest.raises(DataError) as caught:
        open_tables(scenario(tmp_path, f"{{candidates: {{path: other.csv, {named}}}}}"))
    assert "no column 'CustomerId' to call 'customer'" in str(caught.value)
    assert "'CustomerID' is meant" in str(caught.value)
    assert "'cost' cannot be called 'value': it has such a column too" in str(caught.value)
