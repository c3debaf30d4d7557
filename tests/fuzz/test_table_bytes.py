"""Tables whose bytes were spoiled on the way: a clean error, or an audited plan of what they now say."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import optimizer
from optimizer.errors import OptimizerError
from tests.fuzz import worlds

TEXTS = r", ; =1+1 NaN -inf 1e309 1e-320 007 NULL 0,5 2026-02-30 9999999999999999999999999999 true \N"
RAW = [b"", b" ", b'"', b"\n", b"\r\n", b"\r", b"\t", b"\x00", b"\xff", b"\xe2\x82", b"\xef\xbb\xbf"]
CELLS = st.sampled_from([*RAW, *(text.encode() for text in TEXTS.split())])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), CELLS | st.binary(max_size=4)), min_size=1, max_size=4)
Edits = Sequence[tuple[float, int, bytes]]


def spoiled(raw: bytes, edits: Edits) -> bytes:
    """Return the bytes with pieces replaced, at shares of their length."""
    for share, size, piece in edits:
        at = int(share * len(raw))
        raw = raw[:at] + piece + raw[at + size :]
    return raw


def a_csv(table: str, edits: Edits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        worlds.write(Path(folder), **{table: spoiled(worlds.TABLES[table].encode(), edits)})
        worlds.outcome(Path(folder), worlds.SCENARIO)


def a_parquet(edits: Edits, keep_size: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        worlds.write(folder, parquet=True)
        path = folder / "candidates.parquet"
        raw = path.read_bytes()
        if keep_size:  # bytes flipped in place: offsets stay true, pages and statistics do not
            edits = [(share, len(piece), piece) for share, _, piece in edits]
        path.write_bytes(spoiled(raw, edits))
        worlds.outcome(folder, worlds.SCENARIO.replace("candidates.csv", "candidates.parquet"))


@settings(max_examples=40)
@given(st.sampled_from(sorted(worlds.TABLES)), EDITS)
def test_a_spoiled_csv_gives_a_clean_error_or_an_audited_plan(table: str, edits: Edits) -> None:
    a_csv(table, edits)


@settings(max_examples=40)
@example(edits=[(0.01171875, 0, b" ")], keep_size=True)  # a page and its statistics tell of two different slots
@given(EDITS, st.booleans())
def test_a_spoiled_parquet_gives_a_clean_error_or_an_audited_plan(edits: Edits, keep_size: bool) -> None:
    a_parquet(edits, keep_size)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(st.sampled_from(sorted(worlds.TABLES)), EDITS)
def test_thousands_of_spoiled_csv_files(table: str, edits: Edits) -> None:
    a_csv(table, edits)


@pytest.mark.slow
@settings(max_examples=3_000)
@given(EDITS, st.booleans())
def test_thousands_of_spoiled_parquet_files(edits: Edits, keep_size: bool) -> None:
    a_parquet(edits, keep_size)


def test_a_page_that_claims_two_gigabytes_is_refused_within_the_memory_limit(tmp_path: Path) -> None:
    """DuckDB makes room for what a page's header says; without a limit, a spoiled file takes most of the machine."""
    worlds.write(tmp_path, parquet=True)
    path = tmp_path / "candidates.parquet"
    chunks = pq.read_metadata(path).row_group(0)
    raw = bytearray(path.read_bytes())
    for number in range(chunks.num_columns):
        header = chunks.column(number).dictionary_page_offset or chunks.column(number).data_page_offset
        raw[header + 3 : header + 8] = b"\xfe\xff\xff\xff\x0f"  # the size when unpacked, as a varint
    path.write_bytes(raw)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = worlds.outcome(tmp_path, worlds.SCENARIO.replace("candidates.csv", "candidates.parquet"))
    assert isinstance(refused, OptimizerError)
    assert refused.exit_code in (3, 7)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10**6  # kilobytes


def test_a_slot_of_the_year_9999_makes_no_windows(tmp_path: Path) -> None:
    worlds.write(tmp_path)
    path = tmp_path / "candidates.csv"
    path.write_text(path.read_text("utf-8").replace("2026-11-23", "9999-12-01", 1), "utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(worlds.outcome(tmp_path, worlds.SCENARIO), optimizer.Plan)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10**6  # kilobytes
