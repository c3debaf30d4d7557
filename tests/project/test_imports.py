"""Start-up: the package and its help page are there at once, and load nothing heavy."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HEAVY = ("ortools", "numba", "pandas", "duckdb", "pyarrow", "pydantic", "pulp", "numpy", "rich", "jinja2", "sqlglot")
SECONDS = 0.5

IMPORT = "import optimizer"
HELP = "from optimizer.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
NAMES = "import optimizer; optimizer.errors.DataError; dir(optimizer)"


def heavy_after(program: str) -> set[str]:
    listing = f"{program}\nimport sys; print(*[m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("program", [IMPORT, HELP, NAMES], ids=["import", "help", "names"])
def test_start_up_loads_nothing_heavy(program: str) -> None:
    assert heavy_after(program) == set()


@pytest.mark.parametrize("program", [IMPORT, HELP], ids=["import", "help"])
def test_start_up_takes_less_than_half_a_second(program: str) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < SECONDS


def test_solve_stays_the_function_after_its_module_is_imported() -> None:
    program = "import optimizer, optimizer.solve; from optimizer.solve import build; print(callable(optimizer.solve))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import optimizer

    with pytest.raises(AttributeError, match="no attribute 'sovle'"):
        optimizer.sovle  # noqa: B018


def test_layers_hold() -> None:
    from importlinter.cli import lint_imports

    assert lint_imports(no_cache=True) == 0
