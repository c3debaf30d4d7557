"""Numbers as people read them. One place, so that the terminal and the page say the same."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

Number = int | float | Decimal

NOTHING = "–"
TEN_THOUSAND = 10_000


def known(number: Any) -> bool:
    """Say whether there is a finite number to show."""
    return number is not None and math.isfinite(number)


def whole(number: Number | None) -> str:
    """Format a count: 1,204,331."""
    return f"{number:,.0f}" if known(number) else NOTHING


def amount(number: Number | None) -> str:
    """Format an amount: whole numbers bare, others with two decimals, tiny ones with three figures."""
    if number is None or not known(number):
        return NOTHING
    if number % 1 == 0:
        return f"{number:,.0f}".replace("-", "−")
    return (f"{number:,.2f}" if abs(float(number)) >= 1 else f"{number:.3g}").replace("-", "−")


def signed_amount(number: Number | None) -> str:
    """Format a difference as an amount with its sign."""
    text = amount(number)
    return f"+{text}" if number is not None and known(number) and number > 0 else text


def brief(number: Number | None) -> str:
    """Format an amount for a chart, where room is short: 1,204, then 12.0 k, 3.40 M."""
    if number is None or not known(number) or abs(float(number)) < TEN_THOUSAND:
        return amount(number)
    far = abs(float(number))
    power, unit = (9, "bn") if far >= 10**9 else (6, "M") if far >= 10**6 else (3, "k")
    shown = float(number) / 10**power
    decimals = max(0, 2 - math.floor(math.log10(abs(shown))))
    return f"{shown:,.{decimals}f} {unit}".replace("-", "−")


def about(number: Number | None) -> str:
    """Format an estimated count: without decimals from ten on."""
    return whole(number) if number is not None and abs(float(number)) >= 10 else brief(number)


def percent(share: Number | None, figures: int = 3) -> str:
    """Format a share as per cent with a few significant figures, never in exponent notation."""
    if share is None or not known(share):
        return NOTHING
    hundredths = float(share) * 100
    if hundredths == 0:
        return "0 %"
    if abs(hundredths) < 1e-6:
        return "under 0.000001 %"
    decimals = max(0, figures - 1 - math.floor(math.log10(abs(hundredths))))
    text = f"{hundredths:,.{decimals}f}".replace("-", "−")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def signed_percent(share: Number | None) -> str:
    """Format a difference as per cent with its sign."""
    text = percent(share)
    return f"+{text}" if share is not None and known(share) and share > 0 else text


def group_words(group: Any) -> str:
    """Turn a constraint's group (canonical JSON, or its mapping) into words: ``offer Gold card · slot 2026-11-23``."""
    keys = json.loads(group) if isinstance(group, str) and group else group
    if not isinstance(keys, dict):
        return ""
    return " · ".join(f"{key} {NOTHING if value is None else value}" for key, value in keys.items())
