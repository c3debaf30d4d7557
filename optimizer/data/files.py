"""The files that a table is made of: found, readable, and of a kind that we read."""

from __future__ import annotations

import errno
import hashlib
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from optimizer.errors import DataError, Finding, MachineError, OptimizerError, nearest

if TYPE_CHECKING:
    from optimizer.scenario import Scenario

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
RUN_PARTS = ("contacts.parquet", "prices.json")
"""What is read of an earlier run."""
NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""What Hive calls the folder of rows without a value."""
_MAGIC = b"PAR1"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class InputFile:
    """One input file, as the manifest names it.

    Parameters
    ----------
    table : str
        The table that it belongs to.
    path : Path
        Absolute path.
    size : int
        Bytes, when it was opened.
    modified : int
        Nanoseconds since 1970, when it was opened.
    """

    table: str
    path: Path
    size: int
    modified: int

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, read on first use."""
        return digest(self.path)

    @property
    def changed(self) -> bool:
        """Whether the file is no longer the one that was opened."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.modified)


@dataclass(frozen=True, slots=True)
class Files:
    """All files of one table: Parquet, or all CSV; with the columns that are called otherwise in them."""

    table: str
    files: tuple[InputFile, ...]
    base: Path
    is_csv: bool
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name for messages about the whole table."""
        first = self.name(self.files[0].path)
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1:,} more"

    @property
    def hive(self) -> bool:
        """Whether folders such as ``channel=email`` hold the values of columns."""
        return any("=" in part for part in Path(self.name(self.files[0].path)).parts[:-1])

    def in_folders(self, path: Path) -> dict[str, str | None]:
        """Return the values that the names of a file's folders hold, by column."""
        parts = [part.partition("=") for part in Path(self.name(path)).parts[:-1] if "=" in part]
        return {unquote(name): None if value == NOTHING else unquote(value) for name, _, value in parts}

    def name(self, path: Path | str) -> str:
        """Name of one file for messages: as the scenario's folder sees it."""
        try:
            return str(Path(path).relative_to(self.base))
        except ValueError:
            return str(path)


def find_files(
    table: str, written: str | Sequence[str], base: Path, *, columns: Mapping[str, str] | None = None
) -> Files:
    """Find the files of a table.

    Parameters
    ----------
    table : str
    written : str or sequence of str
        Path, glob, or folder of Parquet files, or of folders such as ``channel=email`` of Parquet or CSV files; or a
        list of them. Relative to ``base``.
    base : Path
        Folder of the scenario.
    columns : mapping, optional
        Our name of a column to its name in the files.

    Raises
    ------
    DataError
        Nothing is there, or it is empty, or it is neither Parquet nor CSV. All that is wrong at once.
    MachineError
        A file may not be read.
    """
    base = base.resolve()
    errors: list[OptimizerError] = []
    found: list[tuple[InputFile, bool]] = []
    for pattern in [written] if isinstance(written, str) else written:
        try:
            paths = _expand(pattern, base)
        except DataError as error:
            errors.append(error)
            continue
        for path in paths:
            try:
                found.append(_look_at(table, path, base))
            except OptimizerError as error:
                errors.append(error)
    sorts = {is_csv for _, is_csv in found}
    if len(sorts) > 1:
        errors.append(DataError("is partly Parquet and partly CSV", where=table, fix="keep to one format per table"))
    if errors:
        raise type(errors[0])([f for error in errors for f in error.findings])
    return Files(table, tuple(file for file, _ in found), base, sorts == {True}, columns or {})


def _expand(written: str, base: Path) -> list[Path]:
    path = (base / written).resolve()
    if path.is_dir():
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PARQUET_SUFFIXES)
        if not inside:  # Hive's folders: channel=email/slot=2026-11-23/part-0.parquet
            kinds = (*PARQUET_SUFFIXES, *CSV_SUFFIXES)
            inside = sorted(p for p in path.glob("*=*/**/*") if p.suffix.lower() in kinds and p.is_file())
        if not inside:
            raise DataError(
                "the folder has no Parquet files", where=written, fix="name the files, or a glob such as '*.csv'"
            )
        return inside
    if path.exists():
        if any(sign in path.name for sign in "*?"):
            raise DataError("the file's name has a '*' or '?' in it", where=written, fix="rename the file")
        return [path]
    if any(sign in written for sign in "*?["):
        anchor = Path(written).anchor
        pattern = str(Path(written).relative_to(anchor)) if anchor else written
        matches = sorted(p.resolve() for p in Path(anchor or base).glob(pattern) if p.is_file())
        if matches:
            return matches
        raise DataError("no file matches", where=written, fix=f"look into {path.parent}: {_inside(path.parent)}")
    near = nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else None
    hint = f"you meant '{near}'" if near else f"the path is wrong: there is no {path}; it is relative to {base}"
    raise DataError("no such file", where=written, fix=hint)


def _inside(folder: Path) -> str:
    if not folder.is_dir():
        return "there is no such folder"
    names = sorted(p.name for p in folder.iterdir())
    return f"it holds {', '.join(names[:5])}{', …' if len(names) > 5 else ''}" if names else "it is empty"


def _look_at(table: str, path: Path, base: Path) -> tuple[InputFile, bool]:
    """Return the file and whether it is CSV."""
    name = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise DataError("is no file: a device, a pipe or a socket", where=name, fix="name a Parquet or CSV file")
        with path.open("rb") as stream:
            head = stream.read(4)
            stream.seek(max(0, state.st_size - 4))
            tail = stream.read(4)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise MachineError(
                "may not be read", where=name, fix="give the user of this run the right to read it"
            ) from error
        raise MachineError(f"cannot be opened: {error.strerror}", where=name, fix="check the disk") from error
    if state.st_size == 0:
        raise DataError("the file is empty", where=name, fix="the job that writes it failed: run it again")
    suffix = path.suffix.lower()
    if suffix in CSV_SUFFIXES:
        if head == _MAGIC or head[:2] in (b"PK", b"\x1f\x8b", b"\x80\x04"):
            raise DataError(
                f"is named {suffix} but is no text", where=name, fix="write it as CSV, or name it for what it is"
            )
        return InputFile(table, path, state.st_size, state.st_mtime_ns), True
    if suffix not in PARQUET_SUFFIXES:
        raise DataError(
            f"'{suffix or path.name}' is neither Parquet nor CSV", where=name, fix="write it as .parquet or .csv"
        )
    if head != _MAGIC:
        raise DataError("is not a Parquet file", where=name, fix="write it again; its first bytes are not Parquet's")
    if tail != _MAGIC or state.st_size < 12:
        raise DataError(
            "is a truncated Parquet file", where=name, fix="the job that writes it was cut off: run it again"
        )
    return InputFile(table, path, state.st_size, state.st_mtime_ns), False


def beside(scenario: Scenario) -> list[InputFile]:
    """Return the files that rules and pins name, as they are now; those that are missing are told by who reads them."""
    found = []
    for name, path in scenario.named_files().items():
        if not name.startswith("data."):
            for one in [path / part for part in RUN_PARTS] if path.is_dir() else [path]:
                if one.is_file():
                    state = one.stat()
                    found.append(InputFile(name, one.resolve(), state.st_size, state.st_mtime_ns))
    return found


def changed(files: Sequence[InputFile]) -> list[Finding]:
    """Return a finding for each file that is no longer the one that was opened."""
    return [
        Finding(
            "data", f.path.name, "the file changed while it was read", "run again when the job that writes it is done"
        )
        for f in files
        if f.changed
    ]
