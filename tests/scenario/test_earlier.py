"""A folder of runs stands for the newest run of an earlier business date, whatever ran since."""

from __future__ import annotations

import json
from pathlib import Path

from optimizer.scenario import Scenario

TEXT = """\
version: 1
name: t
as_of: 2026-11-{day}T18:00:00+00:00
horizon: {{start: 2026-11-25, days: 2}}
objective: {{maximize: value}}
stability: {{previous: runs/t, keep: 0.9}}
"""


def night(folder: Path, day: int) -> Scenario:
    return Scenario.parse(TEXT.format(day=day), base=folder, file="t.yaml")


def published(folder: Path, run: str, day: int, name: str = "t") -> None:
    made = folder / "runs" / "t" / run
    made.mkdir(parents=True)
    (made / "manifest.json").write_text("{}")
    (made / "summary.json").write_text(json.dumps({"scenario": name, "run_id": run, "business_date": f"2026-11-{day}"}))


def previous(scenario: Scenario) -> str | None:
    found = scenario.resolved().stability
    assert found is not None
    return Path(found.previous).name if found.enabled else None


def test_it_is_the_newest_of_an_earlier_date_and_never_one_of_today(tmp_path: Path) -> None:
    for run, day in (("a", 20), ("b", 21), ("c", 21), ("d", 22), ("e", 20)):
        published(tmp_path, run, day)
    published(tmp_path, "x", 21, name="other")
    (tmp_path / "runs" / "t" / "latest").symlink_to("d")
    assert [previous(night(tmp_path, day)) for day in (20, 21, 22, 23)] == [None, "e", "c", "d"]
    settled = night(tmp_path, 22).resolved()
    published(tmp_path, "f", 21)
    assert previous(settled) == "c"


def test_on_the_first_night_nothing_is_asked_and_a_warning_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    first = night(tmp_path, 22)
    assert previous(first) is None
    (told,) = [finding for finding in first.warnings if finding.rule == "stability"]
    assert told.where == "t.yaml, line 6, column 13"
    assert told.what == "runs/t has no run of an earlier date: the plan stays close to nothing"
    published(tmp_path, "a", 21)
    assert [finding for finding in night(tmp_path, 22).warnings if finding.rule == "stability"] == []


def test_a_path_that_is_no_folder_of_runs_stays_what_it_is(tmp_path: Path) -> None:
    for path in ("no/such/run", "runs/t/20261121", "keys.csv"):
        assert previous(night(tmp_path, 22).replace({"stability.previous": path})) == Path(path).name
