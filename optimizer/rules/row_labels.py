"""What the instances of a rule count, for people: the values and the window of each."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.language.durations import Window
from optimizer.rules.hours import hours_text
from optimizer.rules.windows import Windowed
from optimizer.rules.world import Scope

Label = dict[str, str | None]


def instance_labels(scope: Scope, found: Windowed, within: Window | None) -> Iterator[Label]:
    """Yield the ``for_each`` values of each instance and its window, in their order."""
    for label, first, last in zip(found.label.tolist(), found.first.tolist(), found.last.tolist(), strict=True):
        values = dict(scope.labels[label])
        if within is not None and not within.ever:
            text = hours_text if within.seconds is not None else window_text
            values["window"] = text(first, last)
        yield values


def shared_labels(per: str, scope: Scope, found: Windowed, within: Window | None) -> tuple[Label, ...]:
    """Return the labels of a policy's instances; none for a customer's own, which nobody reads."""
    return () if per == "customer" else tuple(instance_labels(scope, found, within))


def window_text(first: int, last: int) -> str:
    """Name a window by its first and last day."""
    import datetime as dt

    return f"{dt.date.fromordinal(first)}/{dt.date.fromordinal(last)}"
