import pytest

from optimizer.errors import MachineError
from optimizer.scenario.environment import expand


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
