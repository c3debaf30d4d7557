"""The compiler's side of :class:`optimizer.rules.world.World`: answers from DuckDB, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from optimizer.compile.amounts import Amounts
from optimizer.compile.bounds import group_bounds
from optimizer.compile.kinds import BITS, Kinds
from optimizer.compile.limits import cell_limits, own_limits
from optimizer.compile.pins import positions
from optimizer.compile.read import Read
from optimizer.compile.sight import Level, bind, joins, level_of_column, quoted, split, tables_of
from optimizer.compile.wide import Parted
from optimizer.data.key_tables import previous_keys
from optimizer.data.limit_tables import read_limits
from optimizer.data.tables import Tables
from optimizer.data.times import local_day
from optimizer.errors import ScenarioError
from optimizer.language.expressions import ColumnName, Expression
from optimizer.language.limits import ColumnLimit, Limit, TableLimit
from optimizer.problem.primitives import BoolArray, IntArray, Partition
from optimizer.problem.problem import EVERYONE
from optimizer.rules.books import Sense
from optimizer.rules.pairs import Times
from optimizer.rules.total_of import TotalOf
from optimizer.rules.world import Amount, Bounds, Clock, Past, Scope
from optimizer.scenario import Scenario


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """What a partition's groups are known by, so that history finds its group without tonight's customers."""

    per: str | None
    columns: tuple[ColumnName, ...]
    keys: tuple[tuple[str | None, ...], ...]


@dataclass(eq=False)
class CompileWorld:
    """What rules ask while they compile.

    Parameters
    ----------
    scenario, tables, kinds
    read : Read
        All candidates as read, before eligibility.
    amounts : Amounts
    unit : (customers,) int array
        Decision unit of each customer.
    """

    scenario: Scenario
    tables: Tables
    kinds_known: Kinds
    read: Read
    amounts: Amounts
    unit: IntArray
    partitions: list[Partition] = field(default_factory=list)
    group_keys: dict[int, GroupKeys] = field(default_factory=dict)
    parted: dict[int, Parted | None] = field(default_factory=dict)
    choice: int = 0
    _matches: dict[Expression, BoolArray] = field(default_factory=dict)
    _partition_of: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.partitions:
            everyone = np.arange(len(self.read.held), dtype=np.int32)
            self.partitions.append(Partition("customer", everyone, len(everyone)))

    @property
    def kinds(self) -> int:
        """Number of kinds."""
        return self.kinds_known.count

    @property
    def first_day(self) -> int:
        """First day of the horizon."""
        return self.scenario.horizon.start.toordinal()

    @property
    def last_day(self) -> int:
        """Last day of the horizon."""
        return self.first_day + self.scenario.horizon.days - 1

    @property
    def last_arrival(self) -> int:
        """Last day on which a planned contact may arrive."""
        sent = self.times("sending").day <= self.last_day + 1  # by any time zone; later ones are in no plan
        return max(self.last_day, int(self.times("arrival").day[sent].max(initial=0)))

    def under(self, choice: int) -> CompileWorld:
        """Return the world in which unknown time zones are the given one, and only customers with such are seen."""
        return replace(self, choice=choice)

    def zone(self, clock: Clock) -> str:
        """Return SQL of the customer's time zone, as a clock sees it."""
        return self.kinds_known.zones.sql(None if clock == "sending" else self.choice)

    def day(self, clock: Clock) -> IntArray:
        """Local day of each kind."""
        return self.times(clock).day

    def times(self, clock: Clock) -> Times:
        """Local day and instant of each kind."""
        known = self.kinds_known
        return known.constraint if clock == "sending" else known.arrival[self.choice]

    # Conditions -----------------------------------------------------------------------------------------------

    def matches(self, condition: Expression) -> BoolArray:
        """Whether the condition is true for contacts of each kind."""
        bound = bind(self.tables.catalog, condition)
        if bound not in self._matches:
            self._matches[bound] = self._evaluate(bound)
        return self._matches[bound] & self._seen

    @property
    def _seen(self) -> BoolArray:
        """Kinds that are seen at all under the choice of zones."""
        return self.kinds_known.unknown if self.choice else np.ones(self.kinds, bool)

    def _evaluate(self, bound: Expression) -> BoolArray:
        if bound in self.kinds_known.tested:
            bit = self.kinds_known.tested.index(bound)
            sql, tables = f'(candidates."@bits{bit // BITS}" >> {bit % BITS}) & 1 = 1', frozenset[str]()
        else:
            sql, tables = f"coalesce({bound.sql(quoted)}, false)", tables_of(bound)
        found = self.tables.con.execute(
            f'SELECT {sql} FROM "@kinds" candidates{joins(tables)} ORDER BY candidates.kind'
        ).fetchnumpy()
        return np.asarray(next(iter(found.values())), bool)

    # Whom and what a rule reaches -----------------------------------------------------------------------------

    def scope(
        self,
        rule: str,
        *,
        where: Expression | None,
        per: str | None,
        for_each: tuple[str, ...] = (),
        tables: tuple[TableLimit, ...] = (),
    ) -> Scope:
        """Return whom and what a rule reaches."""
        cut = split(where, self.tables.catalog)
        named = [(name, self.tables.catalog.column(name)) for name in for_each]
        by_kind = [(n, c) for n, c in named if level_of_column(c) is not Level.CUSTOMER]
        by_customer = [(n, c) for n, c in named if level_of_column(c) is Level.CUSTOMER]
        reached = self._seen if cut.rest is None else self.matches(cut.rest)
        label, labels = self._labels(by_kind, reached)
        listed = self._table_keys(for_each, tables) if per is None else []
        mine = [tuple(key[n] for n, _ in by_customer) for key in listed]
        partition, group_labels = self._partition(per, by_customer, cut.customer, mine if by_customer else [])
        groups = 1 if partition is None else self.partitions[partition].groups
        theirs = [tuple(key[n] for n, _ in by_kind) for key in listed]
        code = {tuple(one.values()): i for i, one in enumerate(labels)}
        for key in theirs:
            code.setdefault(key, len(code))
        place = {tuple(one.values()): i for i, one in enumerate(group_labels)}
        cells = tuple((code[a], place[b]) for a, b in zip(theirs, mine, strict=True))
        every = tuple(dict(zip([n for n, _ in by_kind], key, strict=True)) for key in code)
        return Scope(label, every, partition, groups, group_labels, cells)

    def _table_keys(self, names: tuple[str, ...], tables: tuple[TableLimit, ...]) -> list[dict[str, str | None]]:
        """Return the groups that limits tables name, candidates or not: a minimum on an empty one is unmet."""
        keys: dict[tuple[str | None, ...], None] = {}
        for limit in tables if names else ():
            keys |= dict.fromkeys(read_limits(self.scenario.base / limit.table, names, limit.column, self.tables))
        return [dict(zip(names, key, strict=True)) for key in sorted(keys, key=_sortable)]

    def _labels(
        self, columns: list[tuple[str, ColumnName]], reached: BoolArray
    ) -> tuple[IntArray, tuple[Mapping[str, str | None], ...]]:
        label = np.where(reached, 0, -1).astype(np.int32)
        if not columns:
            return label, ({},)
        sql = [self._kind_column(c) for _, c in columns]
        used = frozenset(c.table or "" for _, c in columns)
        rows = self.tables.con.execute(
            f'SELECT {", ".join(sql)} FROM "@kinds" candidates{joins(used)} ORDER BY candidates.kind'
        ).fetchall()
        values = sorted({row for row, yes in zip(rows, reached, strict=True) if yes}, key=_sortable)
        code = {row: i for i, row in enumerate(values)}
        for k in np.flatnonzero(reached):
            label[k] = code[rows[k]]
        names = [name for name, _ in columns]
        return label, tuple(dict(zip(names, row, strict=True)) for row in values)

    def _kind_column(self, column: ColumnName) -> str:
        if column in self.kinds_known.columns:
            return f'CAST(candidates."@label{self.kinds_known.columns.index(column)}" AS VARCHAR)'
        return f"CAST({quoted(column)} AS VARCHAR)"

    def _partition(
        self,
        per: str | None,
        columns: list[tuple[str, ColumnName]],
        condition: Expression | None,
        named: list[tuple[str | None, ...]],
    ) -> tuple[int | None, tuple[Mapping[str, str | None], ...]]:
        if condition is None and not columns and per in (None, "customer"):
            return (EVERYONE, ({},)) if per is not None else (None, ({},))
        key = (per, tuple(columns), condition, tuple(named))
        names = [n for n, _ in columns]
        parts = [f"CAST({quoted(c)} AS VARCHAR)" for _, c in columns]
        used = {c.table or "" for _, c in columns} | (tables_of(condition) if condition else frozenset())
        if per is not None:
            used |= {"customers"} if per != "customer" else set()
            parts = [self.who(per), *parts]
        test = "true" if condition is None else f"coalesce({condition.sql(quoted)}, false)"
        rows = self.tables.con.execute(
            f'SELECT {", ".join([test, *parts])} FROM "@customers" candidates{joins(frozenset(used))} ORDER BY ordinal'
        ).fetchall()
        # A constraint without groups by customer is one group, even if nobody is in it: its minimum is still there.
        groups: dict[tuple[str | None, ...], int] = {(): 0} if per is None and not columns else {}
        # Groups are numbered by their first customer: hash order again.
        group = np.array([groups.setdefault(row[1:], len(groups)) if row[0] else -1 for row in rows], np.int32)
        for values in named:
            groups.setdefault(values, len(groups))
        if key not in self._partition_of:
            self.partitions.append(Partition(per or "everyone", group, len(groups)))
            self._partition_of[key] = len(self.partitions) - 1
            self.group_keys[self._partition_of[key]] = GroupKeys(per, tuple(c for _, c in columns), tuple(groups))
        if per is not None:
            return self._partition_of[key], ({},)
        return self._partition_of[key], tuple(dict(zip(names, row, strict=True)) for row in groups)

    def groups(self, partition: int | None) -> int:
        """Return how many groups a partition has: one, of everybody, where there is none."""
        return 1 if partition is None else self.partitions[partition].groups

    def who(self, per: str, base: str = "candidates") -> str:
        """Return SQL for who shares a policy, as text; a NULL is the customer alone."""
        customer = f"CAST({base}.customer AS VARCHAR)"
        if per == "customer":
            return customer
        return f"coalesce('=' || CAST({quoted(self.tables.catalog.column(per))} AS VARCHAR), '!' || {customer})"

    # Amounts --------------------------------------------------------------------------------------------------

    def amount(self, total: TotalOf) -> Amount:
        """Return what one contact counts."""
        return self.amounts.amount(total)

    def difference(self, above: Expression, below: Expression, factor: Decimal) -> Amount:
        """Return the amount ``above − factor · below`` of each contact, as a measure."""
        return self.amounts.difference(above, below, factor)

    @property
    def share_places(self) -> int:
        """Decimal places of a share, so that as many of its quanta as there are candidates have room."""
        return self.amounts.share_places

    def previous(self, run: str) -> tuple[Amount, int]:
        """Return which contacts are in an earlier plan, as an amount of 1, and how many of them are eligible now."""
        keys = previous_keys(self.tables, self.scenario.base / run)
        read = self.read
        mine = np.zeros(len(read.kind), np.int64)
        mine[positions(self.tables, self.kinds_known, keys, read.customer, read.kind)] = 1
        eligible = mine[read.refused == 0]
        return self.amounts.own("in the earlier plan", eligible), int(eligible.sum())

    def may_be_negative(self, total: TotalOf) -> bool:
        """Whether the amount is negative for some candidate as read."""
        return self.amounts.may_be_negative(total)

    def keys(self, columns: tuple[str, ...]) -> tuple[IntArray, tuple[Mapping[str, str | None], ...]]:
        """Return a code per kind for the values of some columns, and the values behind each code."""
        named = [(name, self.tables.catalog.column(name)) for name in columns]
        for name, column in named:
            if level_of_column(column) is Level.CUSTOMER:
                raise ScenarioError(
                    f"'{name}' tells customers apart, not contacts", where="distinct", fix="leave it out"
                )
        return self._labels(named, np.ones(self.kinds, bool))

    def cells(self, scope: Scope, label: IntArray) -> BoolArray:
        """Whether each (label, group) of a constraint has a candidate as read, or is named by a limits table."""
        if not scope.labels or not scope.group_labels:
            return np.zeros(0, bool)
        if not scope.labels[0] and not scope.group_labels[0]:
            return np.ones(len(label) * scope.groups, bool)
        there = np.zeros((len(scope.labels), scope.groups), bool)
        for one, other in scope.named:
            there[one, other] = True
        mine = scope.label[self.read.kind]
        group: IntArray = np.zeros(len(mine), np.int64)
        if scope.partition is not None:
            group = self.partitions[scope.partition].group[self.read.customer]
        inside = (mine >= 0) & (group >= 0)
        there[mine[inside], group[inside]] = True
        return there[label].ravel()

    def reached(self, scope: Scope) -> tuple[IntArray, IntArray]:
        """Return the different (group, label) pairs with a candidate, before eligibility."""
        label = scope.label[self.read.kind].astype(np.int64)
        assert scope.partition is not None
        customer = self.read.customer
        group = self.partitions[scope.partition].group[customer].astype(np.int64)
        inside = (label >= 0) & (group >= 0) & ~self.read.held[customer]
        pairs = np.unique(group[inside] * len(scope.labels) + label[inside])
        return pairs // len(scope.labels), pairs % len(scope.labels)

    # The past -------------------------------------------------------------------------------------------------

    def counted(
        self,
        scope: Scope,
        total: TotalOf,
        *,
        where: Expression | None,
        clock: Clock,
        history: bool,
        missed: Sequence[tuple[Sense, Limit]] = (),
        for_each: tuple[str, ...] = (),
    ) -> tuple[Amount, Past | None]:
        """Return what one contact counts, and the history that a rule counts with it, in the same quanta."""
        from optimizer.compile.past import counted

        return counted(self, scope, total, where=where, clock=clock, history=history, missed=missed, for_each=for_each)

    def past(self, scope: Scope, *, where: Expression | None, clock: Clock) -> Past:
        """Return the history that a rule counts, as contacts."""
        from optimizer.compile.past import read_past

        return read_past(self, scope, where=where, clock=clock).past

    def past_keys(
        self, scope: Scope, columns: tuple[str, ...], *, where: Expression | None, clock: Clock
    ) -> tuple[Past, IntArray]:
        """Return the history that a rule counts, and the code of each row's values."""
        from optimizer.compile.past import read_past, with_codes

        rows = read_past(self, scope, where=where, clock=clock, columns=columns)
        return rows.past, with_codes(rows.key, self.keys(columns)[1])

    @property
    def history_start(self) -> int | None:
        """First day from which history is complete."""
        if self.scenario.data.history_since is not None:
            return self.scenario.data.history_since.toordinal()
        if not self.tables.has("history"):
            return None
        zones = self.kinds_known.zones
        day = local_day('history."@date"', 'history."@instant"', zones.sql(self.choice))
        ((first,),) = self.tables.con.execute(
            f"SELECT min({day}) FROM history{joins(zones.tables, 'history')}"
        ).fetchall()
        return None if first is None else int(first.toordinal())

    def bounds(self, scope: Scope, clock: Clock) -> Bounds:
        """Return when minimums in windows of hours are demanded of each group."""
        start = self.first_day if self.history_start is None else min(self.history_start, self.first_day)
        return group_bounds(self, scope.partition, clock, (start, self.first_day, self.last_day + 1))

    # Limits ---------------------------------------------------------------------------------------------------

    def limits(self, rule: str, limit: Limit, scope: Scope, *, decimals: int, down: bool) -> IntArray:
        """Return the limit in quanta for each (label, group)."""
        return cell_limits(self, rule, limit, scope, decimals=decimals, down=down)

    def own_limits(self, rule: str, limit: ColumnLimit, scope: Scope, *, decimals: int, down: bool) -> IntArray:
        """Return each group's own limit."""
        return own_limits(self, rule, limit, scope, decimals=decimals, down=down)


def _sortable(row: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, str(value)) for value in row)
