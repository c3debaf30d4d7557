"""The decomposition engine: row prices make millions of small exact problems of one large one."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from optimizer.engines.decomposition.clock import Clock, Stopped
from optimizer.engines.decomposition.plan import Plan
from optimizer.engines.exact.effort import least_shortfall, wasted_effort
from optimizer.engines.exact.engine import Exact
from optimizer.engines.exact.math_opt import Abandoned
from optimizer.errors import InfeasibleError, NoPlanError
from optimizer.problem.evaluate import evaluate
from optimizer.problem.problem import Problem
from optimizer.problem.shortfalls import has_best_effort
from optimizer.problem.solution import Limit, Progress, Reason, Request, Solution

if TYPE_CHECKING:
    from optimizer.engines.decomposition.closing import Closed
    from optimizer.engines.decomposition.dual import Ascent
    from optimizer.engines.decomposition.primal import Polish

SMALL = 20_000
"""Candidates up to which the exact engine is asked when no plan was found: it can prove that there is none."""
PATIENCE = 2
"""Rounds of the polish without a better plan before a proof is tried: the search for one finds better plans, too."""
WIDE = 64
"""Candidates beyond which a unit's search is long."""
FIXED = 3e8
"""Bytes that the process needs with the compiled kernels, before any candidate."""


class Decomposition:
    """Prices by dual ascent, exact unit optima in compiled kernels, whole-number repair, certificate.

    Textbook methods: Lagrangian relaxation (Held and Karp 1970; Geoffrion 1974), Newton's method on a smoothed dual,
    perturbation (Charnes 1952), Dantzig and Wolfe's master (1960) over the undecided units, reduced-cost fixing
    (Dantzig, Fulkerson and Johnson 1954).
    """

    name = "decomposition"
    automatic = True

    def supports(self, problem: Problem) -> str | None:
        """Return why the problem is refused, None if it is not."""
        if problem.switches:
            names = ", ".join(sorted({switch.rule for switch in problem.switches}))
            return f"rules on whole groups, in lots or by number ({names}), couple all units at once"
        return None

    def estimate(self, problem: Problem) -> tuple[float, int]:
        """Return expected seconds and bytes: units that do not fit packed words take a search each."""
        tied = tied_candidates(problem)
        width = problem.candidates / max(problem.units, 1)
        seconds = 1.0 + 4e-7 * (problem.candidates - tied) + 1e-4 * min(width / WIDE, 1.0) * tied
        return seconds, int(FIXED + 16 * problem.candidates + 250 * tied + 100 * problem.units)

    def solve(self, problem: Problem, request: Request) -> Solution:
        """Search until the asked gap, a limit, or nothing is left to try.

        ``request.prices`` of an earlier run, where there are any, are a start.

        Raises
        ------
        InfeasibleError
            If the rules of some unit clash.
        NoPlanError
            If a limit came before any plan, or no plan was found.
        """
        from optimizer.engines.decomposition.warm import is_warm, warm_in_time

        clock = Clock(request)
        harder = tied_candidates(problem) > 0
        if not isfinite(request.deadline) or is_warm(harder):
            return self._search(problem, clock)
        plan = _greedy(problem, clock)
        request.report(Progress("compile the kernels, once on this machine", None if plan is None else plan.objective))
        return self._search(problem, clock) if warm_in_time(clock, harder) else _unproven(plan, clock)

    def _search(self, problem: Problem, clock: Clock) -> Solution:
        """Solve with kernels that are there."""
        from optimizer.engines.decomposition.closing import close
        from optimizer.engines.decomposition.cut_back import offer_last
        from optimizer.engines.decomposition.jitter import jitter, undecided
        from optimizer.engines.decomposition.primal import Polish

        request, ascent, closed = clock.request, _ascent(problem, clock), None
        units, polish = ascent.units, Polish(ascent)
        try:
            _refuse_clashes(ascent)
            request.report(Progress("prices"))
            going = ascent.approach(None if request.prices is None else units.table.join(request.prices))
            if undecided(ascent):
                jitter(polish)
            else:
                ascent.settle(going)
                polish.mend()
            polish.run(PATIENCE)
            if polish.plan is None:
                jitter(polish)
            if not polish.done and not clock.stopped():
                closed = close(polish)
            if closed is None and not polish.done:
                polish.run()
        except (Stopped, Abandoned):
            request.report(Progress("stopped"))
            if polish.plan is None:
                offer_last(polish)
        if problem.candidates <= SMALL and not _is_legal(problem, polish.plan, request):
            polish.plan = None
            if clock.limit is None:
                return Exact().solve(problem, request)
        return _solution(problem, ascent, polish, clock, closed)


def bounded(problem: Problem, request: Request) -> int:
    """Return a bound on what any plan is worth, in value quanta, by prices alone: no plan is looked for.

    Raises
    ------
    InfeasibleError
        If no plan exists, as far as prices can tell.
    NoPlanError
        If a limit came first.
    """
    ascent = _ascent(problem, Clock(request))
    try:
        _refuse_clashes(ascent)
        ascent.run()
    except Stopped:
        raise NoPlanError("a limit came before any bound", fix="give more time") from None
    assert ascent.best is not None
    return ascent.best.bound


