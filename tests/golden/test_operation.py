"""The promises about operation are kept, and none would be by a product with one thing wrong."""

from pathlib import Path

import pytest

from optimizer.errors import AuditError
from tests.golden.operation import PROMISES, Mutant, Promise

MUTANTS = [(promise, mutant) for promise in PROMISES for mutant in promise.mutants]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda p: f"{p.line}: {p.name}")
def test_a_promise_about_operation_is_kept(promise: Promise, tmp_path: Path) -> None:
    promise.holds(tmp_path)


@pytest.mark.parametrize(("promise", "mutant"), MUTANTS, ids=lambda one: getattr(one, "name", ""))
def test_a_product_that_errs_breaks_it(
    promise: Promise, mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises((AssertionError, AuditError)):  # the audit may be there first
        promise.holds(tmp_path)


def test_every_promise_has_a_mutant() -> None:
    assert [promise.name for promise in PROMISES if not promise.mutants] == []
