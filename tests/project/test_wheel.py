"""The wheel: the package alone, with all that it needs, working far from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns(".git", ".venv", "__pycache__", "runs", "build", "dist", "*.egg-info", ".*_cache")


def call(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the whole tree, so that a stray folder would get in if it could."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=NOT_SOURCE)
    build = (
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        folder / "source",
    )
    call(sys.executable, *build, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel alone, and sees the libraries of this one: nothing is downloaded again."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", "--without-pip", folder / "env", cwd=folder)
    python = folder / "env/bin/python"
    install = ("--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel)
    call(sys.executable, "-m", "pip", *install, cwd=folder)
    site = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return folder


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"optimizer"}


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "optimizer"
    files = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= packed


def test_installed_package_works_without_the_checkout(installed: Path) -> None:
    command = installed / "env/bin/contactopt"
    home = call(installed / "env/bin/python", "-c", "import optimizer; print(optimizer.__file__)", cwd=installed)
    assert Path(home).is_relative_to(installed)
    assert call(command, "init", "mine", cwd=installed) == "mine/scenario.yaml"
    assert (
        call(command, "generate", "weekly", "--customers", "50", "--out", "made", cwd=installed) == "made/scenario.yaml"
    )
    for scenario in ("mine/scenario.yaml", "made/scenario.yaml"):
        run = call(command, "run", scenario, cwd=installed)
        assert (installed / run / "report.html").is_file()
        call(command, "audit", run, cwd=installed)
