import pytest

from optimizer.errors import MachineError
from optimizer.scenario.environment import expand, refuse_password, refuse_writing


def test_variables_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_USER", "me")
    assert expand("postgresql://${CRM_USER}@host/${CRM_USER}", where="data.url") == "postgresql://me@host/me"
    assert expand("plain $HOME text", where="data.url") == "plain $HOME text"


def test_missing_variables_are_named_all_at_once_without_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", "hush")
    with pytest.raises(MachineError) as refused:
        expand("x://${CRM_SECRET}@${NO_HOST_A}:${NO_PORT_B}", where="data.url")
    assert str(refused.value) == (
        "machine · data.url: not set in the environment: NO_HOST_A, NO_PORT_B.\n"
        "Maybe export NO_HOST_A, NO_PORT_B before the run"
    )
    assert refused.value.exit_code == 7


def test_a_misspelt_variable_is_told_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTOPT_CRM_URL", "x")
    with pytest.raises(MachineError, match="Maybe you meant 'CONTACTOPT_CRM_URL'"):
        expand("${CONTACTOPT_CRM_UR}", where="data.url")


@pytest.mark.parametrize(
    "query", ["SELECT 1", " (select(1))", "-- tonight\n/* all */ WITH a AS (SELECT 1) FROM a", "TABLE x"]
)
def test_a_query_that_reads_is_let_through(query: str) -> None:
    refuse_writing(query)


@pytest.mark.parametrize(
    "query", ["", "DELETE FROM x", "COPY x TO 'y'", "-- SELECT\nDROP TABLE x", "/* SELECT", "PRAGMA x", ";"]
)
def test_a_query_that_does_more_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="does more than read"):
        refuse_writing(query)


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("postgresql://me:secret@db/crm", True),
        ("postgresql://me@db/crm", False),
        ("postgresql://me:${PASSWORD}@db/crm", False),
        ("host=db password=secret", True),
        ("host=db password=${PASSWORD}", False),
        ("${CRM}", False),
        ("duckdb:crm.duckdb", False),
        ("postgresql://db:5432/crm", False),
    ],
)
def test_a_password_does_not_belong_into_a_file(address: str, refused: bool) -> None:
    if refused:
        with pytest.raises(ValueError, match="a password stands in the file"):
            refuse_password(address)
    else:
        assert refuse_password(address) == address
