"""What a comparison says, as plain data: the terminal, the JSON and the page draw the same blocks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from optimizer.analysis.compare import verdict
from optimizer.analysis.score_error import score_error
from optimizer.report import blocks
from optimizer.report.blocks import GROUPS_LISTED, SENSES, Block, number
from optimizer.report.numbers import group_words
from optimizer.report.since import since

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.analysis.compare import Comparison

SUMMARISED = (
    "objective",
    "bound",
    "gap",
    "value",
    "penalties",
    "contacts",
    "customers_contacted",
    "customers",
    "eligible",
)
MATRICES = ("channel", "offer")
WIDEST = 24
"""Values of a column up to which its migration matrix is drawn."""


def comparison_blocks(found: Comparison) -> Block:
    """Return everything that a comparison says."""
    return {
        "minimising": found.plans[0].prices["sense"] == "minimize",
        "incomparable": found.incomparable,
        "runs": runs(found),
        "baselines": baselines(found),
        "changes": changed(found),
        "effects": effects(found),
        "rules": rules(found),
        "policies": policies(found),
        "by": list(found.by),
        "margins": margins(found),
        "cells": cells(found),
        "moves": moved(found),
        "since": _since(found),
    }


def runs(found: Comparison) -> list[Block]:
    """Return each run's figures, and its difference to the first."""
    rows = []
    for i, (letter, label, plan) in enumerate(zip(found.letters, found.labels, found.plans, strict=True)):
        row: Block = {"run": letter, "label": label, "scenario": plan.scenario.name, "run_id": plan.summary["run_id"]}
        row |= {"termination": plan.termination.reason, "engine": plan.summary["engine"]}
        row |= {key: number(plan.summary[key]) for key in SUMMARISED}
        difference = found.differences[i - 1] if i else None
        row["difference"] = None if difference is None else asdict(difference)
        row["verdict"] = verdict(difference, found.plans[0]) if i else None
        row["scores"] = score_error(plan.scores, found.plans[0].scores) if i else None
        rows.append(row)
    return rows


def baselines(found: Comparison) -> list[Block]:
    """Return what usual practice reaches in each run."""
    each = [plan.summary.get("baselines") or {} for plan in found.plans]
    names = dict.fromkeys(name for one in each for name in one)
    return [{"name": n.replace("_", " "), "objectives": [number(one.get(n)) for one in each]} for n in names]


def changed(found: Comparison) -> list[Block]:
    """Return in what each scenario, and the tables that it read, differ from the first run's."""
    named = zip(found.letters[1:], found.changes, found.changed_inputs, strict=True)
    return [{"run": run, "changes": [asdict(c) for c in made], "inputs": list(inputs)} for run, made, inputs in named]


def effects(found: Comparison) -> list[Block] | None:
    """Return what each changed part does to the objective: alone, and after all others."""
    if found.effects is None:
        return None
    named = zip(found.letters[1:], found.effects, strict=True)
    return [{"run": run, "effects": [asdict(effect) for effect in made]} for run, made in named]


def rules(found: Comparison) -> list[Block]:
    """Return each constraint: its use, limit and prices in every run, and the groups that differ most."""
    each = [{(rule["name"], rule["sense"]): rule for rule in blocks.rules(plan)} for plan in found.plans]
    lines = _lines(found)
    rows = []
    for key in dict.fromkeys(key for one in each for key in one):
        mine = lines[key]
        rows.append(
            {
                "name": key[0],
                "sense": key[1],
                "groups": len(mine),
                "cells": [_without_lines(one.get(key)) for one in each],
                "lines": mine[:GROUPS_LISTED] if len(mine) > 1 else [],
                "hidden": max(0, len(mine) - GROUPS_LISTED),
            }
        )
    return rows


def _without_lines(rule: Block | None) -> Block | None:
    kept = ("groups", "full", "used", "limit", "share", "price_low", "price_high", "penalty", "report_only")
    return None if rule is None else {key: number(rule[key]) for key in kept}


def _lines(found: Comparison) -> dict[tuple[str, str], list[Block]]:
    """Return the groups of each constraint, those first whose prices, then use, differ most."""
    lines: dict[tuple[str, str], list[Block]] = {}
    for row in _records(found.constraints):
        cells = [
            {key: number(row[f"{key} {letter}"]) for key in ("limit", "used", "price")} for letter in found.letters
        ]
        sense = SENSES.get(row["sense"], row["sense"])
        lines.setdefault((row["name"], sense), []).append({"group": group_words(row["group"]), "cells": cells})
    for mine in lines.values():
        mine.sort(key=lambda line: (-_spread(line["cells"], "price"), -_spread(line["cells"], "used"), line["group"]))
    return lines


def _spread(cells: list[Block], key: str) -> float:
    values = [float(cell[key] or 0) for cell in cells]
    return max(values) - min(values)


def policies(found: Comparison) -> list[Block]:
    """Return what each contact policy refuses in every run."""
    return [
        {
            "name": row["name"],
            "cells": [
                {key: number(row[f"{key} {letter}"]) for key in ("refused", "value_lost")} for letter in found.letters
            ],
        }
        for row in _records(found.policies)
    ]


def cells(found: Comparison) -> list[Block]:
    """Return contacts and their value for each combination of the columns that are counted by."""
    return [
        {
            "values": [row[column] for column in found.by],
            "contacts": [int(row[f"contacts {letter}"]) for letter in found.letters],
            "value": [float(row[f"value {letter}"]) for letter in found.letters],
        }
        for row in (_records(found.contacts) if found.by else [])
    ]


def margins(found: Comparison) -> list[Block]:
    """Return contacts by each column alone."""
    every = cells(found)
    out = []
    for i, column in enumerate(found.by):
        totals: dict[str, list[int]] = {}
        for cell in every:
            total = totals.setdefault(cell["values"][i], [0] * len(found.plans))
            totals[cell["values"][i]] = [a + b for a, b in zip(total, cell["contacts"], strict=True)]
        rows = [{"value": value, "contacts": contacts} for value, contacts in sorted(totals.items())]
        out.append({"column": column, "rows": rows})
    return out


def moved(found: Comparison) -> list[Block]:
    """Return what became of the first run's contacts and customers in every other run."""
    out = []
    for letter, moves in zip(found.letters[1:], found.moves, strict=True):
        matrices = {column: _matrix(moves.matrix(column)) for column in MATRICES}
        out.append(
            {
                "run": letter,
                "totals": moves.totals(),
                "customers": moves.customers(),
                "matrices": {column: matrix for column, matrix in matrices.items() if matrix},
            }
        )
    return out


def _since(found: Comparison) -> list[Block]:
    """Return, of each run that was held against the first one when it was made, what it found: days over, and why."""
    first = found.plans[0].summary["run_id"]
    after = zip(found.letters[1:], found.plans[1:], strict=True)
    return [
        {"run": letter, "since": since(plan)}
        for letter, plan in after
        if plan.since is not None and plan.since["run_id"] == first
    ]


def _matrix(rows: list[Block]) -> Block | None:
    """Lay contacts out by what they were (rows) and what they are (columns); None when there is nothing to see."""
    sides: list[list[str | None]] = [
        sorted({row[side] for row in rows}, key=lambda v: (v is None, v or "")) for side in ("before", "after")
    ]
    if max(map(len, sides)) > WIDEST or all(row["before"] == row["after"] == "" for row in rows):
        return None
    count = {(row["before"], row["after"]): row["contacts"] for row in rows}
    return {
        "rows": sides[0],
        "columns": sides[1],
        "cells": [[count.get((before, after), 0) for after in sides[1]] for before in sides[0]],
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
