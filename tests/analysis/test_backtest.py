"""A replay is what running each night by hand gives, keeps caps over all nights, and never sees what came later."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optimizer as opt
from optimizer.analysis.backtest import Backtest
from optimizer.errors import DataError, Finding, UsageError
from optimizer.ledger import Place, commit
from optimizer.plan.progress import Silent
from optimizer.problem.solution import Progress
from tests.analysis.kit import crowd, scenario

RULES = """
contact_policies:
  - {name: two-a-week, at_most: 2, within: 7 days}
  - {name: offer-once, at_most: 1, within: 5 days, for_each: offer}
constraints:
  - {name: day, total: contacts, for_each: slot, at_most: {table: limits.csv, column: most}}
solve: {engine: exact, gap: 0}
"""
TONIGHT = dt.date(2026, 11, 22)
PEOPLE = crowd(12, "ABC", channel=lambda n: "email", propensity=lambda n: 0.05 + n / 100, value=lambda n: 1 + n)


def past() -> pd.DataFrame:
    """Return three contacts a day for three weeks; every second is answered two days later."""
    rows = []
    for back in range(21):
        day = TONIGHT - dt.timedelta(days=back)
        for i in range(3):
            answered = (back + i) % 2 == 0
            later = (day + dt.timedelta(days=2)).isoformat() if answered else None
            rows.append((f"c{(back * 5 + i) % 12:03}", "ABC"[i], "email", day.isoformat(), answered, later))
    return pd.DataFrame(rows, columns=["customer", "offer", "channel", "at", "response", "response_at"])


def world(folder: Path, history: pd.DataFrame | None = None, rules: str = RULES, **head: Any) -> opt.Scenario:
    (folder / "limits.csv").write_text("slot,most\n2026-11-23,7\n")
    tables = {"history": past() if history is None else history} | head
    made = scenario(folder, rules, tables.pop("candidates", PEOPLE), **tables)
    return made.replace({"horizon.days": 1})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> opt.Scenario:
    return world(tmp_path_factory.mktemp("backtest"))


@pytest.fixture(scope="module")
def replayed(base: opt.Scenario) -> Backtest:
    return opt.backtest(base, nights=4)


def keys(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame[["customer", "offer", "channel", "slot"]].astype(str).itertuples(index=False, name=None))


def by_hand(base: opt.Scenario, back: int, history: pd.DataFrame, folder: Path) -> opt.Plan:
    """Run one night as a planner would: files of that night, nothing of the replay."""
    slot = (dt.date(2026, 11, 23) - dt.timedelta(days=back)).isoformat()
    (folder / "limits.csv").write_text(f"slot,most\n{slot},7\n")
    now = TONIGHT - dt.timedelta(days=back)
    night = base.replace(
        {
            "as_of": f"{now}T18:00:00+00:00",
            "horizon.start": slot,
            "constraints.day.at_most.table": str(folder / "limits.csv"),
        }
    )
    return opt.solve(night, candidates=PEOPLE.assign(slot=slot), history=history)


def known(by: str, sent_by: str) -> pd.DataFrame:
    """Return the real contacts that were sent by a day, with the responses that were known by another."""
    sent = past()[past()["at"] <= sent_by]
    hidden = sent["response_at"].notna() & (sent["response_at"].fillna("") > by)
    return sent.assign(**{name: sent[name].astype(object).where(~hidden, None) for name in ("response", "response_at")})


def test_every_night_is_what_running_it_by_hand_gives(base: opt.Scenario, replayed: Backtest, tmp_path: Path) -> None:
    chosen: list[pd.DataFrame] = []
    for night, back in zip(replayed.replayed, (4, 3, 2, 1), strict=True):
        today = (TONIGHT - dt.timedelta(days=back)).isoformat()
        plan = by_hand(base, back, pd.concat([known(today, "2026-11-18"), *chosen]), tmp_path)
        assert night.night.isoformat() == today
        assert (night.objective, night.bound, night.gap) == (plan.objective, plan.bound, plan.gap)
        assert keys(replayed.contacts[replayed.contacts["replayed_on"] == today]) == keys(plan.contacts)
        assert night.usual is not None
        assert night.better_by == pytest.approx(plan.objective - night.usual)
        assert night.usual == max(v for v in plan.summary["baselines"].values() if v is not None)
        chosen.append(
            plan.contacts.assign(at=plan.contacts["slot"].astype(str))[["customer", "offer", "channel", "at"]]
        )


def test_caps_hold_over_all_nights_and_the_real_past(base: opt.Scenario, replayed: Backtest) -> None:
    chosen = replayed.contacts.drop(columns=["at", "arrived_at", "replayed_on"])
    whole = base.replace(
        {"as_of": "2026-11-18T18:00:00+00:00", "horizon.start": "2026-11-19", "horizon.days": 4, "constraints": None}
    ).replace({"data.history": None, "data.candidates": None})
    assert len(chosen) > 10
    plan = opt.solve(
        whole.replace({"objective": {"maximize": "1000 + value"}}),
        candidates=chosen,
        history=known("2026-11-18", "2026-11-18"),
    )
    assert keys(plan.contacts) == keys(chosen), "every contact of the replay fits into one plan that obeys the caps"


def test_the_real_ledger_is_another_replay_that_ignores_the_nights_before(base: opt.Scenario, tmp_path: Path) -> None:
    found = opt.backtest(base, nights=2, real_ledger=True)
    for night, back in zip(found.replayed, (2, 1), strict=True):
        today = (TONIGHT - dt.timedelta(days=back)).isoformat()
        assert night.objective == by_hand(base, back, known(today, today), tmp_path).objective


def test_what_came_later_changes_nothing(base: opt.Scenario, replayed: Backtest) -> None:
    later = pd.DataFrame(
        [(f"c{i:03}", offer, "email", "2026-11-20", True, "2026-11-21") for i in range(12) for offer in "ABC"],
        columns=past().columns,
    )
    seen = opt.backtest(base, nights=4, history=pd.concat([past(), later]))
    assert keys(seen.contacts) == keys(replayed.contacts)
    real = [
        opt.backtest(base, nights=4, history=h, real_ledger=True).replayed for h in (past(), pd.concat([past(), later]))
    ]
    assert [n.objective for n in real[0]][:2] == [n.objective for n in real[1]][:2]
    assert [n.objective for n in real[0]][3] != [n.objective for n in real[1]][3]


@pytest.mark.parametrize(("known_on", "heeded"), [("2026-11-19", False), ("2026-11-18", True)])
def test_a_response_counts_from_the_night_it_was_known(tmp_path: Path, known_on: str, heeded: bool) -> None:
    refusal = past().iloc[:0]
    refusal.loc[0] = ["c003", "A", "email", "2026-11-10", True, known_on]
    rules = """
