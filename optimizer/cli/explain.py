"""``contactopt explain``: why, and why not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import UsageError


@click.command("explain")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--customer", metavar="ID", help="Why this customer gets what they get.")
@click.option("--offer", metavar="ID", help="Of the customer's candidates, this offer's; alone: where it went.")
@click.option("--rule", metavar="NAME", help="What this rule costs, and what one more unit of it is worth.")
@click.option("--without", is_flag=True, help="With --rule: solve again without it, to say what the whole rule costs.")
@options.common
def command(run: Path, customer: str | None, offer: str | None, rule: str | None, without: bool, as_json: bool) -> None:
    """Say why a customer of RUN gets what they get, where an offer's candidates went, or what a rule costs.

    Nothing is solved, unless --without asks for it: the answer comes from what the run left.
    """
    if sum(one is not None for one in (customer or offer, rule)) != 1 or (without and rule is None):
        raise UsageError(
            "one question at a time",
            where="explain",
            fix="--customer ID [--offer ID], or --offer ID, or --rule NAME [--without]",
        )
    if rule is not None:
        _rule(run, rule, without, as_json)
        return
    from optimizer.analysis.explain.answer import Explanation
    from optimizer.analysis.explain.ask import explain

    with _without_pandas():
        found = explain(run, customer, offer)
    if as_json:
        output.emit_json(found.to_dict())
        return
    from optimizer.cli.explain_text import show_customer, show_offer

    if isinstance(found, Explanation):
        show_customer(found, output.console(stderr=False))
    else:
        show_offer(found, output.console(stderr=False))


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Answer without pandas: pyarrow imports it wherever it finds it, which takes a quarter of the whole answer."""
    sys.meta_path.insert(0, _NoPandas)
    try:
        yield
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas(MetaPathFinder):
    @classmethod
    def find_spec(cls, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not needed to answer", name="pandas")


def _rule(run: Path, rule: str, without: bool, as_json: bool) -> None:
    from optimizer.analysis.explain.rule import explain_rule
    from optimizer.cli.explain_text import show_rule
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.watch import Watch

    if without:
        with Interrupts(keep=False) as interrupts, Watch(output.console(), interrupts) as watch:
            found = explain_rule(run, rule, without=True, observer=watch)
    else:
        found = explain_rule(run, rule)
    if as_json:
        output.emit_json(found.to_dict())
    else:
        show_rule(found, output.console(stderr=False))
