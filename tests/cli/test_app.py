"""Around every command: help, usage, errors and exit codes."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from types import SimpleNamespace

import click
import duckdb
import pytest

from optimizer import errors
from optimizer.cli import app, options
from tests.cli.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Add a command ``fail`` that raises an error."""

    def add(error: BaseException) -> None:
        @click.command("fail")
        @options.common
        def command(as_json: bool) -> None:
            raise error

        monkeypatch.setitem(app.COMMANDS, "fail", "Fail.")
        monkeypatch.setitem(sys.modules, "optimizer.cli.fail", SimpleNamespace(command=command))

    return add


def tree(root: type[errors.OptimizerError]) -> list[type[errors.OptimizerError]]:
    return [root, *(deeper for child in root.__subclasses__() for deeper in tree(child))]


def test_help_lists_every_command_with_what_it_does(contactopt: Call) -> None:
    shown = contactopt("--help")
    assert shown.code == 0
    for name in app.COMMANDS:
        assert f"\n  {name} " in shown.out


@pytest.mark.parametrize("name", list(app.COMMANDS))
def test_every_command_explains_itself_and_takes_json(contactopt: Call, name: str) -> None:
    shown = contactopt(name, "--help")
    assert shown.code == 0
    assert "--json" in shown.out


def test_version_is_that_of_the_package(contactopt: Call) -> None:
    from optimizer import __version__

    assert contactopt("--version").out == f"contactopt {__version__}\n"


def test_no_arguments_show_the_help_as_a_usage_error(contactopt: Call) -> None:
    shown = contactopt()
    assert shown.code == 2
    assert "Commands:" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rum"], "Maybe you meant run"),
        (["run", "x.yaml", "--engin", "greedy"], "Maybe you meant --engine"),
        (["run"], "Missing argument 'SCENARIO'"),
        (["run", "x.yaml", "--gap", "narrow"], "'narrow' is not a valid float"),
        (["export", "x.yaml", "--format", "csv", "--out", "y"], "'csv' is not one of"),
    ],
)
def test_wrong_usage_is_explained_and_exits_with_2(contactopt: Call, arguments: list[str], said: str) -> None:
    shown = contactopt(*arguments)
    assert shown.code == 2
    assert said in shown.err
    assert shown.out == ""


def test_wrong_usage_is_json_too(contactopt: Call) -> None:
    shown = contactopt("rum", "--json")
    assert shown.code == 2
    assert json.loads(shown.out)["findings"][0]["maybe"] == "you meant run"
    assert shown.err == ""


@pytest.mark.parametrize("kind", tree(errors.OptimizerError), ids=lambda kind: kind.__name__)
def test_every_error_keeps_its_exit_code_as_text_and_as_json(
    contactopt: Call, failing: Callable[[BaseException], None], kind: type[errors.OptimizerError]
) -> None:
    failing(kind("the moon is full", where="sky", fix="wait"))
    text, as_json = contactopt("fail"), contactopt("fail", "--json")
    assert text.code == as_json.code == kind.exit_code
    assert "sky: the moon is full." in text.err
    assert "Maybe wait" in text.err
    assert text.out == ""
    assert json.loads(as_json.out)["exit_code"] == kind.exit_code


def test_all_findings_of_a_stage_are_listed_up_to_twenty(
    contactopt: Call, failing: Callable[[BaseException], None]
) -> None:
    failing(errors.DataError([errors.Finding("data", f"row {n}", "is wrong") for n in range(25)]))
    shown = contactopt("fail").err
    assert "row 19: is wrong" in shown
    assert "row 20" not in shown
    assert "5 more" in shown


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), 7, "/data/x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "/root/x"), 7, "Permission denied"),
        (MemoryError(), 7, "out of memory"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was published.\n  Maybe run it again"),
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), 130, "interrupted; nothing was published"),
        (RuntimeError("Query interrupted"), 130, "interrupted; nothing was published"),
        (ZeroDivisionError("division by zero"), 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_foreign_errors_get_their_place_in_the_tree(
    contactopt: Call, failing: Callable[[BaseException], None], error: BaseException, code: int, said: str
) -> None:
    failing(error)
    shown = contactopt("fail")
    assert shown.code == code
    assert said in shown.err
    assert "Traceback" not in shown.err


def test_traceback_is_shown_to_those_who_ask(contactopt: Call, failing: Callable[[BaseException], None]) -> None:
    failing(ZeroDivisionError("division by zero"))
    assert "Traceback" in contactopt("fail", "--debug").err


def test_what_is_known_about_a_clash_is_in_the_json(contactopt: Call, failing: Callable[[BaseException], None]) -> None:
    failing(errors.InfeasibleError("no plan", diagnosis={"clash": ["budget", "loan-floor"]}))
    assert json.loads(contactopt("fail", "--json").out)["diagnosis"] == {"clash": ["budget", "loan-floor"]}
