"""A brute-force reference: what the rules mean, in slow and plain Python, and nothing of the product.

It reads the scenario as a dict and the tables as pandas frames, lists every set of candidates, and keeps those that
no rule forbids. Each rule kind is one file that can be held against its lines of the semantics. Every amount is a
fraction; nothing is rounded.

    eligible(scenario, tables)              candidates that may be used
    dropped(scenario, tables)               the others, with every reason
    violations(scenario, tables, contacts)  what any set of candidate keys breaks, and for whom
    objective(scenario, tables, contacts)   value less penalties (plus, when minimising)
    best(scenario, tables)                  the best objective and one best plan, or (None, None)
    Judge(scenario, tables)                 reads them once and answers the same of many sets

A candidate's key is the tuple of its texts for those of (customer, offer, channel, slot) that its table has.
"""

from tests.oracle.brute_force import Judge, best, dropped, eligible, objective, violations
from tests.oracle.refused import Refused
from tests.oracle.world import Contact

__all__ = ["Contact", "Judge", "Refused", "best", "dropped", "eligible", "objective", "violations"]
