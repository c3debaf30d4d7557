"""Decisions during the day, from the prices that a run left: for one customer, or for millions.

``stored`` reads the prices, ``requests`` turns what is asked into tables, ``anew`` compiles and solves a request as a
run would, ``tables`` and ``kernel`` do the same in microseconds where a scenario's policies fit packed words, and
``decider`` keeps what was recorded.
"""
