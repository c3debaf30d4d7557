"""The compiled problem: frozen arrays, and nothing else, between the rules and the engines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.problem.primitives import (
    Conflict,
    Counter,
    DistinctCounter,
    Floor,
    IntArray,
    Measure,
    Partition,
    Prerequisite,
    Rows,
    Switch,
)

EVERYONE = 0
"""Index of the partition in which each customer is a group alone."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Choose candidates: maximise Σ value · x − penalties, obeying every primitive.

    Candidates are in the order of their keys' seeded hashes, contiguous by unit and within it by customer, so that
    nothing an engine decides can depend on the order of the rows that were read: the lower position wins a tie.

    Parameters
    ----------
    customer_start : (customers + 1,) int array
        Candidates ``customer_start[c] … customer_start[c+1]`` are customer ``c``'s.
    unit_customer : (units + 1,) int array
        Customers ``unit_customer[u] … unit_customer[u+1]`` are decided together.
    kind : (candidates,) int array
        What rules can see of the candidate, 0 … kinds − 1.
    value : (candidates,) int array
        Contribution to the (maximised) objective, in quanta of ``10 ** -value_decimals``. The sum of all absolute
        values is below 2**53, so that sums are exact as integers and as doubles alike.
    value_decimals : int
        Decimal places of a quantum; may be negative for huge values.
    kinds : int
        Number of kinds.
    most_contacts : int
        No plan has more contacts than this; the rounding of the values moves an objective by at most half a quantum
        for each of them.
    required : (pins,) int array
        Candidates that must be in the plan.
    """

    customer_start: IntArray
    unit_customer: IntArray
    kind: IntArray
    value: IntArray
    value_decimals: int
    kinds: int
    most_contacts: int
    measures: tuple[Measure, ...] = ()
    partitions: tuple[Partition, ...] = ()
    counters: tuple[Counter, ...] = ()
    distincts: tuple[DistinctCounter, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    floors: tuple[Floor, ...] = ()
    rows: tuple[Rows, ...] = ()
    switches: tuple[Switch, ...] = ()
    required: IntArray | None = None

    @property
    def candidates(self) -> int:
        """Number of candidates."""
        return len(self.kind)

    @property
    def unit_primitives(self) -> tuple[Counter | DistinctCounter | Conflict | Prerequisite | Floor, ...]:
        """All primitives that hold inside units."""
        return (*self.counters, *self.distincts, *self.conflicts, *self.prerequisites, *self.floors)

    @property
    def blocks(self) -> tuple[Rows | Switch, ...]:
        """All primitives that couple units: rows, then switches."""
        return (*self.rows, *self.switches)

    @property
    def customers(self) -> int:
        """Number of customers with candidates."""
        return len(self.customer_start) - 1

    @property
    def units(self) -> int:
        """Number of decision units."""
        return len(self.unit_customer) - 1

    @cached_property
    def unit_start(self) -> IntArray:
        """Candidates ``unit_start[u] … unit_start[u+1]`` are unit ``u``'s. Shape (units + 1,)."""
        return self.customer_start[self.unit_customer]

    @cached_property
    def customer(self) -> IntArray:
        """Customer of each candidate. Shape (candidates,)."""
        return np.repeat(np.arange(self.customers, dtype=np.int32), np.diff(self.customer_start))

    def group(self, partition: int | None) -> IntArray:
        """Group of each candidate in a partition (−1: not reached); all 0 for None. Shape (candidates,)."""
        if partition is None:
            return np.zeros(self.candidates, np.int32)
        if partition == EVERYONE:
            return self.customer
        return self.partitions[partition].group[self.customer]

    def group_of(self, partition: int | None, candidates: IntArray) -> IntArray:
        """Return the group of a few candidates in a partition, without those of all. Shape (asked,)."""
        if partition is None:
            return np.zeros(len(candidates), np.int32)
        return self.group_of_customers(partition, self.customer_of(candidates))

    def group_of_customers(self, partition: int, customers: IntArray) -> IntArray:
        """Return the group of some customers in a partition (−1: not reached). Shape (customers asked,)."""
        return customers if partition == EVERYONE else self.partitions[partition].group[customers]

    def customer_of(self, candidates: IntArray) -> IntArray:
        """Return the customer of a few candidates, without those of all. Shape (asked,)."""
        if len(candidates) == self.candidates:
            return self.customer[candidates]
        customer: IntArray = np.searchsorted(self.customer_start, candidates, "right") - 1
        return customer

    def groups(self, partition: int | None) -> int:
        """Return the number of groups of a partition; 1 for None."""
        return 1 if partition is None else self.partitions[partition].groups
