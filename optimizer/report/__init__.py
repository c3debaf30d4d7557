"""The report: what a plan says as plain data, and one page that draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

__all__ = ["render"]


def render(plan: Plan) -> str:
    """Return the page of a plan; what draws it is loaded only now."""
    from optimizer.report.page import render as draw

    return draw(plan)
