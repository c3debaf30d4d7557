"""``contactopt deliver``: stdout is the folder, or with ``--json`` the list of its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.cli.conftest import Outcome


def test_the_lists_lie_beside_the_run(coffee: Path, tmp_path: Path, contactopt: Callable[..., Outcome]) -> None:
    run = tmp_path / "plan"
    contactopt("run", coffee, "--out", run)
    done = contactopt("deliver", run)
    assert (done.code, done.out.strip()) == (0, str(tmp_path / "plan-delivery"))
    listed = json.loads(contactopt("deliver", run, "--by", "channel", "--json").out)
    counts = pd.read_parquet(run / "contacts.parquet")["channel"].value_counts()
    assert {one["values"]["channel"]: one["contacts"] for one in listed["files"]} == counts.to_dict()
    wrong = contactopt("deliver", run, "--by", "chanel")
    assert (wrong.code, wrong.out) == (2, "")
    assert "you meant 'channel'" in wrong.err
