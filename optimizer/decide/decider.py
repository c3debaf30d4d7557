"""The decider: a run's prices, and what was recorded since."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from optimizer.analysis.explain.run import Run
from optimizer.decide.anew import Anew, ManyAnew, Request
from optimizer.decide.batch import Answers, Batch
from optimizer.decide.closures import Odd
from optimizer.decide.decision import Decision
from optimizer.decide.many import Encoded, ManyQuick, asked, encode
from optimizer.decide.quick import Day, One, odd_rows
from optimizer.decide.recorded import Recorded
from optimizer.decide.requests import as_table, moment, to_arrow
from optimizer.decide.stored import StoredPrices
from optimizer.decide.tables import FastTables
from optimizer.decide.template import SlowError
from optimizer.errors import DataError, UsageError
from optimizer.failpoints import reach
from optimizer.plan.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


class Decider:
    """Decides during the day at the prices of the night's run.

    Made by :meth:`load`. Any number of threads may decide at once: deciding changes nothing. :meth:`record` is the only
    call that does. Where two threads decide for one customer, the first to record wins: the other's decision is
    refused, for it knew nothing of the first.

    Attributes
    ----------
    slow : str or None
        Why requests are compiled one by one, in a fraction of a second each; None where the scenario's policies fit
        tables, and a decision takes microseconds.

    Examples
    --------
    With the plan of the example of :func:`optimizer.solve`:

    >>> import optimizer as opt
    >>> decider = opt.Decider.load(plan)
    >>> decision = decider.decide("Cleo", [{"offer": "tea", "value": 2}, {"offer": "cup", "value": 6}])
    >>> decision.contacts
    [{'offer': 'cup', 'value': 6}]
    >>> [(refused.fate, refused.rules) for refused in decision.refused]
    [('refused', ('one-each',))]
    >>> decider.record(decision)
    >>> decider.remaining[["name", "limit", "recorded", "remaining"]].values.tolist()
    [['stock', 1.0, 1.0, 0.0]]
    >>> late = pd.DataFrame({"customer": ["Dan", "Dan"], "offer": ["tea", "cup"], "value": [2, 9]})
    >>> batch = decider.decide_many(late)
    >>> batch.contacts.values.tolist()
    [['Dan', 'tea', 2]]
    >>> print(batch.decision("Dan").refused[0])
    cup: used up (stock)
    """

    def __init__(self, run: Run, stored: StoredPrices, schema: pa.Schema, tables: FastTables | str) -> None:
        self._run, self._stored, self._schema = run, stored, schema
        self._run_id = str(run.summary["run_id"])
        self.slow = tables if isinstance(tables, str) else None
        self._day = None if isinstance(tables, str) else Day.of(tables, {})
        shared = any(getattr(rule, "per", "customer") != "customer" for rule in run.scenario.rules())
        self._recorded = Recorded(shared=shared)
        self._recording = Lock()

    @classmethod
    def load(cls, run: Plan | Path | str, **frames: Any) -> Decider:
        """Take the prices of a run.

        Parameters
        ----------
        run : Plan or path
            A plan, or the folder that a run published.
        **frames : frame
            ``customers``, ``offers``, ``channels``, ``slots``, ``history`` or ``consents`` in place of the run's own.

        Raises
        ------
        DataError
            It is no run folder, the run left no prices, or an input other than the candidates has changed.
        UnsupportedError
            A policy is shared by more customers than can be decided together.
        """
        known = Run.of(run).with_frames(frames)
        known.refuse_changed(but=("candidates",))
        if known.folder is None:
            assert isinstance(run, Plan)
            assert known.table is not None
            prices, schema = run.prices, known.table.schema
        else:
            reach("read prices.json")
            prices = json.loads((known.folder / "prices.json").read_text(encoding="utf-8"))
            schema = pq.read_schema(known.folder / "contacts.parquet")
            if _run_of(known.folder) != known.summary["run_id"]:
                what, fix = "the run was replaced by another one while it was read", "load it again"
                raise DataError(what, where=str(known.folder), fix=fix)
        stored = StoredPrices.of(known, prices)
        tables: FastTables | str
        try:
            tables = FastTables.of(known, stored)
        except SlowError as why:
            tables = str(why)
        return cls(known, stored, pa.schema([one for one in schema if one.name != "contribution"]), tables)

    def decide(self, customer: Any, candidates: Any, now: dt.datetime | None = None, history: Any = None) -> Decision:
        """Decide for one customer; nothing is changed.

        Parameters
        ----------
        customer : object
            Id.
        candidates : sequence of dicts, or frame
            With the columns that the run's candidates had; ``customer`` may be left out.
        now : datetime, optional
            Aware. Slots before it are over. The run's own "now" if not given.
        history : sequence of dicts, or frame, optional
            Contacts beyond those of the run's history: ``customer, offer, channel, at`` and what rules look at.

        Returns
        -------
        Decision
            The contacts that bring most after prices and break no policy, and of the others why not.

        Raises
        ------
        DataError
            Something in the candidates or the history is wrong: row, column and value are named.
        UsageError
            ``now`` lies before the run's "now".
        """
        when = moment(now, self._run.scenario)
        version = self._recorded.version((customer,))
        listed = isinstance(candidates, list | tuple)
        if self._day is not None and history is None:
            rows = candidates if listed else as_table(candidates, self._schema, customer).to_pylist()
            try:
                one = One(self._day, customer, rows, _microseconds(when), self._recorded.kinds(customer))
            except (Odd, KeyError, TypeError):
                pass  # the long way looks at everything, and tells what is odd
            else:
                return one.decision(rows, _picked(candidates, one.chosen), when, self._run_id, version)
        table = as_table(candidates, self._schema, customer)
        rows = candidates if listed else table.to_pylist()
        if not rows:
            return Decision(customer, _picked(candidates, []), 0.0, 0.0, when, self._run_id, version=version)
        found = self._anew(table, when, history)
        return Decision(
            customer=customer,
            contacts=_picked(candidates, found.chosen),
            contribution=found.contribution,
            margin=found.margin,
            now=when,
            run_id=self._run_id,
            infeasible=bool(found.infeasible),
            version=version,
            _rows=rows,
            _answer=found,
        )

    def decide_many(self, candidates: Any, now: dt.datetime | None = None, history: Any = None) -> Batch:
        """Decide for many customers, each as :meth:`decide` would; nothing is changed.

        Customers who share a policy, and are both in the batch, are decided together.

        Parameters
        ----------
        candidates : frame, sequence of dicts, or Encoded
            With a column ``customer``. :meth:`encode` makes arrays of a frame, which are decided fastest.
        now, history : optional
            As for :meth:`decide`.

        Raises
        ------
        DataError, UsageError
            As :meth:`decide`.
        """
        when = moment(now, self._run.scenario)
        if isinstance(candidates, Encoded):
            return self._batch(self._quick(candidates, None, when), when, None)
        table = as_table(candidates, self._schema)
        answers: Answers | None = None
        if self._day is not None and history is None:
            with suppress(Odd, KeyError):  # the long way looks at everything, and tells what is odd
                answers = self._quick(encode(self._day.tables, table), table, when)
        if answers is None:
            answers = ManyAnew(self._anew(table, when, history), table, lambda who: self._recorded.version((who,)))
        return self._batch(answers, when, candidates)

    def encode(self, candidates: Any) -> Encoded:
        """Turn candidates into arrays, which :meth:`decide_many` takes at its fastest.

        Raises
        ------
        UsageError
            The scenario's policies do not fit tables; :attr:`slow` says why.
        DataError
            A candidate is of an offer, channel and slot that the run did not have, or something in it is wrong.
        """
        tables = self._tables("encode")
        table = as_table(candidates, self._schema)
        try:
            return encode(tables, table)
        except KeyError:
            self._anew(table, self._run.scenario.now, None)  # raises where something is wrong
            raise DataError(
                "some candidates are of an offer, channel and slot that the run did not have",
                where="candidates",
                fix="hand the frame to decide_many, or leave them out",
            ) from None

    @property
    def kinds(self) -> pd.DataFrame:
        """The offers, channels and slots that arrays name by row number."""
        import pandas as pd

        tables = self._tables("kinds")
        by_kind = {kind: key for key, kind in tables.kind_of.items()}
        return pd.DataFrame([by_kind[k] for k in range(tables.kinds)], columns=list(tables.keys))

    @property
    def amounts(self) -> list[str]:
        """What arrays give beside the gain, in their order: what limits sum and only a candidate can tell."""
        return [amount.text for amount in self._tables("amounts").charges.amounts]

    def record(self, decision: Decision | Batch) -> None:
        """Take the contacts of a decision, or of a batch, as sent: they count in policies and use capacity from now on.

        All of them are taken, or none.

        Raises
        ------
        UsageError
            Something else was recorded for a customer since this was decided: it might break a policy now.
        """
        contacts = decision.uses()
        kinds: list[int | None] = [None] * len(contacts)
        if self._day is not None:
            tables = self._day.tables
            kinds = [tables.kind_of.get(tuple(row.get(key) for key in tables.keys)) for _, row, _ in contacts]
        with self._recording:  # else whoever added first might tell the day last
            used = self._recorded.add(contacts, decision.customers, decision.version, kinds)
            if self._day is not None:
                self._day = Day.of(self._day.tables, used)

    @property
    def remaining(self) -> pd.DataFrame:
        """What is left of each limit across customers: one row per rule and group.

        ``limit`` is the run's, ``recorded`` what was recorded since, ``remaining`` the difference (room below an upper
        limit, or what a minimum still lacks), ``price`` the run's.
        """
        import pandas as pd

        rows = []
        for number, line in enumerate(self._stored.lines):
            if line.sort != "row":
                continue
            natural, used = 10.0**-line.decimals, self._recorded.used.get(number, 0)
            limit = line.upper if line.upper is not None else line.lower
            rows.append(
                {
                    "name": line.rule,
                    "group": line.group,
                    "sense": "<=" if line.upper is not None else ">=",
                    "limit": None if limit is None else limit * natural,
                    "recorded": used * natural,
                    "remaining": None if limit is None else (limit - used) * natural,
                    "price": line.price,
                }
            )
        columns = ["name", "group", "sense", "limit", "recorded", "remaining", "price"]
        return pd.DataFrame(rows, columns=columns)

    def _tables(self, asked_for: str) -> FastTables:
        if self._day is None:
            raise UsageError(f"there are no tables: {self.slow}", where=asked_for, fix="hand a frame to decide_many")
        return self._day.tables

    def _batch(self, answers: Answers, when: dt.datetime, given: Any) -> Batch:
        version = self._recorded.version(answers.customers) if self._recorded else 0
        return Batch(when, self._run_id, version, given, answers)

    def _quick(self, encoded: Encoded, table: pa.Table | None, when: dt.datetime) -> ManyQuick:
        """Decide arrays by the kernel."""
        self._tables("decide_many")
        assert self._day is not None
        day, now = self._day, _microseconds(when)
        question, sent = asked(day, encoded, self._recorded)
        try:
            mark, worth = day.run(question, now, self._run.scenario.solve.workers)
        except Odd as odd:
            if table is None:
                raise odd_rows(int(odd.args[0])) from None
            raise
        return ManyQuick(day, encoded, question, mark, worth, now, table, sent)

    def _anew(self, table: pa.Table, now: dt.datetime, history: Any) -> Anew:
        """Compile and solve a request."""
        recorded = self._recorded.rows(dict.fromkeys(table["customer"].to_pylist()))
        given = None if history is None else to_arrow(history, "history")
        request = Request(table, as_table(recorded, self._schema), given, now, self._recorded.used)
        return Anew(self._run, self._stored, request)


def _run_of(folder: Path) -> object:
    """Return which run a folder holds now."""
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))["run_id"]


def _microseconds(moment: dt.datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _picked(given: Any, rows: Sequence[int]) -> Any:
    """Return some rows of what was handed over, as it was."""
    if isinstance(given, Sequence):
        return [given[row] for row in rows]
    if hasattr(given, "iloc"):
        return given.iloc[list(rows)]
    if type(given).__module__.partition(".")[0] == "polars":
        return given[list(rows)]
    return pa.table(given).take(pa.array(rows, pa.int64()))
