"""Two to ten plans side by side: what they reach and prove, what their rules use, who hears what, why they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.analysis.attribution import Effect, attribute, certificate
from optimizer.analysis.certainty import Difference, difference
from optimizer.analysis.changes import Change, changes
from optimizer.analysis.moves import Moves, moves
from optimizer.analysis.tallies import Tally, tally, usual
from optimizer.errors import UsageError
from optimizer.plan.cards import card
from optimizer.plan.plan import Plan
from optimizer.plan.progress import Observer

if TYPE_CHECKING:
    import pandas as pd

FEWEST, MOST = 2, 10
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Plans side by side; differences are to the first.

    Attributes
    ----------
    plans : tuple of Plan
    labels : tuple of str
        What the runs are called: their folders, or the names of their scenarios.
    by : tuple of str
        Columns that contacts are counted by.
    effects : tuple of tuple of Effect, optional
        For every plan after the first, what each changed rule does; None when not asked for.
    """

    plans: tuple[Plan, ...]
    labels: tuple[str, ...]
    by: tuple[str, ...]
    effects: tuple[tuple[Effect, ...], ...] | None = None

    @property
    def letters(self) -> tuple[str, ...]:
        """A, B, C, …: what the plans are called in tables."""
        return tuple(LETTERS[: len(self.plans)])

    @property
    def incomparable(self) -> str | None:
        """Why the objectives cannot be held against each other, if so."""
        stated = {(p.prices["sense"], str(p.scenario.objective.expression)) for p in self.plans}
        if len(stated) == 1:
            return None
        return "the objectives differ: " + "; ".join(sorted(f"{sense} {text}" for sense, text in stated))

    @cached_property
    def differences(self) -> tuple[Difference | None, ...]:
        """How each plan after the first differs from it in value; None where the objectives are not the same sum."""
        first, *others = map(certificate, self.plans)
        return tuple(None if self.incomparable else difference(first, other) for other in others)

    @cached_property
    def changes(self) -> tuple[tuple[Change, ...], ...]:
        """In what the scenario of each plan after the first differs from the first's."""
        first, *others = (plan.scenario for plan in self.plans)
        return tuple(changes(first, other) for other in others)

    @cached_property
    def changed_inputs(self) -> tuple[tuple[str, ...], ...]:
        """The tables in which each plan after the first read something else than the first."""
        first, *others = (_tables(plan) for plan in self.plans)
        return tuple(tuple(t for t in dict.fromkeys((*first, *o)) if first.get(t) != o.get(t)) for o in others)

    @cached_property
    def moves(self) -> tuple[Moves, ...]:
        """What became of the first plan's contacts in each of the others."""
        first, *others = (plan.table for plan in self.plans)
        return tuple(moves(first, other) for other in others)

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        """Contacts and contribution of each plan by :attr:`by`."""
        return tuple(tally(plan, self.by) if self.by else {} for plan in self.plans)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per plan: objective, bound, gap, and how it differs from the first."""
        import pandas as pd

        keys = ("objective", "bound", "gap", "value", "penalties", "contacts", "customers_contacted", "eligible")
        rows = []
        for letter, label, plan, found in zip(
            self.letters, self.labels, self.plans, (None, *self.differences), strict=True
        ):
            row: dict[str, Any] = {"run": letter, "label": label, "termination": plan.termination.reason}
            row |= {key: plan.summary[key] for key in keys}
            if found is not None:
                row |= {"difference": found.objective, "low": found.low, "high": found.high, "proven": found.proven}
            rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def constraints(self) -> pd.DataFrame:
        """One row per constraint, group and sense: ``limit``, ``used`` and ``price`` of every plan."""
        columns = ["limit", "used", "price"]
        return self._beside([plan.constraints for plan in self.plans], ["name", "group", "sense"], columns)

    @cached_property
    def policies(self) -> pd.DataFrame:
        """One row per contact policy: ``refused`` and ``value_lost`` in every plan."""
        return self._beside([plan.policies for plan in self.plans], ["name"], ["refused", "value_lost"])

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """One row per combination of :attr:`by`: ``contacts`` and ``value`` of every plan."""
        import pandas as pd

        frames = [
            pd.DataFrame([(*key, *cell) for key, cell in found.items()], columns=[*self.by, "contacts", "value"])
            for found in self.tallies
        ]
        found = self._beside(frames, list(self.by), ["contacts", "value"]).fillna(0)
        return found.sort_values(list(self.by), ignore_index=True) if self.by else found

    def _beside(self, frames: Sequence[pd.DataFrame], keys: list[str], columns: list[str]) -> pd.DataFrame:
        """Join frames on keys, in the order in which keys first occur; columns get the plan's letter."""
        out: Any = None
        for letter, frame in zip(self.letters, frames, strict=True):
            mine = frame[[*keys, *columns]].rename(columns={c: f"{c} {letter}" for c in columns})
            out = mine if out is None else out.merge(mine, how="outer", on=keys, sort=False)
        order = {row: i for i, row in enumerate(r for f in frames for r in f[keys].itertuples(index=False, name=None))}
        place = [order[row] for row in out[keys].itertuples(index=False, name=None)]
        found: pd.DataFrame = out.iloc[sorted(range(len(out)), key=place.__getitem__)].reset_index(drop=True)
        return found

    def words(self) -> tuple[str, ...]:
        """Say, for every plan after the first, whether it is better, and whether that is proven."""
        return tuple(
            f"{letter} against A: {verdict(found, self.plans[0])}"
            for letter, found in zip(self.letters[1:], self.differences, strict=True)
        )

    def __repr__(self) -> str:
        return "\n".join((f"Comparison of {', '.join(self.labels)}", *(f"  {line}" for line in self.words())))

    def _repr_html_(self) -> str:
        return card(f"Comparison of {', '.join(self.labels)}", self.words()) + self.runs.to_html(index=False, na_rep="")


