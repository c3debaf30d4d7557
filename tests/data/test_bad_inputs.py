"""What the data stage says of bad inputs as a whole; single ones are in tests/bad_inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.errors import DataError
from tests.data.kit import CANDIDATES, opened, write

HEADER = "customer,offer,channel,slot,propensity,value,cost\n"
GOOD = "C1,card,email,2026-11-23,0.5,10,1\n"


def third(row: str) -> str:
    """Return candidates whose third row is ``row``."""
    return HEADER + GOOD + GOOD.replace("C1", "C2") + row + "\n"


def test_all_faults_of_all_tables_come_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=third("C3,card,sms,2026-11-23,87.3,,-1"),
        customers="customer,segment\nC1,a\nC1,b\n",
        history="customer,offer,channel,at\nC1,card,email,\n",
    )
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    places = [finding.where for finding in caught.value.findings]
    for part in ("propensity = 87.3", "value = NULL", "cost = -1", "customers.csv · row 1", "history.csv · row 1"):
        assert any(part in place for place in places)


def test_missing_files_of_all_tables_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, candidates="a.parquet", offers="b.csv")
    assert [finding.where for finding in caught.value.findings] == ["a.parquet", "b.csv"]


def test_a_fault_counts_its_rows_and_lists_the_first_ones(tmp_path: Path) -> None:
    write(tmp_path, candidates=HEADER + (GOOD + GOOD.replace("0.5", "nan")) * 12)
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    (finding,) = caught.value.findings
    assert finding.count == 12
    assert finding.where.startswith("candidates.csv · row 2 ·")
    assert "rows 4, 6, 8, 10" in finding.what


def test_customer_ids_stay_out_of_messages(tmp_path: Path) -> None:
    write(
        tmp_path,
        candidates=CANDIDATES.replace("C1", "SECRET-7"),
        customers="customer,segment\nC2,a\nSECRET-8,a\nSECRET-8,a\n",
        history="customer,offer,channel,at\nSECRET-9,card,email,2026-11-01\nSECRET-6,card,email,\n",
    )
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert len(caught.value.findings) >= 3
    assert "SECRET" not in str(caught.value)


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, candidates=CANDIDATES)
    tables = opened(tmp_path)
    tables.refuse_changed()
    write(tmp_path, candidates=CANDIDATES + "C9,card,email,2026-11-23,0.5,10,1\n")
    with pytest.raises(DataError, match=r"candidates\.csv: the file changed"):
        tables.refuse_changed()
