"""Swapping a folder in at once, so that a reader sees the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from optimizer.errors import MachineError
from optimizer.failpoints import reach

RENAME_EXCHANGE = 2
AT_FDCWD = -100


def fsync_tree(folder: Path) -> None:
    """Flush every file of a folder, and the folder itself, to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _fsync(path)
    _fsync(folder)


def _fsync(path: Path) -> None:
    reach(f"fsync {path.name}")
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def swap_in(fresh: Path, place: Path) -> None:
    """Put a folder into its place; what stood there is removed afterwards.

    Where the system can exchange two names at once (Linux), nobody ever sees the place empty. If the disk fails in
    the end, the old one is put back.
    """
    reach("exchange")
    if place.is_dir() and any(place.iterdir()):
        if _exchange(fresh, place):
            _flushed(place.parent, lambda: _exchange(fresh, place))
        else:
            aside = place.parent / f".{place.name}.old"
            shutil.rmtree(aside, ignore_errors=True)
            place.rename(aside)
            fresh.rename(place)
            _fsync(place.parent)
            shutil.rmtree(aside, ignore_errors=True)
    else:
        fresh.replace(place)
        _flushed(place.parent, lambda: place.rename(fresh))


def _flushed(folder: Path, back: Callable[[], object]) -> None:
    """Flush a folder after a change of names; take the change back where that fails."""
    try:
        _fsync(folder)
    except OSError:
        back()
        raise


def _exchange(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    done = renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return bool(done == 0)


@contextlib.contextmanager
def locked(folder: Path, *, lock: str = "lock", doing: str = "writing this folder") -> Iterator[None]:
    """Hold a lock of the folder, so that two runs never write it at once; it goes with the process that holds it.

    Parameters
    ----------
    folder : Path
    lock : str
        Which of its locks.
    doing : str
        What a run that holds it does, for messages.

    Raises
    ------
    MachineError
        Another run holds it: its process and machine are named.
    """
    import fcntl

    path = folder.absolute().parent / f".{folder.name}.{lock}"
    while True:
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                who = f" ({name})" if (name := file.read().strip()) else ""
                raise MachineError(
                    f"another run{who} is {doing}", where=str(folder), fix="wait for it, or choose another folder"
                ) from error
            if not _is_at(file.fileno(), path):
                continue  # the run that held it has just removed it: a third one may hold a new file of that name
            try:
                reach("lock")
                file.truncate(0)
                file.write(f"process {os.getpid()} on {platform.node()}\n")
                file.flush()
                yield
            finally:
                with contextlib.suppress(OSError):  # a lock that is left is nobody's, and keeps nobody out
                    reach("unlock")
                    path.unlink(missing_ok=True)
            return


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
