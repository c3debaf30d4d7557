"""The plan: chosen contacts, what is proven about them, and every rule's account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from optimizer.language.counts import counted
from optimizer.plan import cards
from optimizer.plan.audit.report import AuditReport
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from optimizer.analysis.explain.answer import Explanation
    from optimizer.analysis.explain.offer import OfferAnswer
    from optimizer.plan.insight import Insight


STOPPED: Mapping[str | None, str] = {
    None: "obeys every rule",
    "gap": "as close to the best possible as was asked",
    "time": "stopped by the time limit",
    "exhausted": "nothing left to try",
    "interrupted": "interrupted",
}
"""Why a run that proved no optimum stopped, for people."""


@dataclass(frozen=True, slots=True)
class Termination:
    """Why a run stopped.

    Attributes
    ----------
    reason : {"optimal", "feasible"}
        *Optimal* only with a proof.
    limit : {"gap", "time", "exhausted", "interrupted"}, optional
        What stopped a run that ended feasible.
    detail : str
        One sentence for people.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> plan.termination.reason, plan.termination.words
    ('optimal', 'proven optimal')
    """

    reason: Literal["optimal", "feasible"]
    limit: Literal["gap", "time", "exhausted", "interrupted"] | None
    detail: str

    @property
    def words(self) -> str:
        """The same for people: ``proven optimal``, ``stopped by the time limit``."""
        return "proven optimal" if self.reason == "optimal" else STOPPED[self.limit]

    def __str__(self) -> str:
        return self.reason if self.limit is None else f"{self.reason} ({self.limit} limit)"

    def _repr_html_(self) -> str:
        return cards.card(self.words, [self.detail] if self.detail else [])


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """Which candidates become contacts, with a certificate. A Plan is always a plan: it passed its audit.

    Attributes
    ----------
    scenario : Scenario
    termination : Termination
    constraints : pandas.DataFrame
        ``name, group, sense, limit, used, slack, price, price_per_point, binding, penalty_paid, report_only``.
    policies : pandas.DataFrame
        ``name, refused, value_lost``.
    funnel : pandas.DataFrame
        ``reason, alone, in_order``: candidates that eligibility refused.
    breakdown : pandas.DataFrame
        ``group, contacts``: contacts by offer and by what the customers and offers tables tell of them.
    audit : AuditReport
    summary : mapping
        The content of ``summary.json``.
    prices : mapping
        The content of ``prices.json``.
    sentences : tuple of str
        The value and its proof, the dearest limit, what one more unit of the tightest one brings, the dearest policy.
    inputs : tuple of mapping
        The files that were read: table, path, size and hash.
    insight : Insight, optional
        Every row's use, price and the range in which that holds; where each offer's candidates went.
    frames : mapping of table to frame
        Tables that the caller handed over; a plan that was read from its folder has none.
    scores : mapping
        The content of ``scores.json``: what past scores promised and what came true.
    since : mapping, optional
        The content of ``since.json``: what changed since an earlier plan, where one is known.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> folder = plan.save("runs/tonight")
    >>> opt.Plan.load(folder).contacts.equals(plan.contacts)
    True
    >>> plan.objective, plan.bound, plan.gap
    (7.0, 7.0, 0.0)
    """

    scenario: Scenario
    termination: Termination
    table: pa.Table
    constraints: pd.DataFrame
    policies: pd.DataFrame
    funnel: pd.DataFrame
    breakdown: pd.DataFrame
    audit: AuditReport
    summary: Mapping[str, Any]
    prices: Mapping[str, Any]
    sentences: tuple[str, ...]
    inputs: tuple[Mapping[str, Any], ...] = ()
    insight: Insight | None = None
    frames: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    since: Mapping[str, Any] | None = None

    @property
    def objective(self) -> float:
        """Value less penalties (plus, when minimising)."""
        return float(self.summary["objective"])

    @property
    def bound(self) -> float | None:
        """No plan is better than this; None when nothing is proven."""
        return None if self.summary["bound"] is None else float(self.summary["bound"])

    @property
    def gap(self) -> float | None:
        """Distance from objective to bound, relative to the objective."""
        return None if self.summary["gap"] is None else float(self.summary["gap"])

    @property
    def value(self) -> float:
        """Sum of the contributions."""
        return float(self.summary["value"])

    @property
    def penalties(self) -> float:
        """Sum of the penalties paid."""
        return float(self.summary["penalties"])

    @property
    def contacts(self) -> pd.DataFrame:
        """The chosen candidate rows and their ``contribution``."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def to_arrow(self) -> pa.Table:
        """Return the chosen candidate rows and their ``contribution``, in their input types."""
        return self.table

    def timed(self, timings: Mapping[str, float], peak_memory: int) -> Plan:
        """Return the same plan with what it took: seconds by stage, and bytes."""
        return replace(self, summary={**self.summary, "timings": dict(timings), "peak_memory": peak_memory})

    def explain(self, customer: Any = None, offer: Any = None) -> Explanation | OfferAnswer:
        """Say why a customer gets what they get, or where an offer's candidates went; nothing is solved.

        See :func:`optimizer.explain`.
        """
        from optimizer.analysis.explain.ask import explain

        return explain(self, customer, offer)

    def save(self, folder: str | Path) -> Path:
        """Publish the run folder, whole or not at all, and return its path."""
        from optimizer.plan.folder import publish

        return publish(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Plan:
        """Read a published run folder."""
        from optimizer.plan.folder import read

        return read(Path(folder))

    def __repr__(self) -> str:
        reached = (
            f"{counted(self.table.num_rows, 'contact')} to {counted(self.summary['customers_contacted'], 'customer')}"
        )
        said = "cost" if self.prices["sense"] == "minimize" else "value"
        return (
            f"Plan {self.scenario.name}: {said} {self.objective:,.2f}, {reached}\n"
            f"  {self.termination.words}; {self._proof()}\n"
            f"  {self.audit}"
        )

    def _repr_html_(self) -> str:
        first, *rest = repr(self).splitlines()
        return cards.card(first, [*(line.strip() for line in rest), *self.sentences[1:]])

    def _proof(self) -> str:
        if self.bound is None or self.gap is None:
            return "how far from the best possible is not proven"
        source = {"prices": " by prices", "search": " by search"}.get(self.summary["bound_by"] or "", "")
        return f"best possible {self.bound:,.2f}, gap {100 * self.gap:.3g} % (proven{source})"
