"""What became of contacts that a replay chose, where they were really sent: promised and come true."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.analysis.score_rows import came_true, sent_contacts
from optimizer.data.layout import HISTORY, NUMBERS, family
from optimizer.data.tables import Tables
from optimizer.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

REAL = '"@real"'
USED = '"@used"'


@dataclass(frozen=True, slots=True)
class Outcome:
    """Promises of some contacts, and what came of those that were really sent.

    Parameters
    ----------
    promised : float, optional
        Responses promised by all of them; None where nothing promises any.
    sent : int, optional
        How many were really sent, and are old enough to be judged; None where history holds no responses.
    promised_of_sent : float, optional
    came : int, optional
        Responses of those that were sent.
    """

    promised: float | None = None
    sent: int | None = None
    promised_of_sent: float | None = None
    came: int | None = None


class Outcomes:
    """The real contacts with their responses; each is the outcome of one chosen contact at most.

    Parameters
    ----------
    scenario : Scenario
        As it is tonight: it says which responses count, and which contacts may still be answered.
    tables : Tables
    within : int
        Days by which the real contact may be sent earlier or later than the chosen one.
    """

    def __init__(self, scenario: Scenario, tables: Tables, within: int) -> None:
        self.tables, self.within = tables, within
        numeric = family(tables.columns["candidates"].get(scenario.scores.promised, "")) in NUMBERS
        self.promised = scenario.scores.promised if numeric else None
        came = came_true(scenario, tables) if tables.has(HISTORY) else None
        self.judged = came is not None
        if came is not None:
            tables.con.execute(f"CREATE OR REPLACE TEMP TABLE {REAL} AS {sent_contacts(scenario, tables, came)}")
            tables.con.execute(f"CREATE OR REPLACE TEMP TABLE {USED} (id BIGINT)")

    def of(self, night: Scenario, chosen: pa.Table | None) -> Outcome:
        """Return what was promised, and what came, of the contacts that a night chose (None: it chose nobody).

        A chosen contact was really sent if history has one of the same customer, offer and channel, sent after the
        night's "now" and within these days of its own day; of several, the nearest.
        """
        if chosen is None:
            none = 0.0 if self.promised else None
            return Outcome(none, 0, none, 0) if self.judged else Outcome(none)
        promises = chosen[self.promised].to_pylist() if self.promised else [None] * chosen.num_rows
        total = math.fsum(p for p in promises if p is not None) if self.promised else None
        if not self.judged:
            return Outcome(total)
        con = self.tables.con
        con.register("@chosen_contacts", chosen.append_column("@n", [list(range(chosen.num_rows))]))
        now = f"TIMESTAMPTZ '{night.now.isoformat()}'"
        con.execute(
            'CREATE OR REPLACE TEMP TABLE "@matched" AS WITH chosen AS ('
            'SELECT "@n" AS n, CAST(customer AS VARCHAR) AS customer, CAST(offer AS VARCHAR) AS offer, '
            'CAST(channel AS VARCHAR) AS channel, CAST("at"[1:10] AS DATE) AS day FROM "@chosen_contacts"), '
            "near AS (SELECT n, id, came, moment, abs(CAST(moment AS DATE) - day) AS apart "
            f"FROM chosen JOIN {REAL} r USING (customer, offer) WHERE coalesce(chosen.channel = r.channel, true) "
            f"AND NOT open AND moment > timezone('UTC', {now}) AND apart <= {self.within} "
            f"AND id NOT IN (SELECT id FROM {USED})), "
            "once AS (SELECT * FROM near QUALIFY row_number() OVER (PARTITION BY id ORDER BY apart, n) = 1) "
            "SELECT n, id, came FROM once "
            "QUALIFY row_number() OVER (PARTITION BY n ORDER BY apart, moment, came DESC, id) = 1 ORDER BY n"
        )
        con.unregister("@chosen_contacts")
        con.execute(f'INSERT INTO {USED} SELECT id FROM "@matched"')
        found = con.execute('SELECT n, came FROM "@matched" ORDER BY n').fetchall()
        kept = math.fsum(promises[n] or 0.0 for n, _ in found) if self.promised else None
        return Outcome(total, len(found), kept, sum(came for _, came in found))
