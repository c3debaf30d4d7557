"""What a replay assumed, and what it cannot show: said with its figures, every time."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.analysis.moved import dated_rules
from optimizer.analysis.nights import Night, total
from optimizer.data.layout import HISTORY
from optimizer.data.tables import Tables
from optimizer.scenario import Scenario


def notes(
    scenario: Scenario,
    tables: Tables,
    nights: Sequence[Night],
    *,
    own: str | None,
    every: int,
    within: int,
    real_ledger: bool,
) -> tuple[str, ...]:
    """Return them as sentences; parameters as those of :func:`optimizer.analysis.backtest.backtest`."""
    return (
        *_inputs(scenario, own),
        *_ledger(scenario, tables, nights, every, real_ledger=real_ledger),
        *_outcomes(scenario, tables, nights, within),
    )


def _inputs(scenario: Scenario, own: str | None) -> list[str]:
    others = "customers, offers, channels, consents and limits are as they are tonight"
    if own is not None:
        said = [f"Each night used the candidates whose '{own}' names it; {others}."]
    else:
        said = [
            "Scores are tonight's, not those of the night: tonight's candidates were used, with slots (and limits by "
            f"slot) moved back by whole days; {others}. A column 'night' or 'scored_on' in the candidates, with the "
            "date of the night, gives each night its own."
        ]
        dated = dated_rules(scenario)
        if dated:
            said.append(f"Days that a rule names were not moved: {', '.join(dated)}.")
    given = [name for name in ("pins", "stability") if getattr(scenario, name) is not None]
    return said + [f"Left out, for it is about tonight's contacts: {name}." for name in given]


def _ledger(scenario: Scenario, tables: Tables, nights: Sequence[Night], every: int, *, real_ledger: bool) -> list[str]:
    said = []
    if real_ledger:
        said.append(
            "Every night saw what was really sent until then, and not what the nights before it chose here: the caps "
            "hold for each night, not over all of them."
        )
    else:
        said.append(
            "Caps were counted on the replay's own ledger: what was really sent before the first night, and from then "
            "on what the nights before chose, in place of what was really sent."
        )
    if scenario.horizon.days > every and len(nights) > 1 and not real_ledger:
        said.append(
            f"Horizons of {scenario.horizon.days} days, {every} apart, overlap: each night's plan counts as sent for "
            "the next one, but limits without 'within' hold for each plan alone. "
            f"Maybe --every {scenario.horizon.days}."
        )
    if not tables.has(HISTORY):
        return [*said, "There is no history: the first night found an empty ledger."]
    ((first,),) = tables.con.execute('SELECT min(coalesce("@date", CAST("@instant" AS DATE))) FROM history').fetchall()
    if first is not None and first > nights[0].night:
        said.append(f"The history begins on {first}, after the first night: nothing before it was counted.")
    return said


def _outcomes(scenario: Scenario, tables: Tables, nights: Sequence[Night], within: int) -> list[str]:
    found = total(nights)
    if found["sent"] is None:
        return ["What came true cannot be said: history holds no responses that can be read (scores.came_true)."]
    promise = ""
    if found["promised_of_sent"] is not None:
        promise = f", with {found['promised_of_sent']:,.1f} responses promised and {found['came']:,} come true"
    said = [
        f"Of {found['contacts']:,} chosen contacts {found['sent']:,} were really sent (same customer, offer "
        f"and channel, at most {within} days apart, old enough to judge){promise}; the others have no outcome, and "
        "nobody was sent anything by chance: this shows whether promises were kept, not what the plans would have "
        "brought."
    ]
    if "response" in tables.original[HISTORY] and "response_at" not in tables.original[HISTORY]:
        said.append("History has no 'response_at': responses were taken to be known as soon as the contact was sent.")
    return said
