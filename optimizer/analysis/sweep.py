"""A scenario solved again and again with some values changed: one value is a curve, two are a grid."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optimizer.analysis.certainty import Certificate
from optimizer.analysis.curve import Marginal, knees, marginals
from optimizer.analysis.points import Bench, Point, without_plan
from optimizer.errors import OptimizerError, UsageError
from optimizer.plan.cards import card
from optimizer.plan.progress import Observer, Silent
from optimizer.problem.solution import Progress
from optimizer.scenario import Scenario
from optimizer.solve import with_settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """What a scenario reaches with some of its values changed.

    Attributes
    ----------
    scenario : Scenario
        As it was given.
    values : mapping of path to tuple
        What was varied, and through which values.
    solved : tuple of Point
        One for each combination, in the order of the values; those not reached before an interruption are missing.
    seconds : float
        Reading and compiling included.
    """

    scenario: Scenario
    values: Mapping[str, tuple[Any, ...]]
    solved: tuple[Point, ...]
    seconds: float

    @property
    def paths(self) -> tuple[str, ...]:
        """What was varied."""
        return tuple(self.values)

    @property
    def complete(self) -> bool:
        """Whether every point was solved."""
        wanted = 1
        for values in self.values.values():
            wanted *= len(values)
        return len(self.solved) == wanted

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row per point: the varied values, ``status``, objective, bound, gap, contacts, prices, by, reason."""
        import pandas as pd

        rows = []
        for point in self.solved:
            row: dict[str, Any] = {p: _plain(v) for p, v in zip(self.paths, point.values, strict=True)}
            row |= {key: getattr(point, key) for key in ("status", "objective", "bound", "gap", "contacts")}
            prices = zip(self.paths, point.prices, strict=True)
            row |= {f"price {path}" if len(self.paths) > 1 else "price": price for path, price in prices}
            rows.append(row | {"by": point.by, "reason": point.reason, "seconds": point.seconds})
        return pd.DataFrame(rows)

    @cached_property
    def line(self) -> tuple[tuple[float, ...], tuple[Point, ...]]:
        """The points that have a plan, by ascending value; empty unless a single number was varied."""
        if len(self.paths) != 1 or not all(map(is_number, self.values[self.paths[0]])):
            return (), ()
        found = sorted((p for p in self.solved if p.objective is not None), key=lambda p: p.values[0])
        return tuple(float(p.values[0]) for p in found), tuple(found)

    @cached_property
    def marginals(self) -> tuple[Marginal, ...]:
        """What one more unit brings between neighbouring points of the curve."""
        at, points = self.line
        return marginals(at, [Certificate(p.objective or 0.0, p.bound) for p in points])

    @cached_property
    def knees(self) -> tuple[Point, ...]:
        """The points at which the curve bends."""
        at, points = self.line
        return tuple(points[i] for i in knees(at, [p.objective or 0.0 for p in points]))

    def __repr__(self) -> str:
        done = sum(point.objective is not None for point in self.solved)
        varied = " × ".join(f"{path} ({len(values)} values)" for path, values in self.values.items())
        return f"Sweep of {self.scenario.name}: {varied}\n  {done} of {len(self.solved)} points have a plan"

    def _repr_html_(self) -> str:
        first, *rest = repr(self).split("\n")
        return card(first, rest) + self.points.to_html(index=False, na_rep="")


def is_number(value: Any) -> bool:
    """Say whether a value can stand on an axis."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def sweep(
    scenario: Scenario,
    values: Mapping[str, Sequence[Any]],
    *,
    engine: str | None = None,
    gap: float | None = None,
    time_limit: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    observer: Observer | None = None,
    **frames: Any,
) -> Sweep:
    """Solve a scenario with some of its values changed.

    The tables are read once and compiled once where only limits change; every point starts from the prices of its
    neighbour. Numbers are solved from both ends to the middles: where plans and prices of solved points already prove
    a plan of another to be within the asked gap, that one is not solved (``by`` says which). Plans are checked against
    the compiled rules; what ``solve`` adds, the audit from the raw tables and the baselines, is for the plan that is
    chosen in the end.

    Parameters
    ----------
    scenario : Scenario
    values : mapping of path to sequence
        One path, or two for a grid: ``{"constraints.budget.at_most": [80e3, 100e3, 120e3]}``.
    engine, gap, time_limit, seed, threads : optional
        As for :func:`optimizer.solve`, for each point.
    observer : Observer, optional
        Is told about progress and may stop: what was solved until then is kept.
    **frames : frame
        ``candidates=…`` and so on, as for :func:`optimizer.solve`.

    Returns
    -------
    Sweep

    Raises
    ------
    UsageError
        No path or more than two, or a path without values.
    OptimizerError
        The scenario, at any of its points, or its data.

    Examples
    --------
    With the scenario and the messages of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> swept = opt.sweep(scenario, {"constraints.stock.at_most": [0, 1, 2]}, candidates=messages)
    >>> swept.points["objective"].tolist()
    [4.0, 7.0, 9.0]
    """
    if not 1 <= len(values) <= 2 or not all(len(v) for v in values.values()):
        raise UsageError(
            "one or two values can be varied, each through at least one", where="sweep", fix="vary one path at a time"
        )
    began, observer = time.monotonic(), observer or Silent()
    settings = {"engine": engine, "gap": gap, "time_limit": time_limit, "seed": seed, "threads": threads}
    given = with_settings(scenario, settings).resolved()
    axes = {path: tuple(dict.fromkeys(v)) for path, v in values.items()}
    wanted = [(point, given.replace(dict(zip(axes, point, strict=True)))) for point in _along(*axes.values())]
    bench = Bench(wanted[0][1], frames, observer)
    solved: dict[tuple[Any, ...], Point] = {}
    observer.stage("solve")
    try:
        for number, (point, changed) in enumerate(wanted, 1):
            told = _Told(observer, f"point {number} of {len(wanted)}")
            try:
                found = bench.solve(point, changed, tuple(axes), told)
            except OptimizerError as error:
                if not solved:
                    raise
                found = without_plan(point, "error", error.findings[0].what, 0.0)
            if observer.stopped():
                break
            solved[point] = found
    except KeyboardInterrupt:
        if not solved:
            raise
    order = [point for point in itertools.product(*axes.values()) if point in solved]
    return Sweep(scenario, axes, tuple(solved[p] for p in order), round(time.monotonic() - began, 3))


def _along(*axes: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield all combinations, so that what is solved first tells most of the others.

    Numbers go from both ends to the middles of what lies between: where two solved points prove one between them good
    enough, nothing is solved there. Other values go in their order, every second row backwards.
    """
    orders = [tuple(halved(sorted(axis))) if all(map(is_number, axis)) else axis for axis in axes]
    if len(orders) == 1:
        yield from ((value,) for value in orders[0])
        return
    for i, value in enumerate(orders[0]):
        yield from ((value, other) for other in (orders[1][::-1] if i % 2 else orders[1]))


def halved(values: Sequence[Any]) -> list[Any]:
    """Return ascending values from both ends to the middles: 1 5 3 2 4 of 1 2 3 4 5."""
    found = [*values[:1], *values[1:][-1:]]
    spans = [(0, len(values) - 1)]
    while spans:
        first, last = spans.pop(0)
        if last - first > 1:
            middle = (first + last) // 2
            found.append(values[middle])
            spans += [(first, middle), (middle, last)]
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    """Passes an engine's signs of life on, with the point that it is at."""

    observer: Observer
    where: str

    def __call__(self, progress: Progress) -> None:
        self.observer.progress(replace(progress, step=f"{self.where}, {progress.step}"))
