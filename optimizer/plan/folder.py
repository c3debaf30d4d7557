"""The run folder: written beside, checked, and swapped in whole; or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.errors import DataError, Finding, MachineError, UsageError
from optimizer.failpoints import reach
from optimizer.plan.atomic import fsync_tree, locked, swap_in
from optimizer.plan.plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "manifest.json"
LATEST = "latest"
LEAST = 100_000
"""Bytes that the smallest run folder takes; most of it is its page."""


def runs_of(name: str) -> Path:
    """Return ``runs/NAME`` under the working directory."""
    return Path("runs") / name


def default_folder(name: str, run_id: str) -> Path:
    """Return ``runs/NAME/RUN_ID`` under the working directory."""
    return runs_of(name) / run_id


@contextmanager
def one_at_a_time(target: Path) -> Iterator[None]:
    """Keep other runs with the same target from starting, from reading the data to publishing.

    Raises
    ------
    MachineError
        One is at work: its process and machine are named. What a killed run left behind keeps nobody out.
    """
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with locked(target, lock="run.lock", doing="at work on this"):
        yield


def check_target(folder: Path, mark: str = MARK, what: str = "run") -> None:
    """Refuse a folder that is not empty and no run, before any work is done.

    Parameters
    ----------
    folder : Path
    mark : str
        File that tells a folder of ours, which may be replaced.
    what : str
        What such a folder is.

    Raises
    ------
    UsageError
        It holds something else.
    MachineError
        It cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError("is a file, not a folder", where=str(folder), fix="name another folder with --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / mark).is_file():
        raise UsageError(
            f"is not empty and holds no {what}, so it is not replaced", where=str(folder), fix="name another folder"
        )
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise UsageError(
            f"leads through a file, {parent.name}", where=str(folder), fix="name another folder with --out"
        )
    _refuse_full(folder, parent)
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.absolute().parent):
            pass
    except OSError as error:
        raise MachineError(
            f"cannot be written to: {error.strerror}", where=str(parent), fix="choose another folder with --out"
        ) from error


def _refuse_full(folder: Path, parent: Path) -> None:
    """Refuse a disk without room for a second folder of the size of the one that is there."""
    there = folder.iterdir() if folder.is_dir() else ()
    need = max(LEAST, sum(path.stat().st_size for path in there if path.is_file()))
    free = shutil.disk_usage(parent).free
    if free < need:
        raise MachineError(
            f"has {free / 1e6:.3g} MB left, and a new folder needs about {need / 1e6:.3g} MB beside what is there",
            where=str(parent),
            fix="free some space, or choose another folder with --out",
        )


def refuse_inputs(folder: Path, inputs: Mapping[str, Path]) -> None:
    """Refuse a run folder that holds an input: publishing would take it away.

    Parameters
    ----------
    folder : Path
    inputs : mapping of name to path

    Raises
    ------
    UsageError
        All such inputs at once.
    """
    place = folder.resolve()
    found = [
        Finding("usage", str(folder), f"holds an input of this run, {name}", "name another folder with --out")
        for name, path in inputs.items()
        if path.resolve().is_relative_to(place)
    ]
    if found:
        raise UsageError(found)


def publish(plan: Plan, folder: Path) -> Path:
    """Write the run folder beside its place, read it back, and swap it in.

    Returns
    -------
    Path
        The published folder.

    Raises
    ------
    UsageError, MachineError
        See :func:`check_target`; or the disk failed. What stood there before stands.
    """
    from optimizer.plan.files import write_files

    folder = Path(folder)
    check_target(folder)
    refuse_inputs(folder, {str(one["path"]): Path(str(one["path"])) for one in plan.inputs})
    with staged(folder) as staging:
        write_files(plan, staging)
        _read_back(plan, staging)
    return folder


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; when all went well it takes its place at once, else nothing has happened.

    Raises
    ------
    MachineError
        The disk failed, or another run writes the same folder.
    """
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            staging = folder.absolute().parent / f".{folder.name}.staging"
            reach("clear what an earlier run left")
            shutil.rmtree(staging, ignore_errors=True)
            reach("mkdir")
            staging.mkdir()
            try:
                yield staging
                fsync_tree(staging)
                swap_in(staging, folder.absolute())
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise MachineError(
            f"cannot be written: {error.strerror or error}",
            where=str(error.filename or folder),
            fix="free some space or choose another folder; what stood there before still stands",
        ) from error


def point_latest(folder: Path) -> None:
    """Let ``latest`` beside the folder point to it.

    Raises
    ------
    MachineError
        It cannot; the folder is published all the same.
    """
    link = folder.parent / LATEST
    fresh = folder.parent / f".{LATEST}.link"
    try:
        fresh.unlink(missing_ok=True)
        reach("symlink")
        fresh.symlink_to(folder.name)
        reach("replace the link")
        fresh.replace(link)
    except OSError as error:
        raise MachineError(
            f"is published, but {link} cannot point to it: {error.strerror}",
            where=str(folder),
            fix="check the disk and its permissions",
        ) from error


def _read_back(plan: Plan, staging: Path) -> None:
    """Compare what was written with what was audited."""
    import pyarrow.parquet as pq

    if not _alike(pq.read_table(staging / "contacts.parquet"), plan.table):
        raise MachineError(
            "what was read back differs from what was written", where="contacts.parquet", fix="check the disk"
        )


def _alike(one: pa.Table, other: pa.Table) -> bool:
    """Say whether tables hold the same; Arrow calls them different where they hold a NaN."""
    if not one.schema.equals(other.schema):
        return False
    return one.equals(other) or all(map(_same, one.columns, other.columns))


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if one.equals(other):
        return True
    if not (pa.types.is_float32(one.type) or pa.types.is_float64(one.type)):
        return repr(one.to_pylist()) == repr(other.to_pylist())  # a NaN inside something else
    wild, unknown = pc.is_nan(one), pa.scalar(None, one.type)
    if not wild.equals(pc.is_nan(other)):
        return False
    return bool(pc.if_else(wild, unknown, one).equals(pc.if_else(wild, unknown, other)))


def read(folder: Path) -> Plan:
    """Read a published run folder.

    Raises
    ------
    DataError
        It is no run folder, or a file of it is missing or damaged.
    """
    from optimizer.plan.files import read_files

    if not (folder / MARK).is_file():
        raise DataError(
            "is no run folder: it has no manifest.json", where=str(folder), fix="name a folder that a run published"
        )
    try:
        return read_files(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(folder), fix="run the scenario again") from error
