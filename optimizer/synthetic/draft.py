"""The folder of an instance while it is being written: it appears under its name when all of it is there."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from optimizer.errors import MachineError, UsageError

ROW_GROUP = 1_000_000


class Draft:
    """A context manager: write files through it; leaving it without an error makes the folder.

    Parameters
    ----------
    out : Path
        The folder to make. It must not exist, or be empty.
    family : str
        Named in the files' comments.

    Raises
    ------
    UsageError
        If ``out`` holds something already.
    MachineError
        If the folder cannot be written.
    """

    def __init__(self, out: Path, family: str) -> None:
        self.out = out
        self.family = family
        self.counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir())):
            raise UsageError(f"{self.out} is not empty", fix="name a new folder: nothing is overwritten")
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(mkdtemp(prefix=f".{self.out.name}-", dir=self.out.parent))
        except OSError as error:
            raise MachineError(f"{self.out}: {error.strerror}", fix="choose a folder that can be written") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise MachineError(f"{self.out}: {error}", fix="free some space, or choose another folder") from error
            return
        self._folder.chmod(0o755)  # mkdtemp makes it private
        self._folder.replace(self.out)

    def parquet(self, stem: str, tables: Iterable[pa.Table]) -> None:
        """Write tables one after the other into ``stem.parquet``, in row groups of about a million rows.

        Only what fills a row group is in memory. The Arrow schema is left out of the file, so that readers see plain
        Parquet types whatever Arrow types were written.
        """
        writer: pq.ParquetWriter | None = None
        waiting: list[pa.Table] = []
        rows = 0
        try:
            for table in tables:
                if writer is None:
                    path = self._folder / f"{stem}.parquet"
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd", store_schema=False)
                waiting.append(table)
                rows += table.num_rows
                self.counts[stem] = self.counts.get(stem, 0) + table.num_rows
                if rows >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(waiting), row_group_size=rows)
                    waiting, rows = [], 0
            if writer is not None and waiting:
                writer.write_table(pa.concat_tables(waiting), row_group_size=max(rows, 1))
        finally:
            if writer is not None:
                writer.close()

    def csv(self, stem: str, columns: Mapping[str, Sequence[object]]) -> None:
        """Write ``stem.csv`` from columns of equal length."""
        with (self._folder / f"{stem}.csv").open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(columns)
            rows = list(zip(*columns.values(), strict=True))
            lines.writerows(rows)
        self.counts[stem] = len(rows)

    def scenario(self, scenario: Mapping[str, Any]) -> None:
        """Write ``scenario.yaml``, one line for each rule."""
        text = CommentedMap({key: _flow(value) for key, value in scenario.items()})
        yaml = YAML()
        yaml.width = 10_000
        yaml.indent(mapping=2, sequence=4, offset=2)
        with (self._folder / "scenario.yaml").open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"# An instance of the synthetic family {self.family!r}. README.md says how it was made.\n")
            yaml.dump(text, file)

    def readme(self, call: str, what: str) -> None:
        """Write ``README.md``: what this is and the call that makes the same bytes again."""
        rows = ", ".join(f"{count:,} {stem}" for stem, count in sorted(self.counts.items()))
        text = (
            f"# {self.family}\n\nA synthetic instance: {what}.\n\nMade by\n\n"
            f"    from optimizer.synthetic import generate\n    {call[:-1]}, out=…)\n\n"
            f"which gives the same bytes again. Rows: {rows}.\nNobody in it is real.\n"
        )
        (self._folder / "README.md").write_text(text, encoding="utf-8")


def _flow(value: Any) -> Any:
    """Block style for the sections, one line for each rule and for each small mapping inside a section."""
    if isinstance(value, Mapping):
        return CommentedMap({key: _line(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_line(item) for item in value]
    return value


def _line(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    line = CommentedMap({key: _line(item) for key, item in value.items()})
    line.fa.set_flow_style()
    return line
