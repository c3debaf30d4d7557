"""The charts' geometry: per cent across, pixels down."""

from __future__ import annotations

from itertools import pairwise

import pytest

from optimizer.report import blocks, charts
from tests.report.fakes import plan


def test_bars_are_in_proportion() -> None:
    bars = charts.bars([{"objective": 200.0}, {"objective": 50.0}, {"objective": None}])
    assert [bar["width"] for bar in bars] == [100, 25, 0]


def test_bars_of_losses_grow_from_zero_to_the_left() -> None:
    bars = charts.bars([{"objective": -50.0}, {"objective": 50.0}])
    assert [(bar["start"], bar["width"]) for bar in bars] == [(0, 50), (50, 50)]


def test_bars_of_nothing_have_no_width() -> None:
    assert charts.bars([{"objective": 0.0}])[0]["width"] == 0


def test_a_full_column_ends_at_its_limit() -> None:
    visits = blocks.capacities(plan())[1]
    drawn = charts.capacity_columns(visits["lines"])
    first, last = drawn["columns"][0], drawn["columns"][-1]
    assert first["y"] == first["limit_y"]
    assert first["full"]
    assert last["height"] == 0
    assert last["limit_y"] == first["limit_y"]


def test_columns_stand_side_by_side_within_the_chart() -> None:
    columns = charts.frequency_columns([{"contacts": n, "customers": n, "or_more": False} for n in range(7)])["columns"]
    edges = [(column["x"], column["x"] + column["width"]) for column in columns]
    assert all(left[1] < right[0] for left, right in pairwise(edges))
    assert edges[0][0] >= 0
    assert edges[-1][1] <= 100


def test_labels_thin_out_when_columns_are_many() -> None:
    lines = [{"keys": {"slot": str(n)}, "group": "", "used": 1, "limit": 2, "full": False} for n in range(35)]
    labels = [column["label"] for column in charts.capacity_columns(lines)["columns"]]
    assert sum(map(bool, labels)) <= charts.LABELS_SHOWN


def test_two_keys_make_a_grid_with_the_shorter_one_down_the_side() -> None:
    grid = charts.capacity_grid(blocks.capacities(plan())[0]["lines"])
    assert grid is not None
    assert grid["rows"] == ["call", "email", "letter", "sms"]
    assert grid["columns"][0] == "Mon 23 Nov"
    assert sum(cell["full"] for row in grid["cells"] for cell in row) == 2


def test_one_key_makes_no_grid() -> None:
    assert charts.capacity_grid(blocks.capacities(plan())[1]["lines"]) is None


def test_a_cell_without_a_limit_stays_empty() -> None:
    lines = [
        {"keys": {"a": a, "b": b}, "group": "", "used": 1, "limit": 2, "share": 0.5, "full": False}
        for a, b in (("x", "u"), ("y", "v"))
    ]
    grid = charts.capacity_grid(lines)
    assert grid is not None
    assert [[cell is None for cell in row] for row in grid["cells"]] == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("2026-11-23", "Mon 23 Nov"),
        ("2026-11-23 00:00:00", "Mon 23 Nov"),
        ("2026-11-23T18:30:00+00:00", "Mon 23 18:30"),
        ("morning", "morning"),
    ],
)
def test_dates_are_shortened_and_other_labels_kept(text: str, short: str) -> None:
    assert charts.label(text) == short