def _ascent(problem: Problem, clock: Clock) -> Ascent:
    """Compile the units."""
    from optimizer.engines.decomposition.compiled import Units
    from optimizer.engines.decomposition.dual import Ascent

    request = clock.request
    request.report(Progress("compile the units"))
    least = least_shortfall(problem, request)[0] if has_best_effort(problem) else None
    return Ascent(Units(problem, least, max(1, request.threads)), clock, request.gap)


def _is_legal(problem: Problem, plan: Plan | None, request: Request) -> bool:
    """Hold a plan against every rule, best efforts among them; no plan is no legal one."""
    if plan is None or not evaluate(problem, plan.chosen).ok:
        return False
    if not has_best_effort(problem):
        return True
    return not wasted_effort(problem, plan.chosen, least_shortfall(problem, request)[0]).any()


def tied_candidates(problem: Problem) -> int:
    """Estimate how many candidates are in units that do not fit packed words, without looking at each."""
    knapsack = any(counter.measure is not None for counter in problem.counters)
    if knapsack or problem.distincts or problem.prerequisites or problem.floors:
        return problem.candidates
    size = np.diff(problem.unit_start)
    return int(size[(np.diff(problem.unit_customer) > 1) | (size > WIDE)].sum())


def _refuse_clashes(ascent: Ascent) -> None:
    """Raise when the rules of some unit clash, or no plan was found for one. The pass also gives a first bound."""
    if len(ascent.units.rules.general.kind) == 0:
        return
    found = ascent.look(np.zeros(ascent.units.table.count)).found
    if found.infeasible:
        raise InfeasibleError(
            f"the rules of {found.infeasible:,} customers (or households) clash: no choice for them obeys all",
            fix="lower a minimum of the contact policies, or set its if_short",
        )
    if found.unknown:
        raise NoPlanError(
            f"no choice that obeys all rules was found for {found.unknown:,} customers (or households)",
            fix="lower a minimum of the contact policies, or set its if_short",
        )


def _solution(problem: Problem, ascent: Ascent, polish: Polish, clock: Clock, closed: Closed | None) -> Solution:
    """Say what was found and how well it is proven.

    Raises
    ------
    NoPlanError
        If there is no plan.
    """
    plan, best = polish.plan, ascent.best
    by_construction = plan is not None and not ascent.units.rules.general.most_ties
    if plan is not None and not by_construction and not evaluate(problem, plan.chosen).ok:
        plan = None
    if plan is None:
        plan = _greedy(problem, clock)
    if plan is None:
        raise NoPlanError(
            "no plan that keeps every row was found"
            + ("" if clock.limit is None else " before a limit stopped the run"),
            fix="give more time, lower a minimum, or try solve.engine: exact",
        )
    bound, by, loose = None if best is None else best.bound, "prices", 0
    if closed is not None and bound is not None and closed.bound < bound:
        bound, by, loose = max(closed.bound, plan.objective), "search", closed.loose
    distance = float("inf") if bound is None else bound - plan.objective
    proven, near = distance <= loose, distance <= clock.request.gap * abs(plan.objective)
    limit = None if proven else Limit.GAP if near else clock.limit or Limit.EXHAUSTED
    return Solution(
        chosen=plan.chosen,
        objective=plan.objective,
        bound=bound,
        bound_by=None if bound is None else by,
        reason=Reason.OPTIMAL if proven else Reason.FEASIBLE,
        limit=limit,
        engine="decomposition",
        detail=f"{ascent.passes} pass{'' if ascent.passes == 1 else 'es'} over all units"
        + (", and a search over all answers that a better plan could use." if by == "search" else "."),
        prices=None if best is None else ascent.units.table.split(best.found.prices.floats),
        reproducible=clock.limit is None or proven,
        extra={}
        if best is None
        else {
            "price_shift": best.found.prices.shift,
            "price_numerators": {k: v.tolist() for k, v in ascent.units.table.split(best.found.prices.of_row).items()},
        },
    )


def _unproven(plan: Plan | None, clock: Clock) -> Solution:
    """Return the greedy plan, when a limit came before the kernels were compiled.

    Raises
    ------
    NoPlanError
        If there is none.
    """
    fix = "run contactopt warmup once, or give more time"
    if plan is None:
        raise NoPlanError("a limit came while the kernels were compiled for the first time on this machine", fix=fix)
    return Solution(
        chosen=plan.chosen,
        objective=plan.objective,
        bound=None,
        bound_by=None,
        reason=Reason.FEASIBLE,
        limit=clock.limit,
        engine="greedy",
        detail=f"The limit came while the kernels were compiled for the first time on this machine: {fix}.",
        reproducible=False,
    )


def _greedy(problem: Problem, clock: Clock) -> Plan | None:
    """Return the greedy plan, where there is one, and time for it: better than nothing when a limit came early."""
    from optimizer.engines.greedy.engine import greedy_plan, walks_in_time
    from optimizer.engines.greedy.orders import order_of

    if not walks_in_time(problem, clock.request):
        return None
    found = greedy_plan(problem, order_of(problem, "value"), hurry=True)
    judged = evaluate(problem, found)
    return Plan(found, judged.objective) if judged.ok else None
