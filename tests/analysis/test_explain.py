"""Answers to why: who is asked about, what is named, and that each figure is the one in the written files."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest

import optimizer as opt
from optimizer.analysis.explain.run import Run
from optimizer.analysis.explain.swaps import Swaps
from optimizer.errors import DataError, UsageError
from optimizer.plan import places
from tests.analysis.kit import HEAD, crowd, scenario

RULES = """
eligibility:
  - {name: worth-it, drop: "value < 2"}
contact_policies:
  - {name: one, at_most: 1}
constraints:
  - {name: room, total: contacts, for_each: slot, at_most: 2}
"""
CANDIDATES = crowd(6, "AB", ("2026-11-23", "2026-11-24"), value=lambda n: 1.0 + n)


def solved(folder: Path, rules: str = RULES, candidates: pd.DataFrame = CANDIDATES, **tables) -> opt.Plan:
    return opt.solve(scenario(folder, rules, candidates, **tables), engine="exact", gap=0.0)


def test_the_runner_up_is_the_best_that_is_not_in_the_plan(tmp_path: Path) -> None:
    found = solved(tmp_path).explain("c005")
    (best,) = [one for one in found.candidates if one.runner_up]
    assert best.fate != "chosen"
    assert best.margin == max(one.margin for one in found.candidates if one.fate != "chosen")


def test_an_ineligible_candidate_names_every_reason(tmp_path: Path) -> None:
    rules = RULES.replace("contact_policies", "  - {name: no-b, drop: \"offer = 'B'\"}\ncontact_policies")
    reasons = {one.key["offer"]: one.reasons for one in solved(tmp_path, rules).explain("c000").candidates}
    assert reasons == {"A": ("worth-it",), "B": ("no-b", "worth-it")}


def test_the_headline_names_why_some_are_not_eligible(tmp_path: Path) -> None:
    assert solved(tmp_path).explain("c000").headline.endswith(" ineligible (worth-it).")


def test_a_refused_candidate_that_is_not_worth_its_room_says_so(tmp_path: Path) -> None:
    plan = solved(tmp_path, RULES.replace("one, at_most: 1", "one, at_most: 3"))
    refused = [c for n in range(6) for c in plan.explain(f"c{n:03}").candidates if c.fate == "refused"]
    assert {("not worth what it would use" in c.why) for c in refused if c.margin < 0} == {True}
    assert {("not worth what it would use" in c.why) for c in refused if c.margin > 0} <= {False}


def test_an_answer_does_not_stay_in_memory(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    for customer in ("c000", "c003"):
        plan.explain(customer)
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Swaps)]


def test_an_unknown_customer_brings_the_nearest_id(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no customer c0055") as caught:
        solved(tmp_path).explain("c0055")
    assert caught.value.findings[0].fix == "you mean c005"


def test_a_customer_without_candidates_is_told_apart_from_nobody(tmp_path: Path) -> None:
    customers = pd.DataFrame({"customer": [*CANDIDATES["customer"].unique(), "quiet"]})
    found = solved(tmp_path, customers=customers).explain("quiet")
    assert (found.status, found.candidates) == ("no candidates", ())
    assert "nothing to choose" in found.headline


def test_a_held_out_customer_is_said_to_be(tmp_path: Path) -> None:
    plan = solved(tmp_path, RULES + "holdout: {share: 0.5, salt: s}\n")
    states = {c: plan.explain(c).status for c in CANDIDATES["customer"].unique()}
    assert set(states.values()) == {"held out", "decided"}
    assert not set(plan.contacts["customer"]) & {c for c, state in states.items() if state == "held out"}


def test_who_shares_a_policy_counts_against_each_other(tmp_path: Path) -> None:
    customers = pd.DataFrame({"customer": [f"c{n:03}" for n in range(6)], "home": list("aabbcc")})
    rules = "contact_policies: [{name: home, at_most: 1, per: home}]"
    plan = solved(tmp_path, rules, customers=customers)
    found = plan.explain("c004")
    assert found.together_with == 1
    (counted,) = {c.key["customer"] for one in found.candidates for r in one.refusals for c in r.contacts}
    assert counted == "c005"


def test_one_offer_can_be_asked_for(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    assert {one.key["offer"] for one in plan.explain("c005", "B").candidates} == {"B"}
    with pytest.raises(UsageError, match="no candidate with offer 'C'"):
        plan.explain("c005", "C")


def test_a_margin_is_the_contribution_less_the_prices_that_were_written(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    run = plan.save(tmp_path / "run")
    prices = {(p["name"], p["group"]): p["price"] for p in json.loads((run / "prices.json").read_text())["rows"]}
    assert any(prices.values())
    for customer in CANDIDATES["customer"].unique():
        for one in opt.explain(run, customer).candidates:
            if one.fate != "ineligible":
                group = json.dumps({"slot": one.key["slot"]}, separators=(",", ":"))
                assert one.margin == pytest.approx(one.contribution - prices.get(("room", group), 0.0))


def test_the_fates_of_an_offer_add_up_to_the_files(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    eligible = CANDIDATES[CANDIDATES["value"] >= 2]
    for offer in "AB":
        found = plan.explain(offer=offer)
        assert found.eligible == (eligible["offer"] == offer).sum()
        assert found.chosen == (plan.contacts["offer"] == offer).sum()
        assert found.chosen + found.refused + found.full + found.priced_out == found.eligible
        assert found.ineligible == {"worth-it": (CANDIDATES["offer"] == offer).sum() - found.eligible}
        told = [one for c in CANDIDATES["customer"].unique() for one in plan.explain(c, offer).candidates]
        named = [one for one in told if "one" in {r.rule for r in one.refusals}]
        assert found.refused == found.policies["one"] == len(named)


def test_an_unknown_offer_brings_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no candidate has the offer 'a'") as caught:
        solved(tmp_path).explain(offer="a")
    assert caught.value.findings[0].fix == "'A' is meant"


def test_inputs_that_changed_since_are_refused(tmp_path: Path) -> None:
    run = solved(tmp_path).save(tmp_path / "run")
    text = (tmp_path / "candidates.csv").read_text()
    (tmp_path / "candidates.csv").write_text(text.replace("6.0", "7.0"))
    with pytest.raises(DataError, match=r"candidates\.csv: is no longer what the run read"):
        opt.explain(run, "c005")


def test_a_plan_of_frames_can_be_asked_while_it_is_there(tmp_path: Path) -> None:
    wanted = scenario(tmp_path, RULES, CANDIDATES)
    plan = opt.solve(wanted, candidates=CANDIDATES, engine="exact")
    (tmp_path / "candidates.csv").unlink()
    assert plan.explain("c005").chosen
    with pytest.raises(DataError, match="handed to the run as a frame"):
        opt.explain(plan.save(tmp_path / "run"), "c005")


def test_the_index_leads_to_the_same_answer_and_to_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = CANDIDATES.sort_values("customer", key=lambda c: c.map(hash)).reset_index(drop=True)
    wanted = scenario(tmp_path, RULES, candidates)
    candidates.to_parquet(tmp_path / "candidates.parquet", index=False)
    wanted = wanted.replace({"data.candidates": "candidates.parquet"})
    plan = opt.solve(wanted, engine="exact")
    plain = plan.save(tmp_path / "plain")
    assert not (plain / places.NAME).exists()
    monkeypatch.setattr(places, "BLOCK", 4)
    monkeypatch.setattr(places, "WORTH", 1)
    monkeypatch.setattr(places, "_worth_it", lambda con, listed: True)
    monkeypatch.setattr("optimizer.analysis.explain.unit.BLOCK", 4)
    indexed = plan.save(tmp_path / "indexed")
    for customer in CANDIDATES["customer"].unique():
        blocks = Run.of(indexed).places(customer)
        rows = candidates.index[candidates["customer"] == customer]
        assert blocks == sorted({(0, int(row) // 4) for row in rows})
        assert opt.explain(indexed, customer).to_dict() == opt.explain(plain, customer).to_dict()


@pytest.mark.parametrize(
    ("order", "worth"), [("sorted", False), ("clustered", True), ("scattered", False)], ids=lambda v: str(v)
)
def test_an_index_is_written_only_where_it_saves_reading(
    order: str, worth: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [f"c{n:05}" for n in range(2_000) for _ in range(10)]
    keys = {"sorted": lambda c: c, "clustered": lambda c: c[::-1], "scattered": None}[order]
    frame = pd.DataFrame({"customer": customers, "offer": "A"})
    frame = (
        frame.sample(frac=1, random_state=0)
        if keys is None
        else frame.sort_values("customer", key=lambda s: s.map(keys))
    )
    frame.to_parquet(tmp_path / "candidates.parquet", row_group_size=1_000, index=False)
    monkeypatch.setattr(places, "WORTH", 1)
    monkeypatch.setattr(places, "BLOCK", 1_000)
    text = HEAD.replace("candidates.csv", "candidates.parquet")
    inputs = [{"table": "candidates", "path": str(tmp_path / "candidates.parquet")}]
    plan = SimpleNamespace(scenario=opt.Scenario.parse(text, base=tmp_path), inputs=inputs)
    places.write_places(plan, tmp_path)
    assert (tmp_path / places.NAME).exists() == worth
    if worth:
        assert pq.read_table(tmp_path / places.NAME).num_rows < 4_000


def test_a_price_tells_the_limits_between_which_it_holds(tmp_path: Path) -> None:
    rules = "constraints: [{name: room, total: contacts, at_most: 3}]"
    candidates = crowd(8, value=lambda n: [10, 9.9, 5.2, 5.1, 5, 4.9, 2, 1][n])
    found = opt.explain_rule(solved(tmp_path, rules, candidates), "room")
    (price,) = found.prices
    assert price.price == pytest.approx(5.1, abs=0.11)
    # 5.2 is in, 5.1, 5 and 4.9 are out: all within a tenth of the price.
    assert (price.holds_from, price.holds_to) == (2, 6)


def test_the_whole_rule_costs_what_solving_without_it_gains(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    found = opt.explain_rule(plan, "room", without=True)
    free = opt.solve(plan.scenario.replace({"constraints.room.enabled": False}), engine="exact", gap=0.0)
    assert found.whole.objective == pytest.approx(free.objective - plan.objective)
    assert found.whole.proven
    assert "would be" in found.whole_words


def test_a_policy_and_an_eligibility_rule_say_what_they_refuse(tmp_path: Path) -> None:
    plan = solved(tmp_path)
    policy, filtered = opt.explain_rule(plan, "one"), opt.explain_rule(plan, "worth-it")
    line = plan.policies.iloc[0]
    assert (policy.refused, policy.value_lost) == (line["refused"], line["value_lost"])
    assert filtered.refused == (CANDIDATES["value"] < 2).sum()
    with pytest.raises(UsageError, match="there is no rule 'rom'"):
        opt.explain_rule(plan, "rom")


def test_answers_render_in_notebooks_and_escape_what_they_name(tmp_path: Path) -> None:
    candidates = CANDIDATES.assign(offer="<b>")
    candidates = candidates.drop_duplicates(["customer", "offer", "slot"])
    plan = solved(tmp_path, candidates=candidates)
    for answer in (plan.explain("c005"), plan.explain(offer="<b>"), opt.explain_rule(plan, "room")):
        page = answer._repr_html_()
        assert "<b>" not in page
        assert len(repr(answer).splitlines()) <= 3
        json.dumps(answer.to_dict(), allow_nan=False)
