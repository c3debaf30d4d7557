"""Policies of a template as words, and what each past contact does to them; prices of each kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.decide.stored import StoredPrices
from optimizer.decide.template import SlowError, Template
from optimizer.engines.decomposition.packing import MOST_WORDS, WORD, Words
from optimizer.language.expressions import Expression
from optimizer.problem.primitives import SIDE_A, SIDE_B, UNLIMITED, Conflict, Counter, Incidence, IntArray, Rows
from optimizer.problem.problem import Problem

LARGE = 2**60
MOST_SHUTS = 2**28
ANY = 62
"""Contacts of a customer, where no policy says how many there may be at most."""


@dataclass(frozen=True, eq=False)
class Field:
    """A bit field: one instance of a counter, or of a conflict (which has two bits)."""

    rule: str
    word: int
    bit: int
    full: int


@dataclass(frozen=True, eq=False)
class PackedWords:
    """Packed policies.

    Attributes
    ----------
    adding : int
    step, excludes : (classes, kinds, words) int64 arrays
    guard, start, room : int64 arrays
    shuts : mapping of rule to (events, kinds) bool array
        Which kinds a past contact shuts, and by which policy.
    takes_start, takes : int64 arrays
        The fields that each past contact takes a unit of.
    fields : list of Field
    """

    adding: int
    step: npt.NDArray[np.int64]
    excludes: npt.NDArray[np.int64]
    guard: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    room: npt.NDArray[np.int64]
    shuts: dict[str, npt.NDArray[np.bool_]]
    takes_start: IntArray
    takes: IntArray
    fields: list[Field]


def pack_policies(template: Template) -> PackedWords:
    """Pack the policies of a template.

    Raises
    ------
    SlowError
        They need other primitives than counters and conflicts, or too many words.
    """
    problem, events = template.compiled.problem, len(template.events)
    if problem.distincts or problem.prerequisites or problem.floors:
        raise SlowError("a policy needs more than counting")
    if any(c.measure is not None for c in problem.counters):
        raise SlowError("a policy sums amounts")
    if events * problem.kinds > MOST_SHUTS:
        raise SlowError("history is too varied")
    packer = _Packer(template)
    for counter in problem.counters:
        packer.counter(counter)
    adding = packer.words.close()
    for conflict in problem.conflicts:
        packer.conflict(conflict)
    return packer.finish(adding)


class _Packer:
    def __init__(self, template: Template) -> None:
        self.template, self.problem = template, template.compiled.problem
        self.words = Words()
        self.fields: list[Field] = []
        self.steps: list[tuple[IntArray, int, IntArray, IntArray, IntArray]] = []
        self.starts: list[tuple[int, IntArray]] = []
        self.guards: dict[int, int] = {}
        self.room: IntArray = np.full(len(template.classes), ANY, np.int64)
        self.shuts: dict[str, npt.NDArray[np.bool_]] = {}
        self.takes: list[tuple[IntArray, int]] = []

    def _groups(self, partition: int) -> tuple[IntArray, IntArray]:
        """Return the group of each class, and of each event's customer."""
        group = np.asarray(self.problem.partitions[partition].group, np.int64)
        return group[self.template.classes], group[self.template.events]

    def _by_event(self, start: IntArray, of: IntArray) -> tuple[IntArray, IntArray]:
        """Return the events, and the positions of their entries among overrides."""
        inside = np.flatnonzero(of >= 0)
        first, last = np.asarray(start, np.int64)[of[inside]], np.asarray(start, np.int64)[of[inside] + 1]
        count = last - first
        entry = np.arange(int(count.sum())) + np.repeat(first - (np.cumsum(count) - count), count)
        return np.repeat(inside, count), entry

    def _shut(self, rule: str, event: IntArray, instance: IntArray, matrix: npt.NDArray[np.bool_]) -> None:
        """Let events shut the kinds of an instance."""
        if not len(event):
            return
        mine = self.shuts.setdefault(rule, np.zeros((len(self.template.events), self.problem.kinds), bool))
        for i in np.unique(instance):
            mine[np.ix_(np.unique(event[instance == i]), np.flatnonzero(matrix[i]))] = True

    def counter(self, counter: Counter) -> None:
        """Pack a counter: a field for each instance that may bind."""
        weight = _matrix(counter.uses, self.problem)
        ours, theirs = self._groups(counter.partition)
        reached = ours >= 0
        limit = np.asarray(counter.limit, np.int64)
        cap: IntArray = np.repeat(limit[:, None], len(ours), axis=1)
        if counter.group_limit is not None:
            own = np.asarray(counter.group_limit, np.int64)[np.maximum(ours, 0)]
            cap = np.where(cap < UNLIMITED, own, cap)
        event: IntArray = np.zeros(0, np.int64)
        instance, number = event, event
        if counter.overrides is not None and len(theirs):
            event, entry = self._by_event(counter.overrides.start, theirs)
            instance = np.asarray(counter.overrides.instance, np.int64)[entry]
            number = np.asarray(counter.overrides.number, np.int64)[entry]
        least = np.where(weight > 0, weight, LARGE).min(axis=1)
        if weight.max(initial=0) > 1:
            raise SlowError(f"'{counter.rule}' counts some contacts more than once")
        shut = number < least[instance]
        self._shut(counter.rule, event[shut], instance[shut], weight > 0)
        event, instance, number = event[~shut], instance[~shut], number[~shut]
        for e, i, n in zip(event.tolist(), instance.tolist(), number.tolist(), strict=True):
            cls = int(self.template.event_class[e])
            known = int(cap[i, cls])
            if known >= UNLIMITED:  # another instance holds this one unless history counts: the cap is its own
                cap[i] = np.minimum(cap[i], n + 1) if counter.group_limit is None else cap[i]
                if counter.group_limit is not None:
                    cap[i] = np.minimum(cap[i], np.where(reached, own, UNLIMITED))
            elif known != n + 1:
                raise SlowError(f"history counts in '{counter.rule}' otherwise than contact by contact")
        everything = (weight > 0).all(axis=1)
        for i in np.flatnonzero(everything):
            self.room = np.where(reached, np.minimum(self.room, np.maximum(cap[i], 0)), self.room)
        touched = np.bincount(instance, minlength=len(limit)) > 0
        for i in range(len(limit)):
            kinds = np.flatnonzero(weight[i])
            if len(kinds) and np.any(reached & (cap[i] < UNLIMITED)):
                field = self._field(counter.rule, kinds, weight[i, kinds], np.where(reached, cap[i], UNLIMITED))
                if touched[i]:
                    self.takes.append((event[instance == i], field))

    def _field(self, rule: str, kinds: IntArray, weight: IntArray, cap: IntArray) -> int:
        cap = np.clip(cap, 0, ANY)
        width = int(cap.max()).bit_length() + 1
        word, bit = self.words.place(width)
        if word >= MOST_WORDS or width > WORD:
            raise SlowError("the policies need too many words")
        full = (1 << (width - 1)) - 1
        self.guards[word] = self.guards.get(word, 0) | (full + 1) << bit
        everyone = np.arange(len(cap))
        self.steps.append((everyone, word, kinds, weight << bit, np.zeros(len(kinds), np.int64)))
        self.starts.append((word, (full - cap) << bit))
        self.fields.append(Field(rule, word, bit, full))
        return len(self.fields) - 1

    def conflict(self, conflict: Conflict) -> None:
        """Pack a conflict: two bits for each instance; what history holds shuts the other side."""
        sides = _matrix(conflict.uses, self.problem)
        ours, theirs = self._groups(conflict.partition)
        if conflict.present is not None and len(theirs):
            event, entry = self._by_event(conflict.present.start, theirs)
            instance = np.asarray(conflict.present.instance, np.int64)[entry]
            number = np.asarray(conflict.present.number, np.int64)[entry]
            for here, other in ((SIDE_A, SIDE_B), (SIDE_B, SIDE_A)):
                mine = (number & here) > 0
                self._shut(conflict.rule, event[mine], instance[mine], (sides & other) > 0)
        reached = np.flatnonzero(ours >= 0)
        for i in range(conflict.uses.instances):
            kinds = np.flatnonzero(sides[i])
            on_a, on_b = (sides[i, kinds] & SIDE_A) > 0, (sides[i, kinds] & SIDE_B) > 0
            if not (on_a.any() and on_b.any()) or not len(reached):
                continue
            word, bit = self.words.place(2)
            if word >= MOST_WORDS:
                raise SlowError("the policies need too many words")
            here = (on_a.astype(np.int64) | on_b.astype(np.int64) << 1) << bit
            barred = (on_b.astype(np.int64) | on_a.astype(np.int64) << 1) << bit
            self.steps.append((reached, word, kinds, here, barred))
            self.fields.append(Field(conflict.rule, word, bit, 0))

    def finish(self, adding: int) -> PackedWords:
        """Put all words together."""
        count = max(self.words.close(), 1)
        classes, kinds = len(self.template.classes), self.problem.kinds
        step = np.zeros((classes, kinds, count), np.int64)
        excludes = np.zeros_like(step)
        for cls, word, mine, added, barred in self.steps:
            step[np.ix_(cls, mine, np.array([word]))] |= added[None, :, None]
            excludes[np.ix_(cls, mine, np.array([word]))] |= barred[None, :, None]
        start = np.zeros((classes, count), np.int64)
        for word, number in self.starts:
            start[:, word] += number
        pairs = [(e, f) for some, f in self.takes for e in some.tolist()]
        pairs.sort()
        event = np.array([e for e, _ in pairs], np.int64)
        return PackedWords(
            adding=adding,
            step=step,
            excludes=excludes,
            guard=np.array([self.guards.get(w, 0) for w in range(count)], np.int64),
            start=start,
            room=self.room.astype(np.int64),
            shuts=self.shuts,
            takes_start=np.searchsorted(event, np.arange(len(self.template.events) + 1)).astype(np.int64),
            takes=np.array([f for _, f in pairs], np.int64),
            fields=self.fields,
        )


