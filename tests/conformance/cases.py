"""Random tiny scenarios of both makers, written as files: one drawn by the oracle's authors, one by the generator's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from ruamel.yaml import YAML

from optimizer.synthetic.tiny import tiny
from tests.oracle.random_cases import random_case

Rules = Literal["first", "all"]
Scenario = dict[str, Any]
Tables = dict[str, pd.DataFrame]

MAKERS: dict[str, Callable[[int, Rules], tuple[Scenario, Tables]]] = {"random": random_case, "tiny": tiny}


def write(folder: Path, scenario: Scenario, tables: Tables) -> Path:
    """Write a case as files, each table where the scenario looks for it; return the scenario's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        path = folder / scenario["data"].get(name, name)
        if path.suffix == ".parquet":
            table.to_parquet(path, index=False)
        else:
            table.to_csv(path, index=False)
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(scenario | {"solve": {"threads": 1}}, file)
    return path