def verdict(found: Difference | None, plan: Plan) -> str:
    """Say a difference in one sentence; better is what the plan's sense calls better."""
    if found is None:
        return "the objectives are different sums, so they are not compared."
    minimising = plan.prices["sense"] == "minimize"
    better = (found.objective < 0) == minimising
    plain = f"{abs(found.objective):,.2f} {'better' if better else 'worse'}"
    if found.room is None or found.low is None or found.high is None:
        return f"{plain}, but nothing is proven: a bound is missing."
    if found.proven:
        ends = dict.fromkeys(f"{end:,.2f}" for end in sorted((abs(found.low), abs(found.high))))
        return f"{plain}, and that is proven: the best possible differs by {' to '.join(ends)}."
    if found.objective == 0:
        return "the same value."
    return f"no difference proven: the plans differ by {found.objective:+,.2f}, the gaps add up to {found.room:,.2f}."


def _tables(plan: Plan) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in plan.inputs:
        found[one["table"]] = (*found.get(one["table"], ()), one["sha256"])
    return found


def compare(
    runs: Sequence[Plan | str | Path],
    *,
    by: Sequence[str] | None = None,
    attribution: bool = False,
    observer: Observer | None = None,
) -> Comparison:
    """Put plans side by side.

    Parameters
    ----------
    runs : sequence of Plan or path
        Two to ten plans, or the run folders they were saved to. Differences are to the first.
    by : sequence of str, optional
        Columns to count contacts by: of the contacts, or of the tables that the scenarios name (``segment``,
        ``offers.family``). Default: offer, channel, and the customers' segment where there is one.
    attribution : bool
        Solve again with each changed rule alone, and with all but it, to say which makes how much of the difference.
    observer : Observer, optional
        Is told which part is being solved.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        Fewer than two runs or more than ten, or an unknown column.
    DataError
        A folder that holds no run.

    Examples
    --------
    With the scenario and the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> more = opt.solve(scenario.replace({"constraints.stock.at_most": 2}), candidates=messages)
    >>> compared = opt.compare([plan, more])
    >>> compared
    Comparison of tea, tea
      B against A: 2.00 better, and that is proven: the best possible differs by 2.00.
    >>> compared.runs["objective"].tolist()
    [7.0, 9.0]
    """
    if not FEWEST <= len(runs) <= MOST:
        raise UsageError(
            f"{len(runs)} runs: two to ten can be compared", where="compare", fix="name two run folders, or more"
        )
    plans = tuple(run if isinstance(run, Plan) else Plan.load(run) for run in runs)
    labels = tuple(run.scenario.name if isinstance(run, Plan) else Path(run).name for run in runs)
    found = Comparison(plans, labels, tuple(usual(plans) if by is None else by))
    if by is not None:
        _ = found.tallies  # so that an unknown column is told at once
    if not attribution:
        return found
    if found.incomparable:
        raise UsageError(found.incomparable, where="attribution", fix="compare runs of one objective")
    effects = tuple(attribute(plans[0], other, observer) for other in plans[1:])
    return Comparison(plans, labels, found.by, effects)
