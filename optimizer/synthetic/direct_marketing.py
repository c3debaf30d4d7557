"""*direct-marketing*: a season of activities with long lags; what a published study of this problem solves.

After T. Bigler, M. Kammermann and P. Baumann, "A matheuristic for a customer assignment problem in direct marketing",
European Journal of Operational Research 304 (2023) 689–708, and the instances they published
(github.com/phil85/customer-assignment-instances): the sizes, the four channels and their costs (9.10, 1.40, 0.035 and
0 per contact), twelve target products, activities repeated on up to five days with one score for all of them,
response probabilities around 3 % with a few around 75 %, responses worth either some hundreds or next to nothing, the
kinds of constraint, and the lags. The numbers here are drawn anew; none is copied from their files.

Their small and medium grid: 10,000 customers × 50 activities, 20,000 × 75, 100,000 × 100, 200,000 × 125; 5 or 15 %
eligible; 50 or 100 patterns in the small ones, 300 or 800 in the medium ones.

Good for: pairs of rules that reach far, few distinct eligibility patterns, soft minimums, and comparing with published
gaps. One difference: their lag may depend on which of two channels comes first; here a pair of channels has one lag.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from optimizer.errors import Finding, UsageError
from optimizer.synthetic.activities import CHANNELS, COSTS, DAYS, EXTRA, MAIN, START, Activities
from optimizer.synthetic.draft import Draft
from optimizer.synthetic.market import Bools, Floats, Ints, Rules, words
from optimizer.synthetic.streams import BLOCK, blocks, stream

MOST_CONTACTS = 3
LAGS = (
    ("call center", "call center", 90),
    ("direct mail", "direct mail", 80),
    ("email", "email", 90),
    ("text message", "text message", 90),
    ("call center", "direct mail", 80),
    ("email", "text message", 70),
)
"""Days between contacts through two channels: at least."""
WINDOWS = ((1, 30), (31, 60), (61, 90), (91, 120))
SAMPLE = 5 * BLOCK


def build(
    draft: Draft, *, customers: int, seed: int, activities: int = 50, eligible: float = 0.05, patterns: int = 50
) -> None:
    """Write an instance.

    Parameters
    ----------
    draft : Draft
    customers, seed : int
    activities : int
        50 to 125 in the study (up to 175 for a million customers).
    eligible : float
        Share of the activities that the average customer is eligible for: 0.05 or 0.15 in the study.
    patterns : int
        Number of different eligibility patterns: 50 to 800 in the study.
    """
    findings = []
    if activities < 2:
        findings.append(Finding("usage", "activities", f"{activities} is too few", "ask for 50 to 125"))
    if not 0 < eligible <= 1:
        findings.append(Finding("usage", "eligible", f"{eligible} is no share", "ask for 0.05 or 0.15"))
    if patterns < 1:
        findings.append(Finding("usage", "patterns", f"{patterns} is too few", "ask for 50 to 800"))
    if findings:
        raise UsageError(findings)
    plan = Activities.draw(seed, activities, eligible, patterns)
    tally = _Tally(plan)
    draft.parquet("candidates", (_counted(tally, block) for block in _blocks(plan, seed, customers)))
    draft.csv("offers", plan.offers_csv())
    draft.scenario(_scenario(_constraints(tally, seed, customers)))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """n customers × w places for activities; a customer with fewer leaves the last places empty (activity −1)."""

    plan: Activities
    customer: Ints
    activity: Ints
    profit: Floats
    response: Floats

    def table(self) -> pa.Table:
        """Return the rows of candidates.parquet."""
        row, place = np.nonzero(self.activity >= 0)
        activity = self.activity[row, place]
        return pa.table(
            {
                "customer": pa.array(self.customer[row]),
                "offer": words(activity, self.plan.names),
                "channel": words(self.plan.channel[self.plan.promotion[activity]], list(CHANNELS)),
                "slot": pa.array(self.plan.dates[activity], pa.date32()),
                "expected_profit": pa.array(self.profit[row, place]),
                "response_probability": pa.array(self.response[row, place]),
            }
        )


def _blocks(plan: Activities, seed: int, customers: int) -> Iterator[_Block]:
    """Draw the customers: each has a pattern, and a response probability for each promotion in it.

    Probabilities are log-normal around 3 % (log-deviation 0.4); one in 200 is beta(30, 10), around 75 %. Profit =
    probability × worth × the customer's own level − cost.
    """
    # the activities of each pattern, filled up with −1 to the same length
    eligible = plan.pattern[:, plan.promotion]
    width = int(eligible.sum(1).max())
    places = np.argsort(~eligible, axis=1, kind="stable")[:, :width]
    places = np.where(np.take_along_axis(eligible, places, 1), places, -1)
    cost = np.array(COSTS)[plan.channel]
    for block, size in blocks(customers):
        random = stream(seed, "customers", block)
        pattern = np.minimum(np.searchsorted(np.cumsum(plan.share), random.random(BLOCK)), len(plan.share) - 1)
        level = random.lognormal(0.0, 0.2, BLOCK)
        shape = (BLOCK, len(plan.channel))
        usual = random.lognormal(np.log(0.03), 0.4, shape)
        eager = random.beta(30.0, 10.0, shape)
        response = np.round(np.minimum(np.where(random.random(shape) < 0.005, eager, usual), 1.0), 6)
        profit = np.round(response * plan.worth * level[:, None] - cost, 4)
        activity = places[pattern]
        promotion = plan.promotion[activity]  # of an empty place: any
        yield _Block(
            plan,
            np.arange(size, dtype=np.int64) + block * BLOCK + 1,
            activity[:size],
            np.take_along_axis(profit, promotion, 1)[:size],
            np.take_along_axis(response, promotion, 1)[:size],
        )


class _Tally:
    """What the limits are set by: the largest profit, and the reach and free use of each activity in a sample."""

    def __init__(self, plan: Activities) -> None:
        self.plan = plan
        self.largest_profit = 0.0
        self.customers = 0
        cells = len(WINDOWS) * len(CHANNELS)
        self.reach = np.zeros(cells)
        self.used = np.zeros(cells)
        self.spent = np.zeros(len(CHANNELS))
        self.sales = {MAIN: 0.0, EXTRA: 0.0}

    def add(self, block: _Block) -> None:
        """Count a block; beyond the sample only its largest profit."""
        plan, there = self.plan, block.activity >= 0
        self.largest_profit = max(self.largest_profit, float(block.profit[there].max()))
        if self.customers >= SAMPLE:
            return
        self.customers += len(block.customer)
        channel = plan.channel[plan.promotion]
        window = (plan.day - 1) * len(WINDOWS) // DAYS
        cell = window * len(CHANNELS) + channel
        for c in range(len(self.reach)):
            self.reach[c] += np.any(there & (cell[block.activity] == c), axis=1).sum()
        row, place = np.nonzero(_greedy(block))
        activity = block.activity[row, place]
        self.used += np.bincount(cell[activity], minlength=len(self.used))
        used = np.bincount(channel[activity], minlength=len(CHANNELS))
        self.spent += used * np.array(COSTS)
        for product in self.sales:
            of = plan.extra[plan.promotion[activity]] == product
            self.sales[product] += float(block.response[row, place][of].sum())


def _counted(tally: _Tally, block: _Block) -> pa.Table:
    tally.add(block)
    return block.table()


def _greedy(block: _Block) -> Bools:
    """Choose each customer's most profitable activities, at most three, no two too near."""
    plan = block.plan
    channel = plan.channel[plan.promotion]
    clash = np.zeros((len(plan.day), len(plan.day)), bool)
    apart = np.abs(plan.day[:, None] - plan.day)
    for a, b, lag in LAGS:
        pair = (channel[:, None] == CHANNELS.index(a)) & (channel == CHANNELS.index(b))
        clash |= (pair | pair.T) & (apart < lag)
    n, width = block.activity.shape
    mine = np.arange(n)
    order = np.argsort(np.where(block.activity >= 0, -block.profit, np.inf), axis=1, kind="stable")
    blocked = np.zeros((n, len(plan.day)), bool)
    left = np.full(n, MOST_CONTACTS)
    chosen = np.zeros((n, width), bool)
    for rank in range(width):
        place = order[:, rank]
        activity = block.activity[mine, place]
        fits = (activity >= 0) & (block.profit[mine, place] > 0) & (left > 0) & ~blocked[mine, activity]
        chosen[mine[fits], place[fits]] = True
        left -= fits
        blocked[fits] |= clash[activity[fits]]
    return chosen


def _constraints(tally: _Tally, seed: int, customers: int) -> Rules:
    """Return two minimum and two maximum numbers, two budgets, and the sales of the two extra products.

    Minimums are soft, at the largest profit for each missing contact (or response), and on channels other than calls;
    one of the maximums is on calls: as in the study. Most minimums can be met, at a price.
    """
    random = stream(seed, "limits")
    scale = customers / tally.customers
    penalty = tally.largest_profit
    rules: Rules = []

    def cell(c: int) -> str:
        first, last = WINDOWS[c // len(CHANNELS)]
        return f"channel = '{CHANNELS[c % len(CHANNELS)]}' AND run_day BETWEEN {first} AND {last}"

    def row(name: str, total: str, where: str, **limit: float) -> None:
        rules.append({"name": name, "total": total, "where": where, **limit})

    order = random.permutation(len(tally.reach))
    calls = order % len(CHANNELS) == 0
    least = [c for c in order[~calls] if tally.reach[c] > tally.used[c]][:2]
    most = [c for c in order[calls] if tally.used[c] > 0][:1]
    most += [c for c in order[~calls] if tally.used[c] > 0 and c not in least][:1]
    for i, c in enumerate(least, 1):
        need = round(float(tally.used[c] + 0.15 * (tally.reach[c] - tally.used[c])) * scale)
        row(f"least-{i}", "contacts", cell(c), at_least=need, penalty=penalty)
    for i, c in enumerate(most, 1):
        row(f"most-{i}", "contacts", cell(c), at_most=round(random.uniform(0.3, 0.7) * float(tally.used[c]) * scale))
    for name, spent, sign in (("call-budget", tally.spent[0], "="), ("other-budget", tally.spent[1:].sum(), "<>")):
        limit = round(random.uniform(0.5, 0.9) * float(spent) * scale, 2)
        row(name, "cost", f"channel {sign} '{CHANNELS[0]}'", at_most=limit)
    least_sales, most_sales = (round(share * tally.sales[p] * scale, 2) for p, share in ((MAIN, 0.9), (EXTRA, 0.6)))
    row("sales-11", "response_probability", f"extra_product = {MAIN}", at_least=least_sales, penalty=penalty)
    row("sales-12", "response_probability", f"extra_product = {EXTRA}", at_most=most_sales)
    return rules


def _scenario(constraints: Rules) -> dict[str, Any]:
    policies: Rules = [{"name": "three-a-season", "at_most": MOST_CONTACTS}]
    for a, b, lag in LAGS:
        name = f"{a}-{b}".replace(" ", "-")
        policies.append(
            {"name": name, "never": f"channel = '{a}'", "with": f"channel = '{b}'", "within": f"{lag} days"}
        )
    return {
        "version": 1,
        "name": "direct-marketing",
        "as_of": f"{START - timedelta(days=1)}T18:00:00+00:00",
        "horizon": {"start": START.isoformat(), "days": DAYS},
        "data": {"candidates": "candidates.parquet", "offers": "offers.csv"},
        "objective": {"maximize": "expected_profit"},
        "contact_policies": policies,
        "constraints": constraints,
    }
