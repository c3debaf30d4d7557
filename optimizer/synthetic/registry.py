"""The families by name. Importing this loads neither numpy nor pyarrow: the command line lists families with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from optimizer.errors import Finding, UsageError, nearest

Option = bool | int | float | str

_FAMILIES = {
    "weekly": "one week, 30 offers × 4 channels: budget, capacities and offer caps at 35 to 110 % of free demand",
    "floors": "weekly with minimums that bite: hard, exact, and soft with a penalty",
    "household": "customers in households of 1 to 6 who share caps",
    "many-rows": "weekly with thousands of constraints: offer × channel × day cells, branch minimums and maximums",
    "direct-marketing": "up to 125 activities over 120 days with lags between channels, after Bigler et al. (2023)",
    "multiple-choice": "the classical multiple-choice multi-dimensional knapsack: exactly one item for each customer",
    "tiny": "at most 12 candidates under random rules of every kind: small enough to enumerate",
}


@dataclass(frozen=True, slots=True)
class GeneratedInstance:
    """What was generated.

    Parameters
    ----------
    folder : Path
        Where the files are.
    scenario : Path
        Its scenario.yaml.
    counts : mapping of str to int
        Rows of each table, by file stem: ``candidates``, ``history``, …
    """

    folder: Path
    scenario: Path
    counts: Mapping[str, int]


def families() -> dict[str, str]:
    """Return the name of each family and what it is, in one line."""
    return dict(_FAMILIES)


def _builder(family: str) -> Callable[..., None]:
    if family not in _FAMILIES:
        guess = nearest(family, _FAMILIES)
        fix = f"you meant {guess!r}" if guess else f"use one of {', '.join(_FAMILIES)}"
        raise UsageError(f"unknown family {family!r}", fix=fix)
    module = import_module(f"optimizer.synthetic.{family.replace('-', '_')}")
    build: Callable[..., None] = module.build
    return build


def options(family: str) -> dict[str, Option]:
    """Return the options of a family and their defaults.

    Raises
    ------
    UsageError
        If there is no such family.
    """
    parameters = inspect.signature(_builder(family)).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def generate(family: str, *, customers: int, out: Path | str, seed: int = 0, **chosen: Option) -> GeneratedInstance:
    """Write an instance: a folder with scenario.yaml, its tables and a README.

    Parameters
    ----------
    family : str
        One of :func:`families`.
    customers : int
        Number of customers.
    out : Path or str
        The folder to make; it must not exist, or be empty. It appears whole or not at all.
    seed : int
        Same seed, same bytes. A larger instance begins with the customers of a smaller one.
    **chosen
        Options of the family (see :func:`options`); text is converted to the type of the default.

    Raises
    ------
    UsageError
        For an unknown family or option, a value that is out of range, or a folder that holds something.
    """
    from optimizer.synthetic.draft import Draft

    build = _builder(family)
    findings = []
    if customers < 1:
        findings.append(Finding("usage", "--customers", f"{customers} customers", "ask for at least 1"))
    if seed < 0:
        findings.append(Finding("usage", "--seed", f"seed {seed} is negative", "use 0 or more"))
    values: dict[str, Option] = {}
    for name, value in chosen.items():
        try:
            values[name] = _convert(family, name, value)
        except ValueError as error:
            findings.append(Finding("usage", f"{family} · {name}", *error.args))
    if findings:
        raise UsageError(findings)
    with Draft(Path(out), family) as draft:
        build(draft, customers=customers, seed=seed, **values)
        arguments = "".join(f", {name}={value!r}" for name, value in sorted(values.items()))
        draft.readme(f'generate("{family}", customers={customers}, seed={seed}{arguments})', _FAMILIES[family])
    return GeneratedInstance(draft.out, draft.out / "scenario.yaml", dict(draft.counts))


def _convert(family: str, name: str, value: Option) -> Option:
    """Give an option the type of its default; ValueError(what, fix) where that cannot be."""
    known = options(family)
    if name not in known:
        guess = nearest(name, known)
        fix = f"you meant {guess!r}" if guess else f"use one of {', '.join(known) or 'no options at all'}"
        raise ValueError("unknown option", fix)
    kind = type(known[name])
    if type(value) is kind:
        return value
    if kind is bool:
        words: dict[str, Option] = {"true": True, "yes": True, "false": False, "no": False}
        if str(value).lower() not in words:
            raise ValueError(f"{value!r} is neither true nor false", "write true or false")
        return words[str(value).lower()]
    try:
        converted: Option = kind(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not {'an integer' if kind is int else 'a number'}", "write a number") from None
    return converted
