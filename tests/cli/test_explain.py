"""``contactopt explain``: what a planner sees."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(contactopt, coffee: Path) -> Path:
    contactopt("run", coffee, "--out", coffee.parent / "plan")
    return coffee.parent / "plan"


def some_customer(run: Path) -> str:
    import pandas as pd

    return str(pd.read_parquet(run / "contacts.parquet")["customer"].iloc[0])


def test_a_customer_s_candidates_are_shown_with_what_stands_against_them(contactopt, run: Path) -> None:
    shown = contactopt("explain", run, "--customer", some_customer(run))
    assert shown.code == 0
    assert "chosen" in shown.out
    assert "gets" in shown.out.strip().splitlines()[0]


def test_json_is_the_whole_answer(contactopt, run: Path) -> None:
    customer = some_customer(run)
    said = json.loads(contactopt("explain", run, "--customer", customer, "--json").out)
    assert said["customer"] == customer
    assert {"key", "fate", "contribution", "charges", "margin", "refusals", "swap"} <= set(said["candidates"][0])


def test_offers_and_rules_are_asked_about_alone(contactopt, run: Path) -> None:
    offer = json.loads(contactopt("explain", run, "--customer", some_customer(run), "--json").out)["candidates"][0]
    assert "eligible" in contactopt("explain", run, "--offer", offer["key"]["offer"]).out
    assert "budget" in contactopt("explain", run, "--rule", "budget").out
    whole = json.loads(contactopt("explain", run, "--rule", "budget", "--without", "--json").out)
    assert whole["whole"]["objective"] > 0


@pytest.mark.parametrize(
    "asked",
    [(), ("--customer", "c", "--rule", "r"), ("--customer", "c", "--without")],
    ids=["nothing", "two things", "without what"],
)
def test_a_question_that_is_none_says_which_there_are(contactopt, asked: tuple[str, ...]) -> None:
    refused = contactopt("explain", "run", *asked)
    assert (refused.code, refused.out) == (2, "")
    assert "--customer ID" in refused.err


def test_a_customer_is_answered_without_pandas_whose_import_takes_longer_than_the_answer(run: Path) -> None:
    asked = f"['explain', {str(run)!r}, '--customer', {some_customer(run)!r}]"
    code = f"import sys; from optimizer.cli import main\ntry: main({asked})\nfinally: print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
