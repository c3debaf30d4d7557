"""One pass over customers who are decided alone, at stored prices.

What history and earlier contacts left of their policies is worked out on the way. A state begins as its class has it. A
past contact either shuts kinds, where one is all that a policy allows, or takes a unit of a bit field that holds more;
an earlier contact of the day joins as any other.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from optimizer.engines.decomposition.packed_kernel import Bench, Packed, search_packed
from optimizer.engines.jit import bare_kernel, part
from optimizer.problem.primitives import IntArray

NODES = 1_000_000
"""Nodes of one customer's search; beyond, the best set found is not known to be the best."""


class Policies(NamedTuple):
    """Policies of classes of customers in words, and what past contacts do to them.

    Parameters
    ----------
    packed : Packed
        ``start`` and ``room`` are of classes.
    price : (classes, kinds) int64 array
        What a contact pays, over ``2 ** shift``.
    closed : (classes, kinds) uint8 array
        1 where what was recorded leaves no room.
    closes : (kinds,) int64 array
        The moment, in microseconds, from which a contact is too late.
    shuts : (events, bytes) uint8 array
        Bit ``k`` is set where the past contact shuts kind ``k``.
    takes_start : (events + 1,) int64 array
    takes : (entries,) int64 array
        The fields that it takes a unit of.
    word, bit, full : (fields,) int64 arrays
        Where a field lies, and its value when nothing is left.
    """

    packed: Packed
    price: npt.NDArray[np.int64]
    closed: npt.NDArray[np.uint8]
    closes: IntArray
    shuts: npt.NDArray[np.uint8]
    takes_start: IntArray
    takes: IntArray
    word: IntArray
    bit: IntArray
    full: IntArray


class Asked(NamedTuple):
    """Customers with candidates, and what they had.

    Parameters
    ----------
    start : (customers + 1,) int64 array
        Candidates ``start[c] … start[c+1]`` are customer ``c``'s.
    kind : (candidates,) int32 array
    gain : (candidates,) float64 array
        Contribution in the sign that is maximised.
    paid : (candidates or 0,) int64 array
        What a candidate pays beside its kind's price.
    barred : (candidates or 0,) uint8 array
        1 for the ineligible.
    cls : (customers or 0,) int32 array
        Class of each customer; all are of the first where it is empty.
    event_start, event : (customers + 1 or 0,), (entries,) int arrays
        Past contacts of each customer; nobody has any where it is empty.
    sent_start, sent : the same for the kinds that were recorded.
    """

    start: IntArray
    kind: npt.NDArray[np.int32]
    gain: npt.NDArray[np.float64]
    paid: IntArray
    barred: npt.NDArray[np.uint8]
    cls: npt.NDArray[np.int32]
    event_start: IntArray
    event: npt.NDArray[np.int32]
    sent_start: IntArray
    sent: npt.NDArray[np.int32]


@bare_kernel
def decide_range(
    first, last, now, scale, inverse, shift, stamp, seen, mark, worth,
    adding, step, guard, excludes, unit_class, state_start, room,
    price, closed, closes, shuts, takes_start, takes, word, bit, full,
    start, kind, gain, paid, barred, cls, event_start, event, sent_start, sent,
    margin, kinds, ranked, gains, order, order_gain, ahead, picked, state, best, inside, tried,
):  # fmt: skip
    """Decide the customers ``first … last``.

    The fields of the policies (those of the packed words first), of what is asked and of the bench come one by one:
    numba looks at an array of a tuple three to five times as long, which was a third of deciding for one customer.

    Parameters
    ----------
    now : int
        Microseconds.
    scale, inverse : float
        A gain is ``rint(gain * scale / inverse)`` value quanta; one of the two is 1.
    shift : int
    stamp : int
        Larger than whatever ``seen`` holds.
    seen : (kinds,) int64 array
        Scratch: who had a kind last.
    mark : (candidates,) uint8 array
        Receives 1 for chosen candidates.
    worth : (customers,) int64 array
        Receives the margin of each customer's contacts.

    Returns
    -------
    wrong : int
        The first customer with the same kind twice or a gain that is no number, −1 where there is none.
    cut : int
        Customers whose search met the node limit.
    """
    packed = Packed(adding, step, guard, excludes, unit_class, state_start, room)
    policies = Policies(packed, price, closed, closes, shuts, takes_start, takes, word, bit, full)
    asked = Asked(start, kind, gain, paid, barred, cls, event_start, event, sent_start, sent)
    bench = Bench(margin, kinds, ranked, gains, order, order_gain, ahead, picked, state, best, inside, tried)
    return _decide(first, last, policies, asked, now, scale, inverse, shift, stamp, seen, bench, mark, worth)


@part
def _decide(first, last, policies, asked, now, scale, inverse, shift, stamp, seen, bench, mark, worth):
    packed = policies.packed
    adding, words = packed.adding, packed.guard.shape[0]
    kinds, ranked, gain, state = bench.kind, bench.ranked, bench.gain, bench.state
    events, sent = asked.event_start.shape[0] > 0, asked.sent_start.shape[0] > 0
    cut = 0
    for c in range(first, last):
        cls = np.int64(asked.cls[c]) if asked.cls.shape[0] else np.int64(0)
        for w in range(words):
            state[0, w] = packed.start[cls, w]
        room = packed.room[cls]
        if sent:
            for e in range(asked.sent_start[c], asked.sent_start[c + 1]):
                k = asked.sent[e]
                room -= 1
                for w in range(adding):
                    state[0, w] += packed.step[cls, k, w]
                for w in range(adding, words):
                    state[0, w] |= packed.step[cls, k, w]
        size, base = 0, asked.start[c]
        for j in range(base, asked.start[c + 1]):
            k = asked.kind[j]
            if seen[k] == stamp + c:
                return c, cut
            seen[k] = stamp + c
            number = np.rint(asked.gain[j] * scale / inverse)
            if not abs(number) < 2.0**61:
                return c, cut
            m = (np.int64(number) << shift) - policies.price[cls, k]
            if asked.paid.shape[0]:
                m -= asked.paid[j]
            if m <= 0 or now >= policies.closes[k] or policies.closed[cls, k]:
                continue
            shut = asked.barred.shape[0] > 0 and asked.barred[j] != 0
            if events:
                for e in range(asked.event_start[c], asked.event_start[c + 1]):
                    shut = shut or (policies.shuts[asked.event[e], k >> 3] >> (k & 7)) & 1
            if sent:
                for e in range(asked.sent_start[c], asked.sent_start[c + 1]):
                    shut = shut or asked.sent[e] == k
            if shut:
                continue
            i = size
            while i > 0 and (gain[i - 1] < m or (gain[i - 1] == m and kinds[ranked[i - 1]] > k)):
                ranked[i], gain[i] = ranked[i - 1], gain[i - 1]
                i -= 1
            ranked[i], gain[i] = j - base, m
            kinds[j - base] = k
            size += 1
        worth[c] = 0
        if size == 0 or room <= 0:
            continue
        if events:
            for e in range(asked.event_start[c], asked.event_start[c + 1]):
                for t in range(policies.takes_start[asked.event[e]], policies.takes_start[asked.event[e] + 1]):
                    f = policies.takes[t]
                    w, b, full = policies.word[f], policies.bit[f], policies.full[f]
                    if (state[0, w] >> b) & full < full:
                        state[0, w] += np.int64(1) << b
        value, bound, count = search_packed(ranked, gain, size, room, -1, NODES, cls, packed, bench)
        cut += bound > value
        worth[c] = value
        for i in range(count):
            mark[base + bench.best[i]] = 1
    return -1, cut
