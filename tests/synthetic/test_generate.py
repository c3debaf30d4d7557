"""What every family promises: whole folders, the same bytes from the same seed, errors that help."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from optimizer.errors import UsageError
from optimizer.synthetic import draft, families, generate, options, weekly

SIZES = {name: 3 if name == "tiny" else 300 for name in families()}


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("family", SIZES)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(family: str, tmp_path: Path) -> None:
    first, again, other = (
        digests(generate(family, customers=SIZES[family], seed=seed, out=tmp_path / name).folder)
        for seed, name in ((5, "first"), (5, "again"), (6, "other"))
    )
    assert first == again
    assert first["candidates.parquet"] != other["candidates.parquet"]


@pytest.mark.parametrize("family", [name for name in SIZES if name != "tiny"])
def test_a_larger_instance_begins_with_the_customers_of_a_smaller_one(family: str, tmp_path: Path) -> None:
    small = generate(family, customers=40, out=tmp_path / "small").folder / "candidates.parquet"
    large = generate(family, customers=5_000, out=tmp_path / "large").folder / "candidates.parquet"
    rows = pd.read_parquet(large)
    pd.testing.assert_frame_equal(pd.read_parquet(small), rows[rows["customer"] <= 40])


@pytest.mark.parametrize("family", SIZES)
def test_keys_are_unique_and_a_customer_s_rows_lie_together(family: str, tmp_path: Path) -> None:
    made = generate(family, customers=SIZES[family], seed=1, out=tmp_path / "made")
    rows = pd.read_parquet(made.folder / "candidates.parquet")
    keys = [name for name in ("customer", "offer", "channel", "slot") if name in rows]
    assert not rows.duplicated(keys).any()
    starts = (rows["customer"] != rows["customer"].shift()).sum()
    assert starts == rows["customer"].nunique() == SIZES[family]
    assert made.counts["candidates"] == len(rows)


def test_row_groups_are_cut_by_rows_and_hold_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "ROW_GROUP", 100_000)
    made = generate("weekly", customers=10_000, per_customer=20, out=tmp_path / "made")
    meta = pq.read_metadata(made.folder / "candidates.parquet")
    rows = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
    assert sum(rows) == 200_000
    assert len(rows) == 2
    assert rows[0] >= 100_000


def test_parquet_types_are_plain(tmp_path: Path) -> None:
    made = generate("weekly", customers=10, out=tmp_path / "made")
    columns = duckdb.sql(f"DESCRIBE FROM '{made.folder / 'candidates.parquet'}'").fetchall()
    assert {name: kind for name, kind, *_ in columns} == {
        "customer": "BIGINT",
        "offer": "VARCHAR",
        "channel": "VARCHAR",
        "slot": "DATE",
        "propensity": "DOUBLE",
    }


def test_the_readme_says_how_to_make_it_again(tmp_path: Path) -> None:
    made = generate("weekly", customers=10, seed=3, per_customer=5, out=tmp_path / "made")
    text = (made.folder / "README.md").read_text()
    assert 'generate("weekly", customers=10, seed=3, per_customer=5, out=…)' in text


def test_listing_the_families_loads_no_numbers() -> None:
    code = (
        "import sys; from optimizer import synthetic; synthetic.families();"
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_options_are_listed_with_their_defaults() -> None:
    assert options("weekly") == {"per_customer": 20, "history": False}
    assert options("direct-marketing") == {"activities": 50, "eligible": 0.05, "patterns": 50}


def test_options_may_come_as_text(tmp_path: Path) -> None:
    made = generate("weekly", customers=10, out=tmp_path / "made", per_customer="4", history="true")
    assert made.counts["candidates"] == 40
    assert "history" in made.counts


@pytest.mark.parametrize(
    ("family", "given", "what", "maybe"),
    [
        ("weakly", {}, "unknown family 'weakly'", "Maybe you meant 'weekly'"),
        ("weekly", {"per_custmer": 3}, "weekly · per_custmer: unknown option", "Maybe you meant 'per_customer'"),
        ("weekly", {"per_customer": "many"}, "'many' is not an integer", "Maybe write a number"),
        ("weekly", {"history": 7}, "7 is neither true nor false", "Maybe write true or false"),
        ("weekly", {"per_customer": 421}, "421 candidates for each customer", "Maybe ask for 1 to 420"),
        ("weekly", {"customers": 0}, "0 customers", "Maybe ask for at least 1"),
        ("many-rows", {"branches": 0}, "0 branches", "Maybe ask for at least 1"),
        ("direct-marketing", {"eligible": 15}, "15.0 is no share", "Maybe ask for 0.05 or 0.15"),
        ("multiple-choice", {"items": 0}, "0 is too few", "Maybe ask for at least 1"),
        ("tiny", {"customers": 9}, "9 customers are not tiny", "Maybe ask for 1 to 5"),
        ("tiny", {"customers": 2, "rules": "some"}, "unknown set of rules 'some'", "Maybe use one of first, all"),
    ],
)
def test_a_wrong_call_says_what_and_maybe(
    family: str, given: dict[str, int | str], what: str, maybe: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        generate(family, out=tmp_path / "made", **({"customers": 10} | given))
    assert what in str(caught.value)
    assert maybe in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_all_wrong_options_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        generate("direct-marketing", customers=10, out=tmp_path / "made", activities=1, eligible=0.0, patterns=0)
    assert len(caught.value.findings) == 3


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        generate("weekly", customers=10, out=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(weekly, "offer_caps", fail)
    with pytest.raises(RuntimeError, match="half way"):
        generate("weekly", customers=10, out=tmp_path / "made")
    assert list(tmp_path.iterdir()) == []
