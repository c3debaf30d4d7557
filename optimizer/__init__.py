"""Who gets which message, through which channel, when: the open contact-policy optimizer.

::

    import optimizer as opt

    plan = opt.solve(opt.Scenario.load("scenarios/quickstart/scenario.yaml"))
    plan.save("runs/first")

Names are loaded when they are first used: importing the package loads no solver and no data frame.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from optimizer import errors
from optimizer.errors import AuditError, DataError, InfeasibleError, NoPlanError, OptimizerError, ScenarioError

if TYPE_CHECKING:
    from optimizer.analysis.backtest import backtest
    from optimizer.analysis.compare import compare
    from optimizer.analysis.explain.ask import explain
    from optimizer.analysis.explain.rule import explain_rule
    from optimizer.analysis.judge import audit
    from optimizer.analysis.sweep import sweep
    from optimizer.decide.decider import Decider
    from optimizer.plan.plan import Plan, Termination
    from optimizer.scenario import Scenario
    from optimizer.solve import solve

__all__ = [
    "AuditError",
    "DataError",
    "Decider",
    "InfeasibleError",
    "NoPlanError",
    "OptimizerError",
    "Plan",
    "Scenario",
    "ScenarioError",
    "Termination",
    "audit",
    "backtest",
    "compare",
    "errors",
    "explain",
    "explain_rule",
    "solve",
    "sweep",
]
__version__ = "0.1.0"

_HOME = {
    "Decider": "optimizer.decide.decider",
    "Plan": "optimizer.plan.plan",
    "Scenario": "optimizer.scenario",
    "Termination": "optimizer.plan.plan",
    "audit": "optimizer.analysis.judge",
    "backtest": "optimizer.analysis.backtest",
    "compare": "optimizer.analysis.compare",
    "explain": "optimizer.analysis.explain.ask",
    "explain_rule": "optimizer.analysis.explain.rule",
    "solve": "optimizer.solve",
    "sweep": "optimizer.analysis.sweep",
}


class _Package(ModuleType):
    """Keeps ``optimizer.solve`` the function, although a module of that name lies beside it.

    Importing a submodule binds it in its package: once anything had imported ``optimizer.solve``, the public
    function would be hidden behind the module.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Package
