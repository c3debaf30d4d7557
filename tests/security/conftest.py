"""Fixtures."""

from tests.nights import contactopt, earlier, night

__all__ = ["contactopt", "earlier", "night"]
