"""One new file is one new kind of rule: found, checked, compiled, solved and audited, with nothing else to touch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.rules.base import Rule
from optimizer.rules.registry import model_for, models, sections
from tests.golden.cases import Case

NEW_FILE = '''
from decimal import Decimal

import numpy as np

from optimizer.problem.primitives import UNLIMITED, Counter, Incidence, Rows
from optimizer.rules.base import Rule
from optimizer.rules.books import Line


def weekends(world):
    found = np.flatnonzero((world.day("arrival") - 1) % 7 >= 5)
    return Incidence.of(found, np.zeros(len(found), int), 1, kinds=world.kinds, instances=1)


class Weekend(Rule):
    """At most so many contacts of a customer on Saturdays and Sundays."""

    section = "contact_policies"
    marks = (frozenset({"weekend_at_most"}),)
    title = "Weekend"

    weekend_at_most: int

    def compile(self, world):
        scope = world.scope(self.name, where=None, per="customer")
        yield Counter(self.name, scope.partition, weekends(world), np.array([self.weekend_at_most]))

    def audit(self, books):
        rows = books.rows(where=None, who="customer", history=False, clock="arrival")
        sql = f"SELECT who, count(*) AS n FROM {rows} WHERE isodow(day) >= 6 GROUP BY 1"
        over = [(who, n) for who, n in books.query(sql) if n > self.weekend_at_most]
        for who, count in over:
            yield Line(self.name, {"customer": who}, "<=", Decimal(self.weekend_at_most), Decimal(count), broken=True)

    def words(self):
        return f"At most {self.weekend_at_most} contacts on a weekend."


class WeekendTotal(Rule):
    """At most so many contacts of the whole plan on Saturdays and Sundays."""

    section = "constraints"
    marks = (frozenset({"weekend_total"}),)
    title = "Weekend total"

    weekend_total: int

    def compile(self, world):
        yield Rows(self.name, weekends(world), np.array([-UNLIMITED]), np.array([self.weekend_total]), labels=("{}",))

    def audit(self, books):
        rows = books.rows(where=None, who=None, history=False, clock="arrival")
        ((count,),) = books.query(f"SELECT count(*) FROM {rows} WHERE isodow(day) >= 6")
        limit = Decimal(self.weekend_total)
        yield Line(self.name, {}, "<=", limit, Decimal(count), max(Decimal(0), count - limit), broken=count > limit)

    def words(self):
        return f"At most {self.weekend_total} contacts on weekends in all."
'''

RUN = """
import json, sys
import pandas as pd
import optimizer.rules
optimizer.rules.__path__.append(sys.argv[1])
import optimizer
from optimizer.rules.registry import model_for
plan = optimizer.solve(optimizer.Scenario.load(sys.argv[2]), engine="exact")
frame = plan.contacts
told = {
    "module": model_for("contact_policies", ["weekend_at_most"]).__module__,
    "contacts": sorted(frame["customer"] + " " + frame["offer"]),
    "recounted": list(plan.audit.rules),
    "constraints": plan.constraints[["name", "limit", "used"]].values.tolist(),
    "policies": list(plan.policies["name"]),
}
everything = pd.read_csv(sys.argv[3])[["customer", "offer", "slot"]]
told["broken"] = sorted(optimizer.audit(plan.scenario, contacts=everything).broken)
print(json.dumps(told))
"""

CASE = Case(
    0,
    "a rule of one's own",
    """
    contact_policies: [{name: quiet-weekend, weekend_at_most: 1}]
    constraints: [{name: few-weekends, weekend_total: 2}]
    """,
    {
        "candidates": """
            customer,offer,slot,value
            c1,A,2026-11-28,9
            c1,B,2026-11-29,8
            c1,C,2026-11-27,1
            c2,A,2026-11-28,7
            c3,A,2026-11-29,6
            """
    },
    (),
)


def test_a_new_file_in_the_folder_is_a_new_kind_of_rule(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "weekend.py").write_text(NEW_FILE)
    path = CASE.write(tmp_path)
    command = [sys.executable, "-c", RUN, str(tmp_path / "rules"), str(path), str(tmp_path / "candidates.csv")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "."})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "module": "optimizer.rules.weekend",
        "contacts": ["c1 A", "c1 C", "c2 A"],
        "recounted": ["quiet-weekend", "few-weekends"],
        "constraints": [["few-weekends", 2.0, 2.0]],
        "policies": ["quiet-weekend"],
        "broken": ["few-weekends", "quiet-weekend"],
    }


@pytest.mark.parametrize("section", sections)
def test_every_kind_of_rule_is_found_by_each_of_its_marks(section: str) -> None:
    found = models(section)
    assert found
    for kind in found:
        assert issubclass(kind, Rule)
        for mark in kind.marks:
            assert model_for(section, [*mark, "name", "enabled"]) is kind


def test_the_larger_mark_wins() -> None:
    assert model_for("contact_policies", ["never", "with", "within"]).__name__ == "NeverWith"
    assert model_for("contact_policies", ["never", "after", "within"]).__name__ == "NeverAfter"
    assert model_for("constraints", ["ratio", "to", "at_least"]).__name__ == "Ratio"


def test_a_misspelt_key_meets_the_nearest() -> None:
    with pytest.raises(ValueError, match="Maybe you meant 'at_most'"):
        model_for("contact_policies", ["name", "at_mots"])


def test_keys_of_no_kind_are_answered_with_the_kinds_there_are() -> None:
    with pytest.raises(ValueError, match=r"Maybe one of: .*spacing"):
        model_for("contact_policies", ["name", "xyzzy"])
