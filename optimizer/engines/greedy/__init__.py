"""What people do today, obeying every rule: go through the candidates in some order and take what fits."""

from __future__ import annotations

from optimizer.engines.greedy.engine import Greedy
from optimizer.engines.greedy.orders import ORDERS

__all__ = ["ORDERS", "Greedy"]
