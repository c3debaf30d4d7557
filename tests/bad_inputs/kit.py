"""One bad input: what is wrong, and everything that must be said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

SCENARIO = """\
version: 1
name: bad
as_of: 2026-11-22T18:00:00+00:00
horizon: {start: 2026-11-23, days: 7}
data:
  candidates: candidates.csv
objective: {maximize: propensity * value - cost}
contact_policies:
  - {name: two-a-week, at_most: 2, within: 7 days}
constraints:
  - {name: budget, total: cost, at_most: 100}
solve: {engine: greedy}
"""
HEADER = "customer,offer,channel,slot,propensity,value,cost\n"
ROWS = """\
C1,card,email,2026-11-23,0.5,10,1
C2,loan,sms,2026-11-24,0.25,20,0.5
C3,card,email,2026-11-23,0.125,30,1
"""
Files = Mapping[str, str | bytes | Callable[[Path], None]]


@dataclass(frozen=True)
class Bad:
    """One bad input.

    Parameters
    ----------
    name : str
    code : int
        Exit code of ``run``; of ``validate --data`` where a warning is expected: 0.
    says : tuple of str
        Parts of what is said.
    where : str
        The whole place: ``candidates.csv · row 2 · cost = -1``. Of a scenario file, left to ``at``.
    at : str
        Text of the scenario at whose first letter the place is.
    maybe : str
        Part of the fix.
    count : int
        Rows that are like it.
    data, rules, policies, more : str
        Lines added to ``data``, ``constraints``, ``contact_policies``, and to the end of the scenario.
    change : tuple of pairs
        Texts of the scenario replaced.
    files : mapping
        Files written: text, bytes, or a function that makes one.
    beside : int
        Other findings that rightly come with it.
    """

    name: str
    code: int
    says: tuple[str, ...]
    where: str = ""
    at: str = ""
    maybe: str = ""
    count: int = 1
    data: str = ""
    rules: str = ""
    policies: str = ""
    more: str = ""
    change: tuple[tuple[str, str], ...] = ()
    files: Files = field(default_factory=dict)
    beside: int = 0
    options: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The scenario file."""
        text = SCENARIO
        for after, lines in (
            ("data:\n", self.data),
            ("contact_policies:\n", self.policies),
            ("constraints:\n", self.rules),
        ):
            text = text.replace(after, after + "".join(f"  {line}\n" for line in dedent(lines).splitlines() if line))
        for old, new in self.change:
            assert old in text
            text = text.replace(old, new)
        return text + dedent(self.more)

    @property
    def place(self) -> str:
        """Where the finding must say that the fault is."""
        if not self.at:
            return self.where
        before, found, _ = self.text.partition(self.at)
        assert found, f"{self.at} is not in the scenario"
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return f"scenario.yaml, line {line}, column {column}{self.where}"

    def write(self, folder: Path) -> None:
        """Write the scenario and its files."""
        (folder / "scenario.yaml").write_text(self.text, encoding="utf-8")
        for name, content in {"candidates.csv": HEADER + ROWS, **self.files}.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())


def row(number: int, **values: str) -> str:
    """Return the candidates with some values of one row, counted from 1, replaced."""
    names = HEADER.strip().split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in ROWS.splitlines()]
    rows[number - 1] |= values
    return HEADER + "".join(",".join(one[name] for name in names) + "\n" for one in rows)


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the hash of every file under a folder, and every name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }
