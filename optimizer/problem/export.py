"""The problem as an MPS or LP file, and as a PuLP model: the way to any other solver."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from optimizer.errors import MachineError, UnsupportedError, UsageError
from optimizer.problem.linear import Linear
from optimizer.problem.linearize import linearize
from optimizer.problem.primitives import UNLIMITED, IntArray, Shortfall
from optimizer.problem.problem import Problem


def load_pulp() -> ModuleType:
    """Import PuLP, late and after OR-Tools: PuLP loads highspy where that is installed, and the two clash.

    Raises
    ------
    MachineError
        If it cannot be loaded.
    """
    try:
        from ortools.math_opt.core.python import solver  # noqa: F401
        import pulp  # isort: skip
    except ImportError as clash:
        raise MachineError(
            f"PuLP could not be loaded beside OR-Tools: {clash}",
            fix="uninstall highspy, which cannot live in one process with OR-Tools (that carries HiGHS itself)",
        ) from clash
    module: ModuleType = pulp
    return module


def to_pulp(linear: Linear, value_decimals: int, *, minimize: bool = False) -> tuple[Any, list[Any]]:
    """Build a PuLP model.

    Candidates are called ``contact_POSITION``, auxiliary columns ``RULE_aux_POSITION``, rows ``RULE_ROW``. The
    objective is in the scenario's units, rows are in whole quanta.

    Parameters
    ----------
    minimize : bool
        Write the negative objective to be minimised, as readers of MPS files disagree on how to say *maximise*.

    Returns
    -------
    problem : pulp.LpProblem
    columns : list of pulp.LpVariable
    """
    pulp = load_pulp()
    problem = pulp.LpProblem("plan", pulp.LpMinimize if minimize else pulp.LpMaximize)
    rules = [re.sub(r"\W", "_", rule) for rule in linear.rules]
    limits = zip(linear.column_lower.tolist(), linear.column_upper.tolist(), linear.column_rule.tolist(), strict=True)
    columns = [
        problem.add_variable(f"contact_{j}" if rule < 0 else f"{rules[rule]}_aux_{j}", low, high, pulp.LpInteger)
        for j, (low, high, rule) in enumerate(limits)
    ]
    unit = Fraction(10) ** -value_decimals / linear.scale * (-1 if minimize else 1)
    priced = np.flatnonzero(linear.objective)
    gain = [float(unit * value) for value in linear.objective[priced].tolist()]
    problem += pulp.lpDot([columns[j] for j in priced], gain), "minus_objective" if minimize else "objective"
    start, column, coefficient = linear.start.tolist(), linear.column.tolist(), linear.coefficient.tolist()
    lower, upper = linear.lower.tolist(), linear.upper.tolist()
    for row, rule in enumerate(linear.rule.tolist()):
        first, last = start[row], start[row + 1]
        total = pulp.lpDot([columns[j] for j in column[first:last]], coefficient[first:last])
        name = f"{rules[rule]}_{row}"
        if lower[row] == upper[row]:
            problem += total == lower[row], name
            continue
        if upper[row] < UNLIMITED:
            problem += total <= upper[row], name
        if lower[row] > -UNLIMITED:
            problem += total >= lower[row], name + "_least"
    return problem, columns


def write_model(
    problem: Problem,
    path: Path | str,
    format: Literal["mps", "lp"] = "mps",
    least_shortfall: IntArray | None = None,
) -> None:
    """Write the problem's MIP to a file.

    An LP file maximises the objective; an MPS file minimises its negative. PuLP writes 13 significant digits: larger
    numbers are rounded to that.

    Parameters
    ----------
    path : path
    format : "mps" or "lp"
    least_shortfall : (units,) int array, optional
        As :func:`~optimizer.problem.linearize.linearize` wants it for best-effort floors.

    Raises
    ------
    UsageError
        If the format is not known.
    UnsupportedError
        If there are best-effort floors and ``least_shortfall`` is missing.
    MachineError
        If PuLP cannot be loaded or the file cannot be written.
    """
    if format not in ("mps", "lp"):
        raise UsageError(f"there is no model format {format!r}", fix="use mps or lp")
    efforts = sorted({f.rule for f in problem.floors if f.reaction is Shortfall.BEST_EFFORT})
    if efforts and least_shortfall is None:
        raise UnsupportedError(
            "a best-effort minimum takes a search of its own, which a model file cannot hold",
            where=", ".join(efforts),
            fix="give these minimums a penalty for the export",
        )
    model, _ = to_pulp(linearize(problem, least_shortfall), problem.value_decimals, minimize=format == "mps")
    try:
        if format == "mps":
            model.writeMPS(str(path))
        else:
            model.writeLP(str(path))
    except OSError as failure:
        raise MachineError(
            f"the model cannot be written: {failure}", where=str(path), fix="choose another folder"
        ) from failure
