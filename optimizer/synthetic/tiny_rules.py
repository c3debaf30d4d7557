"""How a random rule of each kind is made: one function for each, named after it.

Each returns the rule without its name, or None where the world has nothing for it to speak of. Limits are small, since
there are few candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optimizer.synthetic.tiny_world import FAMILIES, World

Body = dict[str, Any]
Maker = Callable[[World], Body | None]


# words


def _kind(w: World) -> str:
    """Return a condition on what history knows too: offer, channel, family, segment."""
    makers: list[Callable[[], str]] = [
        lambda: f"channel = '{w.pick(w.channels)}'",
        lambda: f"channel <> '{w.pick(w.channels)}'",
        lambda: f"family = '{w.pick(FAMILIES)}'",
        lambda: "offer IN (" + ", ".join(f"'{offer}'" for offer in w.some(w.offers)) + ")",
        lambda: f"segment = '{w.pick(('gold', 'silver'))}'",
    ]
    if w.rich:
        makers += [
            lambda: "segment IS NULL",
            lambda: f"coalesce(segment, 'none') <> '{w.pick(('gold', 'none'))}'",
            lambda: f"family LIKE '{w.pick(('l%', '%a%'))}' AND NOT channel = '{w.pick(w.channels)}'",
            lambda: f"offer = '{w.pick(w.offers)}' OR family = '{w.pick(FAMILIES)}'",
            lambda: f"CASE WHEN channel = '{w.pick(w.channels)}' THEN family = 'loan' ELSE TRUE END",
        ]
    return w.pick(makers)()


def _score(w: World) -> str:
    """Return a condition on the candidate's own numbers."""
    conditions: tuple[str, ...] = (
        f"propensity < {w.pick((0.2, 0.35, 0.5))}",
        f"value > {w.pick((3, 5.5))}",
        f"value BETWEEN {w.pick((1, 3))} AND 8",
        f"propensity * value > cost AND {_kind(w)}",
    )
    return w.pick(conditions)


def _where(w: World, body: Body, share: float = 0.5) -> Body:
    return {**body, "where": _kind(w)} if w.chance(share) else body


def _each(w: World, body: Body, share: float = 0.4) -> Body:
    if not w.chance(share):
        return body
    return {**body, "for_each": w.pick(("offer", "channel", "family", ["offer", "channel"]))}


def _window(w: World, body: Body, share: float = 0.75) -> Body:
    """Add a window, and seldom that history does not count."""
    if not w.chance(share):
        return body
    windows = ["1 day", "2 days", "3 days", "5 days", "7 days", "1 week", "30 days"]
    if w.rich:
        windows += ["calendar day", "calendar week", "calendar month", "ever"]
        windows += ["12 hours", "36 hours"] if w.timed else []
    body = {**body, "within": w.pick(windows)}
    return {**body, "count_history": False} if w.chance(0.1) else body


def _near(w: World) -> str:
    return w.pick(["1 day", "2 days", "3 days", "7 days"] + ["24 hours"] * w.timed)


def _close(w: World) -> str:
    """Return when two contacts are near each other: in a rolling window, or in the same calendar week."""
    return "calendar week" if w.rich and w.chance(0.2) else _near(w)


def _shared(w: World, body: Body, share: float = 0.25) -> Body:
    return {**body, "per": "household"} if w.rich and w.chance(share) else body


def _keyed(w: World, body: Body) -> Body:
    """Let different keys count, now and then."""
    keys = ("distinct channel", "distinct offer", "distinct channel, slot")
    return {**body, "total": w.pick(keys)} if w.rich and w.chance(0.3) else body


def _price(w: World) -> float:
    return w.pick((0.5, 1.25, 3.0, 20.0))


# contact policies


def cap(w: World) -> Body:
    """At most so many contacts."""
    return _shared(w, _window(w, _each(w, _where(w, {"at_most": w.pick((1, 1, 1, 2, 2, 3))}))))


def second_cap(w: World) -> Body:
    """Another cap: general and specific caps meet."""
    return cap(w)


def rest(w: World) -> Body:
    """Days of rest."""
    return _where(w, {"spacing": _near(w)}, 0.3)


def never_with(w: World) -> Body:
    """Two sorts that exclude each other; a contact may be of both."""
    body = {"never": _kind(w), "with": _kind(w)}
    return _shared(w, {**body, "within": _close(w)} if w.chance(0.7) else body)


