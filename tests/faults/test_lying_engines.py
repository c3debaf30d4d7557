"""An engine that lies, fails or hangs: nothing wrong is published, and it is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import Scenario, solve
from optimizer.engines.greedy import Greedy
from optimizer.engines.relay import Relay
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Reason, Request, Solution
from tests.bad_inputs.kit import Bad, fingerprint
from tests.nights import Call, interrupted

ROOT = Path(__file__).parents[2]
LOADED = 3.0
"""Seconds that a busy machine may add."""
Answer = Callable[[Problem, Solution], Solution]


class Liar:
    """An engine that finds a good plan, and answers something else."""

    name, automatic = "liar", True

    def __init__(self, answer: Answer, seconds: float = 0.0) -> None:
        self.answer, self.seconds = answer, seconds

    def supports(self, problem: Problem) -> str | None:
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        return self.seconds, 0

    def solve(self, problem: Problem, request: Request) -> Solution:
        honest = Greedy().solve(problem, request)
        return self.answer(problem, replace(honest, engine="liar"))


def saying(**values: Any) -> Answer:
    return lambda problem, honest: replace(honest, **values)


def crash(problem: Problem, honest: Solution) -> Solution:
    raise ZeroDivisionError("division by zero")


def no_plan(problem: Problem, honest: Solution) -> Solution:
    raise InfeasibleError("no plan obeys every rule")


LIES: dict[str, tuple[Answer, str]] = {
    "an infeasible plan": (
        lambda problem, honest: replace(honest, chosen=np.arange(problem.candidates), reason=Reason.OPTIMAL),
        "broken 1 time by the plan that liar gave",
    ),
    "fractions": (lambda problem, honest: replace(honest, chosen=honest.chosen * 0.5), "chose parts of contacts"),
    "NaN": (lambda problem, honest: replace(honest, chosen=np.array([np.nan])), "chose parts of contacts"),
    "a contact twice": (lambda problem, honest: replace(honest, chosen=np.repeat(honest.chosen, 2)), "a contact twice"),
    "no candidate": (lambda problem, honest: replace(honest, chosen=np.array([-1])), "chose what is no candidate"),
    "one too many": (
        lambda problem, honest: replace(honest, chosen=np.array([problem.candidates])),
        "chose what is no candidate",
    ),
    "a better objective": (
        lambda problem, honest: replace(honest, objective=honest.objective + 10**9, bound=honest.objective + 10**9),
        "claims an objective of",
    ),
    "a bound that is NaN": (saying(bound=float("nan"), bound_by="search"), "no whole numbers of quanta"),
    "a bound below its own plan": (
        lambda problem, honest: replace(honest, bound=honest.objective // 2, bound_by="search", reason=Reason.OPTIMAL),
        "claims that no plan is better than",
    ),
    "an optimum without a bound": (saying(reason=Reason.OPTIMAL, bound=None), "optimal without any bound"),
    "that there is no plan": (no_plan, "says that no plan obeys every rule, but value makes one"),
}


def ask(monkeypatch: pytest.MonkeyPatch, engine: Any) -> None:
    monkeypatch.setattr(sys.modules["optimizer.solve"], "choose", lambda problem, asked: (engine, "as asked"))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found_out_and_nothing_is_published(
    lie: str,
    night: Path,
    contactopt: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer, says = LIES[lie]
    ask(monkeypatch, Liar(answer))
    # Not in a greedy run, so that usual practice may stand beside the lie; a budget that two of the three fit.
    Bad("", 8, (), change=(("at_most: 100", "at_most: 1.5"), ("engine: greedy", "engine: auto"))).write(night)
    before = fingerprint(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--json")
    error = json.loads(shown.out)
    assert (shown.code, error["error"]) == (8, "AuditError")
    assert any(says in one["what"] for one in error["findings"]), error["findings"]
    assert all(one["maybe"] for one in error["findings"])
    assert fingerprint(night) == before


def test_an_engine_that_fails_leaves_its_place_to_the_next_and_that_is_said(
    night: Path,
    contactopt: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(monkeypatch, Relay([Liar(crash), Liar(lambda problem, honest: honest, seconds=1.0)]))
    Bad("", 5, ()).write(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--json")
    assert shown.code == 5
    assert "liar failed (ZeroDivisionError: division by zero)." in json.loads(shown.out)["detail"]


def test_an_objective_that_is_nan_gives_way_to_usual_practice_and_that_is_said(
    night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(monkeypatch, Liar(saying(objective=float("nan"))))
    Bad("", 5, (), change=(("engine: greedy", "engine: auto"),)).write(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--json")
    summary = json.loads(shown.out)
    assert (shown.code, summary["objective"]) == (5, 11.25)
    assert "The plan of usual practice, value" in summary["detail"]


def test_an_engine_that_fails_when_asked_for_by_name_gives_way_to_usual_practice_and_that_is_said(
    night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["optimizer.engines.registry"], "make_engine", lambda name: Liar(crash))
    Bad("", 5, (), change=(("engine: greedy", "engine: exact"),)).write(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--json")
    summary = json.loads(shown.out)
    assert (shown.code, summary["objective"], summary["bound"]) == (5, 11.25, None)
    assert "usual practice, value: liar failed (ZeroDivisionError: division by zero)." in summary["detail"]
    before = fingerprint(night)
    Bad("", 6, ()).write(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan")
    assert shown.code == 6
    assert "liar failed (ZeroDivisionError: division by zero)" in shown.err
    assert "Maybe report this" in shown.err
    assert fingerprint(night / "plan") == {k.removeprefix("plan/"): v for k, v in before.items() if k[:5] == "plan/"}


def hang(problem: Problem, honest: Solution) -> Solution:
    while True:  # hears neither the clock nor a wish to stop
        time.sleep(0.01)


HANGING = """
import sys
import optimizer.cli, optimizer.solve
from tests.faults.test_lying_engines import Liar, hang
sys.modules["optimizer.solve"].choose = lambda problem, asked: (Liar(hang), "as asked")
optimizer.cli.main()
"""


def hanging(*arguments: str) -> subprocess.Popen[str]:
    """Start a run, as a command of its own, whose engine hangs."""
    return subprocess.Popen(
        [sys.executable, "-c", HANGING, "run", "scenario.yaml", "--out", "plan", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_engine_that_hangs_is_left_behind_and_usual_practice_takes_its_place(night: Path) -> None:
    Bad("", 5, (), change=(("engine: greedy", "engine: auto"),)).write(night)
    with hanging("--time-limit", "1 second", "--json") as run:
        out, err = run.communicate(timeout=60)
    assert run.returncode == 5, err
    summary = json.loads(out)
    assert (summary["termination"], summary["limit"], summary["objective"]) == ("feasible", "time", 11.25)
    assert "the liar engine did not stop when its time was over, and was left behind." in summary["detail"]
    assert not summary["reproducible"]
    honest = [sys.executable, str(ROOT / "cli.py"), "run", "scenario.yaml", "--engine", "greedy", "--json"]
    usual = json.loads(subprocess.run(honest, capture_output=True, check=False).stdout)["timings"]["total"]
    assert summary["timings"]["total"] < 1 + 2 + usual  # what this machine, as busy as it is, adds to everything


def test_an_engine_that_hangs_where_usual_practice_has_no_plan_ends_the_run_with_nothing(
    night: Path, contactopt: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(monkeypatch, Liar(hang))
    Bad("", 6, ()).write(night)  # a greedy run: nothing stands in for it
    before = fingerprint(night)
    shown = contactopt("run", "scenario.yaml", "--out", "plan", "--time-limit", "0.2 seconds")
    assert shown.code == 6
    assert "did not stop when its time was over" in shown.err
    assert "Maybe report this" in shown.err
    assert fingerprint(night) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_engine_that_hangs_does_not_keep_anybody_from_stopping_the_run(night: Path, number: signal.Signals) -> None:
    Bad("", 130, (), change=(("engine: greedy", "engine: auto"),)).write(night)
    before = fingerprint(night)
    with hanging() as run:
        code, seconds = interrupted(run, number, after=0.2)
        assert run.stderr is not None
        said = run.stderr.read()
    assert code == 130
    assert seconds < 2 + LOADED
    assert "interrupted; nothing was published" in said
    assert "Maybe run it again" in said
    assert fingerprint(night) == before


def test_where_every_engine_fails_there_is_no_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = Bad("", 6, ())
    bad.write(tmp_path)
    ask(monkeypatch, Relay([Liar(crash)]))
    with pytest.raises(NoPlanError, match=r"liar failed \(ZeroDivisionError(.|\n)*Maybe report this"):
        solve(Scenario.load(tmp_path / "scenario.yaml"))
