"""Audits a set of contacts: are they candidates, eligible, and within every rule; and what are they worth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa

from optimizer.data.faults import reading
from optimizer.data.key_tables import read_keys
from optimizer.data.layout import KEYS, numbering
from optimizer.data.tables import Tables
from optimizer.plan.audit.books import SqlBooks, canonical
from optimizer.plan.audit.efforts import with_efforts
from optimizer.plan.audit.exact import is_plain, nearest_sum, sum_of_decimals
from optimizer.plan.audit.report import AuditReport
from optimizer.plan.audit.side import Side
from optimizer.plan.audit.standing import refused_anyway
from optimizer.rules.base import Rule
from optimizer.rules.books import Line
from optimizer.scenario import Scenario

AUDITED = '"@audited"'
"""Relation of the audited contacts, with all that the candidates hold: there until the next audit."""
KNOWN = '"@known"'
"""The table of the same, before they are numbered."""


def audit_contacts(scenario: Scenario, tables: Tables, contacts: pa.Table) -> AuditReport:
    """Recount every rule over contacts given by their keys.

    Parameters
    ----------
    scenario : Scenario
    tables : Tables
        The raw inputs.
    contacts : pyarrow.Table
        Key columns of the chosen candidates (those of ``customer, offer, channel, slot`` that the candidates have);
        other columns are not trusted: measures come from the candidates.

    Returns
    -------
    AuditReport
    """
    with reading("the audit"):
        lines = list(_enter(tables, contacts))
        books = SqlBooks(scenario, tables, AUDITED)
        lines += [*_held_out(books), *_pins(books)]
        rules = scenario.rules()
        for rule in rules:
            if rule.section == "constraints":
                lines += _audited(rule, books)
        lines += _by_local_time(books, [rule for rule in rules if rule.section != "constraints"])
        lines, shortfalls = with_efforts(books, rules, lines)
        value = _value(books)
    penalties = sum((line.paid for line in lines), Decimal(0))
    objective = value - penalties if scenario.objective.maximize is not None else value + penalties
    return AuditReport(
        lines=tuple(lines),
        rules=tuple(rule.name for rule in rules),
        contacts=contacts.num_rows,
        value=value,
        penalties=penalties,
        objective=objective,
        shortfalls=shortfalls,
    )


def _audited(rule: Rule, books: SqlBooks) -> list[Line]:
    lines = list(rule.audit(books))
    books.forget()
    return lines


def _enter(tables: Tables, contacts: pa.Table) -> Iterator[Line]:
    """Create the relation of audited contacts from the candidates that the keys name."""
    keys = [k for k in KEYS if k in contacts.column_names]
    same = " AND ".join(f'g."{k}" IS NOT DISTINCT FROM c."{k}"' for k in keys)
    con, listed = tables.con, ", ".join(f'"{k}"' for k in keys)
    con.register("@entered", read_keys(tables, contacts.select(keys), what="the contacts"))
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE {KNOWN} AS SELECT c.* FROM {tables.valid} c SEMI JOIN "@entered" g ON {same}'
    )
    ((found,),) = con.execute(f"SELECT count(*) FROM {KNOWN}").fetchall()
    ((known,),) = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {KNOWN})").fetchall()
    different = contacts.num_rows
    if known < different:  # else each is there, and once
        ((different,),) = con.execute('SELECT count(*) FROM (SELECT DISTINCT * FROM "@entered")').fetchall()
    con.unregister("@entered")
    if found > known:  # identical rows count once
        con.execute(f"CREATE OR REPLACE TEMP TABLE {KNOWN} AS SELECT DISTINCT * FROM {KNOWN}")
    number = numbering(tables.columns["candidates"])
    con.execute(f'CREATE OR REPLACE TEMP VIEW {AUDITED} AS SELECT {number} + 1 AS "@contact", * FROM {KNOWN}')
    twice = contacts.num_rows - different
    unknown = different - known
    for count, name in ((int(twice), "listed-twice"), (unknown, "not-a-candidate")):
        if count:
            yield Line(name, {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)


def _by_local_time(books: SqlBooks, rules: list[Rule]) -> list[Line]:
    """Audit what depends on local days under everything that an unknown time zone may be; tell each breach once."""
    found: dict[tuple[str, str, str], Line] = {}
    for zone in books.clockwork.assumptions:
        books.clockwork.assume(zone)
        for line in [*_anyway(books), *(line for rule in rules for line in _audited(rule, books))]:
            found.setdefault((line.rule, canonical(line.group), line.sense), line)
    return list(found.values())


def _anyway(books: SqlBooks) -> Iterator[Line]:
    """Count contacts that no plan may hold, whatever the rules say."""
    for name, refused in refused_anyway(books):
        ((count,),) = books.query(f"SELECT count(*) FROM ({refused})")
        if count:
            yield Line(name, {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)


def _held_out(books: SqlBooks) -> Iterator[Line]:
    """Count contacts of held-out customers."""
    holdout = books.scenario.holdout
    if holdout is None:
        return
    side = Side(books, planned=True)
    found = books.query(
        f"SELECT DISTINCT coalesce({side.text(holdout.by)}, {side.text('customer')}) FROM {side.source()}"
    )
    share = Fraction(holdout.share)
    held = sum(1 for (who,) in found if Fraction(_hash(holdout.salt, who), 2**64) < share)
    if held:
        yield Line("holdout", {}, "<=", Decimal(0), Decimal(held), Decimal(held), broken=True)


def _hash(salt: str, who: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt}\x1f{who}".encode()).digest()[:8], "big")


def _pins(books: SqlBooks) -> Iterator[Line]:
    """Count kept keys that are missing, and forbidden ones that are there."""
    pins, tables = books.scenario.pins, books.tables
    for name, source in (("keep", pins.keep), ("forbid", pins.forbid)) if pins is not None else ():
        if source is None:
            continue
        keys = read_keys(tables, books.scenario.base / str(source), what=str(source))
        tables.con.register("@audited pins", keys)
        same = " AND ".join(f'p."{k}" IS NOT DISTINCT FROM c."{k}"' for k in keys.column_names)
        join = "ANTI" if name == "keep" else "SEMI"
        ((count,),) = books.query(f'SELECT count(*) FROM "@audited pins" p {join} JOIN {AUDITED} c ON {same}')
        tables.con.unregister("@audited pins")
        if count:
            yield Line("pins", {}, "<=", Decimal(0), Decimal(count), Decimal(count), broken=True)


def _value(books: SqlBooks) -> Decimal:
    """Sum the contributions exactly."""
    side = Side(books, planned=True)
    objective = books.scenario.objective.expression
    found = books.tables.con.execute(
        f"SELECT CAST({side.sql(objective)} AS DOUBLE) AS value FROM {side.source()}"
    ).fetchnumpy()["value"]
    found = np.asarray(found, np.float64)
    return sum_of_decimals(found) if is_plain(objective) else Decimal(repr(nearest_sum(found)))
