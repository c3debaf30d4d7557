"""The cheapest relaxation: which limits to change, to which numbers, so that a plan exists; shown by such a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from optimizer.analysis.levers import OFF, with_levers
from optimizer.analysis.system import Budget, obeyed, search, system_of
from optimizer.compile.beside import compile_beside
from optimizer.compile.build import Compiled
from optimizer.engines.exact.answer import Claim
from optimizer.engines.greedy.engine import greedy_plan
from optimizer.engines.greedy.orders import order_of
from optimizer.errors import InfeasibleError
from optimizer.plan.assemble import chosen_rows
from optimizer.plan.audit import audit_contacts
from optimizer.problem.evaluate import PINS, evaluate
from optimizer.problem.linear import Linear
from optimizer.problem.primitives import IntArray, Shortfall
from optimizer.problem.shortfalls import has_best_effort, shortfall
from optimizer.problem.solution import Reason, Solution
from optimizer.rules.base import Rule
from optimizer.rules.books import Line
from optimizer.rules.stability import Stability
from optimizer.scenario import Scenario

ROUNDS = 4
"""Recounts after which a rule that is still broken is switched off. History above a cap needs more than one."""
PLACES = 4
"""Decimals to which a lot, a share to keep, or the limit of a ratio or share is given."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Changes that make the scenario feasible.

    Parameters
    ----------
    changes : mapping of path to value
        For ``Scenario.replace``.
    cheapest : bool
        No others cost less, as far as limits give way by what the plan needs of them; False when time ended the
        search, or history above a limit made the change larger than the search could know.
    cost : float
        Total relative change: 1 is to double a limit or to lower it to nothing, 10 to switch a rule off.
    """

    changes: Mapping[str, Any]
    cheapest: bool
    cost: float
    before: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        """Say the changes to planners, as what follows *Maybe*."""
        return " and ".join(
            _say(path, self.before.get(path), new) for path, new in self.changes.items() if not _gone(path, new)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        steps = [
            {"path": path, "from": _plain(self.before.get(path)), "to": _plain(new)}
            for path, new in self.changes.items()
        ]
        return {
            "changes": {path: _plain(new) for path, new in self.changes.items()},
            "steps": steps,
            "cost": self.cost,
            "cheapest": self.cheapest,
            "words": self.words(),
        }


def relax(
    compiled: Compiled, linear: Linear, budget: Budget, movable: Collection[str] | None = None
) -> Relaxation | None:
    """Find the cheapest changes after which a plan exists.

    A search over the compiled problem finds the plan that breaks the rules least; the audit, which shares nothing
    with the compiler, then tells by how much it breaks them: these are the new limits. The plan is the proof.

    Parameters
    ----------
    linear : Linear
        From :func:`~optimizer.analysis.system.system_of`.
    movable : collection of str, optional
        Rules that may give way; all by default, eligibility aside.

    Returns
    -------
    Relaxation or None
        None if these rules cannot help.

    Raises
    ------
    OutOfTimeError
    """
    form = with_levers(linear, compiled.scenario, compiled.problem, movable)
    if form is None:
        return None
    answer = search(form, budget)
    if answer.chosen is None:
        return None
    chosen = answer.chosen[answer.chosen < compiled.problem.candidates]
    return shown(compiled, chosen, budget, cheapest=answer.claim is Claim.OPTIMAL)


def relax_greedily(compiled: Compiled, budget: Budget) -> Relaxation | None:
    """Find changes without a search: what the greedy plan, which fills minimums first, breaks all the same.

    Raises
    ------
    OutOfTimeError
    """
    problem = compiled.problem
    return shown(compiled, greedy_plan(problem, order_of(problem, "value_per_cost")), budget, cheapest=False)


def shown(compiled: Compiled, chosen: IntArray, budget: Budget, *, cheapest: bool) -> Relaxation | None:
    """Return the changes after which a plan breaks nothing; None if there are none that help."""
    changes, rounds = _changes(compiled, chosen)
    changes |= _without_effort(compiled, chosen, changes, budget)
    if not _feasible(compiled, changes, chosen, budget):
        return None
    before = {path: _now(compiled.scenario, path) for path in changes}
    return Relaxation(changes, cheapest and rounds <= 1, _cost(changes, before), before)


def _changes(compiled: Compiled, chosen: IntArray) -> tuple[dict[str, Any], int]:
    """Change limits until the audit finds nothing broken; return the changes and how many recounts that took."""
    scenario, changes = compiled.scenario, dict[str, Any]()
    contacts = chosen_rows(compiled, Solution(chosen, 0, None, None, Reason.FEASIBLE, None, "relaxation"))
    for rounds in range(2 * ROUNDS):
        broken: dict[str, list[Line]] = {}
        for line in audit_contacts(scenario, compiled.tables, contacts).lines:
            if line.broken:
                broken.setdefault(line.rule, []).append(line)
        if not broken:
            return changes, rounds
        rules = {rule.name: rule for rule in scenario.rules()}
        for name, lines in broken.items():
            changes |= (
                without_pins(scenario)
                if name == PINS
                else _changed(scenario.rule_path(rules[name]), rules[name], lines, off=rounds >= ROUNDS)
            )
        changes = _settled(changes)
        scenario = compiled.scenario.replace(changes)
    return changes, 2 * ROUNDS


def rule_at(path: str) -> str:
    """Return the name of the rule that a change is about: of ``constraints.budget.at_most``, ``budget``."""
    section, *rest = path.split(".")
    return rest[0] if len(rest) == 2 else section


def without_pins(scenario: Scenario) -> dict[str, Any]:
    """Return the change that takes the kept pins out."""
    return {"pins": None} if scenario.pins is None or scenario.pins.forbid is None else {"pins.keep": None}


def _settled(changes: dict[str, Any]) -> dict[str, Any]:
    """Drop changes of rules that are switched off."""
    off = {path.removesuffix("enabled") for path, value in changes.items() if value is False}
    return {p: v for p, v in changes.items() if p.endswith(".enabled") or p.rpartition(".")[0] + "." not in off}


def _changed(path: str, rule: Rule, lines: Iterable[Line], *, off: bool) -> dict[str, Any]:
    """Return the limits that a rule needs for its lines to be whole, or that it is switched off."""
    found: dict[str, Any] = {}
    for line in lines:
        one = None if off else _limit(rule, line)
        if one is None:
            return {f"{path}.enabled": False}
        key, value = one
        wider = max if key == "at_most" else min
        found[key] = wider(found[key], value) if key in found else value
    if "spacing" in found:
        found["spacing"] = f"{found['spacing']} day" + ("s" if found["spacing"] > 1 else "")
    if getattr(rule, "exactly", None) is not None and "exactly" not in found:
        found = {"exactly": None, "at_least": rule.exactly, "at_most": rule.exactly} | found  # type: ignore[attr-defined]
    return {f"{path}.{key}": value for key, value in found.items()}


def _limit(rule: Rule, line: Line) -> tuple[str, Any] | None:
    """Return the key and the value with which a line would not be broken; None where no number helps."""
    if hasattr(rule, "spacing"):
        return _shorter(rule, line)
    if isinstance(rule, Stability):
        return "keep", _outward(Decimal(line.used or 0) / (line.base or 1), PLACES, low=True)
    if "lot" in line.group:  # there is no lot of nothing
        lot = _outward(line.used or Decimal(0), PLACES, low=True)
        return ("lot", int(lot) if lot == int(lot) else lot) if lot > 0 else None
    if line.group.get("of") == "contacts":
        return None if line.used is None else ("min_contacts", int(line.used))
    low = line.sense == ">=" or (line.sense == "=" and line.used is not None and line.used < line.limit)
    key = "at_least" if low else "at_most"
    if (
        line.sense == "="
        and line.used is not None
        and not (getattr(rule, "for_each", ()) or getattr(rule, "within", None))
    ):
        return "exactly", line.used
    old = getattr(rule, key, None)
    old = getattr(rule, "exactly", None) if old is None else old
    if not isinstance(old, Decimal | int):
        return None
    if hasattr(rule, "ratio") or hasattr(rule, "share"):
        return None if line.used is None else (key, _outward(line.used, PLACES, low=low))
    if isinstance(old, int):
        return key, old + int(line.excess)
    places = max(0, -int(old.as_tuple().exponent))
    whole = line.excess == line.excess.to_integral_value()
    moved = old - line.excess if low else old + line.excess
    return key, _outward(moved, places if whole else max(2, places), low=low)


def _shorter(rule: Rule, line: Line) -> tuple[str, Any] | None:
    days = getattr(rule.spacing, "days", None)  # type: ignore[attr-defined]
    return ("spacing", int(line.used)) if days and line.used else None


def _outward(number: Decimal, places: int, *, low: bool) -> Decimal:
    """Round so that the limit gives way rather more than less."""
    return number.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR if low else ROUND_CEILING)


def _without_effort(compiled: Compiled, chosen: IntArray, changes: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
    """Switch off best efforts of which the plan falls short, where they do not leave room for any other plan."""
    problem = compiled.problem
    if not has_best_effort(problem) or _feasible(compiled, changes, chosen, budget):
        return {}
    off = {}
    for floor in problem.floors:
        effort = floor.reaction is Shortfall.BEST_EFFORT
        if effort and shortfall(replace(problem, floors=(floor,)), chosen).any():
            off[f"contact_policies.{floor.rule}.enabled"] = False
    return off


def _feasible(compiled: Compiled, changes: Mapping[str, Any], chosen: IntArray, budget: Budget) -> bool:
    """Compile the changed scenario and say whether a plan exists: this one, or (for best efforts) any."""
    if not changes:
        return False
    try:
        problem = compile_beside(compiled, changes)
    except InfeasibleError:
        return False
    if not has_best_effort(problem):
        return evaluate(problem, chosen).ok
    linear = system_of(problem, budget)
    return obeyed(linear, linear.rules, budget)


def _now(scenario: Scenario, path: str) -> Any:
    """Return what a path says now."""
    if path.startswith("pins"):
        return None if scenario.pins is None else scenario.pins.keep
    of, _, key = path.rpartition(".")
    return getattr(next(rule for rule in scenario.rules() if scenario.rule_path(rule) == of), key)


def _cost(changes: Mapping[str, Any], before: Mapping[str, Any]) -> float:
    total = 0.0
    for path, new in changes.items():
        old = before[path]
        if _gone(path, new):
            continue
        if isinstance(new, Decimal | int) and not isinstance(new, bool):
            was = Decimal(before[path.rpartition(".")[0] + ".exactly"] if old is None else old)
            total += float(abs(Decimal(new) - was) / (abs(was) or 1))
        elif path.endswith(".spacing"):
            total += 1 - int(str(new).split()[0]) / old.days
        else:
            total += OFF
    return round(total, 6)


def _gone(path: str, new: Any) -> bool:
    """Say whether an ``exactly`` gave way to ``at_least`` and ``at_most``."""
    return new is None and path.endswith(".exactly")


def _say(path: str, old: Any, new: Any) -> str:
    if path.startswith("pins"):
        return "take out pins.keep"
    name, key = rule_at(path), path.rpartition(".")[2]
    if key == "enabled":
        return f"switch {name} off"
    if key == "spacing":
        return f"shorten {name} from {old} to {new}"
    if old is None:
        return f"set {key} of {name} to {_number(new)}"
    verb = "lower" if Decimal(new) < Decimal(old) else "raise"
    return f"{verb} {key} of {name} from {_number(old)} to {_number(new)}"


def _number(value: Any) -> str:
    return f"{Decimal(value).normalize():,f}"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)
