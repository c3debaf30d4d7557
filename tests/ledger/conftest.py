"""Every test of the ledger runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.postgres import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server | None]:
    if not postgres.installed():
        yield None
        return
    with postgres.running() as started:
        yield started


@pytest.fixture(params=["duckdb", "postgres"])
def ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty ledger, as a scenario writes it."""
    if request.param == "duckdb":
        return "ledger.duckdb"
    server = request.getfixturevalue("server")
    if server is None:
        pytest.skip("there is no PostgreSQL server to start")
    server.execute("DROP TABLE IF EXISTS contactopt_contacts")
    monkeypatch.setenv("LEDGER", server.url)
    return "${LEDGER}"
