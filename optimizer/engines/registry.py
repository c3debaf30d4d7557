"""Which engines there are, and which one solves a problem."""

from __future__ import annotations

import pkgutil
from contextlib import suppress
from importlib import import_module
from threading import Thread
from types import ModuleType

import numpy as np

from optimizer.engines.protocol import Engine
from optimizer.engines.relay import Relay
from optimizer.engines.watchdog import leave
from optimizer.errors import UnsupportedError, UsageError, nearest
from optimizer.problem.problem import Problem

AUTO = "auto"


def engine_names() -> tuple[str, ...]:
    """Return the names of all engines: the folders of this package."""
    import optimizer.engines as package

    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg))


def make_engine(name: str) -> Engine:
    """Return the engine of a name such as ``exact`` or ``greedy:value_per_cost``.

    Raises
    ------
    UsageError
        If there is no such engine; it suggests the nearest.
    """
    family, _, variant = name.partition(":")
    if family not in engine_names():
        meant = nearest(family, engine_names())
        raise UsageError(
            f"there is no engine {name!r}",
            where="solve.engine",
            fix=f"use {meant}" if meant else f"use one of {AUTO}, {', '.join(engine_names())}",
        )
    engine: Engine = _folder(family).make(variant or None)
    return engine


def choose(problem: Problem, asked: str = AUTO) -> tuple[Engine, str]:
    """Choose the engine of a problem.

    Parameters
    ----------
    asked : str
        ``auto``, or a name for :func:`make_engine`. ``auto`` begins with the engine that expects to be done first, of
        those that prove how good their plans are and support the problem; the others go on where it stops short.

    Returns
    -------
    engine : Engine
    why : str

    Raises
    ------
    UsageError
        If there is no such engine.
    UnsupportedError
        If it refuses the problem.
    """
    if asked != AUTO:
        engine = make_engine(asked)
        refusal = engine.supports(problem)
        if refusal is not None:
            raise UnsupportedError(f"the {asked} engine: {refusal}", where="solve.engine", fix=f"use {AUTO}")
        return Relay([engine]), "as asked"
    able = [e for e in map(make_engine, engine_names()) if e.automatic and e.supports(problem) is None]
    seconds = {e.name: e.estimate(problem)[0] for e in able}
    best, *rest = sorted(able, key=lambda e: seconds[e.name])
    widest = int(np.diff(problem.unit_start).max(initial=0))
    size = f"{problem.candidates:,} candidates in {problem.units:,} units of up to {widest:,}"
    if not rest:
        return Relay([best]), f"the one that can prove its plan here, for {size}"
    others = " and ".join(f"{e.name} (about {seconds[e.name]:.1f} s)" for e in rest)
    return Relay([best, *rest]), f"expected to be done in about {seconds[best.name]:.1f} s, before {others}, for {size}"


def warmup() -> None:
    """Compile every engine's kernels, so that the first large run need not."""
    for name in engine_names():
        warm_up = getattr(_folder(name), "warm_up", None)
        if warm_up is not None:
            warm_up()


def load_beside(asked: str) -> None:
    """Load the kernels of the engines that may be chosen, in a thread beside what comes before the solve."""

    def load() -> None:
        for name in engine_names() if asked == AUTO else [asked.partition(":")[0]]:
            with suppress(Exception):  # whatever is wrong is told when the kernels are needed
                getattr(_folder(name), "load", lambda: None)()

    beside = Thread(target=load, name="kernels", daemon=True)
    leave(beside)  # whoever ends before does not wait for it
    beside.start()


def _folder(name: str) -> ModuleType:
    return import_module(f"optimizer.engines.{name}")
