"""The waist: the few primitives that every rule compiles to and every engine understands.

All of them have one shape. A primitive belongs to a *rule*; it has *instances* (a window, an offer, …); an
:class:`Incidence` says which kinds of contact count in which instance, and how much. It applies once per *group*
of a :class:`Partition` of the customers (each customer alone, each household, each branch). The pair
(group, instance) is one constraint of a unit. What history has used already only changes the limit of some pairs:
those are listed in :class:`Overrides`.

Integers throughout: counts, or amounts in a measure's quantum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

UNLIMITED = np.int64(2**62)
"""An upper limit that never binds. Its negative is a lower limit that never binds."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Sparse kinds × instances matrix of whole weights, by kind.

    Parameters
    ----------
    start : (kinds + 1,) int array
        Entries ``start[k] … start[k+1]`` belong to kind ``k``.
    instance : (entries,) int array
        Instance of each entry, ascending within a kind, none twice.
    weight : (entries,) int array
        What one contact of the kind counts; its meaning is the primitive's.
    instances : int
        Number of instances.
    """

    start: IntArray
    instance: IntArray
    weight: IntArray
    instances: int

    @property
    def kinds(self) -> int:
        """Number of kinds."""
        return len(self.start) - 1

    @property
    def kind(self) -> IntArray:
        """Kind of each entry. Shape (entries,)."""
        return np.repeat(np.arange(self.kinds, dtype=np.int64), np.diff(self.start))

    @classmethod
    def of(
        cls, kind: npt.ArrayLike, instance: npt.ArrayLike, weight: npt.ArrayLike, *, kinds: int, instances: int
    ) -> Incidence:
        """Build from parallel arrays in any order; ``weight`` may be a single number."""
        kind = np.asarray(kind, np.int64).ravel()
        instance = np.asarray(instance, np.int32).ravel()
        weight = np.broadcast_to(np.asarray(weight, np.int64), kind.shape)
        order = np.lexsort((instance, kind))
        start = np.zeros(kinds + 1, np.int64)
        np.cumsum(np.bincount(kind, minlength=kinds), out=start[1:])
        return cls(start, instance[order], np.ascontiguousarray(weight[order]), instances)


@dataclass(frozen=True, slots=True, eq=False)
class Overrides:
    """Numbers for some (group, instance) pairs that replace the common one, by group.

    Parameters
    ----------
    start : (groups + 1,) int array
        Entries ``start[g] … start[g+1]`` belong to group ``g``.
    instance, number : (entries,) int arrays
        The instance, ascending within a group, and the number that holds for it.
    """

    start: IntArray
    instance: IntArray
    number: IntArray

    @classmethod
    def of(cls, group: npt.ArrayLike, instance: npt.ArrayLike, number: npt.ArrayLike, *, groups: int) -> Overrides:
        """Build from parallel arrays in any order; each pair at most once."""
        group = np.asarray(group, np.int64).ravel()
        instance = np.asarray(instance, np.int32).ravel()
        number = np.broadcast_to(np.asarray(number, np.int64), group.shape)
        order = np.lexsort((instance, group))
        start = np.zeros(groups + 1, np.int64)
        np.cumsum(np.bincount(group, minlength=groups), out=start[1:])
        return cls(start, instance[order], np.ascontiguousarray(number[order]))

    def lookup(self, group: IntArray, instance: IntArray, default: npt.ArrayLike) -> IntArray:
        """Return the number of each asked pair, or ``default`` where the pair is not listed.

        Parameters
        ----------
        group, instance : (n,) int arrays
        default : (n,) int array or int
        """
        width = np.int64(max(int(self.instance.max(initial=0)), int(np.max(instance, initial=0))) + 1)
        mine = np.repeat(np.arange(len(self.start) - 1, dtype=np.int64), np.diff(self.start)) * width + self.instance
        asked = np.asarray(group, np.int64) * width + instance
        found = np.searchsorted(mine, asked)
        inside = found < len(mine)
        hit = np.zeros(len(asked), bool)
        hit[inside] = mine[found[inside]] == asked[inside]
        out = np.array(np.broadcast_to(np.asarray(default, np.int64), asked.shape))
        out[hit] = self.number[found[hit]]
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Who shares a limit: each customer's group, or −1 where the rule does not reach the customer.

    All customers of a group lie in one unit, unless the partition is used by :class:`Rows` or :class:`Switch` only.
    """

    name: str
    group: IntArray
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """An amount per candidate in whole quanta of ``10 ** -decimals``.

    ``exact`` says that no amount was rounded to get there; otherwise each is within half a quantum.
    """

    name: str
    amount: IntArray
    decimals: int
    exact: bool


