"""Windows: which kinds and which history fall into which, held against the plain definition."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.rules.windows import windowed
from optimizer.rules.world import Past, Scope

kinds = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=8)
pasts = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-5, 12), st.integers(1, 4)), max_size=8)
spans = st.lists(st.tuples(st.integers(-4, 9), st.integers(0, 5)).map(lambda t: (t[0], t[0] + t[1])), max_size=6)


def spread(
    kinds: Any, past: Any, windows: Any, *, keep_empty: bool = False
) -> tuple[Any, dict[Any, Any], dict[Any, Any]]:
    label, day, weight = (np.array(part, np.int64) for part in zip(*kinds, strict=True))
    scope = Scope(label=label, labels=({}, {}, {}), partition=0, groups=3)
    before = None
    if past is not None:
        group, labels, days, counts = (
            np.array(part, np.int64) for part in (zip(*past, strict=True) if past else [[]] * 4)
        )
        before = Past(group, labels, days, np.full(len(group), np.nan), counts)
    found = windowed(scope, day, windows, weight=weight, past=before, keep_empty=keep_empty)
    names = list(zip(found.label.tolist(), found.first.tolist(), found.last.tolist(), strict=True))
    uses = {
        (k, *names[found.uses.instance[e]]): int(found.uses.weight[e])
        for k in range(len(kinds))
        for e in range(found.uses.start[k], found.uses.start[k + 1])
    }
    used = {
        (int(g), *names[i]): int(n)
        for g, i, n in zip(found.past_group, found.past_instance, found.past_used, strict=True)
    }
    return found, uses, used


@given(kinds, spans)
def test_a_kind_is_in_the_windows_that_hold_its_day(kinds: Any, windows: Any) -> None:
    _, uses, _ = spread(kinds, None, sorted(set(windows)))
    assert uses == {
        (k, label, first, last): weight
        for k, (label, day, weight) in enumerate(kinds)
        for first, last in set(windows)
        if label >= 0 and first <= day <= last
    }


@given(kinds, pasts, spans)
def test_history_counts_in_every_window_that_holds_its_day(kinds: Any, past: Any, windows: Any) -> None:
    windows = sorted(set(windows))
    found, _, used = spread(kinds, past, windows)
    there = set(zip(found.label.tolist(), found.first.tolist(), found.last.tolist(), strict=True))
    wanted: dict[Any, int] = {}
    for group, label, day, count in past:
        for first, last in windows:
            if first <= day <= last and (label, first, last) in there:
                wanted[group, label, first, last] = wanted.get((group, label, first, last), 0) + count
    assert used == wanted


@given(kinds, spans)
def test_a_window_left_out_as_not_maximal_says_nothing_new(kinds: Any, windows: Any) -> None:
    found, uses, _ = spread(kinds, None, sorted(set(windows)))
    holds: dict[Any, set[int]] = {}
    for k, *instance in uses:
        holds.setdefault(tuple(instance), set()).add(k)
    names = list(zip(found.label.tolist(), found.first.tolist(), found.last.tolist(), strict=True))
    kept = [holds[name] for name, maximal in zip(names, found.maximal, strict=True) if maximal]
    assert all(any(some <= one for one in kept) for some in holds.values())


@given(kinds, spans)
def test_minimums_keep_windows_without_kinds(kinds: Any, windows: Any) -> None:
    windows = sorted(set(windows))
    found, _, _ = spread(kinds, None, windows, keep_empty=True)
    names = set(zip(found.label.tolist(), found.first.tolist(), found.last.tolist(), strict=True))
    assert names == {(label, *window) for label in range(3) for window in windows}
