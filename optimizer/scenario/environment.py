"""``${NAME}``: filled in from the environment at the point of use, and nowhere else."""

from __future__ import annotations

import os
import re

from optimizer.errors import MachineError, nearest

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
