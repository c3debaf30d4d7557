"""A small response model: logistic regression on a dozen counts, fitted by Newton's method.

It is meant to be honest, not good: what it learns from early campaigns is applied to later ones as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

RIDGE = 1.0
STEPS = 25


def design(rows: pd.DataFrame) -> tuple[Floats, list[str]]:
    """Return the regressors, one row for each pair, and their names. Counts enter as log(1 + count)."""
    columns: dict[str, Floats] = {
        "one": np.ones(len(rows)),
        "type B": (rows["campaign_type"] == "B").to_numpy(float),
        "type C": (rows["campaign_type"] == "C").to_numpy(float),
    }
    for name in ("visits", "spent", "coupon_lines", "mailings", "redemptions", "bought", "buyers", "products"):
        columns[f"log {name}"] = np.log1p(rows[name].to_numpy(float))
    columns["ever redeemed"] = (rows["redemptions"] > 0).to_numpy(float)
    columns["bought before"] = (rows["bought"] > 0).to_numpy(float)
    columns["demographics known"] = rows["demographics_known"].to_numpy(float)
    return np.column_stack(list(columns.values())), list(columns)


@dataclass(frozen=True)
class Response:
    """The fitted model: P(redeemed) = 1 / (1 + exp(−x · weight))."""

    names: list[str]
    weight: Floats

    @classmethod
    def fit(cls, rows: pd.DataFrame) -> Response:
        """Maximise the likelihood less a ridge of RIDGE / 2 · |weight|² (the intercept is free)."""
        x, names = design(rows)
        y = rows["redeemed_on"].notna().to_numpy(float)
        ridge = np.diag([0.0] + [RIDGE] * (len(names) - 1))
        weight = np.zeros(len(names))
        weight[0] = np.log(y.mean() / (1 - y.mean()))

        def likelihood(w: Floats) -> float:
            return float(y @ (x @ w) - np.logaddexp(0, x @ w).sum() - w @ ridge @ w / 2)

        for _ in range(STEPS):
            chance = 1 / (1 + np.exp(-x @ weight))
            slope = x.T @ (y - chance) - ridge @ weight
            curve = (x * (chance * (1 - chance))[:, None]).T @ x + ridge
            step = np.linalg.solve(curve, slope)
            # a full Newton step can leap over the maximum: halve it until it climbs
            while likelihood(weight + step) < likelihood(weight) and np.abs(step).max() > 1e-10:
                step = step / 2
            weight = weight + step
            if np.abs(step).max() < 1e-9:
                break
        return cls(names, weight)

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Return the chance of redemption of each pair, to six decimals: libraries differ beyond."""
        return np.round(1 / (1 + np.exp(-design(rows)[0] @ self.weight)), 6)


def calibration(rows: pd.DataFrame, chance: Floats) -> pd.DataFrame:
    """Return, by campaign type, pairs, redemptions that the model expected, and those that came."""
    table = rows.assign(expected=chance, redeemed=rows["redeemed_on"].notna())
    by_type = table.groupby("campaign_type").agg(
        campaigns=("campaign", "nunique"),
        pairs=("redeemed", "size"),
        expected=("expected", "sum"),
        redeemed=("redeemed", "sum"),
    )
    by_type.loc["all"] = by_type.sum()
    by_type["expected / redeemed"] = by_type["expected"] / by_type["redeemed"]
    return by_type


def auc(rows: pd.DataFrame, chance: Floats) -> float:
    """Return the chance that a redeemed pair scores higher than one that was not (ties count half)."""
    hit = rows["redeemed_on"].notna().to_numpy()
    rank = pd.Series(chance).rank().to_numpy()
    positives = hit.sum()
    return float((rank[hit].sum() - positives * (positives + 1) / 2) / (positives * (~hit).sum()))
