"""Why, and why not: from what a run left, without solving."""

from optimizer.analysis.explain.answer import Explanation
from optimizer.analysis.explain.ask import explain
from optimizer.analysis.explain.offer import OfferAnswer

__all__ = ["Explanation", "OfferAnswer", "explain"]
