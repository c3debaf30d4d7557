"""What only the nightly loop runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest


def slowly(values: Iterable[Any]) -> Iterator[Any]:
    """Yield parameters that the marker ``slow`` asks for."""
    return (pytest.param(value, marks=pytest.mark.slow) for value in values)
