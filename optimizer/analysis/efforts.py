"""Clashes with best efforts: what an effort must reach depends on every other rule of its unit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from optimizer.analysis.clash import Clash
from optimizer.analysis.opened import Opened
from optimizer.analysis.system import Budget, OutOfTimeError, obeyed, system_of
from optimizer.problem.evaluate import PINS
from optimizer.problem.parts import of_candidates, of_rules


def clash_of_efforts(clash: Clash, opened: Opened, budget: Budget) -> Clash:
    """Return rules that clash beside best efforts, each of them needed; eligibility rules last.

    Without a rule an effort may reach more, and then ask for more than the rest allows: a set can clash although a
    larger one does not. So each set is asked anew, and rules are taken out one by one while the others still clash.

    Parameters
    ----------
    clash : Clash
        Rules that clash as long as the efforts must reach what they reach beside all rules.
    """
    everything = [*_rules(opened), *opened.refused]
    kept, proven = list(clash.rules), clash.irreducible
    try:
        if _obey(opened, kept, budget):  # the rest comes behind, to be taken out first: eligibility after other rules
            others = [rule for rule in everything if rule not in kept]
            kept += sorted(others, key=lambda rule: rule not in opened.refused)
        while True:
            spare = (rule for rule in reversed(kept) if not _obey(opened, [r for r in kept if r != rule], budget))
            gone = next(spare, None)
            if gone is None:
                break
            kept.remove(gone)
    except OutOfTimeError:
        proven = False
    return replace(clash, rules=tuple(rule for rule in everything if rule in kept), irreducible=proven)


def _rules(opened: Opened) -> list[str]:
    problem = opened.problem
    pins = [] if problem.required is None else [PINS]
    return list(dict.fromkeys([*pins, *(one.rule for one in (*problem.unit_primitives, *problem.blocks))]))


def _obey(opened: Opened, rules: Collection[str], budget: Budget) -> bool:
    """Say whether some plan obeys some rules, eligibility among them, and no others."""
    barred, whole = opened.barred(rules), of_rules(opened.problem, rules)
    if whole.required is not None and np.isin(whole.required, barred).any():
        return False
    eligible = np.setdiff1d(np.arange(whole.candidates), barred, assume_unique=True)
    linear = system_of(of_candidates(whole, eligible), budget)
    return obeyed(linear, linear.rules, budget)