contact_policies: [{name: never, never: "true", after: "response", within: 30 days}]
solve: {engine: exact}
"""
    found = opt.backtest(world(tmp_path, refusal, rules), nights=4)
    first = found.contacts[found.contacts["replayed_on"] == "2026-11-18"]
    assert ("c003" not in set(first["customer"])) == heeded
    assert "c003" not in set(found.contacts[found.contacts["replayed_on"] == "2026-11-19"]["customer"])


def test_promised_and_come_true_are_of_the_contacts_that_were_really_sent(tmp_path: Path) -> None:
    people = PEOPLE[(PEOPLE["customer"] < "c004") & (PEOPLE["offer"] == "A")]
    sent = past().iloc[:0]
    sent.loc[0] = ["c000", "A", "email", "2026-11-22", True, "2026-11-22"]  # of the night of the 21st, that very day
    sent.loc[1] = ["c001", "A", "email", "2026-11-20", True, "2026-11-20"]  # before that night's "now"
    sent.loc[2] = ["c002", "B", "email", "2026-11-22", True, "2026-11-22"]  # another offer
    sent.loc[3] = ["c003", "A", "email", "2026-11-22", False, None]
    wanted = world(tmp_path, sent, "solve: {engine: exact}", candidates=people)
    (night,) = opt.backtest(wanted, nights=1).replayed
    assert (night.contacts, night.sent, night.came) == (4, 2, 1)
    assert night.promised == pytest.approx(0.05 * 4 + 0.06)
    assert night.promised_of_sent == pytest.approx(0.05 + 0.08)
    young = wanted.replace({"scores": {"within": "3 days"}})
    assert opt.backtest(young, nights=1).replayed[0].sent == 0, "they may still be answered"


def test_one_real_contact_is_the_outcome_of_one_chosen_contact(tmp_path: Path) -> None:
    people = PEOPLE[(PEOPLE["customer"] == "c000") & (PEOPLE["offer"] == "A")]
    sent = past().iloc[:0]
    sent.loc[0] = ["c000", "A", "email", "2026-11-22", True, "2026-11-22"]
    found = opt.backtest(world(tmp_path, sent, "solve: {engine: exact}", candidates=people), nights=3)
    assert [night.contacts for night in found.replayed] == [1, 1, 1]
    assert found.total["sent"] == 1


def test_rows_of_the_night_are_used_where_a_column_names_it_and_a_night_without_any_is_told(tmp_path: Path) -> None:
    own = pd.concat(
        [
            PEOPLE.assign(slot=slot, night=night, value=value)
            for slot, night, value in [("2026-11-20", "2026-11-19", 1.0), ("2026-11-22", "2026-11-21", 3.0)]
        ]
    )
    wanted = world(tmp_path, rules="solve: {engine: exact}", candidates=own)
    found = opt.backtest(wanted, nights=3)
    assert [(n.status, n.objective) for n in found.replayed] == [
        ("optimal", 36.0),
        ("no candidates", None),
        ("optimal", 108.0),
    ]
    assert "'night' is 2026-11-20" in str(found.replayed[1].reason)
    assert "'night' names it" in found.notes[0]
    assert "Scores are tonight's" in opt.backtest(world(tmp_path), nights=1).notes[0]


def test_an_arrival_after_the_next_night_still_counts(tmp_path: Path) -> None:
    channels = pd.DataFrame({"channel": ["email"], "lead_days": [3]})
    rules = "contact_policies: [{name: rest, spacing: 2 days}]\nsolve: {engine: exact}"
    found = opt.backtest(world(tmp_path, past().iloc[:0], rules, channels=channels), nights=3)
    assert [night.contacts for night in found.replayed] == [12, 0, 12]
    assert set(found.contacts["arrived_at"]) == {"2026-11-23", "2026-11-25"}


def test_the_slots_table_moves_too_and_its_columns_reach_the_ledger(tmp_path: Path) -> None:
    slots = pd.DataFrame({"slot": ["s1", "s2"], "start": ["2026-11-23T09:00", "2026-11-24T18:00"], "part": ["a", "p"]})
    people = pd.concat([PEOPLE[PEOPLE["offer"] == "A"].assign(slot=slot) for slot in slots["slot"]])
    real = past().iloc[:1].assign(customer="c011", at="2026-11-01T10:00", part="a")
    rules = """
