"""The kernel that decides takes the fields of its tuples one by one."""

import inspect

from optimizer.engines.decomposition.decide_kernel import Asked, Policies, decide_range
from optimizer.engines.decomposition.packed_kernel import Bench, Packed

RENAMED = {
    Packed: {"start": "state_start"},
    Policies: {},
    Asked: {},
    Bench: {"kind": "kinds", "gain": "gains"},
}


def test_arguments_come_in_the_order_of_the_fields():
    fields = [(one, name) for one in RENAMED for name in one._fields if name != "packed"]
    taken = list(inspect.signature(decide_range.py_func).parameters)
    assert taken[-len(fields) :] == [RENAMED[one].get(name, name) for one, name in fields]
