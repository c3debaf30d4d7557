"""The report: what a plan says as plain data, and one page that draws it."""

from __future__ import annotations

from optimizer.report.page import render

__all__ = ["render"]
