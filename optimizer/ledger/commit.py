"""Committing a run: its contacts become history, once for each scenario and business date."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from optimizer.data.layout import KEYS, literal
from optimizer.data.ledger import TABLE
from optimizer.ledger.contacts import contacts_of
from optimizer.ledger.guard import refuse_other_day, refuse_planned_meanwhile
from optimizer.ledger.store import STAGED, Place
from optimizer.ledger.table import SAME_CONTACT, listed, prepare
from optimizer.plan.sample import refuse_sample

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit did.

    Parameters
    ----------
    ledger : str
        Its address, as written.
    scenario, run_id : str
    business_date : str
        Local date of the run's "now".
    contacts : int
        Of the plan, those that are firm.
    delivered : int
        Of these, delivered already: the ledger keeps the delivery.
    replaced : int
        Commitments of an earlier run of the same scenario and date, which are gone.
    outlook : int
        Contacts of later days, which are not committed: they are planned again.
    """

    ledger: str
    scenario: str
    run_id: str
    business_date: str
    contacts: int
    delivered: int
    replaced: int
    outlook: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def commit(plan: Plan, place: Place) -> Committed:
    """Record a plan's contacts in a ledger, in place of those of an earlier run of the same date.

    Committing the same run again changes nothing. A contact that was delivered already stays delivered.

    Parameters
    ----------
    plan : Plan
    place : Place

    Raises
    ------
    UsageError
        The plan is of a sample.
    DataError
        The plan's timetable has changed since the run; a measure has another type in the ledger; another run has
        committed one of the contacts meanwhile; or the name of a slot stood for another day.
    MachineError
        The ledger cannot be written; it is as it was.
    """
    refuse_sample(plan.summary, "committed")
    scenario, run_id = plan.scenario.name, str(plan.summary["run_id"])
    day = plan.scenario.today.isoformat()
    contacts, measures = contacts_of(plan)
    mine = f"scenario = {literal(scenario)} AND business_date = {literal(day)} AND state = 'committed'"
    columns = [*KEYS, "at", "arrived_at", *measures]
    with place.transaction() as store:
        prepare(store, measures)
        ((replaced,),) = store.rows(f"SELECT count(*) FROM {TABLE} WHERE {mine}")
        store.stage(contacts)
        store.execute(f"DELETE FROM {TABLE} WHERE {mine}")
        refuse_planned_meanwhile(store)
        refuse_other_day(store, "true", "t.slot = s.slot")
        sent = f"EXISTS (SELECT 1 FROM {TABLE} t WHERE t.state = 'delivered' AND {SAME_CONTACT})"
        ((delivered,),) = store.rows(f"SELECT count(*) FROM {STAGED} s WHERE {sent}")
        store.execute(
            f"INSERT INTO {TABLE} (scenario, business_date, run_id, state, {listed(columns)}) "
            f"SELECT {literal(scenario)}, {literal(day)}, {literal(run_id)}, 'committed', {listed(columns, 's')} "
            f"FROM {STAGED} s WHERE NOT {sent}"
        )
    outlook = plan.table.num_rows - contacts.num_rows
    return Committed(place.written, scenario, run_id, day, contacts.num_rows, int(delivered), int(replaced), outlook)
