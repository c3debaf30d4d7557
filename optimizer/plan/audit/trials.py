"""Tries other plans of units that fall short of a best effort, by the rules' own recount.

A unit (customers who share policies) owes its least total shortfall, whatever the rows over all customers say.

1. All its contacts that count, at once and against every rule: where that falls no less short, nothing could.
2. All sets of them that no cap or distance forbids. Such rules never mind a contact less, so whatever plan falls less
   short has such a set in it that does: where none is found the shortfall is the least, and a legal one shows that the
   effort was wasted.
3. Where only sets are found that another rule (a minimum, a prerequisite) refuses as they stand: all sets of all the
   unit's contacts, if these are few; else the plan with one contact more, or another in place of one.

There is a bound to the number of sets; what they do not settle is counted as not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

from optimizer.data.layout import CANDIDATES, KEYS
from optimizer.plan.audit.books import SqlBooks
from optimizer.plan.audit.many import ManyPlans, Plan, Verdict
from optimizer.plan.audit.previous import pinned, standing
from optimizer.plan.audit.sharing import UNITS
from optimizer.rules.base import Rule

FREE, MARKED = '"@free"', '"@marked"'
SETS = 100_000
"""Sets that are tried in all, for all units together."""
SETS_OF_ONE = 2_000
"""The same for one unit."""
FEW = 10
"""Contacts of which all sets are tried whatever the rules are."""
AT_ONCE = 6
"""Contacts of which all sets are tried at once: 64 cost less than asking the rules again."""
HAIR = Decimal("1e-9")
"""Far below a cent: what computed amounts, which are doubles, may differ by."""


@dataclass(slots=True)
class Unit:
    """One unit while its other plans are tried: its contacts by number, and what is known so far.

    Parameters
    ----------
    number : int
    short : Decimal
        By how much the audited plan falls short in it.
    planned, kept, counted, free : list of int
        Contacts of the plan, pinned ones, ones that a best effort counts, and all that may be sent.
    sets : list of tuple of int
        To be tried next, beside the pinned ones.
    tried : int
    stopped : bool
        Whether there were too many sets.
    refused : bool
        Whether something falls less short that some rule refuses as it stands.
    least, avoidable : bool
        Whether nothing falls less short; whether something legal does.
    """

    number: int
    short: Decimal = Decimal(0)
    planned: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    sets: list[Plan] = field(default_factory=list)
    tried: int = 0
    stopped: bool = False
    refused: bool = False
    least: bool = False
    avoidable: bool = False

    @property
    def open(self) -> bool:
        """Whether it is not settled."""
        return not self.least and not self.avoidable

    def hear(self, verdict: Verdict) -> None:
        """Take note of what the rules say of another plan."""
        if verdict.short < self.short - HAIR and not verdict.for_good:
            self.refused |= verdict.illegal
            self.avoidable |= not verdict.illegal


class Trials:
    """The trials of all units that fall short.

    Parameters
    ----------
    books : SqlBooks
        Of the audited contacts.
    policies : sequence of Rule
    units : sequence of Unit
        In the order of their numbers; :data:`~optimizer.plan.audit.sharing.UNITS` says whose they are.
    """

    def __init__(self, books: SqlBooks, policies: Sequence[Rule], units: Sequence[Unit]) -> None:
        self.policies, self.units, self.left = policies, units, SETS
        con, tables = books.tables.con, books.tables
        con.execute(
            f'CREATE OR REPLACE TEMP TABLE {FREE} AS SELECT row_number() OVER () AS "@contact", * FROM '
            f'(SELECT DISTINCT u.unit AS "@unit", c.* FROM {tables.valid} c '
            f"JOIN {UNITS} u ON u.customer = CAST(c.customer AS VARCHAR))"
        )
        free = books.over(FREE)
        for _, refused in standing(free):
            con.execute(f'DELETE FROM {FREE} WHERE "@contact" IN ({refused})')
        counted = {rule.name: sql for rule in policies if (sql := rule.effort(free)) is not None}
        self.efforts = [rule for rule in policies if rule.name in counted]
        pins = books.scenario.pins
        kept = "SELECT 0" if pins is None or pins.keep is None else pinned(free, pins.keep)
        keys = [key for key in KEYS if key in tables.columns[CANDIDATES]]
        same = " AND ".join(f'p."{key}" IS NOT DISTINCT FROM f."{key}"' for key in keys)
        con.execute(
            f'CREATE OR REPLACE TEMP TABLE {MARKED} AS SELECT f."@contact" AS contact, f."@unit" AS unit, '
            f'f."@contact" IN ({kept}) AS kept, f."@contact" IN ({" UNION ALL ".join(counted.values())}) AS counted, '
            f"EXISTS (SELECT 1 FROM {books.contacts} p WHERE {same}) AS planned FROM {FREE} f"
        )
        free.forget()
        self.many = ManyPlans(books, FREE)

    def run(self) -> None:
        """Settle what can be settled."""
        zones = len(self.many.clockwork.assumptions)
        if zones > 1 and any(getattr(rule, "within", None) is not None for rule in self.efforts):
            return  # what is missing in windows of unknown days has no sum
        self._all_at_once()
        self._list_contacts()
        self._every_set([unit for unit in self.units if unit.open])
        self._every_set([u for u in self.units if u.open and u.refused and len(u.free) <= FEW], every_contact=True)
        self._one_changed([unit for unit in self.units if unit.open])

    def _all_at_once(self) -> None:
        """Take all that counts, whatever it breaks; without amounts below zero nothing falls less short."""
        if not all(rule.only_forbids(self.many) for rule in self.efforts):
            return
        numbers = [unit.number for unit in self.units]
        self.many.of_all(numbers, f'f."@contact" IN (SELECT contact FROM {MARKED} WHERE counted OR kept)')
        found = self.many.judged(self.efforts, numbers)
        for unit in self.units:
            unit.least = found[unit.number].short >= unit.short - HAIR

    def _list_contacts(self) -> None:
        """Look up the contacts of the units that are not settled."""
        units = {unit.number: unit for unit in self.units if unit.open}
        for contact, number, kept, counted, planned in self.many.query(f"SELECT * FROM {MARKED} ORDER BY contact"):
            if (unit := units.get(number)) is not None:
                unit.free.append(contact)
                for told, listed in ((kept, unit.kept), (counted, unit.counted), (planned, unit.planned)):
                    if told:
                        listed.append(contact)

    def _every_set(self, units: Sequence[Unit], *, every_contact: bool = False) -> None:
        """Try all sets of contacts that no rule forbids for good, the smaller ones first."""
        rest = {unit.number: _without(unit.free if every_contact else unit.counted, unit.kept) for unit in units}
        growing = {number for number, some in rest.items() if len(some) > AT_ONCE}
        for unit in units:
            most = 1 if unit.number in growing else AT_ONCE
            unit.sets = [chosen for size in range(most + 1) for chosen in combinations(rest[unit.number], size)]
            unit.tried, unit.stopped, unit.refused = 0, False, False
        while any(unit.sets for unit in units):
            tried = self._tried((unit, [(*unit.kept, *chosen) for chosen in unit.sets]) for unit in _by_size(units))
            for unit, verdicts in tried:
                unit.stopped = not verdicts
                for verdict in verdicts:
                    unit.hear(verdict)
                more = unit.number in growing and not unit.avoidable and not unit.stopped
                known = zip(unit.sets, verdicts, strict=True) if more else ()
                alive = [chosen for chosen, verdict in known if chosen and not verdict.for_good]
                if alive and len(alive[0]) == 1:
                    rest[unit.number] = [one for (one,) in alive]
                unit.sets = [(*chosen, one) for chosen in alive for one in rest[unit.number] if one > chosen[-1]]
        for unit in units:
            unit.least = not unit.avoidable and not unit.stopped and (every_contact or not unit.refused)

    def _one_changed(self, units: Sequence[Unit]) -> None:
        """Try each plan with one contact more that counts, beside the others or in place of one."""
        sets = []
        for unit in units:
            less = [unit.planned, *(_without(unit.planned, [out]) for out in _without(unit.planned, unit.kept))]
            sets.append((unit, [(*some, one) for one in _without(unit.counted, unit.planned) for some in less]))
        for unit, verdicts in self._tried(sets):
            for verdict in verdicts:
                unit.hear(verdict)

    def _tried(self, sets: Iterable[tuple[Unit, list[Plan]]]) -> list[tuple[Unit, list[Verdict]]]:
        """Return what the rules say of the sets of each unit; nothing of those that would be too many."""
        listed: list[tuple[Unit, list[Plan]]] = []
        for unit, plans in sets:
            many = unit.tried + len(plans) > SETS_OF_ONE or len(plans) > self.left
            listed.append((unit, [] if many else plans))
            unit.tried += len(listed[-1][1])
            self.left -= len(listed[-1][1])
        plans = [plan for _, some in listed for plan in some]
        if not plans:
            return [(unit, []) for unit, _ in listed]
        self.many.of([unit.number for unit, some in listed for _ in some], plans)
        found = iter(self.many.judged(self.policies, range(len(plans))).values())
        return [(unit, [next(found) for _ in some]) for unit, some in listed]


def _by_size(units: Iterable[Unit]) -> list[Unit]:
    """Return the units with something to try, those with the fewest sets first."""
    return sorted((unit for unit in units if unit.sets), key=lambda unit: (len(unit.sets), unit.number))


def _without(some: Iterable[int], others: Iterable[int]) -> list[int]:
    left = set(others)
    return [one for one in some if one not in left]
