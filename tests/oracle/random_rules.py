"""The rules of a random scenario: drawn so that they often bind and seldom clash."""

from __future__ import annotations

from random import Random
from typing import Any

import pandas as pd

WHERES = (
    "offer = 'A'",
    "channel = 'email'",
    "channel <> 'sms'",
    "family = 'loan'",
    "NOT family = 'loan'",
    "segment = 'gold'",
    "segment IS NULL OR offer IN ('A', 'C')",
)
DROPS = ("score < 2", "segment = 'gold' AND offer = 'B'", "cost > 2.5", "value BETWEEN 1 AND 1.25")
KEEPS = ("score >= 1", "coalesce(segment, 'basic') = 'basic' OR channel = 'email'", "cost < 2.75")


class Rules:
    """Draws rules for one scenario."""

    def __init__(self, rng: Random, tables: dict[str, pd.DataFrame], days: int, *, clock: bool) -> None:
        self.rng = rng
        self.tables = tables
        self.days = days
        self.clock = clock
        self.size = len(tables["candidates"])
        self.named = 0

    # -- building blocks ---------------------------------------------------------------------------------------

    def name(self, word: str) -> str:
        self.named += 1
        return f"{word}-{self.named}"

    def maybe(self, chance: float, **parts: Any) -> dict[str, Any]:
        return parts if self.rng.random() < chance else {}

    def where(self, chance: float = 0.5) -> dict[str, Any]:
        return self.maybe(chance, where=self.rng.choice(WHERES))

    def days_window(self) -> str:
        return self.rng.choice(["1 day", "2 days", "3 days", "7 days", "1 week"])

    def window(self) -> str:
        hours = ["24 hours", "30 hours"] if self.clock else []
        return self.rng.choice(
            [self.days_window(), self.days_window(), "calendar day", "calendar week", "calendar month", "ever", *hours]
        )

    def per(self) -> dict[str, Any]:
        return self.maybe(0.3, per=self.rng.choice(["household", "branch"]))

    # -- the first cut -----------------------------------------------------------------------------------------

    def first(self, scenario: dict[str, Any]) -> None:
        """Add the rules of the first cut."""
        rng = self.rng
        scenario["eligibility"] = [
            *([{"name": self.name("drop"), "drop": rng.choice(DROPS)}] if rng.random() < 0.3 else []),
            *([{"name": self.name("keep"), "keep": rng.choice(KEEPS)}] if rng.random() < 0.3 else []),
        ]
        makers = [self.cap, self.cap, self.spacing, self.never_with]
        scenario["contact_policies"] = [rng.choice(makers)() for _ in range(rng.randint(1, 3))]
        rows = [self.budget, self.budget, self.floor, self.cells, self.exactly]
        scenario["constraints"] = [rng.choice(rows)() for _ in range(rng.randint(0, 3))]

    def cap(self) -> dict[str, Any]:
        return {
            "name": self.name("cap"),
            "at_most": self.rng.choice([0, 1, 1, 1, 2, 2]),
            **self.where(),
            **self.maybe(0.3, for_each=self.rng.choice(["offer", "channel", "family"])),
            **self.maybe(0.7, within=self.days_window(), **self.maybe(0.2, count_history=False)),
        }

    def spacing(self) -> dict[str, Any]:
        return {
            "name": self.name("spacing"),
            "spacing": self.days_window(),
            **self.where(0.3),
            **self.maybe(0.2, count_history=False),
        }

    def never_with(self) -> dict[str, Any]:
        a, b = self.rng.choices(WHERES, k=2)
        return {"name": self.name("never"), "never": a, "with": b, **self.maybe(0.7, within=self.days_window())}

    def budget(self) -> dict[str, Any]:
        rng = self.rng
        counts = rng.random() < 0.5
        return {
            "name": self.name("budget"),
            "total": "contacts" if counts else "cost",
            "at_most": rng.randint(0, self.size // 2) if counts else round(rng.uniform(0, 0.8 * self.size), 2),
            **self.where(0.3),
            **self.maybe(0.3, for_each=rng.choice(["offer", "channel", "slot", "branch"])),
            **self.maybe(0.3, penalty=round(rng.uniform(0.1, 4), 1)),
        }

    def floor(self) -> dict[str, Any]:
        rng = self.rng
        each = self.maybe(0.3, for_each=rng.choice(["offer", "segment"]))
        penalty = self.maybe(0.5 if each else 0.3, penalty=round(rng.uniform(0.1, 4), 1))
        need = rng.randint(1, 3)
        return {"name": self.name("floor"), "total": "contacts", "at_least": need, **self.where(0.3), **each, **penalty}

    def exactly(self) -> dict[str, Any]:
        penalty = self.maybe(0.4, penalty=round(self.rng.uniform(0.1, 4), 1))
        return {"name": self.name("exactly"), "total": "contacts", "exactly": self.rng.randint(1, 2), **penalty}

    def cells(self) -> dict[str, Any]:
        """Limits by offer and channel; the default serves the cells that the table leaves out."""
        rng = self.rng
        file = f"{self.name('limits')}.csv"
        cells = [(offer, channel) for offer in "ABCD" for channel in ("email", "sms", "mail")]
        rows = [{"offer": o, "channel": c, "most": rng.randint(0, 2)} for o, c in cells if rng.random() < 0.7]
        self.tables[file] = pd.DataFrame(rows, columns=["offer", "channel", "most"])
        return {
            "name": self.name("cells"),
            "total": "contacts",
            "for_each": ["offer", "channel"],
            "at_most": {"table": file, "column": "most", "default": 1},
        }

    # -- the whole language ------------------------------------------------------------------------------------

    def rest(self, scenario: dict[str, Any]) -> None:
        """Add rules of every other kind, and what surrounds them."""
        rng = self.rng
        policies = [
            self.shared_cap,
            self.minimum,
            self.envelopes,
            self.ceiling,
            self.own_cap,
            self.never_after,
            self.only,
        ]
        rows = [self.ratio, self.share, self.distinct, self.lot, self.windowed, self.idle]
        scenario["contact_policies"] = [
            *rng.sample(scenario["contact_policies"], 1),
            *(rng.choice(policies)() for _ in range(rng.randint(1, 3))),
        ]
        scenario["constraints"] = [
            *scenario["constraints"][:1],
            *(rng.choice(rows)() for _ in range(rng.randint(0, 2))),
        ]
        if rng.random() < 0.2:
            scenario["eligibility"].append({"name": self.name("consent"), "consent": {"purpose": "marketing"}})
        if self.clock:
            scenario["horizon"]["timezone"] = rng.choice(["Asia/Tokyo", {"column": "tz", "default": "UTC"}])
            if rng.random() < 0.5:
                quiet = {"name": self.name("quiet"), "quiet": "21:00-07:00", "where": "channel = 'sms'"}
                scenario["eligibility"].append(quiet)
        if rng.random() < 0.15:
            by = rng.choice(["customer", "household"])
            scenario["holdout"] = {"share": 0.3, "by": by, "salt": f"salt-{rng.randint(1, 9)}"}
        if rng.random() < 0.15:
            self.pins(scenario)

    def pins(self, scenario: dict[str, Any]) -> None:
        keys = self.tables["candidates"][["customer", "offer", "channel", "slot"]]
        which = self.rng.choice(["keep", "forbid"])
        row = self.rng.randrange(len(keys))
        self.tables["pins.csv"] = keys.iloc[row : row + 1].reset_index(drop=True)
        scenario["pins"] = {which: "pins.csv"}

    def shared_cap(self) -> dict[str, Any]:
        return {
            "name": self.name("shared"),
            "at_most": self.rng.choice([1, 2]),
            "within": self.window(),
            **self.per(),
            **self.where(),
        }

    def own_cap(self) -> dict[str, Any]:
        return {"name": self.name("own"), "at_most": {"column": "own_cap"}, **self.maybe(0.6, within=self.window())}

    def minimum(self) -> dict[str, Any]:
        rng = self.rng
        soft = {"penalty": round(rng.uniform(0.1, 4), 1)}
        reactions: list[dict[str, Any]] = [{}, {"if_short": "best_effort"}, {"if_short": "all_or_nothing"}, soft]
        reaction = rng.choice(reactions)
        window = rng.choice(["calendar week", "7 days", "3 days", *(["30 hours", "60 hours"] if self.clock else [])])
        return {
            "name": self.name("minimum"),
            rng.choice(["at_least", "at_least", "exactly"]): rng.choice([1, 1, 2]) if reaction else 1,
            **self.where(0.7),
            **self.maybe(0.2, per="household"),
            **self.maybe(0.3, within=window),
            **(self.maybe(0.3, total="distinct channel") if "hours" not in window else {}),
            **reaction,
        }

    def envelopes(self) -> dict[str, Any]:
        return {
            "name": self.name("envelopes"),
            "at_most": self.rng.choice([1, 2]),
            "total": "distinct channel, slot",
            **self.maybe(0.7, within=self.days_window()),
        }

    def ceiling(self) -> dict[str, Any]:
        limit = round(self.rng.uniform(0.5, 5), 2)
        return {
            "name": self.name("ceiling"),
            "at_most": limit,
            "total": "cost",
            **self.maybe(0.5, within=self.window()),
            **self.per(),
        }

    def never_after(self) -> dict[str, Any]:
        refused = "response = 'refused' AND family = 'loan'"
        b = self.rng.choice([*WHERES, *([refused] * 3 if "history" in self.tables else [])])
        return {
            "name": self.name("after"),
            "never": self.rng.choice(WHERES),
            "after": b,
            "within": self.window(),
            **self.per(),
        }

    def only(self) -> dict[str, Any]:
        a, b = self.rng.choices(WHERES, k=2)
        word = self.rng.choice(["after", "with"])
        return {
            "name": self.name("only"),
            "only": a,
            word: b,
            **self.maybe(0.6, within=self.window()),
            **self.maybe(0.2, per="household"),
        }

    def ratio(self) -> dict[str, Any]:
        return {
            "name": self.name("ratio"),
            "ratio": "value",
            "to": "cost",
            self.rng.choice(["at_least", "at_least", "at_most"]): round(self.rng.uniform(0.5, 3), 1),
            **self.where(0.3),
            **self.maybe(0.2, min_contacts=1),
            **self.maybe(0.2, penalty=0.5),
        }

    def share(self) -> dict[str, Any]:
        a, b = self.rng.choices(WHERES, k=2)
        sense = self.rng.choice(["at_most", "at_least"])
        return {
            "name": self.name("share"),
            "share": a,
            **self.maybe(0.5, of=b),
            sense: self.rng.choice([0.3, 0.5, 0.6]),
            **self.maybe(0.2, penalty=1.5),
        }

    def distinct(self) -> dict[str, Any]:
        column = self.rng.choice(["offer", "slot", "customer"])
        return {
            "name": self.name("distinct"),
            "distinct": column,
            "at_most": self.rng.choice([1, 2]),
            **self.where(0.3),
        }

    def lot(self) -> dict[str, Any]:
        return {
            "name": self.name("lot"),
            "total": "contacts",
            "for_each": self.rng.choice(["offer", "channel", "slot"]),
            "lot": self.rng.choice([2, 3]),
        }

    def windowed(self) -> dict[str, Any]:
        counts = self.rng.random() < 0.5
        return {
            "name": self.name("windowed"),
            "total": "contacts" if counts else "cost",
            **self.maybe(0.1, at_least=1 if counts else 0.5),
            "at_most": self.rng.randint(1, 4) if counts else round(self.rng.uniform(0.5, 5), 2),
            "within": self.window(),
            **self.maybe(0.4, for_each=self.rng.choice(["offer", "branch"])),
            **self.maybe(0.2, penalty=1.5),
        }

    def idle(self) -> dict[str, Any]:
        switched_off = self.rng.choice([{"report_only": True}, {"enabled": False}])
        return {"name": self.name("idle"), "total": "contacts", "at_most": 0, **switched_off}
