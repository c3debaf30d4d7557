"""Everything that can go wrong, in one tree.

::

    OptimizerError            1  internal
    ├── UsageError            2  a wrong option or argument
    │   └── ScenarioError     2  the scenario file: file, line, column, nearest name
    │       └── UnsupportedError  2  legal, but not supported here yet: named, never ignored
    ├── DataError             3  a table: file, row, column, value, how many like it
    ├── InfeasibleError       4  proven: no plan obeys every rule
    ├── NoPlanError           6  a limit stopped the search before any plan was found
    ├── MachineError          7  disk, memory, database, permission
    ├── AuditError            8  a plan broke its own rules: nothing is published
    └── InterruptedRun      130  Ctrl-C or SIGTERM

An error carries *findings*: each says where, what, how many, and a fix that begins with *Maybe*.
All findings of a stage come at once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

VALUE_WIDTH = 80
MESSAGE_WIDTH = 2_000
FINDINGS_SHOWN = 20
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that move a cursor, colour a terminal or turn text round."""


def visible(text: str) -> str:
    """Write control characters out, so that a value of a table commands no terminal and imitates no message."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def cut(value: object, width: int = VALUE_WIDTH) -> str:
    """Shorten a value for a message; the middle dots say that something is missing."""
    text = visible(str(value)).replace("\n", "\\n")
    return text if len(text) <= width else text[: width - 1] + "…"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was probably meant to be, or None."""
    known = list(known)
    folded = {k.casefold(): k for k in known}
    if name.casefold() in folded:
        return folded[name.casefold()]
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong (or worth a warning).

    Parameters
    ----------
    stage : str
        ``scenario``, ``data``, ``compile``, ``solve``, ``audit``, ``publish``.
    where : str
        The place, most general first: ``candidates.parquet · row 12 · propensity``.
    what : str
        What is wrong, without a full stop.
    fix : str
        What may help; printed after *Maybe*. Empty if nothing is known to help.
    count : int
        How many rows (or places) are like this one.
    rule : str, optional
        Name of the rule that the finding belongs to.
    """

    stage: str
    where: str
    what: str
    fix: str = ""
    count: int = 1
    rule: str | None = None

    def __str__(self) -> str:
        place = " · ".join(part for part in (self.stage, self.where) if part)
        text = f"{place}: {self.what}."
        if self.count > 1:
            text += f" {self.count:,} rows like this."
        if self.fix:
            text += f"\nMaybe {self.fix}"
        text = visible(text)
        return text if len(text) <= MESSAGE_WIDTH else text[: MESSAGE_WIDTH - 1] + "…"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "stage": self.stage,
            "where": self.where,
            "what": self.what,
            "maybe": self.fix or None,
            "count": self.count,
            "rule": self.rule,
        }


class OptimizerError(Exception):
    """Root of every error that this package raises on purpose."""

    exit_code = 1
    stage = "internal"

    def __init__(self, what: str | Sequence[Finding], *, where: str = "", fix: str = "") -> None:
        if isinstance(what, str):
            what = [Finding(self.stage, where, what, fix)]
        self.findings: tuple[Finding, ...] = tuple(what)
        super().__init__(str(self))

    def __str__(self) -> str:
        shown = [str(f) for f in self.findings[:FINDINGS_SHOWN]]
        hidden = len(self.findings) - len(shown)
        if hidden > 0:
            shown.append(f"… and {hidden:,} more.")
        return "\n".join(shown)

    def to_dict(self) -> dict[str, Any]:
        """Return the error as plain JSON values."""
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "findings": [f.to_dict() for f in self.findings],
        }


class UsageError(OptimizerError):
    """A wrong option, argument or call."""

    exit_code = 2
    stage = "usage"


class ScenarioError(UsageError):
    """The scenario file is wrong."""

    stage = "scenario"


class UnsupportedError(ScenarioError):
    """The scenario is legal, but something in it is not supported here yet."""


class DataError(OptimizerError):
    """A table is wrong, missing or unreadable."""

    exit_code = 3
    stage = "data"


class InfeasibleError(OptimizerError):
    """No plan obeys every rule, and that is proven.

    Attributes
    ----------
    diagnosis : dict
        What is known about the clash, as plain JSON values.
    """

    exit_code = 4
    stage = "solve"

    def __init__(
        self,
        what: str | Sequence[Finding],
        *,
        where: str = "",
        fix: str = "",
        diagnosis: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.diagnosis = diagnosis or {}


class NoPlanError(OptimizerError):
    """A limit stopped the search before any plan was found."""

    exit_code = 6
    stage = "solve"


class MachineError(OptimizerError):
    """Disk, memory, database or permission."""

    exit_code = 7
    stage = "machine"


class AuditError(OptimizerError):
    """A plan breaks a rule: it is not published."""

    exit_code = 8
    stage = "audit"


class InterruptedRun(OptimizerError):
    """Ctrl-C or SIGTERM arrived."""

    exit_code = 130
    stage = "solve"
