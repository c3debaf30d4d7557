"""Free demand: what customers would get if only the contact policy held, and nothing were scarce.

Limits are set relative to it, so that an instance of any size is as tight as its family says. It is estimated on the
first customers by a greedy plan that obeys the policy: each customer's best candidates first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.synthetic.crowd import Crowd, Draws
from optimizer.synthetic.market import DAYS, OFFERS, Bools, Floats, Ints, Rules
from optimizer.synthetic.streams import BLOCK

A_WEEK, A_CHANNEL, OFFER_DAYS, REST_DAYS = 3, 2, 30, 2
SAMPLE = 5 * BLOCK

POLICIES: Rules = [
    {"name": "three-a-week", "at_most": A_WEEK, "within": "7 days"},
    {"name": "two-per-channel", "at_most": A_CHANNEL, "within": "7 days", "for_each": "channel"},
    {"name": "offer-once", "at_most": 1, "within": f"{OFFER_DAYS} days", "for_each": "offer"},
    {"name": "rest", "spacing": f"{REST_DAYS} days"},
]
"""The contact policy of the weekly-like families, as :func:`greedy` obeys it."""

_WINDOWS = 2 * DAYS - 1
# _IN[d, e]: day d lies in the seven days that end on day e
_IN = np.array([[d <= e < d + 7 for e in range(_WINDOWS)] for d in range(DAYS)])
# _NEAR[d, e]: days d and e are less than the rest apart
_NEAR = np.abs(np.arange(DAYS)[:, None] - np.arange(DAYS)) < REST_DAYS


def greedy(draws: Draws, score: Floats) -> Bools:
    """Choose each customer's best candidates by score, as long as it is positive and :data:`POLICIES` hold.

    Parameters
    ----------
    draws : Draws
        n customers × k candidates.
    score : (n, k) float array

    Returns
    -------
    (n, k) bool array
    """
    n, k = score.shape
    mine = np.arange(n)
    week = np.zeros((n, _WINDOWS), np.int16)
    channel_week = np.zeros((n, len(draws.market.channels), _WINDOWS), np.int16)
    free_from = np.zeros((n, OFFERS), np.int16)  # first day on which the offer may come again
    busy = np.zeros((n, DAYS), bool)
    past = draws.past
    for ago in range(1, OFFER_DAYS + 1):
        then = past.ago == ago
        row, channel, offer = past.row[then], past.channel[then], past.offer[then]
        windows = _IN_BEFORE[ago - 1]
        np.add.at(week, row, windows)
        np.add.at(channel_week, (row, channel), windows)
        np.maximum.at(free_from, (row, offer), OFFER_DAYS - ago)
        busy[row] |= np.arange(DAYS) + ago < REST_DAYS
    order = np.argsort(-score, axis=1, kind="stable")
    chosen = np.zeros((n, k), bool)
    for rank in range(k):
        j = order[:, rank]
        day, channel, offer = draws.day[mine, j], draws.channel[mine, j], draws.offer[mine, j]
        windows = _IN[day]
        fits = (score[mine, j] > 0) & ~busy[mine, day] & (day >= free_from[mine, offer])
        fits &= np.where(windows, week, 0).max(axis=1) < A_WEEK
        fits &= np.where(windows, channel_week[mine, channel], 0).max(axis=1) < A_CHANNEL
        row = mine[fits]
        chosen[row, j[fits]] = True
        week[row] += windows[fits]
        channel_week[row, channel[fits]] += windows[fits]
        free_from[row, offer[fits]] = DAYS
        busy[row] |= _NEAR[day[fits]]
    return chosen


# _IN_BEFORE[a - 1, e]: the day a days before the horizon lies in the seven days that end on day e
_IN_BEFORE = np.array([[e + a < 7 for e in range(_WINDOWS)] for a in range(1, OFFER_DAYS + 1)], np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """The contacts of a free plan on a sample, each standing for ``scale`` contacts of the instance.

    Parameters
    ----------
    kind : (contacts,) int array
    customer : (contacts,) int array
        Ids.
    scale : float
        Customers of the instance for each customer of the sample.
    """

    crowd: Crowd
    kind: Ints
    customer: Ints
    scale: float

    def of(self, cell: Ints, cells: int, weight: npt.ArrayLike = 1.0) -> Floats:
        """Add up the demand by cell. Shape (cells,)."""
        weights = np.broadcast_to(np.asarray(weight, float), cell.shape)
        return np.bincount(cell, weights, cells) * self.scale


Keep = Callable[[Draws, Bools], Bools]


def free_demand(crowd: Crowd, boost: Floats | None = None, keep: Keep | None = None) -> Demand:
    """Estimate the free demand of a crowd.

    Parameters
    ----------
    crowd : Crowd
    boost : (offers,) float array, optional
        Added to the score of an offer's candidates: a large number puts the offer first, and makes its negative
        contributions acceptable.
    keep : callable, optional
        Thins the plan by rules that customers share.
    """
    kinds, customers, size = [], [], 0
    for draws in crowd.blocks(SAMPLE):
        score = draws.contribution if boost is None else draws.contribution + boost[draws.offer]
        chosen = greedy(draws, score)
        if keep is not None:
            chosen = keep(draws, chosen)
        kinds.append(draws.kind[chosen])
        customers.append(np.broadcast_to(draws.customer[:, None], chosen.shape)[chosen])
        size += len(draws.customer)
    return Demand(crowd, np.concatenate(kinds), np.concatenate(customers), crowd.customers / size)


def tight(random: np.random.Generator, demand: Floats, low: float = 0.35, high: float = 1.10) -> Ints:
    """Return whole limits at a uniformly drawn share of the demand, at least 1 each."""
    share = random.uniform(low, high, demand.shape)
    return np.maximum(np.round(share * demand), 1).astype(np.int64)