def _own(
    common: IntArray,
    own: IntArray | None,
    silent: int,
    overrides: Overrides | None,
    group: IntArray,
    instance: IntArray,
) -> IntArray:
    """Return the number of each pair: its override, else its group's own unless silent, else the common one."""
    out = np.asarray(common, np.int64)[instance]
    if own is not None:
        out = np.where(out == silent, out, np.asarray(own, np.int64)[group])
    return out if overrides is None else overrides.lookup(group, instance, out)


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """Within a group: Σ weight · x ≤ limit, per instance. With a measure it is a knapsack.

    Parameters
    ----------
    rule : str
        Name of the rule it comes from.
    partition : int
        Index into ``Problem.partitions``.
    uses : Incidence
        Weights ≥ 0 (with a measure, the factor on it).
    limit : (instances,) int array
        The cap, or ``UNLIMITED`` where only overrides can bind (an instance that another one dominates).
    measure : int, optional
        Index into ``Problem.measures``: the weight of candidate j is ``uses.weight · amount[j]``.
    group_limit : (groups,) int array, optional
        The group's own cap, in place of every ``limit`` that is not ``UNLIMITED``.
    overrides : Overrides, optional
        What remains of the cap after history, for pairs that history touched.
    decimals : int
        Decimal places of what is counted.
    labels : tuple of mappings, optional
        What each instance counts (values, window), for people; engines do not look.
    """

    rule: str
    partition: int
    uses: Incidence
    limit: IntArray
    measure: int | None = None
    group_limit: IntArray | None = None
    overrides: Overrides | None = None
    decimals: int = 0
    labels: tuple[Mapping[str, str | None], ...] = ()

    def limits(self, group: IntArray, instance: IntArray) -> IntArray:
        """Return the cap of each asked (group, instance) pair, ``UNLIMITED`` where there is none."""
        return _own(self.limit, self.group_limit, int(UNLIMITED), self.overrides, group, instance)


@dataclass(frozen=True, slots=True, eq=False)
class DistinctCounter:
    """Within a group: number of different keys among the contacts of an instance ≤ limit.

    ``key[k]`` is the key of kind ``k``. ``known_*`` are parallel arrays of (group, instance, key) that history
    holds already: such a key costs nothing more, and ``overrides`` has the limits less the known keys.
    """

    rule: str
    partition: int
    uses: Incidence
    key: IntArray
    limit: IntArray
    group_limit: IntArray | None = None
    overrides: Overrides | None = None
    known_group: IntArray | None = None
    known_instance: IntArray | None = None
    known_key: IntArray | None = None

    def limits(self, group: IntArray, instance: IntArray) -> IntArray:
        """Return the cap of each asked (group, instance) pair, ``UNLIMITED`` where there is none."""
        return _own(self.limit, self.group_limit, int(UNLIMITED), self.overrides, group, instance)


SIDE_A, SIDE_B = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """Within a group: no two *different* contacts of an instance, one on side A and one on side B.

    ``uses.weight`` holds bits: ``SIDE_A``, ``SIDE_B`` or both. ``present`` holds the bits that history put there.
    """

    rule: str
    partition: int
    uses: Incidence
    present: Overrides | None = None