contact_policies: [{name: mornings, at_most: 1, within: 7 days, where: "part = 'a'"}]
solve: {engine: exact}
"""
    wanted = world(tmp_path, real, rules, candidates=people, slots=slots).replace({"horizon.days": 2})
    found = opt.backtest(wanted, nights=2)
    assert [night.contacts for night in found.replayed] == [24, 12]
    assert set(found.contacts["at"].str[:16]) == {"2026-11-21T09:00", "2026-11-22T18:00", "2026-11-23T18:00"}


def test_what_the_scenarios_ledger_holds_is_real_history(tmp_path: Path) -> None:
    rules = "contact_policies: [{name: one, at_most: 1, within: 7 days}]\nsolve: {engine: exact}"
    wanted = world(tmp_path, past().iloc[:0], rules).replace({"data.ledger": "ledger.duckdb"})
    earlier = wanted.replace({"as_of": "2026-11-18T18:00:00+00:00", "horizon.start": "2026-11-19"})
    earlier = earlier.replace({"data.candidates": "earlier.csv", "horizon.days": 1})
    PEOPLE[PEOPLE["customer"] < "c005"].assign(slot="2026-11-19").to_csv(tmp_path / "earlier.csv", index=False)
    assert opt.backtest(wanted, nights=1).replayed[0].contacts == 12
    commit(opt.solve(earlier), Place("ledger.duckdb", tmp_path))
    assert opt.backtest(wanted, nights=1).replayed[0].contacts == 7


class Stopping(Silent):
    """Asks to stop in the third night."""

    def __init__(self) -> None:
        self.asked = False
        self.warned: list[Finding] = []

    def progress(self, progress: Progress) -> None:
        self.asked |= progress.step.startswith("night 3 of 4")

    def warn(self, finding: Finding) -> None:
        self.warned.append(finding)

    def stopped(self) -> bool:
        return self.asked


def test_an_interruption_keeps_the_nights_that_are_done(base: opt.Scenario, replayed: Backtest) -> None:
    found = opt.backtest(base, nights=4, observer=Stopping())
    assert not found.complete
    assert [n.objective for n in found.replayed] == [n.objective for n in replayed.replayed[:2]]


def test_an_infeasible_night_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    rules = RULES.replace("solve:", "  - {name: least, total: contacts, at_least: 7}\nsolve:")
    found = opt.backtest(world(tmp_path, past().iloc[:0], rules), nights=5)
    assert [n.status for n in found.replayed][:3] == ["optimal"] * 3
    assert found.replayed[-1].status == "infeasible"
    assert "least" in str(found.replayed[-1].reason)
    assert found.total["with_plan"] < found.total["nights"] == 5


def test_an_error_of_all_nights_is_raised(tmp_path: Path) -> None:
    wanted = world(tmp_path)
    (tmp_path / "limits.csv").unlink()
    with pytest.raises(DataError, match="limits"):
        opt.backtest(wanted, nights=2)


@pytest.mark.parametrize(
    "wrong", [{"nights": 0}, {"nights": 2, "every": 0}, {"nights": True}, {"nights": 1, "within": -1}]
)
def test_nonsense_is_refused(base: opt.Scenario, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="a whole number from"):
        opt.backtest(base, **wrong)
