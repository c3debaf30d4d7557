"""The quickstart runs with nothing prepared, and its data is what its script makes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from optimizer.scenario import Scenario
from optimizer.solve import solve
from tests.scenarios.scripts import SCENARIOS, script

FOLDER = SCENARIOS / "quickstart"


def test_the_committed_tables_are_what_the_script_makes(tmp_path: Path) -> None:
    script("quickstart", "make_data").main(tmp_path)
    made = sorted(file.name for file in tmp_path.iterdir())
    assert len(made) == 6
    for name in made:
        if name.endswith(".csv"):
            assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
        else:  # Parquet writers of different versions write different bytes
            pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / name), pd.read_parquet(FOLDER / name))


def test_the_data_is_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.suffix in (".csv", ".parquet")) < 200_000


def test_the_readme_explains_every_rule() -> None:
    readme = (FOLDER / "README.md").read_text()
    for rule in Scenario.load(FOLDER / "scenario.yaml").rules():
        assert f"`{rule.name}`" in readme


def test_the_plan_is_worth_what_the_readme_says() -> None:
    plan = solve(Scenario.load(FOLDER / "scenario.yaml"))
    assert plan.gap <= 1e-4
    assert plan.constraints["price"].notna().all()
    assert f"| value of the plan | {plan.objective:,.0f} |" in (FOLDER / "README.md").read_text()
    full = plan.constraints[plan.constraints["name"] == "capacity"]["slack"] == 0
    assert f"{full.sum()} of the {len(full)} capacities" in (FOLDER / "README.md").read_text()
    for name, value in (("loan-minimum", 130), ("gold-cards", 60), ("insurance-desk", 150)):
        row = plan.constraints[plan.constraints["name"] == name].iloc[0]
        assert (row["used"], bool(row["binding"])) == (value, True)
