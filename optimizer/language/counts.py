"""How many of what, in words."""

from __future__ import annotations


def counted(number: int, one: str, more: str | None = None) -> str:
    """Say how many: ``1 candidate``, ``1,200 candidates``.

    Parameters
    ----------
    number : int
    one : str
        The word for one of them.
    more : str, optional
        The word for any other number; by default with an s.

    Examples
    --------
    >>> counted(1, "candidate"), counted(1200, "candidate"), counted(2, "policy", "policies")
    ('1 candidate', '1,200 candidates', '2 policies')
    """
    return f"{number:,} {one if number == 1 else more or one + 's'}"