NEEDS, SERVES = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Prerequisite:
    """Within a group: a contact that *needs* an instance requires another one that *serves* it.

    ``uses.weight`` holds bits: ``NEEDS``, ``SERVES`` or both. ``served`` lists the pairs that history serves
    (number 1).
    """

    rule: str
    partition: int
    uses: Incidence
    served: Overrides | None = None


class Shortfall(StrEnum):
    """What happens when a minimum of a unit cannot be met."""

    REQUIRED = "required"
    BEST_EFFORT = "best_effort"
    ALL_OR_NOTHING = "all_or_nothing"
    PENALTY = "penalty"


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """Within a group: Σ weight · x ≥ need, per instance, with a declared reaction when it cannot be met.

    ``need`` and its ``overrides`` are what is still missing after history (0 where nothing is).
    ``penalty`` is in value quanta per missing unit. With a ``key`` per kind, different keys count instead of weights
    (which are 1), as in a :class:`DistinctCounter`: those that history holds, ``known_*``, count nothing more.
    """

    rule: str
    partition: int
    uses: Incidence
    need: IntArray
    reaction: Shortfall
    measure: int | None = None
    penalty: Fraction | None = None
    group_need: IntArray | None = None
    overrides: Overrides | None = None
    key: IntArray | None = None
    known_group: IntArray | None = None
    known_instance: IntArray | None = None
    known_key: IntArray | None = None
    decimals: int = 0
    labels: tuple[Mapping[str, str | None], ...] = ()

    def needs(self, group: IntArray, instance: IntArray) -> IntArray:
        """Return the need of each asked (group, instance) pair; 0 or less where nothing is asked.

        A group's own need stands in for every common need that is not 0.
        """
        return _own(self.need, self.group_need, 0, self.overrides, group, instance)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Across units: lower ≤ Σ coefficient · x ≤ upper, for each (instance, group): the rows of one constraint.

    Row ``instance · groups + group`` of the block. The coefficient of candidate j is
    ``uses.weight[entry]``, times ``measures[measure].amount[j]`` where a measure is given.

    Parameters
    ----------
    rule : str
    uses : Incidence
        Weights of either sign.
    lower, upper : (instances · groups,) int arrays
        In quanta of ``10 ** -decimals``; ``∓UNLIMITED`` where there is none.
    partition : int, optional
        Index into ``Problem.partitions``; None when all customers are one group.
    measure : int, optional
        Index into ``Problem.measures``.
    penalty : Fraction, optional
        Value quanta per quantum of violation; None for a hard constraint.
    decimals : int
        Decimal places of the amounts.
    part : str
        Tells apart the blocks of a rule that has several.
    labels : tuple of str, optional
        Canonical JSON of each row's group, for people; engines do not look.
    policy : bool
        Whether they are a contact policy, shared by more customers than one unit can hold: it is told among policies.
    """

    rule: str
    uses: Incidence
    lower: IntArray
    upper: IntArray
    partition: int | None = None
    measure: int | None = None
    penalty: Fraction | None = None
    decimals: int = 0
    part: str = ""
    labels: tuple[str, ...] = ()
    policy: bool = False

    @property
    def name(self) -> str:
        """Name of the block: the rule's, and the part's where there are several."""
        return f"{self.rule} {self.part}" if self.part else self.rule

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.upper)


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """Across units: a cell (instance, group) is used never, or ``lot`` times or more; at most ``most`` are used.

    With a measure, index into ``Problem.measures``, the use is the sum of its amounts and ``lot`` is in its quanta of
    ``10 ** -decimals``. Amounts are ≥ 0. ``labels`` holds the canonical JSON of each cell's values, in the order of
    ``Rows``, for people.
    """

    rule: str
    uses: Incidence
    partition: int | None = None
    lot: int | None = None
    most: int | None = None
    measure: int | None = None
    decimals: int = 0
    labels: tuple[str, ...] = ()


Primitive = Counter | DistinctCounter | Conflict | Prerequisite | Floor | Rows | Switch
