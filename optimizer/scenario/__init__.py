"""The scenario file: read, checked with line and column, and frozen."""

from optimizer.scenario.model import Scenario

__all__ = ["Scenario"]
