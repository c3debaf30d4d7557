"""The shelf: the same columns whatever the order and the batches that rows come in."""

from __future__ import annotations

import numpy as np
import pytest

import optimizer.compile.shelf
from optimizer.compile.shelf import Shelf, ordered
from optimizer.errors import DataError

KINDS = 50


def crowd(seed: int, customers: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the start of each customer's rows, and the rows' customers and kinds in the order of the shelf."""
    draw = np.random.default_rng(seed)
    kinds = [np.sort(draw.choice(KINDS, draw.integers(1, 20), replace=False)) for _ in range(customers)]
    count = np.array([len(k) for k in kinds])
    return np.append(0, np.cumsum(count)), np.repeat(np.arange(customers), count), np.concatenate(kinds)


@pytest.mark.parametrize("seed", range(20))
def test_rows_in_any_order_and_batches_end_in_the_same_places(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(seed)
    monkeypatch.setattr(optimizer.compile.shelf, "BATCH", int(draw.integers(1, 100)))
    start, customer, kind = crowd(seed)
    number = draw.random(len(kind))
    by_customer = np.argsort(draw.permutation(len(start))[customer], kind="stable")
    order = by_customer if seed % 2 else draw.permutation(len(kind))
    shelf = Shelf(start, KINDS, [np.float64, np.int64])
    for rows in np.array_split(order, int(draw.integers(1, 30))):
        shelf.put(customer[rows], kind[rows], [number[rows], rows])
    shelf.settle()
    assert np.array_equal(shelf.kind, kind)
    assert np.array_equal(shelf.columns[0], number)
    assert np.array_equal(shelf.columns[1], np.arange(len(kind)))


@pytest.mark.parametrize("wrong", [slice(1, None), slice(None, -1)])
def test_rows_that_come_or_go_between_two_looks_are_told(wrong: slice) -> None:
    start, customer, kind = crowd(0)
    shelf = Shelf(start, KINDS, [])
    shelf.put(customer[wrong], kind[wrong], [])
    with pytest.raises(DataError, match="changed while they were read"):
        shelf.settle()
    with pytest.raises(DataError, match="changed while they were read"):
        shelf.put(customer, kind, [])


def test_numbers_too_wide_to_pack_are_sorted_alike() -> None:
    draw = np.random.default_rng(0)
    customer, kind = draw.integers(0, 9, 200), draw.integers(0, KINDS, 200)
    wide = ordered(customer + 2**60, kind, KINDS)
    packed = ordered(customer, kind, KINDS)
    assert np.array_equal(wide[0] - 2**60, packed[0])
    assert np.array_equal(wide[1], packed[1])
    assert np.array_equal(wide[2], packed[2])