def _matrix(uses: Incidence, problem: Problem) -> IntArray:
    """Return an incidence as (instances, kinds)."""
    out = np.zeros((uses.instances, problem.kinds), np.int64)
    kind = uses.kind
    out[uses.instance, kind] = uses.weight
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One entry of a row: a contact of the class and kind uses ``weight``, times an amount where there is one."""

    line: int
    cls: IntArray
    kinds: IntArray
    weight: IntArray
    amount: int


@dataclass(frozen=True, eq=False)
class Charges:
    """What contacts pay and use.

    Attributes
    ----------
    price : (classes, kinds) int64 array
    of_amount : list of (classes, kinds) object arrays
        Price of a quantum of each amount.
    amounts : list of Expression
    places : list of int
        Decimal places of each amount's quanta.
    terms : list of Term
    """

    price: npt.NDArray[np.int64]
    of_amount: list[npt.NDArray[np.int64]]
    amounts: list[Expression]
    places: list[int]
    terms: list[Term]


def charge(template: Template, stored: StoredPrices, known: list[Expression]) -> Charges:
    """Price every kind for every class.

    Parameters
    ----------
    known : list of Expression
        Amounts that only candidates can tell, qualified.

    Raises
    ------
    SlowError
        A limit sums what tables cannot tell.
    """
    problem = template.compiled.problem
    classes, kinds = len(template.classes), problem.kinds
    price = np.zeros((classes, kinds), object)
    terms: list[Term] = []
    found: dict[tuple[Expression, int], npt.NDArray[np.int64]] = {}
    if problem.switches:
        raise SlowError("lots, or numbers of values, are all or nothing")
    for block in problem.rows:
        lines = stored.rows_of(block)
        if all(line < 0 for line in lines):
            continue
        decimals = next(stored.lines[line].decimals for line in lines if line >= 0)
        paid, at = price, -1
        if block.measure is not None:
            name = problem.measures[block.measure].name
            amount = next((e for e in known if e.text == name), None)
            if amount is None:
                raise SlowError(f"'{block.rule}' is a ratio or a share")
            key = amount, decimals
            paid = found.setdefault(key, np.zeros((classes, kinds), object))
            at = list(found).index(key)
        elif decimals < block.decimals:
            raise SlowError(f"'{block.rule}' counts in finer quanta than the run did")
        _add(template, stored, block, lines, decimals, paid, at, terms)
    whole = [np.clip(p, -LARGE, LARGE).astype(np.int64) for p in (price, *found.values())]
    return Charges(whole[0], whole[1:], [e for e, _ in found], [d for _, d in found], terms)


def _add(
    template: Template,
    stored: StoredPrices,
    block: Rows,
    lines: list[int],
    decimals: int,
    paid: npt.NDArray[np.object_],
    at: int,
    terms: list[Term],
) -> None:
    problem = template.compiled.problem
    groups = problem.groups(block.partition)
    group = np.zeros(len(template.classes), np.int64)
    if block.partition is not None:
        group = np.asarray(problem.partitions[block.partition].group, np.int64)[template.classes]
    finer = 1 if at >= 0 else 10 ** (decimals - block.decimals)
    kind = block.uses.kind
    for instance in range(block.uses.instances):
        mine = block.uses.instance == instance
        weight = np.asarray(block.uses.weight, np.int64)[mine] * finer
        for g in np.unique(group[group >= 0]).tolist():
            line = lines[instance * groups + g]
            if line < 0:
                continue
            cls = np.flatnonzero(group == g)
            numerator = stored.lines[line].numerator
            paid[np.ix_(cls, kind[mine])] += numerator * weight.astype(object)[None, :]
            terms.append(Term(line, cls, kind[mine], weight, at))
