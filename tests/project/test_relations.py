"""Relations that parts of one run leave in their common database do not meet under one name."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "optimizer"
CONSTANT = re.compile(r"^([A-Z_, ]+) = (.*'\"@.*)$", re.MULTILINE)
MADE = re.compile(r"""CREATE (?:OR REPLACE )?TEMP (?:TABLE|VIEW) (?:"(@[^"{]+)"|\{([A-Z_]+)\})|register\("(@[^"]+)""")
STANDS_IN = {"@customers"}
"""Made by the compiler, or by the decider in its place."""


def owners() -> dict[str, set[str]]:
    """Return the files that make a relation, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        constants: dict[str, str] = {}
        for names, values in CONSTANT.findall(text):
            constants |= dict(zip(names.split(", "), re.findall(r"@[^\"]+", values), strict=False))
        for plain, constant, registered in MADE.findall(text):
            found[plain or registered or constants.get(constant, constant)].add(path.name)
    return found


def test_each_relation_has_one_owner() -> None:
    found = owners()
    assert len(found) > 50
    assert {name: files for name, files in found.items() if len(files) > 1 and name not in STANDS_IN} == {}