def own_cap(w: World) -> Body:
    """Each customer's own cap."""
    return _window(w, _where(w, {"at_most": {"column": "weekly_cap"}}, 0.3))


def interruptions(w: World) -> Body:
    """Different (channel, slot) pairs, or different offers."""
    body = {"at_most": w.pick((1, 2)), "total": w.pick(("distinct channel, slot", "distinct offer"))}
    return _shared(w, _window(w, body))


def ceiling(w: World) -> Body:
    """Money for each customer."""
    return _shared(w, {"at_most": w.pick((0.5, 1.25, 3.0)), "total": "cost"})


def never_after(w: World) -> Body | None:
    """One sort not after another, or not after a refusal."""
    after = _kind(w)
    if "history" in w.tables and w.chance(0.6):
        after = f"response = 'refused' AND {after}"
    body = {"never": _kind(w), "after": after}
    return {**body, "within": _close(w)} if w.chance(0.7) else body


def only_after(w: World) -> Body | None:
    """One offer only after another."""
    first, second = w.offers[:2]
    body = {"only": f"offer = '{second}'", "after": f"offer = '{first}'"}
    return {**body, "within": _close(w)} if w.chance(0.7) else body


def only_with(w: World) -> Body | None:
    """One sort only in company."""
    body = {"only": f"offer = '{w.offers[0]}'", "with": f"offer <> '{w.offers[0]}'"}
    return {**body, "within": _close(w)} if w.chance(0.6) else body


def minimum(w: World) -> Body:
    """At least so many, with each reaction to a shortfall."""
    body: Body = _where(w, {"at_least": w.pick((1, 1, 2))}, 0.7)
    reaction = w.pick(("best_effort", "all_or_nothing", "penalty", "required"))
    if reaction == "penalty":
        return _shared(w, _keyed(w, {**body, "penalty": _price(w)}))
    if w.chance(0.4):
        hours = ["12 hours", "36 hours"] if w.timed and reaction != "best_effort" else []
        body["within"] = w.pick(["3 days", "7 days", *hours])
    if "hours" not in body.get("within", ""):
        body = _keyed(w, body)
    return {**body, "if_short": reaction} if reaction != "required" or w.chance(0.5) else body


def exact(w: World) -> Body:
    """Exactly so many; best effort, since histories and eligibility differ."""
    return _where(w, {"exactly": w.pick((1, 1, 2)), "if_short": w.pick(("best_effort", "all_or_nothing"))})


# eligibility


def keep(w: World) -> Body:
    """Keep some."""
    return {"keep": f"{_kind(w)} OR {_score(w)}"}


def drop(w: World) -> Body:
    """Drop some."""
    return {"drop": f"{_kind(w)} AND {_score(w)}"}


def consent(w: World) -> Body | None:
    """Ask for consent, perhaps for a purpose."""
    if "consents" not in w.tables:
        return None
    return {"consent": {"purpose": "marketing"} if w.chance(0.7) else {}}


def quiet(w: World) -> Body | None:
    """Quiet hours, over midnight or not."""
    if not w.timed:
        return None
    return _where(w, {"quiet": w.pick(("21:00-09:00", "12:00-12:30", "22:30-02:00"))})


# constraints


def _softly(w: World, body: Body) -> Body:
    """Leave it hard, or give it a penalty, or only report it, where the world is rich."""
    if not w.rich or w.chance(0.5):
        return body
    return {**body, "penalty": _price(w)} if w.chance(0.7) else {**body, "report_only": True}


def _matching(w: World, where: str | None) -> int:
    """How many candidates a needed number may count on, roughly: a third of all where there is a condition."""
    return len(w.tables["candidates"]) // (3 if where else 2)


def budget(w: World) -> Body:
    """Money for the whole plan."""
    spent = float(w.joined()["cost"].sum())
    return _softly(w, {"total": "cost", "at_most": round(w.pick((0.15, 0.3, 0.5)) * spent * 4) / 4})


def capacity(w: World) -> Body:
    """So many contacts in each group, as a number or from a table."""
    columns = w.pick((["channel"], ["slot"], ["channel", "slot"], ["offer"], ["segment"], ["family", "channel"]))
    if w.rich and w.chance(0.2):
        columns = ["offer", "segment"]
    limit: Any = w.pick((1, 2, 3))
    if w.chance(0.4) and (w.rich or columns != ["segment"]):  # tables over customers columns are not a first kind
        limit = w.limits("capacity", columns, 3)
    each: Any = columns if len(columns) > 1 else columns[0]
    return _softly(w, _where(w, {"total": "contacts", "for_each": each, "at_most": limit}, 0.3))


