"""Addresses of databases: secrets from the environment at the point of use and nowhere else, and reading alone."""

from __future__ import annotations

import os
import re

from optimizer.errors import MachineError, nearest

_PASSWORD = re.compile(r"://[^/@\s]*:(?!\$\{)[^/@\s]+@|\bpassword=(?!\$\{)")
_BEGIN = re.compile(r"(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def expand(text: str, *, where: str) -> str:
    """Fill in the variables of a text. The result may hold secrets: never log, print or store it.

    Parameters
    ----------
    text : str
        With ``${NAME}`` in it, or without.
    where : str
        The place of the text, for errors.

    Raises
    ------
    MachineError
        A variable is not set. All missing ones are named at once.
    """
    missing = sorted({name for name in _VARIABLE.findall(text) if name not in os.environ})
    if missing:
        names = ", ".join(missing)
        near = nearest(missing[0], os.environ) if len(missing) == 1 else None
        fix = f"you meant '{near}'" if near else f"export {names} before the run"
        raise MachineError(f"not set in the environment: {names}", where=where, fix=fix)
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


READING = ("SELECT", "WITH", "FROM", "VALUES", "TABLE")
"""What a query begins with; the database refuses the rest, for the transaction may only read."""


def refuse_writing(query: str | None) -> None:
    """Refuse a query that begins otherwise."""
    begin = None if query is None else _BEGIN.match(query)
    if query is not None and (begin is None or begin[1].upper() not in READING):
        raise ValueError("'query' does more than read\nMaybe begin it with SELECT or WITH")


def refuse_password(address: str) -> str:
    """Return an address, which may be written to logs and manifests."""
    if _PASSWORD.search(address):
        raise ValueError(
            "a password stands in the file\nMaybe put the address into the environment and write '${NAME}'"
        )
    return address
