"""What results look like in a notebook: a headline, and lines under it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

FRAME = "border-left: 3px solid #0c7263; padding: 2px 0 2px 12px; line-height: 1.5; font-family: system-ui, sans-serif"


def card(headline: str, lines: Iterable[str]) -> str:
    """Return HTML of a headline and the lines under it; all of them are text, and escaped.

    The colours of text and ground are the notebook's own, light or dark.
    """
    below = "".join(f"<div>{escape(line)}</div>" for line in lines)
    return f'<div style="{FRAME}"><strong>{escape(headline)}</strong>{below}</div>'
