"""Compilers that err: each mutant is the real one with one thing wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from optimizer.compile import build, read, world
from optimizer.compile.customers import hold_out
from optimizer.compile.filters import CandidateSight
from optimizer.compile.quanta import limit_quanta
from optimizer.compile.sight import Split, split
from optimizer.language.durations import Window
from optimizer.problem import primitives as p
from optimizer.rules.consent import Consent
from optimizer.rules.distinct import DistinctValues
from optimizer.rules.frequency import Frequency
from optimizer.rules.hours import Stretches, stretches
from optimizer.rules.keep import Drop, Keep
from optimizer.rules.never_after import NeverAfter
from optimizer.rules.never_with import NeverWith
from optimizer.rules.only_after import OnlyAfter
from optimizer.rules.only_with import OnlyWith
from optimizer.rules.pairs import Instances, before, near
from optimizer.rules.quiet import Quiet
from optimizer.rules.ratio import Ratio
from optimizer.rules.share import Share
from optimizer.rules.spacing import Spacing
from optimizer.rules.total import PlanTotal
from optimizer.rules.world import Bounds, demanded, spans

Patch = pytest.MonkeyPatch
Primitive = Any

LAX, STRICT, WRONG = "illegal", "worse", "misjudged"
"""What a mutant is caught at: an illegal plan, one worse than the best, or a value that the audit does not find."""


@dataclass(frozen=True)
class Mutant:
    """One thing wrong.

    Parameters
    ----------
    name : str
    symptom : str
        ``LAX``, ``STRICT`` or ``WRONG``.
    apply : callable
    """

    name: str
    symptom: str
    apply: Callable[[Patch], None]


# Mutants of what rules yield


def yields(name: str, symptom: str, kind: type[Any], change: Callable[[Any], Primitive | None]) -> Mutant:
    """Change every primitive of a kind, or drop it where the change is None."""

    def changed(primitives: Iterator[Primitive]) -> Iterator[Primitive]:
        for primitive in primitives:
            new = change(primitive) if isinstance(primitive, kind) else primitive
            if new is not None:
                yield new

    def apply(patch: Patch) -> None:
        real = build.compile_rule
        patch.setattr(build, "compile_rule", lambda rule, world: changed(real(rule, world)))

    return Mutant(name, symptom, apply)


def dropped(kind: type[Any]) -> Mutant:
    """Forget a kind of rule."""

    def apply(patch: Patch) -> None:
        patch.setattr(kind, "compile", lambda self, world: iter(()))

    return Mutant(f"{kind.__name__} forgotten", LAX, apply)


def lenient(kind: type[Any]) -> Mutant:
    """Let a kind of eligibility rule refuse nobody."""
    return Mutant(f"{kind.__name__} forgotten", LAX, in_kind(kind, "refusal", lambda self, sight: "false"))


def _more(limit: p.IntArray, by: int) -> p.IntArray:
    return np.where(np.abs(limit) < p.UNLIMITED, limit + by, limit)


def _one_less(needs: p.Overrides | None) -> p.Overrides | None:
    return None if needs is None else replace(needs, number=np.maximum(needs.number - 1, 0))


def _weights(incidence: p.Incidence, change: Callable[[Any], Any]) -> p.Incidence:
    return replace(incidence, weight=change(incidence.weight))


def _swapped(incidence: p.Incidence, one: int, other: int) -> p.Incidence:
    return _weights(incidence, lambda w: np.where(w == one, other, np.where(w == other, one, w)))


# Mutants of what rules are told


def everywhere(real: Callable[..., Any], wrong: Callable[..., Any]) -> Callable[[Patch], None]:
    """Put a wrong function in the place of a real one, wherever it was imported to."""

    def apply(patch: Patch) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("optimizer."):
                for attribute, value in list(vars(module).items()):
                    if value is real:
                        patch.setattr(module, attribute, wrong)

    return apply


def in_kind(kind: type[Any], name: str, wrong: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(kind, name, wrong)


def in_world(name: str, wrong: Any) -> Callable[[Patch], None]:
    return in_kind(world.CompileWorld, name, wrong)


def _other_edges(self: Quiet, time: str) -> str:
    """Leave the first moment of quiet hours out, and their end in: the audit is told the same."""
    start, _, end = self.quiet.partition("-")
    return f"({time} > TIME '{start}:00' {'AND' if start <= end else 'OR'} {time} <= TIME '{end}:00')"


def _days_late(real: Callable[..., str], days: int) -> Callable[..., str]:
    """Move what a consent says by some days."""
    return lambda self, date, instant: real(self, f"({date} + {days})", f"({instant} + INTERVAL {days} DAY)")


def _without_past(patch: Patch) -> None:
    real = world.CompileWorld.past

    def none(self: Any, *args: Any, **named: Any) -> Any:
        past = real(self, *args, **named)
        return type(past)(*(part[:0] for part in vars_of(past)))

    patch.setattr(world.CompileWorld, "past", none)


def vars_of(record: Any) -> list[Any]:
    """Return the fields of a frozen record with slots."""
    return [getattr(record, name) for name in record.__dataclass_fields__]


def _all_eligible(patch: Patch) -> None:
    real = read.read_candidates
    patch.setattr(build, "read_candidates", lambda *a: _forgiven(real(*a)))


def _forgiven(found: read.Read) -> read.Read:
    return replace(found, refused=np.zeros_like(found.refused))


def _values_moved(patch: Patch) -> None:
    """Give each candidate the value of the one before it."""
    real = read.read_candidates
    patch.setattr(build, "read_candidates", lambda *a: _moved(real(*a)))


def _moved(found: read.Read) -> read.Read:
    return replace(found, contribution=np.roll(found.contribution, 1))


def _of_any_purpose(real: Callable[..., str]) -> Callable[..., str]:
    return lambda self, rule, purpose: real(self, rule, None)


def _alone(patch: Patch) -> None:
    real = world.CompileWorld.scope
    patch.setattr(
        world.CompileWorld,
        "scope",
        lambda self, rule, *, per, **named: real(self, rule, per=None if per is None else "customer", **named),
    )


def _sent(patch: Patch) -> None:
    real = world.CompileWorld.times
    patch.setattr(world.CompileWorld, "times", lambda self, clock: real(self, "sending"))


def _everybody(expression: Any, catalog: Any) -> Split:
    return Split(None, split(expression, catalog).rest)


def _every_kind(expression: Any, catalog: Any) -> Split:
    return Split(split(expression, catalog).customer, None)


def _uncalendared(window: Window | None) -> Window | None:
    return None if window is not None and window.calendar else window


def _longer(rule: str, scope: Any, instant: Any, width: int, **named: Any) -> Stretches:
    return stretches(rule, scope, instant, width + 1, **named)


def _other_extreme(patch: Patch) -> None:
    """Let history be least where a cap asks, and most where a minimum does."""
    real = Stretches.past
    patch.setattr(Stretches, "past", lambda self, *a, most: real(self, *a, most=not most))


def _unnamed(patch: Patch) -> None:
    real = world.CompileWorld.scope
    patch.setattr(world.CompileWorld, "scope", lambda self, rule, **named: replace(real(self, rule, **named), named=()))


MUTANTS = (
    *map(
        dropped,
        (Frequency, Spacing, NeverWith, NeverAfter, OnlyAfter, OnlyWith, PlanTotal, Ratio, Share, DistinctValues),
    ),
    yields("a cap of one more", LAX, p.Counter, lambda c: replace(c, limit=_more(c.limit, 1))),
    yields("a cap of one less", STRICT, p.Counter, lambda c: replace(c, limit=np.maximum(_more(c.limit, -1), 0))),
    yields("caps without history", LAX, p.Counter, lambda c: replace(c, overrides=None)),
    yields(
        "a contact that counts for nothing", LAX, p.Counter, lambda c: replace(c, uses=_weights(c.uses, np.zeros_like))
    ),
    yields(
        "own caps one more",
        LAX,
        p.Counter,
        lambda c: c if c.group_limit is None else replace(c, group_limit=c.group_limit + 1),
    ),
    yields("amounts not looked at", LAX, p.Counter, lambda c: replace(c, measure=None)),
    yields("envelopes of one kind", LAX, p.DistinctCounter, lambda d: replace(d, key=np.zeros_like(d.key))),
    yields(
        "envelopes that history knew count again",
        STRICT,
        p.DistinctCounter,
        lambda d: replace(d, known_key=d.known_key - 1000),
    ),
    yields("conflicts without history", LAX, p.Conflict, lambda c: replace(c, present=None)),
    yields("conflicts forgotten", LAX, p.Conflict, lambda c: None),
    yields(
        "a contact on both sides meets only others of one side",
        LAX,
        p.Conflict,
        lambda c: replace(c, uses=_weights(c.uses, lambda w: np.where(w == 3, 1, w))),
    ),
    yields(
        "what is needed and what serves swapped",
        LAX,
        p.Prerequisite,
        lambda q: replace(q, uses=_swapped(q.uses, p.NEEDS, p.SERVES)),
    ),
    yields("history serves nobody", STRICT, p.Prerequisite, lambda q: replace(q, served=None)),
    yields("minimums one less", LAX, p.Floor, lambda f: replace(f, overrides=_one_less(f.overrides))),
    yields("missing contacts cost nothing", WRONG, p.Floor, lambda f: f if f.penalty is None else None),
    yields(
        "all or nothing is nothing",
        STRICT,
        p.Floor,
        lambda f: (
            replace(f, reaction=p.Shortfall.REQUIRED, need=f.need * 0)
            if f.reaction is p.Shortfall.ALL_OR_NOTHING
            else f
        ),
    ),
    yields("different keys of a minimum count like contacts", LAX, p.Floor, lambda f: replace(f, key=None)),
    yields(
        "keys that history knew serve a minimum again",
        LAX,
        p.Floor,
        lambda f: f if f.known_key is None else replace(f, known_key=f.known_key - 1000),
    ),
    yields("rows one quantum wider", LAX, p.Rows, lambda r: replace(r, upper=_more(r.upper, 1))),
    yields("rows one quantum tighter", STRICT, p.Rows, lambda r: replace(r, upper=_more(r.upper, -1))),
    yields("lower limits one less", LAX, p.Rows, lambda r: replace(r, lower=_more(r.lower, -1))),
    yields("limits of the wrong group", LAX, p.Rows, lambda r: replace(r, upper=np.roll(r.upper, 1))),
    yields(
        "violations cost nothing",
        WRONG,
        p.Rows,
        lambda r: r if r.penalty is None else replace(r, penalty=r.penalty * 0),
    ),
    yields("soft rows held hard", STRICT, p.Rows, lambda r: replace(r, penalty=None)),
    yields("lots one smaller", LAX, p.Switch, lambda s: s if s.lot is None else replace(s, lot=s.lot - 1)),
    yields("one value more", LAX, p.Switch, lambda s: s if s.most is None else replace(s, most=s.most + 1)),
    Mutant("windows a day short", LAX, everywhere(spans, lambda *a: [(x, y - 1) for x, y in spans(*a)])),
    Mutant("windows a day long", STRICT, everywhere(spans, lambda *a: [(x, y + 1) for x, y in spans(*a)])),
    Mutant(
        "windows that begin before the horizon forgotten",
        LAX,
        everywhere(
            spans, lambda w, first, last: [s for s in spans(w, first, last) if s[0] >= first or w is None or w.ever]
        ),
    ),
    Mutant(
        "windows that end after the horizon forgotten",
        LAX,
        everywhere(spans, lambda w, first, last: spans(w, first, last)[:1]),
    ),
    Mutant("minimums in no window", LAX, everywhere(demanded, lambda *a: [])),
    Mutant(
        "minimums in windows half known",
        STRICT,
        everywhere(demanded, lambda window, first, last, start: spans(window, first, last)),
    ),
    Mutant(
        "limits rounded the other way",
        LAX,
        everywhere(limit_quanta, lambda limit, decimals, *, down: limit_quanta(limit, decimals, down=not down)),
    ),
    Mutant("history forgotten", LAX, _without_past),
    Mutant("the customer's part of a condition forgotten", STRICT, everywhere(split, _everybody)),
    Mutant("the contact's part of a condition forgotten", STRICT, everywhere(split, _every_kind)),
    Mutant("nobody shares a policy", LAX, _alone),
    Mutant("policies count the sending", LAX, _sent),
    Mutant("everything eligible", LAX, _all_eligible),
    Mutant("values of other candidates", WRONG, _values_moved),
    Mutant("no amount is ever negative", LAX, in_world("may_be_negative", lambda self, total: False)),
    Mutant(
        "minimums of groups without candidates too",
        STRICT,
        in_world("cells", lambda self, scope, label: np.ones(len(label) * scope.groups, bool)),
    ),
    Mutant(
        "minimums of groups with candidates alone",
        LAX,
        in_world("cells", lambda self, scope, label: np.zeros(len(label) * scope.groups, bool)),
    ),
    Mutant("before is not after", LAX, everywhere(before, lambda day, instant, others: ~before(day, instant, others))),
    Mutant(
        "at most is less than",
        LAX,
        everywhere(near, lambda window, *, inclusive=False: near(window, inclusive=not inclusive)),
    ),
    Mutant(
        "calendar days are any days",
        STRICT,
        everywhere(near, lambda window, *, inclusive=False: near(_uncalendared(window), inclusive=inclusive)),
    ),
    Mutant("windows of hours hold their end", STRICT, everywhere(stretches, _longer)),
    Mutant("windows of hours begin with slots alone", LAX, _other_extreme),
    Mutant(
        "minimums in hours that begin before history",
        STRICT,
        in_kind(Bounds, "first", lambda b, width: b.opens - width),
    ),
    Mutant("minimums in hours that end after the horizon", STRICT, in_kind(Bounds, "last", lambda b, width: b.closes)),
    Mutant("groups of limits tables alone forgotten", WRONG, _unnamed),
    yields("lots of contacts, not of amounts", STRICT, p.Switch, lambda s: replace(s, measure=None)),
    Mutant("pairs without history", LAX, lambda patch: patch.setattr(Instances, "past", lambda self: None)),
    *map(lenient, (Keep, Drop, Consent, Quiet)),
    Mutant("quiet hours begin after their first moment", STRICT, in_kind(Quiet, "_hushed", _other_edges)),
    Mutant(
        "consents begin a day late", STRICT, in_kind(CandidateSight, "_begun", _days_late(CandidateSight._begun, 1))
    ),
    Mutant(
        "consents end a day late", LAX, in_kind(CandidateSight, "_not_over", _days_late(CandidateSight._not_over, 1))
    ),
    Mutant("consents of any purpose", LAX, in_kind(CandidateSight, "covered", _of_any_purpose(CandidateSight.covered))),
    Mutant("nobody held out", LAX, everywhere(hold_out, lambda *a: np.zeros_like(hold_out(*a)))),
    Mutant("kept pins forgotten", LAX, lambda patch: patch.setattr(build, "_required", lambda *a: None)),
    Mutant(
        "forbidden pins forgotten", LAX, lambda patch: patch.setattr(read, "pinned", lambda *a: np.zeros(0, np.int64))
    ),
    Mutant("slots of any time", LAX, lambda patch: patch.setattr(read, "_refused_by_time", lambda s, k, found: found)),
)