def quota(w: World) -> Body:
    """At least so many."""
    where = _kind(w) if w.chance(0.6) else None
    need = max(1, int(w.random.integers(0, max(1, _matching(w, where)) + 1)))
    body: Body = {"total": "contacts", "at_least": min(need, 3)}
    if where:
        body["where"] = where
    return _softly(w, body)


def exact_number(w: World) -> Body:
    """Exactly so many."""
    return _softly(w, _where(w, {"total": "contacts", "exactly": w.pick((1, 1, 2, 2, 3))}, 0.6))


def band(w: World) -> Body:
    """Set a minimum and a maximum together."""
    least = w.pick((1, 2))
    return _softly(w, _where(w, {"total": "contacts", "at_least": least, "at_most": least + w.pick((0, 1, 2))}, 0.5))


def floor_each(w: World) -> Body:
    """Set a minimum for each group, from a table."""
    if w.rich and w.chance(0.5):  # customer and kind columns together, and a group that only the table knows
        both = ["channel", "segment"]
        limit = w.limits("floors", both, 1, stray=True)
        return {"total": "contacts", "for_each": both, "at_least": limit, "penalty": _price(w)}
    columns = [w.pick(("offer", "channel", "family"))]
    return _softly(w, {"total": "contacts", "for_each": columns[0], "at_least": w.limits("floors", columns, 1)})


def amount(w: World) -> Body:
    """Limit a computed measure."""
    return _softly(w, _where(w, {"total": "propensity * value", "at_most": w.pick((2.5, 6.0, 12.5))}))


def windowed(w: World) -> Body:
    """Limit each window, history counted."""
    if w.timed and w.chance(0.5):  # in hours, with an amount or a minimum now and then; never soft
        limit = w.pick(({"at_most": 1}, {"at_most": 2}, {"at_least": 1}, {"exactly": 1}))
        body = {"total": "contacts", **limit, "within": w.pick(("6 hours", "24 hours", "60 hours"))}
        return _where(w, {"total": "cost", "at_most": 1.25, "within": "6 hours"} if w.chance(0.2) else body)
    body = {"total": "contacts", "at_most": w.pick((1, 2, 3)), "within": w.pick(("1 day", "3 days", "7 days"))}
    return _softly(w, _where(w, body))


def ratio(w: World) -> Body:
    """Return on cost."""
    body: Body = {"ratio": "propensity * value", "to": "cost", "at_least": w.pick((0.8, 1.2, 2.0))}
    return _softly(w, {**body, "min_contacts": 1} if w.chance(0.3) else body)


def share(w: World) -> Body:
    """Limit a share of the contacts."""
    body: Body = {"share": _kind(w), w.pick(("at_most", "at_most", "at_least")): w.pick((0.25, 0.3, 0.5))}
    return _softly(w, {**body, "of": _kind(w)} if w.chance(0.4) else body)


def different(w: World) -> Body:
    """So many different values."""
    return {"distinct": w.pick(("offer", "channel", "family")), "at_most": w.pick((1, 2))}


def lots(w: World) -> Body:
    """Not at all, or at least so many times."""
    each = w.pick(("offer", "channel", "segment"))
    if w.chance(0.5):
        return {"total": "contacts", "for_each": each, "lot": w.pick((2, 3))}
    return {"total": w.pick(("cost", "value")), "for_each": each, "lot": w.pick((1.25, 3, 6.5))}


Makers = dict[str, dict[str, Maker]]
"""By section and name."""


def _named(*makers: Maker) -> dict[str, Maker]:
    return {maker.__name__.replace("_", "-"): maker for maker in makers}


FIRST: Makers = {
    "eligibility": _named(keep, drop),
    "contact_policies": _named(cap, second_cap, rest, never_with),
    "constraints": _named(budget, capacity, quota, exact_number, band, floor_each, amount),
}
ALL: Makers = {
    "eligibility": FIRST["eligibility"] | _named(consent, quiet),
    "contact_policies": FIRST["contact_policies"]
    | _named(own_cap, interruptions, ceiling, never_after, only_after, only_with, minimum, exact),
    "constraints": FIRST["constraints"] | _named(windowed, ratio, share, different, lots),
}
